"""Tasks: what a cluster makes of pictures: one digit each, a page's lines, a form's fields."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol

from digitnet.distributed.fetching import each_made
from digitnet.distributed.parts import Part
from digitnet.errors import ModelError, PictureError, as_option
from digitnet.imaging.decoders import Decoders
from digitnet.imaging.framing import Frame, frame_picture
from digitnet.models.bulk import BATCH, HEADER, answers_of
from digitnet.models.lines import LineModel, line_model_beside
from digitnet.models.model import Model, Prediction
from digitnet.reading.fields import Field
from digitnet.reading.form import FormReading, read_form
from digitnet.reading.page import read_page
from digitnet.reading.reading import Reading
from digitnet.reading.tables import PAGE_HEADER, Cell, form_header, form_row, page_rows
from digitnet.reading.template import Template
from digitnet.text import shown

TEXT, NUMBER, COUNT = "text", "number", "count"
"""Kinds of columns: a string, float32, a whole number."""

Row = tuple[Cell, ...]


class Done(NamedTuple):
    """What became of a part's files, or of some of them.

    Attributes:
        rows: in the order of the files.
        n_unread: of the rows, those of pictures that could not be read.
        left_alone: text that lay in folders.
    """

    rows: list[Row]
    n_unread: int
    left_alone: list[str]


class Task(Protocol):
    """What is made of each picture.

    Attributes:
        columns: of the table, name to kind.
        mark: another one for another task.
        rows_are: what a row is for, in words.
    """

    columns: dict[str, str]
    mark: str
    rows_are: str

    def done(self, part: Part, model: Model, decoders: Decoders) -> Done:
        """The rows of a part's files; called on a worker."""
        ...


class Digits:
    """One digit a picture, as `digitnet predict` answers."""

    mark, rows_are = "digits", "pictures"

    def __init__(self) -> None:
        self.columns = dict(zip(HEADER, (TEXT, TEXT, NUMBER, TEXT), strict=True))

    def done(self, part: Part, model: Model, decoders: Decoders) -> Done:
        """See `Task`."""
        names: deque[str] = deque()
        left_alone: list[str] = []
        rows: list[Row] = []
        n_unread = 0

        def framed() -> Iterator[Frame | PictureError]:
            for name, frame in each_made(
                part.files,
                lambda source: frame_picture(decoders.open(source), model.framing),
                left_alone,
            ):
                names.append(name)
                yield frame

        frames, many = framed(), True
        if part.is_only:  # few are answered one by one, as `digitnet predict` does
            first = list(islice(frames, BATCH + 1))
            many = len(first) > BATCH
            frames = (frame for some in (first, frames) for frame in some)
        for answer in answers_of(model, frames, many=many):
            rows.append(_digit_row(model, names.popleft(), answer))
            n_unread += isinstance(answer, PictureError)
        return Done(rows, n_unread, left_alone)


def _digit_row(model: Model, name: str, answer: Prediction | PictureError) -> Row:
    if isinstance(answer, PictureError):
        return shown(name), None, None, shown(answer.worded(as_option))
    if answer.label is None:
        return shown(name), None, None, answer.reason
    probability = float(answer.probabilities[answer.label])
    return shown(name), model.class_names[answer.label], probability, None


class Pages:
    """The lines of pages, as `digitnet read` reads them.

    Args:
        field: what each line must say; None for no more than characters.
        risk: see `read_page`.
    """

    rows_are = "rows"

    def __init__(self, field: Field | None = None, risk: float | str | None = None) -> None:
        self.columns = dict(zip(PAGE_HEADER, (TEXT, COUNT, TEXT, NUMBER, TEXT), strict=True))
        self._field, self._risk = field, None if risk is None else str(risk)
        asked = field is not None or risk is not None
        said = repr((field, self._risk)).encode()
        self.mark = f"pages-{_hash(said)}" if asked else "pages"

    def done(self, part: Part, model: Model, decoders: Decoders) -> Done:
        """See `Task`."""
        lines = line_model_beside(model.class_names)

        def read(source: object) -> Reading:
            opened = decoders.open(source)  # type: ignore[arg-type]
            return read_page(model, opened, lines, self._field, self._risk)

        done = Done([], 0, [])
        n_unread = 0
        for name, answer in each_made(part.files, read, done.left_alone):
            n_unread += isinstance(answer, PictureError)
            done.rows.extend(map(_shown, page_rows(name, answer)))
        return done._replace(n_unread=n_unread)


class Forms:
    """The fields of forms, as `digitnet read --template` reads them.

    Args:
        template: of the form.

    Raises:
        SettingsError: two columns of the table would be called alike.
    """

    rows_are = "forms"

    def __init__(self, template: Template) -> None:
        self._template = template
        header = form_header(template)
        kinds = [TEXT, *[TEXT, NUMBER, TEXT] * len(template.fields), TEXT, TEXT]
        self.columns = dict(zip(header, kinds, strict=True))
        picture = template.blank.picture
        told = repr((header, template.fields, picture.shape)).encode()
        self.mark = f"forms-{_hash(told + picture.tobytes())}"

    def done(self, part: Part, model: Model, decoders: Decoders) -> Done:
        """See `Task`.

        Raises:
            ModelError: the model has other classes than the digits.
        """
        lines: LineModel | None = line_model_beside(model.class_names)
        if lines is None:
            raise ModelError("A form is read with a model of the ten digits, and this has others.")
        beside = lines

        def read(source: object) -> FormReading:
            return read_form(model, beside, decoders.open(source), self._template)  # type: ignore[arg-type]

        done = Done([], 0, [])
        n_unread = 0
        for name, answer in each_made(part.files, read, done.left_alone):
            n_unread += isinstance(answer, PictureError)
            done.rows.append(_shown(tuple(form_row(name, answer, self._template))))
        return done._replace(n_unread=n_unread)


def _shown(row: Row) -> Row:
    """A row whose texts are plain characters."""
    return tuple(shown(cell) if isinstance(cell, str) else cell for cell in row)


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=6).hexdigest()
