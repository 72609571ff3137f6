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
from digitnet.imaging.boxes import Box, around, gap
from digitnet.imaging.components import Component
from digitnet.imaging.pictures import open_picture
from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.nn.layer import FloatArray
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
from digitnet.reading.line_reader import (
    Settled,
    read_line,
    row_image,
    see_lines,
    settle,
    text_of,
)
from digitnet.reading.photo import read_photo
from digitnet.reading.reading import ReadDigit, Reading, Rejected
from digitnet.reading.rows import word_starts
from digitnet.reading.segmentation import (
    CLEAR_SIGN,
    DIGITS,
    Found,
    Lattice,
    Row,
    doubtful,
    lattice_of,
    read_row,
    run_boxes,
    runs_of_parts,
    whole_digits,
)
from digitnet.reading.sheet import (
    Sheet,
    component_rows,
    frame_components,
    scan_page,
    usual_height,
)
from digitnet.reading.signs import UNREAD, Mark, find_signs, unread_marks
from digitnet.reading.upright import MOST_RUNS as MOST_RUNS_TURNED
from digitnet.reading.upright import UPRIGHT, Try

if TYPE_CHECKING:
    from PIL import Image

SURE_OF_ROW = 0.4
"""Of a row's digits, the share that the model must stand by; else the row is no digits."""
HARDLY_SURE = 0.25
"""Of a row beside others that are digits: the sure ones of it are read, the rest is not."""
SURE = 0.95
"""How likely a character must be right, by the reader of lines and the parts together."""
EVEN = 0.5
"""How far a character is trusted for which one of two has no opinion: the reader of lines, or the
model of single digits where a digit is no part of its own."""
MOST_UNREAD = 0.2
"""Of a row's characters; where so many are not read, the row is no number. On a page of which more
than half of the rows are none, neither is a row that is not sure throughout."""
BESIDE_A_BLOT = 3
"""Sure digits of a row, from which a single mark that is not read is a blot in a number."""
LEAST_CERTAIN = 2
"""Digits that are likely right (`SURE`), from which a row is a number whatever else is in it, if
they are no fewer than all else but signs. Of made rows of words at most 10 of 22 are."""
OF_ONE_MARK = 0.3
"""Heights of a row, within which ink that is left out beside a `?` belongs to that mark."""
NO_FIELD = "nothing that the field may say"
TEXTURE = "no digits: so many strokes and dots side by side are a texture"
UNKNOWN = "too small for a digit, and no sign known"
PRINT = "no digits: of {:,} marks hardly any is like one; this is print or a texture"
ON_ITS_SIDE = "no digits: what is written lies on its side, or on its head"
MOST_RUNS, RUNS = 4000, 3
"""Ways to take neighbouring marks of a page as a digit, each of which is framed and classified;
handwriting has one to five for each digit. And for each mark of a page of very many digits, where
no two that are digits as they are make one."""
MOST_DOUBTFUL, DOUBTFUL = 300, 0.7
"""Components that no digit is like, and their share of all, above which a page is a texture. Of
handwriting, one in ten is like none; where all digits touch, there may be a hundred."""
LEAST_BARS, BARS, BESIDE_BARS = 10, 0.7, 0.25
"""1s on a page, their share of its digits, and the share of marks that are not read of all that
stands there, from which on the page is bars and no numbers: music, a fence, what is left of a
form."""
LOW, LOW_BARS = 0.55, "bars that are much lower than the digits, as of a comb"
"""Of a typical digit's height: a row of bars that are all lower is none of 1s; and why."""
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
    frames = Frames()
    if many:
        frames.look(model, whole, [((one.label,), one.box) for one in whole.components])
    doubts = doubtful(model, whole, frames)
    if len(doubts) > max(MOST_DOUBTFUL, DOUBTFUL * n):
        return Try(Reading((), (), TEXTURE))
    alone = whole_digits(model, whole, frames, doubts) if many else set()
    sheet, parts = cut_apart(whole, doubts)
    found = component_rows(whole)
    heights = [usual_height(whole, row) for row in found]
    of_rows = [[part for one in row for part in parts[one.label]] for row in found]
    n_runs = sum(len(runs_of_parts(*one, alone)) for one in zip(of_rows, heights, strict=True))
    if n_runs > max(MOST_RUNS, RUNS * n if many else 0):
        return Try(Reading((), (), TEXTURE))
    in_pieces = [
        [_Piece(piece, [part for one in piece for part in parts[one.label]], height)
         for piece in (pieces(row) if many and field is None else [row])]
        for row, height in zip(found, heights, strict=True)
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
    rows: list[list[_Item]] = []
    every: list[Found] = []
    for row, row_pieces in zip(found, in_pieces, strict=True):
        items: list[_Item] = []
        for piece in row_pieces:
            lattice = row_lattice(model, sheet, frames, *piece, alone)
            read = read_row(lattice)
            every += read.digits
            settled = None
            if line_model is not None:
                agreed = text_of(read) if many else None
                line = read_line(line_model, next(logits), field, agreed)
                settled = settle(line_model, line, lattice, read, field)
            if settled is None and field is not None:
                items = [_Item(around(one.box for one in row), UNREAD, reason=NO_FIELD)]
            else:
                said = _items(read, sheet) if settled is None else _settled_items(settled, sheet)
                items += _with_lost_signs(said, lattice)
        rows.append(items)
    reading = _as_reading(model, sheet, rows, shape)
    if not every:
        return Try(reading, n, fall=_fall(whole))
    share = float(np.mean([one.sure for one in every]))
    likelihood = float(np.mean(np.log([one.probability for one in every])))
    asked = n_runs > MOST_RUNS_TURNED and share < UPRIGHT
    quarters = lies_turned(likeness(model, whole)) if asked else None
    return Try(reading, n, len(every), share, likelihood, n_runs, quarters, _fall(whole))


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


class _Item(NamedTuple):
    """What stands in a line: a digit, a sign, or a mark that was not read and why.

    A digit that is sure enough to make its row a number may still be ``in_doubt``: then it is
    read and said to be unsure. ``trust`` is what all that was asked of it says together.
    """

    box: Box
    text: str
    digit: Found | None = None
    reason: str | None = None
    in_doubt: bool = False
    trust: float = EVEN


def _as_reading(
    model: Model, sheet: Sheet, rows: list[list[_Item]], shape: tuple[int, ...]
) -> Reading:
    """The rows that are digits, as text and boxes in the picture's pixels; and those that are not.

    A row that is hardly sure is digits only beside one that is; what is unsure in it is a `?`.
    """
    of_rows = [[item.digit for item in row if item.digit is not None] for row in rows]
    sure = [sum(one.sure for one in digits) for digits in of_rows]
    shares = [n / max(len(digits), 1) for n, digits in zip(sure, of_rows, strict=True)]
    least = HARDLY_SURE if any(share > SURE_OF_ROW for share in shares) else SURE_OF_ROW
    wordy = sum(map(_is_wordy, rows)) > len(rows) / 2
    kept: list[list[_Item]] = []
    rejected: list[Rejected] = []
    for row, digits, n, share in zip(rows, of_rows, sure, shares, strict=True):
        if len(rows) > 1 and _are_low_bars(row, sheet.height):
            box = sheet.in_picture(around(item.box for item in row), shape)
            rejected.append(Rejected(box, LOW_BARS))
        elif _is_wordy(row) or (wordy and n < len(row)):
            box = sheet.in_picture(around(item.box for item in row), shape)
            told = f"{len(row) - n} of {len(row)} marks look like no digits"
            rejected.append(Rejected(box, NO_FIELD if row[0].reason == NO_FIELD else told))
        elif share > SURE_OF_ROW:
            kept.append(row)
        elif share > least and n > 1:
            kept.append([_unsure(item) for item in row])
        elif digits:
            box = sheet.in_picture(around(one.box for one in digits), shape)
            rejected.append(Rejected(box, f"{n} of {len(digits)} marks look like digits"))
    if _are_bars([item for row in rows for item in row], [item for row in kept for item in row]):
        kept = []
    if not kept:
        reason = "no digits: what is written does not look like any"
        return Reading((), (), reason, rejected=tuple(rejected))
    starts = word_starts([[item.box for item in row] for row in kept], sheet.height)
    digits_read: list[ReadDigit] = []
    marks: list[Mark] = []
    lines: list[str] = []
    for number, (line, firsts) in enumerate(zip(kept, starts, strict=True)):
        text = ""
        for item, first in zip(line, firsts, strict=True):
            box = sheet.in_picture(item.box, shape)
            one = item.digit
            said = item.text if one is None else model.class_names[one.label]
            text += (" " if first and text else "") + said
            if one is None:
                marks.append(Mark(box, said, number, item.reason, trust=item.trust))
            else:
                digits_read.append(
                    ReadDigit(
                        box,
                        one.label,
                        one.probability,
                        one.sure and not item.in_doubt,
                        number,
                        first,
                        one.frame,
                        item.trust,
                    )
                )
        lines.append(text)
    return Reading(tuple(lines), tuple(digits_read), None, tuple(marks), tuple(rejected))


def _is_wordy(row: list[_Item]) -> bool:
    """Whether so much of a row is not read that it is words, or a drawing."""
    unread = sum(item.text == UNREAD for item in row)
    sure = sum(item.digit is not None and item.digit.sure for item in row)
    if unread == 1 and sure >= BESIDE_A_BLOT:
        return False
    digits = [item.digit for item in row if item.digit is not None]
    certain = sum(one.sure and one.probability >= SURE for one in digits)
    if certain >= max(LEAST_CERTAIN, (len(digits) + unread) / 2):
        return False
    return unread >= max(MOST_UNREAD * len(row), 1)


def _are_low_bars(row: list[_Item], height: float) -> bool:
    """Whether a row is bars alone, much lower than the page's digits, as what is left of a comb."""
    digits = [item.digit for item in row if item.digit is not None]
    low = max((item.box[3] - item.box[1] for item in row), default=0) < LOW * height
    return bool(digits) and low and all(one.label == 1 for one in digits)


def _are_bars(every: list[_Item], kept: list[_Item]) -> bool:
    """Whether what would be read of a page is bars, among much that cannot be read."""
    digits = [item.digit for item in kept if item.digit is not None]
    bars = sum(one.label == 1 for one in digits)
    left = len(every) - sum(item.text != UNREAD for item in kept)
    return bars >= LEAST_BARS and bars > BARS * len(digits) and left > BESIDE_BARS * len(every)


def _unsure(item: _Item) -> _Item:
    """A digit that is not sure as a mark that was not read; all else as it is."""
    if item.digit is None or item.digit.sure:
        return item
    return _Item(item.box, UNREAD, reason="like no digit for certain")


def _items(row: Row, sheet: Sheet) -> list[_Item]:
    """A row as its parts say it, from left to right."""
    items = [_Item(one.box, "", one, trust=EVEN * one.probability) for one in row.digits]
    for box, sign in row.signs:
        items.append(_Item(box, sign, reason=UNKNOWN if sign == UNREAD else None))
    return _with_unread(items, row.left_out, sheet)


def _with_unread(items: list[_Item], left_out: list[Box], sheet: Sheet) -> list[_Item]:
    """Beside what was read, the marks that somebody may have meant and that were not read.

    A crossed-out digit falls to pieces: what is left out beside a `?` is of the same mark.
    """
    boxes = [item.digit.box for item in items if item.digit is not None]
    items = list(items)
    for box in unread_marks(left_out, boxes, sheet):
        reach = OF_ONE_MARK * sheet.height
        near = [k for k, one in enumerate(items)
                if one.text == UNREAD and gap(one.box, box)[0] < reach]  # fmt: skip
        if near:
            k = min(near, key=lambda k: gap(items[k].box, box)[0])
            items[k] = items[k]._replace(box=around((items[k].box, box)))
        else:
            items.append(_Item(box, UNREAD, reason=UNKNOWN))
    return sorted(items, key=lambda item: item.box[0] + item.box[2])


def _with_lost_signs(items: list[_Item], lattice: Lattice) -> list[_Item]:
    """Beside what was read, a mark for each clear sign where no sign and no mark stands."""
    marks = [item.box for item in items if item.digit is None]
    lost: list[_Item] = []
    for first, last in sorted(lattice.signs, key=lambda run: run[0] - run[1]):
        box = around(part.box for part in lattice.parts[first:last])
        is_clear = lattice.signs[first, last][1] >= CLEAR_SIGN
        if is_clear and all(max(gap(box, one)) >= 0 for one in marks):
            lost.append(_Item(box, UNREAD, reason=UNKNOWN))
            marks.append(box)
    return sorted([*items, *lost], key=lambda item: item.box[0] + item.box[2]) if lost else items


def _settled_items(settled: Settled, sheet: Sheet) -> list[_Item]:
    """A row as the reader of lines and its parts say it, from left to right."""
    items: list[_Item] = []
    for character, (box, digit), probability in zip(
        settled.text, settled.aligned.places, settled.probabilities, strict=True
    ):
        trust = probability * settled.share
        if character not in DIGITS:
            reason = UNKNOWN if character == UNREAD else None
            items.append(_Item(box, character, reason=reason, trust=trust))
            continue
        trust *= EVEN if digit is None else digit.probability
        if digit is None:
            left, top, right, bottom = box
            here = np.unique(sheet.labels[top:bottom, left:right])
            frame, _ = frame_components(sheet, here[here > 0].tolist(), box)
        else:
            frame = digit.frame
        sure = probability >= SURE or (digit is not None and digit.sure)
        found = Found(box, DIGITS.index(character), probability, sure, frame)
        items.append(_Item(box, character, found, in_doubt=probability < SURE, trust=trust))
    return _with_unread(items, settled.aligned.left_out, sheet)
