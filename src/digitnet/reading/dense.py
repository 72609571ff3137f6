"""Dense: pages of very many marks, or small ones: what a few of them look like, and a closer look.

Whether a page of thousands of marks is digits, print or a texture, and which way it lies, is told
by a few hundred of them, so that it takes as long for a page of any number.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Flags, Mask
from digitnet.imaging.background import contrast_to
from digitnet.imaging.components import Component, connected_components
from digitnet.imaging.ink import find_ink
from digitnet.imaging.reduce import drop_grey_channels
from digitnet.imaging.scan import BRIGHTEST
from digitnet.imaging.stroke_width import stroke_width
from digitnet.models.model import Model
from digitnet.reading.components import page_components
from digitnet.reading.sheet import Sheet, frame_components

MANY = 1500
"""Marks of a page, from which a few of them must look like digits before the rest is read."""
MOST = 30_000
"""Marks of a page that are read at most, which bounds time and memory."""
SAMPLE = 240
"""Marks that are looked at, spread evenly over the page."""
LIKE_DIGITS = 0.72
"""The share of them that must be like digits."""
UNEVEN = 0.25
"""By how much the logarithm of a digit's height differs from the usual one's."""
SMALL, WANTED, LEAST = 13.0, 16.0, 3.0
"""Height of a usual mark in pixels, below which a page that was reduced is looked at closer; how
high it then is at least, if the picture has it; and below which it is grain."""
WINDOW = 900
"""Pixels of the side of what is looked at first, where it is fullest."""
LEAST_MARKS = 8
"""In it, of which that can be told."""
LONG = 4.0
"""Heights of a mark, from which a line that was found where it was small is printed."""
MUCH_BETTER = 0.15
"""By how much more of the marks must be like digits for the page to lie turned by quarters."""
LONGEST = 16
"""Marks of a row that are read at a time, on a page of many: a search takes longer the longer the
row is, and longer than in proportion."""


def likeness(model: Model, sheet: Sheet, quarters: int = 4) -> NDArray[np.float64]:
    """The share of a sheet's marks that are like digits, lying so and turned: (quarters,).

    Those that the model stands by and that are as high as most: small letters are of two heights.
    The k-th is of the page turned counter-clockwise by k quarters. Zeros where there is no mark,
    and for the turned page where the upright one is so like digits that no other is much better.
    """
    marks = sheet.components
    some = [marks[k] for k in np.linspace(0, len(marks) - 1, min(len(marks), SAMPLE)).astype(int)]
    if not some:
        return np.zeros(quarters)
    images = np.stack([frame_components(sheet, [one.label], one.box)[0] for one in some])
    sizes = np.array([(one.height, one.width) for one in some], np.float64)
    away = np.abs(np.log(sizes / np.median(sizes, axis=0)))
    shares = np.zeros(quarters)
    for k in range(quarters):
        if shares[0] > 1 - MUCH_BETTER:
            break
        turned = np.ascontiguousarray(np.rot90(images, k, axes=(1, 2)))
        known = model.accepted(turned, model.probabilities(turned))
        shares[k] = (known & (away[:, k % 2] < UNEVEN)).mean()
    return shares


def lies_turned(shares: NDArray[np.float64]) -> int:
    """By how many quarters, counter-clockwise, a page must be turned, of the `likeness` of each."""
    best = int(shares.argmax())
    clearly = shares[best] >= max(LIKE_DIGITS, shares[0] + MUCH_BETTER)
    return best if clearly else 0


def looked_closer(model: Model, picture: Bytes, sheet: Sheet) -> Sheet:
    """A page with digits too small to be read where it was worked on, seen larger; else ``sheet``.

    Args:
        model: knows digits; print is not looked at closer.
        picture: (H, W) or (H, W, 3), which the sheet is of.
        sheet: as it was scanned.
    """
    seen, times = sheet.seen, max(1, int(sheet.zoom * sheet.height // WANTED))
    if seen is None or not LEAST <= sheet.height < SMALL or times > sheet.zoom - 1:
        return sheet
    ink = sheet.ink.mask if sheet.ink is not None else np.zeros((1, 1), np.uint8)
    side = max(1, round(WINDOW * times / sheet.zoom))
    amount = cv2.boxFilter(ink.astype(np.float32), -1, (side, side), normalize=False)
    y, x = (int(v) for v in np.unravel_index(int(amount.argmax()), amount.shape))
    top, left = (max(0, round((v - side / 2) * sheet.zoom)) for v in (y, x))
    part = _closer(picture, sheet, times, (top, left, round(side * sheet.zoom)))
    if part is None or len(part.components) < LEAST_MARKS:
        return sheet
    if likeness(model, part).max() < LIKE_DIGITS:
        return sheet
    return _closer(picture, sheet, times) or sheet


def _closer(
    picture: Bytes, sheet: Sheet, times: int, window: tuple[int, int, int] | None = None
) -> Sheet | None:
    """A page, or a window (top, left, side) of it, at ``times`` of its pixels in one.

    The ground and printed lines are those that were found where it was smaller; the pen is
    measured on the strokes. None where there is no ink.
    """
    seen = sheet.seen
    assert seen is not None, "only what was scanned is looked at closer"
    ground, ruling = seen.ground, _long_lines(seen.ruling, LONG * sheet.height)
    if window is not None:
        top, left, side = window
        rows, columns = picture.shape[:2]
        picture = picture[top : top + side, left : left + side]
        ground, ruling = (
            layer[
                top * len(layer) // rows : -(-(top + side) * len(layer) // rows),
                left * layer.shape[1] // columns : -(-(left + side) * layer.shape[1] // columns),
            ]
            for layer in (ground, ruling)
        )
    size = (max(1, picture.shape[1] // times), max(1, picture.shape[0] // times))
    if times > 1:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    work = drop_grey_channels(picture)
    if ground.ndim < work.ndim:
        work = np.ascontiguousarray(work[..., 1])
    elif work.ndim < ground.ndim:
        ground = np.ascontiguousarray(ground[..., 1])
    contrast = contrast_to(ground, work if seen.light else 255 - work)
    np.maximum(contrast, np.float32(BRIGHTEST), out=contrast)
    ink = find_ink(contrast)
    if ink is None:
        return None
    if ruling.any():
        lines = cv2.resize(ruling, size, interpolation=cv2.INTER_NEAREST) > 0
        contrast[lines] = 0
        ink = ink._replace(mask=np.asarray(ink.mask & ~lines, np.uint8), seeds=ink.seeds & ~lines)
    pen = max(stroke_width(ink.mask), 1.0)
    found = connected_components(ink, contrast)
    chosen = page_components(found, ground, pen)
    zoom = sheet.zoom * sheet.contrast.shape[1] / size[0] if window is None else float(times)
    return replace(
        sheet, contrast=contrast, ink=ink, labels=found.labels, components=chosen.whole,
        fragments=chosen.fragments, height=chosen.height, pen=pen, zoom=zoom,
    )  # fmt: skip


def _long_lines(ruling: Flags, least: float) -> Mask:
    """Printed lines (h, w) that are so long that no bit of a small digit was taken for one."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ruling.astype(np.uint8), connectivity=8)
    longer = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    kept = (longer >= least).astype(np.uint8)
    kept[0] = 0
    return np.asarray(kept[labels], np.uint8)


def pieces(row: list[Component], longest: int = LONGEST) -> list[list[Component]]:
    """A row cut at its widest gaps, so that no piece has more components than ``longest``.

    Args:
        row: from left to right.
        longest: how many a piece may have.
    """
    if len(row) <= longest:
        return [row]
    third = max(len(row) // 3, 1)  # not so near an end that a piece of few is cut off
    ends = np.maximum.accumulate([one.box[2] for one in row]).tolist()
    gaps = [after.box[0] - end for end, (_, after) in zip(ends, pairwise(row), strict=False)]
    at = max(range(third, len(row) - third), key=lambda k: gaps[k - 1])
    return pieces(row[:at], longest) + pieces(row[at:], longest)
