"""Page: a model reads a page of digits, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box, around
from digitnet.imaging.pictures import open_picture
from digitnet.models.model import Model
from digitnet.reading.components import LEAST_PIXELS
from digitnet.reading.cuts import cut_apart
from digitnet.reading.rows import word_starts
from digitnet.reading.segmentation import (
    Found,
    Frames,
    Row,
    doubtful,
    read_row,
    runs_of_parts,
)
from digitnet.reading.sheet import Sheet, component_rows, scan_page, usual_height
from digitnet.reading.signs import UNREAD, Mark, find_signs, unread_marks

if TYPE_CHECKING:
    from PIL import Image

LEAST_SURE = 0.4
"""Of a row's digits, the share that the model must stand by; else the row is no digits."""
HARDLY_SURE = 0.25
"""Of a row beside others that are digits: the sure ones of it are read, the rest is not."""
LEAST_TO_TURN = 4
"""Of digits: fewer do not say which way is up."""
UPRIGHT, WELL_READ, MUCH_BETTER = 0.8, 0.9, 0.15
"""The share of its digits stood by from which a page is left as it lies; that which a turned one
needs, and by how much it must be more."""
UNKNOWN = "too small for a digit, and no sign known"
MOST_COMPONENTS = 1500
"""More on one page are print or a texture."""
MOST_RUNS = 4000
"""Ways to take neighbouring marks of a page as a digit, each of which is framed and classified;
handwriting has one to five for each digit."""
MOST_RUNS_TO_TURN = 1000
"""With more, a page is read as it lies: three further readings would take too long."""
LEAST_PENS = 1.5
"""Of a typical digit's height, in widths of the pen: lower ink is a bar, however long."""
LEAST_WIDTH = LEAST_PIXELS // 2
"""Of a page where it is worked on, in pixels: that of the lowest digit."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit on a page.

    Attributes:
        box: where it is, (left, top, right, bottom) in pixels.
        label: its likeliest class.
        probability: of that class.
        sure: whether the model stands by it, as it does for a single digit's picture.
        line: the number of its row, from 0.
        starts_word: whether it is the first of a word.
        frame: what the network saw of it, (28, 28), ink 255 on 0.
    """

    box: Box
    label: int
    probability: float
    sure: bool
    line: int
    starts_word: bool
    frame: NDArray[np.uint8] = field(compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "box": list(self.box),
            "label": self.label,
            "probability": self.probability,
            "sure": self.sure,
            "line": self.line,
        }


@dataclass(frozen=True)
class Rejected:
    """A row of ink that is no digits: its box, (left, top, right, bottom) in pixels, and why."""

    box: Box
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {"box": list(self.box), "reason": self.reason}


@dataclass(frozen=True)
class Reading:
    """What a page says.

    Attributes:
        lines: one string per row, words separated by blanks.
        digits: in reading order.
        reason: why there are no lines; None where there are.
        marks: the signs, and what was not read, which is a `?` in its line.
        rejected: rows of ink that are no digits.
        turned: by how many degrees the page was turned clockwise to stand upright: 0, 90, 180
            or 270. Boxes are in the picture as it was given.
    """

    lines: tuple[str, ...]
    digits: tuple[ReadDigit, ...]
    reason: str | None
    marks: tuple[Mark, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    turned: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        return {
            "lines": list(self.lines),
            "digits": [digit.as_dict() for digit in self.digits],
            "reason": self.reason,
            "marks": [mark.as_dict() for mark in self.marks],
            "rejected": [row.as_dict() for row in self.rejected],
            "turned": self.turned,
        }

    def turned_back(self, quarters: int, shape: tuple[int, ...]) -> Reading:
        """The reading of a picture that was turned, with boxes in it as it was given.

        Args:
            quarters: how often `numpy.rot90` turned it, counterclockwise.
            shape: (H, W, ...) of the picture as it was given.
        """

        def back(box: Box) -> Box:
            for step in reversed(range(quarters)):
                left, top, right, bottom = box
                width = shape[0] if step % 2 else shape[1]
                box = (width - bottom, left, width - top, right)
            return box

        return replace(
            self,
            digits=tuple(replace(one, box=back(one.box)) for one in self.digits),
            marks=tuple(replace(one, box=back(one.box)) for one in self.marks),
            rejected=tuple(replace(one, box=back(one.box)) for one in self.rejected),
            turned=-90 * quarters % 360,
        )


def read_page(
    model: Model, picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]
) -> Reading:
    """Find the digits on a page and read them, line by line.

    Args:
        model: reads them; one with the framing "mnist".
        picture: a path, bytes, an open file, a Pillow image or an array (H, W[, 3]).

    Returns:
        The lines and the digits, with their boxes in the picture's pixels; or why there are none.

    Raises:
        PictureError: the picture cannot be opened.
        ModelError: the model sees whole pictures (framing "stretch"), so it cannot find digits.
    """
    if model.framing != "mnist":
        raise ModelError(
            f"A model with the framing {model.framing!r} sees whole pictures only and cannot read "
            "a page: train one with the framing 'mnist'."
        )
    return _set_upright(model, open_picture(picture))


def _set_upright(model: Model, picture: Bytes) -> Reading:
    """Read a picture, (H, W) or (H, W, 3) uint8, turned by a quarter or two if that is clearer.

    One that is read well as it lies is not tried otherwise.
    """
    lies = _read_as_it_lies(model, picture)
    if lies.n < LEAST_TO_TURN or lies.share > UPRIGHT or lies.n_runs > MOST_RUNS_TO_TURN:
        return lies.reading
    tries = []
    for quarters in (1, 2, 3):
        tried = _read_as_it_lies(model, np.ascontiguousarray(np.rot90(picture, quarters)))
        if tried.n >= LEAST_TO_TURN:
            tries.append((tried.share, tried.likelihood, quarters, tried.reading))
    share, _, quarters, reading = max(tries, key=lambda one: one[:2], default=(0.0, 0.0, 0, None))
    if reading is None or share < max(WELL_READ, lies.share + MUCH_BETTER):
        return lies.reading
    return reading.turned_back(quarters, picture.shape)


class _Try(NamedTuple):
    """A reading, how many digits all its rows may be, and the share that the model stands by.

    ``likelihood`` is the mean log-probability of their likeliest classes, ``n_runs`` how many ways
    to take marks together were looked at.
    """

    reading: Reading
    n: int = 0
    share: float = 0.0
    likelihood: float = 0.0
    n_runs: int = 0


def _read_as_it_lies(model: Model, picture: Bytes) -> _Try:
    """Read a picture, (H, W) or (H, W, 3) uint8, as it lies."""
    sheet = scan_page(picture)
    height, width = sheet.contrast.shape
    if height < LEAST_PIXELS or width < LEAST_WIDTH:
        high, wide = picture.shape[:2]
        reason = f"no digits: {wide} x {high} pixels are too narrow a strip; cut it up"
        return _Try(Reading((), (), reason))
    if not sheet.components:
        reason = "no digits: nothing on the page stands out like writing"
        return _Try(Reading((), (), reason))
    if sheet.height < LEAST_PENS * sheet.pen:
        return _Try(Reading((), (), "no digits: a bar or a blot, no strokes"))
    if len(sheet.components) > MOST_COMPONENTS:
        reason = f"no digits: {len(sheet.components)} marks are print or a texture"
        return _Try(Reading((), (), reason))
    frames: Frames = {}
    sheet, parts = cut_apart(sheet, doubtful(model, sheet, frames))
    rows: list[Row] = []
    found = component_rows(sheet)
    heights = [usual_height(sheet, row) for row in found]
    of_rows = [[part for one in row for part in parts[one.label]] for row in found]
    n_runs = sum(len(runs_of_parts(*one)) for one in zip(of_rows, heights, strict=True))
    if n_runs > MOST_RUNS:
        reason = "no digits: so many strokes and dots side by side are a texture"
        return _Try(Reading((), (), reason))
    for row, of_row, usual in zip(found, of_rows, heights, strict=True):
        signs = find_signs(sheet, of_row, row, usual)
        rows.append(read_row(model, sheet, frames, of_row, usual, signs))
    reading = _as_reading(model, sheet, rows, picture.shape)
    every = [one for row in rows for one in row.digits]
    if not every:
        return _Try(reading)
    share = float(np.mean([one.sure for one in every]))
    likelihood = float(np.mean(np.log([one.probability for one in every])))
    return _Try(reading, len(every), share, likelihood, n_runs)


def _as_reading(model: Model, sheet: Sheet, rows: list[Row], shape: tuple[int, ...]) -> Reading:
    """The rows that are digits, as text and boxes in the picture's pixels; and those that are not.

    A row that is hardly sure is digits only beside one that is; what is unsure in it is a `?`.
    """
    shares = [sum(one.sure for one in row.digits) / max(len(row.digits), 1) for row in rows]
    least = HARDLY_SURE if any(share > LEAST_SURE for share in shares) else LEAST_SURE
    kept: list[list[_Item]] = []
    rejected: list[Rejected] = []
    for row, share in zip(rows, shares, strict=True):
        clear = share > LEAST_SURE
        if clear or (share > least and sum(one.sure for one in row.digits) > 1):
            kept.append(_items(model, row, sheet, clear=clear))
        elif row.digits:
            box = sheet.in_picture(around(one.box for one in row.digits), shape)
            n = sum(one.sure for one in row.digits)
            rejected.append(Rejected(box, f"{n} of {len(row.digits)} marks look like digits"))
    if not kept:
        reason = "no digits: what is written does not look like any"
        return Reading((), (), reason, rejected=tuple(rejected))
    starts = word_starts([[item.box for item in row] for row in kept], sheet.height)
    digits: list[ReadDigit] = []
    marks: list[Mark] = []
    lines: list[str] = []
    for number, (line, firsts) in enumerate(zip(kept, starts, strict=True)):
        text = ""
        for item, first in zip(line, firsts, strict=True):
            box = sheet.in_picture(item.box, shape)
            text += (" " if first and text else "") + item.text
            one = item.digit
            if one is None:
                marks.append(Mark(box, item.text, number, item.reason))
            else:
                digits.append(
                    ReadDigit(box, one.label, one.probability, one.sure, number, first, one.frame)
                )
        lines.append(text)
    return Reading(tuple(lines), tuple(digits), None, tuple(marks), tuple(rejected))


class _Item(NamedTuple):
    """What stands in a line: a digit, a sign, or a mark that was not read and why."""

    box: Box
    text: str
    digit: Found | None = None
    reason: str | None = None


def _items(model: Model, row: Row, sheet: Sheet, *, clear: bool) -> list[_Item]:
    """A row from left to right; of one that is not clear, only the digits that are sure."""
    items = [
        _Item(one.box, model.class_names[one.label], one) if clear or one.sure
        else _Item(one.box, UNREAD, reason="like no digit for certain")
        for one in row.digits
    ]  # fmt: skip
    for box, sign in row.signs:
        items.append(_Item(box, sign, reason=UNKNOWN if sign == UNREAD else None))
    for box in unread_marks(row.left_out, [one.box for one in row.digits], sheet):
        items.append(_Item(box, UNREAD, reason=UNKNOWN))
    return sorted(items, key=lambda item: item.box[0] + item.box[2])
