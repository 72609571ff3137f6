"""Page: a model reads a page of digits, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError, SettingsError
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import around
from digitnet.imaging.components import Component
from digitnet.imaging.pictures import open_picture
from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.nn.layer import FloatArray
from digitnet.reading.bands import RowsRead, read_in_bands
from digitnet.reading.components import LEAST_PIXELS
from digitnet.reading.cuts import Part, cut_apart
from digitnet.reading.dense import (
    LIKE_DIGITS,
    MANY,
    MOST,
    lies_turned,
    likeness,
    looked_closer,
    pieces,
)
from digitnet.reading.doubts import doubted
from digitnet.reading.faint import faint_sheet, with_faint_rows
from digitnet.reading.fields import Field
from digitnet.reading.frames import Frames
from digitnet.reading.items import NO_FIELD, Item, items_of, settled_items, with_lost_signs
from digitnet.reading.line_reader import read_line, row_image, see_lines, settle, text_of
from digitnet.reading.number_rows import rows_as_reading
from digitnet.reading.photo import read_photo
from digitnet.reading.reading import Reading
from digitnet.reading.segmentation import (
    DIGITS,
    Lattice,
    doubtful,
    lattice_of,
    read_row,
    run_boxes,
    runs_of_parts,
    whole_digits,
)
from digitnet.reading.sheet import Sheet, component_rows, scan_page, usual_height
from digitnet.reading.signs import UNREAD, find_signs
from digitnet.reading.upright import MOST_RUNS as MOST_RUNS_TURNED
from digitnet.reading.upright import UPRIGHT, Try

if TYPE_CHECKING:
    from PIL import Image

TEXTURE = "no digits: so many strokes and dots side by side are a texture"
PRINT = "no digits: of {:,} marks hardly any is like one; this is print or a texture"
ON_ITS_SIDE = "no digits: what is written lies on its side, or on its head"
MOST_RUNS, RUNS = 4000, 3
"""Ways to take neighbouring marks of a page as a digit, each of which is framed and classified;
handwriting has one to five for each digit. And for each mark of a page of very many digits, where
no two that are digits as they are make one."""
MOST_DOUBTFUL, DOUBTFUL = 300, 0.7
"""Components that no digit is like, and their share of all, above which a page is a texture. Of
handwriting, one in ten is like none; where all digits touch, there may be a hundred."""
LEAST_PENS = 1.5
"""Of a typical digit's height, in widths of the pen: lower ink is a bar, however long."""
LEAST_WIDTH = LEAST_PIXELS // 2
"""Of a page where it is worked on, in pixels: that of the lowest digit."""


def read_page(
    model: Model,
    picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any],
    line_model: LineModel | None = None,
    field: Field | None = None,
    risk: float | str | None = None,
) -> Reading:
    """Find the digits on a page and read them, line by line.

    Args:
        model: reads them; one with the framing "mnist".
        picture: a path, bytes, an open file, a Pillow image or an array (H, W[, 3]).
        line_model: reads each row whole, beside the model of single digits: digits that touch
            and overlap need it. `line_model_beside` gives the one in the box.
        field: what each row must say; a row that cannot say it is left out. It needs a line model.
        risk: which share of the characters given, and of the lines, may be wrong; what is not sure
            enough for that is unsure (`LineModel.at_risk`; without one, `Model.at_risk`). None
            takes the model's own, 0 is unsure of nothing that was read.

    Returns:
        The lines and the digits, with their boxes in the picture's pixels; or why there are none.

    Raises:
        PictureError: the picture cannot be opened.
        ModelError: the model sees whole pictures (framing "stretch"), so it cannot find digits,
            or its classes are not ten.
        SettingsError: a field without a line model; or a risk that is none, or that nobody counted.
    """
    check_reads_pages(model)
    if field is not None and line_model is None:
        raise SettingsError("A field needs a model that reads lines, and there is none.")
    if risk is not None:
        if line_model is None:
            model = model.at_risk(risk)
        else:
            line_model = line_model.at_risk(risk)
    read = partial(_read_as_it_lies, model, line_model, field)
    reading = read_photo(read, open_picture(picture))
    return doubted(reading, None if line_model is None else line_model.calibration)


def check_reads_pages(model: Model) -> None:
    """Nothing, where a model can find and read the digits of a page.

    Raises:
        ModelError: it sees whole pictures, or its classes are not ten.
    """
    if model.framing != "mnist":
        raise ModelError(
            f"A model with the framing {model.framing!r} sees whole pictures only and cannot read "
            "a page: train one with the framing 'mnist'."
        )
    if len(model.class_names) != len(DIGITS):
        raise ModelError(
            "A page is read with a model of ten classes, and this one has "
            f"{len(model.class_names)}: choose another."
        )


def _read_as_it_lies(
    model: Model, line_model: LineModel | None, field: Field | None, picture: Bytes
) -> Try:
    """Read a picture, (H, W) or (H, W, 3) uint8, as it lies."""
    whole = looked_closer(model, picture, scan_page(picture))
    lies = _read_sheet(model, line_model, field, whole, picture.shape)
    few = len(whole.components) <= MANY
    faint = faint_sheet(whole) if few and lies.reading.lines else None
    if faint is None:
        return lies
    beside = _read_sheet(model, line_model, field, faint, picture.shape)
    return lies._replace(reading=with_faint_rows(lies.reading, beside.reading))


def _read_sheet(
    model: Model,
    line_model: LineModel | None,
    field: Field | None,
    whole: Sheet,
    shape: tuple[int, ...],
) -> Try:
    """Read a page that was scanned, of a picture of that shape."""
    reason = _no_writing(whole, shape)
    if reason is not None:
        return Try(Reading((), (), reason))
    n = len(whole.components)
    many = n > MANY
    if many:
        shares = likeness(model, whole)
        if shares.max() < LIKE_DIGITS:
            return Try(Reading((), (), PRINT.format(n)))
        turned = lies_turned(shares)
        if turned:
            return Try(Reading((), (), ON_ITS_SIDE), n, quarters=turned)
    rows = component_rows(whole)
    read = partial(_read_rows, model, line_model, field, n)
    found: RowsRead | None = None
    if many and field is None:
        found = read_in_bands(read, whole, rows, partial(_is_texture, n))
    if found is None:
        found = read(whole, rows)
    if _is_texture(n, found):
        return Try(Reading((), (), TEXTURE))
    reading = rows_as_reading(model, whole, found.rows, shape)
    if not found.digits:
        return Try(reading, n, fall=_fall(whole))
    share = float(np.mean([one.sure for one in found.digits]))
    likelihood = float(np.mean(np.log([one.probability for one in found.digits])))
    asked = found.n_runs > MOST_RUNS_TURNED and share < UPRIGHT
    quarters = lies_turned(likeness(model, whole)) if asked else None
    return Try(
        reading, n, len(found.digits), share, likelihood, found.n_runs, quarters, _fall(whole)
    )


def _is_texture(n: int, found: RowsRead) -> bool:
    """Whether so much of a page of n marks is unlike digits, or side by side, as in no writing."""
    most = max(MOST_RUNS, RUNS * n if n > MANY else 0)
    return found.n_doubts > max(MOST_DOUBTFUL, DOUBTFUL * n) or found.n_runs > most


def _read_rows(
    model: Model,
    line_model: LineModel | None,
    field: Field | None,
    n: int,
    whole: Sheet,
    rows: list[list[Component]],
) -> RowsRead:
    """What rows of a sheet, all of it or a band, say; the page has n marks."""
    many = n > MANY
    frames = Frames()
    if many:
        frames.look(model, whole, [((one.label,), one.box) for one in whole.components])
    doubts = doubtful(model, whole, frames)
    found = RowsRead([], [], len(doubts), 0)
    if _is_texture(n, found):
        return found
    alone = whole_digits(model, whole, frames, doubts) if many else set()
    sheet, parts = cut_apart(whole, doubts)
    heights = [usual_height(whole, row) for row in rows]
    of_rows = [[part for one in row for part in parts[one.label]] for row in rows]
    n_runs = sum(len(runs_of_parts(*one, alone)) for one in zip(of_rows, heights, strict=True))
    found = found._replace(n_runs=n_runs)
    if _is_texture(n, found):
        return found
    in_pieces = [
        [_Piece(piece, [part for one in piece for part in parts[one.label]], height)
         for piece in (pieces(row) if many and field is None else [row])]
        for row, height in zip(rows, heights, strict=True)
    ]  # fmt: skip
    at_once = [piece for row in in_pieces for piece in row]
    frames.look(model, sheet, [
        run for _, own, height in at_once
        for run in run_boxes(own, runs_of_parts(own, height, alone))
    ])  # fmt: skip
    logits: Iterator[FloatArray] = iter(())
    if line_model is not None:
        images = [row_image(whole, piece.row, piece.height) for piece in at_once]
        logits = iter(see_lines(line_model, images))
    for row, row_pieces in zip(rows, in_pieces, strict=True):
        items: list[Item] = []
        for piece in row_pieces:
            lattice = row_lattice(model, sheet, frames, *piece, alone)
            parts_say = read_row(lattice)
            found.digits.extend(parts_say.digits)
            settled = None
            if line_model is not None:
                agreed = text_of(parts_say) if many else None
                line = read_line(line_model, next(logits), field, agreed)
                settled = settle(line_model, line, lattice, parts_say, field)
            if settled is None and field is not None:
                items = [Item(around(one.box for one in row), UNREAD, reason=NO_FIELD)]
            else:
                if settled is None:
                    said = items_of(parts_say, sheet)
                else:
                    said = settled_items(settled, sheet)
                items += with_lost_signs(said, lattice)
        found.rows.append(items)
    return found


class _Piece(NamedTuple):
    """Components of a row that are read together, their parts, and the row's usual height."""

    row: list[Component]
    parts: list[Part]
    height: float


def _fall(sheet: Sheet) -> float | None:
    """Degrees by which what may be one number falls to the right; None of one component."""
    boxes = np.array([one.box for one in sheet.components], float).reshape(-1, 4)
    if len(boxes) < 2:
        return None
    x, y = (boxes[:, k] + boxes[:, k + 2] for k in (0, 1))
    first, last = int(x.argmin()), int(x.argmax())
    return float(np.rad2deg(np.arctan2(y[last] - y[first], x[last] - x[first])))


def row_lattice(
    model: Model,
    sheet: Sheet,
    frames: Frames,
    row: list[Component],
    parts: list[Part],
    height: float,
    whole: Set[int] = frozenset(),
) -> Lattice:
    """The ways to put a row's parts together to digits and signs.

    Args:
        model: knows digits.
        sheet: with its doubtful components cut apart.
        frames: remembers what was framed.
        row: its components, from left to right.
        parts: what those were cut into.
        height: of a usual digit of the row, in pixels.
        whole: labels of parts that are digits as they are, no two of them one digit.
    """
    signs = find_signs(sheet, parts, row, height)
    return lattice_of(model, sheet, frames, parts, height, signs, whole)


def _no_writing(sheet: Sheet, shape: tuple[int, ...]) -> str | None:
    """Why there can be no digits on a picture of that shape; None if there may be some."""
    height, width = sheet.contrast.shape
    if height < LEAST_PIXELS or width < LEAST_WIDTH:
        return f"no digits: {shape[1]} x {shape[0]} pixels are too narrow a strip; cut it up"
    if not sheet.components:
        return "no digits: nothing on the page stands out like writing"
    if sheet.height < LEAST_PENS * sheet.pen and len(sheet.components) <= MANY:
        return "no digits: a bar or a blot, no strokes"
    if len(sheet.components) > MOST:
        return (
            f"no digits: {len(sheet.components):,} marks are print, a texture, or more digits than "
            f"the {MOST:,} of one page; cut it up"
        )
    return None
