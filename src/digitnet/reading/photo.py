"""Photo: the sheets in a photograph, each set upright, flattened and read; boxes put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.imaging.outlines import Outline, Points, find_outlines, strokes_outside
from digitnet.reading.reading import Quad, ReadDigit, Reading, Rejected
from digitnet.reading.signs import Mark
from digitnet.reading.upright import Try, read_upright

INSET = 0.006
"""Of a sheet's longer side: as much is left out at its edges, where the table shows."""
LARGEST = 4200
"""Pixels of a flattened sheet's longer side, at most."""
OUTSIDE = 0.2
"""The share of strokes outside the sheets, from which the picture is read as one page, too."""
MANY = 1500
"""Digits of the whole picture, from which outlines that are not certain are no sheets: to read
them, too, would take as long again."""
MORE = 1.1
"""How many times the digits of the other way a way must find to be taken, and one more."""


def read_photo(read: Callable[[Bytes], Try], picture: Bytes) -> Reading:
    """Read a picture, (H, W) or (H, W, 3) uint8, sheet by sheet if it shows sheets on a table.

    ``read`` reads a picture as it lies. Where no sheet says anything, two say the same digit, or
    the whole picture says more, it is read as one page.
    """
    outlines = find_outlines(picture)
    doubted = not all(one.certain for one in outlines)
    whole = read_upright(read, picture) if doubted else None
    if whole is not None and len(whole.digits) > MANY:
        return whole
    sheets = [_read_sheet(read, picture, outline) for outline in outlines]
    if not any(sheet.lines for sheet in sheets) or _is_read_twice(sheets):
        return read_upright(read, picture) if whole is None else whole
    together = _together(sheets)
    speaking = [one for one, sheet in zip(outlines, sheets, strict=True) if sheet.lines]
    certain = all(one.certain for one in speaking)
    if certain and strokes_outside(picture, speaking) < OUTSIDE:
        return together
    whole = read_upright(read, picture) if whole is None else whole
    in_sheets, in_whole = _n_sure(together), _n_sure(whole)
    if certain:
        return whole if in_whole > MORE * in_sheets + 1 else together
    return together if in_sheets > MORE * in_whole + 1 else whole


def _is_read_twice(sheets: Sequence[Reading]) -> bool:
    """Whether a digit of one sheet lies on a digit of another: then they are no two sheets."""
    for k, sheet in enumerate(sheets):
        others = np.array([one.box for other in sheets[:k] for one in other.digits]).reshape(-1, 4)
        for digit in sheet.digits:
            x, y = (digit.box[0] + digit.box[2]) / 2, (digit.box[1] + digit.box[3]) / 2
            left, top, right, bottom = others.T
            if ((left < x) & (x < right) & (top < y) & (y < bottom)).any():
                return True
    return False


def _n_sure(reading: Reading) -> int:
    return sum(digit.sure for digit in reading.digits)


def _read_sheet(read: Callable[[Bytes], Try], picture: Bytes, outline: Outline) -> Reading:
    """A sheet as a page of its own, with boxes in the picture."""
    flat, view = flattened(picture, outline.corners)
    reading = read_upright(read, flat)
    height, width = picture.shape[:2]

    def back(box: Box) -> Box:
        left, top, right, bottom = box
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
        x, y = cv2.perspectiveTransform(corners[None], view)[0].T
        x, y = x.clip(0, width), y.clip(0, height)
        x0, y0 = min(int(x.min()), width - 1), min(int(y.min()), height - 1)
        return x0, y0, max(x0 + 1, int(np.ceil(x.max()))), max(y0 + 1, int(np.ceil(y.max())))

    way = outline.corners[1] - outline.corners[0]
    tilt = round(float(np.rad2deg(np.arctan2(way[1], way[0]))))
    moved = reading.moved((reading.turned - tilt) % 360, back)
    quad: Quad = tuple((round(x), round(y)) for x, y in outline.corners.tolist())
    return replace(moved, sheets=(quad,))


def flattened(picture: Bytes, corners: Points) -> tuple[Bytes, Points]:
    """A sheet seen from straight above, and the map (3, 3) from its pixels to the picture's.

    ``corners`` are (4, 2), clockwise from the upper left one.
    """
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    size = np.array([max(sides[0], sides[2]), max(sides[1], sides[3])])
    size *= min(1.0, LARGEST / size.max())
    width, height = (max(1, round(side)) for side in size.tolist())
    edge = INSET * max(width, height)
    own = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    own += np.array([[-edge, -edge], [edge, -edge], [edge, edge], [-edge, edge]], np.float32)
    there = cv2.getPerspectiveTransform(corners.astype(np.float32), own)
    flat = cv2.warpPerspective(
        picture, there, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8), np.asarray(np.linalg.inv(there), np.float64)


def _together(sheets: Sequence[Reading]) -> Reading:
    """What several sheets say, one after the other."""
    lines: list[str] = []
    digits: list[ReadDigit] = []
    marks: list[Mark] = []
    rejected: list[Rejected] = []
    quads: list[Quad] = []
    for sheet in sheets:
        before = len(lines)
        lines += sheet.lines
        digits += [replace(one, line=one.line + before) for one in sheet.digits]
        marks += [replace(one, line=one.line + before) for one in sheet.marks]
        rejected += sheet.rejected
        quads += sheet.sheets if sheet.lines else ()
    speaking = [sheet for sheet in sheets if sheet.lines]
    turned = speaking[0].turned if len(speaking) == 1 else 0
    return Reading(
        tuple(lines), tuple(digits), None, tuple(marks), tuple(rejected), turned, tuple(quads)
    )
