"""Form: the fields of a filled-in form, each read by itself where the blank one has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags
from digitnet.imaging.boxes import Box
from digitnet.imaging.components import Component
from digitnet.imaging.pictures import open_picture
from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.reading.alignment import align
from digitnet.reading.cut_out import CutOut, Cutter
from digitnet.reading.cuts import cut_apart
from digitnet.reading.fields import Field
from digitnet.reading.frames import Frames
from digitnet.reading.line_reader import read_line, row_image, see_lines, settle
from digitnet.reading.page import check_reads_pages, row_lattice
from digitnet.reading.segmentation import DIGITS, doubtful, read_row
from digitnet.reading.sheet import Sheet, component_rows, scan_page, usual_height
from digitnet.reading.signs import UNREAD, unread_marks
from digitnet.reading.template import Template, TemplateField

if TYPE_CHECKING:
    from PIL import Image

BEYOND = 0.12
"""Heights of a box by which the middle of what belongs to it may lie outside."""
FAINT = 0.1
"""How much darker than the paper writing is, at least."""
LEAST_WRITING = 0.16
"""Of a box's height: where nothing is larger, nobody wrote."""
SPECK = 0.4
"""Of the pen's width: what is smaller is dust. A page has more of that than a box that was cleared
of its print, and a minus or a point is often thinner than the digits."""
LEFT_OVER = 0.3
"""Of a digit's height: what is as large and in no row was meant for something."""
MOST_MARKS = 300
"""In a field; more are a texture, or print of another form."""
SURE = 0.85
"""How likely a text must be right."""
FITS = 0.02
"""The probability that the writing is one of the texts that the field may say, at least."""
STATUSES = ("ok", "look", "empty", "unreadable")


class Character(NamedTuple):
    """One character of a field: what it is, how likely that is right, and its box in the picture.

    ``box`` is (left, top, right, bottom) in pixels.
    """

    text: str
    probability: float
    box: Box


@dataclass(frozen=True)
class FieldReading:
    """What a field of a form says.

    Attributes:
        name: the field's.
        value: the text; "" where there is none.
        confidence: how likely it is right, from 0 to 1; None without a text.
        status: "ok"; "look", where a person should; "empty", with nothing written in it; or
            "unreadable".
        reason: why a person should look, or why there is no text; None for "ok" and "empty".
        quad: the box's corners in the picture, ((x, y), ...), clockwise from the top left.
        characters: of the text; none where their places are not known.
    """

    name: str
    value: str
    confidence: float | None
    status: str
    reason: str | None
    quad: tuple[tuple[int, int], ...]
    characters: tuple[Character, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nobody need look at it."""
        return self.status in ("ok", "empty")

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "name": self.name, "value": self.value, "confidence": self.confidence,
            "status": self.status, "reason": self.reason, "quad": [list(xy) for xy in self.quad],
        }  # fmt: skip


@dataclass(frozen=True)
class FormReading:
    """What a form says.

    Attributes:
        fields: in the template's order.
        turned: how the form lies in the picture, in degrees clockwise, 0 to 359.
        aligned: the share of the form's print that is where it should be.
        view: (3, 3), from the blank form's pixels to the picture's.
    """

    fields: tuple[FieldReading, ...]
    turned: int
    aligned: float
    view: NDArray[np.float64] = field(compare=False, repr=False)

    @property
    def to_look_at(self) -> tuple[FieldReading, ...]:
        """The fields that a person must look at."""
        return tuple(one for one in self.fields if not one.is_settled)

    @property
    def status(self) -> str:
        """Whether a person must look at some field, "look", or not, "ok"."""
        return "look" if self.to_look_at else "ok"

    def __getitem__(self, name: str) -> FieldReading:
        """The field of that name."""
        return next(one for one in self.fields if one.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        return {
            "lines": [one.value for one in self.fields],
            "digits": [
                {
                    "box": list(one.box),
                    "label": DIGITS.index(one.text),
                    "probability": one.probability,
                    "line": line,
                }
                for line, of_field in enumerate(self.fields)
                for one in of_field.characters
                if one.text in DIGITS
            ],
            "fields": [one.as_dict() for one in self.fields],
            "status": self.status,
            "turned": self.turned,
            "aligned": round(self.aligned, 4),
        }


def read_form(
    model: Model,
    line_model: LineModel,
    picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any],
    template: Template,
    check: Callable[[], None] = lambda: None,
) -> FormReading:
    """Read the fields of a form that was scanned or photographed, however it lies.

    Args:
        model: reads digits; one with the framing "mnist".
        line_model: reads each field whole.
        picture: a path, bytes, an open file, a Pillow image or an array (H, W[, 3]).
        template: the form.
        check: called before each field; it may raise to end the work.

    Raises:
        AlignmentError: the picture does not show this form.
        PictureError: the picture cannot be opened.
        ModelError: as for `read_page`.
    """
    check_reads_pages(model)
    seen = open_picture(picture)
    found = align(template.blank, seen)
    cutter = Cutter(template, seen, found)
    readers = model, line_model
    fields: list[FieldReading] = []
    for one in template.fields:
        check()
        fields.append(_read_field(readers, one, cutter))
    return FormReading(tuple(fields), found.turned, found.share, found.view)


class _Text(NamedTuple):
    """A text that was read.

    Attributes:
        text: it.
        probabilities: how likely each character is right.
        places: the box of each in the sheet; none where they are not known.
        share: how likely it is the text, of all that were weighed.
        fits: how likely the writing is any of the texts that the field may say.
        doubt: why a person should look; None where nobody need.
    """

    text: str
    probabilities: list[float]
    places: list[Box]
    share: float
    fits: float
    doubt: str | None

    @property
    def confidence(self) -> float:
        """How likely the text is right: no more than any of its characters."""
        return min(*self.probabilities, self.share)


def _read_field(
    readers: tuple[Model, LineModel], asked: TemplateField, cutter: Cutter
) -> FieldReading:
    """Read one field of a form that was found."""
    quad = cutter.found.quad(asked.box)
    corners = tuple((round(x), round(y)) for x, y in quad.tolist())

    def reading(status: str, reason: str | None, said: _Text | None = None) -> FieldReading:
        if said is None:
            return FieldReading(asked.name, "", None, status, reason, corners)
        least = round(said.confidence, 4)
        characters = tuple(
            Character(text, round(float(chance), 4), cut.in_form(box, sheet.zoom))
            for text, chance, box in zip(said.text, said.probabilities, said.places, strict=False)
        )
        return FieldReading(asked.name, said.text, least, status, reason, corners, characters)

    width, height = cutter.inside
    if (quad < -2).any() or (quad > np.array([width, height]) + 2).any():
        return reading("unreadable", "it lies outside of the picture")
    near = cutter.found.around(asked.box)
    cut = cutter.cut(asked.box, near.shift)
    sheet = scan_page(cut.picture)
    own = _of_box(sheet, cut)
    if not _is_written(own, sheet, cut):
        if not near.vouched:
            return reading("unreadable", "the print around it is not where it should be")
        return reading("empty", None)
    own_sheet = replace(
        sheet,
        components=tuple(one for one in sheet.components if own[one.label]),
        fragments=tuple(one for one in sheet.fragments if own[one.label]),
        pen=min(sheet.pen, _stroke_width(sheet, own)),
    )
    if not own_sheet.components:
        return reading("unreadable", "what is written there is no number")
    if len(own_sheet.components) + len(own_sheet.fragments) > MOST_MARKS:
        return reading("unreadable", "so many marks are no number")
    said = _read_text(readers, own_sheet, own, asked.says)
    if said is None:
        what = "what is written there is no number"
        return reading("unreadable", what if asked.says is None else "nothing that it may say")
    if not near.vouched:
        return reading("look", "the print around it is not where it should be", said)
    if UNREAD in said.text:
        return reading("look", "a mark was not read", said)
    if said.fits < FITS:
        return reading("look", "it says hardly anything that it may say", said)
    if said.confidence < SURE:
        return reading("look", "not sure", said)
    return reading("ok" if said.doubt is None else "look", said.doubt, said)


def _of_box(sheet: Sheet, cut: CutOut) -> Flags:
    """Which components of a cut-out's ink, by their labels, belong to its field: (n + 1,)."""
    n = int(sheet.labels.max()) + 1
    if n == 1:
        return np.zeros(1, np.bool_)
    rows, columns = np.nonzero(sheet.labels)
    labels = sheet.labels[rows, columns]
    count = np.maximum(np.bincount(labels, minlength=n), 1)
    x = np.bincount(labels, columns, n) / count * sheet.zoom
    y = np.bincount(labels, rows, n) / count * sheet.zoom
    left, top, right, bottom = cut.box
    room = BEYOND * (bottom - top)
    inside = (x > left - room) & (x < right + room) & (y > top - room) & (y < bottom + room)
    inside[0] = False
    return np.asarray(inside, np.bool_)


def _is_written(own: Flags, sheet: Sheet, cut: CutOut) -> bool:
    """Whether somebody wrote into a field: dust and what is left of print are not that."""
    if sheet.ink is None or sheet.ink.level < FAINT:
        return False
    least = LEAST_WRITING * (cut.box[3] - cut.box[1]) / sheet.zoom
    return any(
        max(right - left, bottom - top) >= least
        for _, (left, top, right, bottom) in _boxes(sheet, own)
    )


def _stroke_width(sheet: Sheet, own: Flags) -> float:
    """How wide the strokes of a field's ink are, in pixels.

    A bar's pixels lie a quarter of its width from its edge, on average. The scan's pen is the next
    larger one of a few, and a point or a minus of the true one would be dust beside it.
    """
    mask = own[sheet.labels].astype(np.uint8)
    away = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.float32)
    return max(1.0, 4 * (float(away[mask > 0].mean()) - 0.5))


def _boxes(sheet: Sheet, own: Flags) -> Iterator[tuple[int, Box]]:
    """The labels and boxes of a field's ink."""
    y, x = np.nonzero(own[sheet.labels])
    labels = sheet.labels[y, x]
    low = np.full((2, len(own)), max(sheet.labels.shape))
    high = np.zeros((2, len(own)), np.int64)
    for k, places in enumerate((x, y)):
        np.minimum.at(low[k], labels, places)
        np.maximum.at(high[k], labels, places + 1)
    for label in np.flatnonzero(own).tolist():
        left, top, right, bottom = (int(v) for v in (*low[:, label], *high[:, label]))
        yield label, (left, top, right, bottom)


def _read_text(
    readers: tuple[Model, LineModel], sheet: Sheet, own: Flags, says: Field | None
) -> _Text | None:
    """The text of a field's ink; None where there is none that it may say."""
    model, line_model = readers
    rows = component_rows(sheet)
    row = max(rows, key=lambda each: sum(one.mass for one in each))
    height = usual_height(sheet, row)
    frames = Frames()
    cut_up, parts = cut_apart(sheet, doubtful(model, sheet, frames))
    lattice = row_lattice(
        model, cut_up, frames, row, [part for one in row for part in parts[one.label]], height
    )
    parts_say = read_row(lattice)
    (logits,) = see_lines(line_model, [row_image(sheet, row, height, SPECK)])
    line = read_line(line_model, logits, says)
    fits = float(sum(np.exp(one.log_prob) for one in line.found))
    settled = settle(line_model, line, lattice, parts_say, says)
    if settled is None or not settled.text:
        best = max(line.found, key=lambda one: one.log_prob, default=None)
        if best is None or not best.classes:
            return None
        text = line_model.text_of(best.classes)
        return _Text(text, [float(np.exp(v)) for v in best.log_probs], [], 0.0, fits, "not sure")
    places = [box for box, _ in settled.aligned.places]
    in_row = unread_marks(settled.aligned.left_out, places, cut_up, SPECK)
    doubt = "a mark was not read" if in_row or _left_over(sheet, own, row, height) else None
    return _Text(settled.text, settled.probabilities, places, settled.share, fits, doubt)


def _left_over(sheet: Sheet, own: Flags, row: list[Component], height: float) -> bool:
    """Whether something stands in a field beside the row that was read."""
    read = {one.label for one in row}
    return any(
        max(right - left, bottom - top) >= LEFT_OVER * height
        for label, (left, top, right, bottom) in _boxes(sheet, own)
        if label not in read
    )
