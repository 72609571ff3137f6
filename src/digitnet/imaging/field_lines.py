"""Field lines: long, straight, thin runs of ink in the picture of one digit, to the pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags, Mask
from digitnet.imaging.ink import median

FINE = 128
"""Longer side, in pixels, of the reduced mask in which lines are sought, at least."""
LONG = 0.15
"""How long a line is at least, as a share of the picture's side that it runs along."""
SHORTEST = 5
"""How many pixels of it are seen at least, in the reduced mask."""
THICK = 0.1
"""How thick it is at most, as a share of the picture's longer side."""
HIDDEN = 0.4
"""How much of its way a digit may hide in one place, as a share of the picture's side."""
SLENDER = 4.5
"""How many times longer than thick a line is at least: the short side of a narrow box by a bold pen
is no more."""
CROOKED = 0.04
"""How far a line drawn by hand leaves the straight one, in its lengths; a digit's bow does more."""


@dataclass(frozen=True, eq=False)
class Line:
    """A straight line that may be a field's; turned so that it runs from left to right.

    Attributes:
        upright: whether it runs downwards in the picture.
        start, end: its columns; ``end`` is the first behind it.
        grown: how many columns at either end are a corner's, in which the line itself is not seen.
        top, bottom: (end - start,) its rows at each column; ``bottom`` is the first below it.
    """

    upright: bool
    start: int
    end: int
    grown: tuple[int, int]
    top: NDArray[np.int64]
    bottom: NDArray[np.int64]

    @cached_property
    def middle(self) -> float:
        """Its row, in the middle of its way."""
        return median(self.top + self.bottom) / 2

    @cached_property
    def thick(self) -> float:
        """Its usual thickness in pixels."""
        return median(self.bottom - self.top)

    def band(self, shape: tuple[int, ...]) -> Flags:
        """Its pixels in a picture (h, w)."""
        rows, columns = shape[::-1] if self.upright else shape
        y = np.arange(rows)[:, None]
        band = np.zeros((rows, columns), np.bool_)
        band[:, self.start : self.end] = (y >= self.top) & (y < self.bottom)
        return band.T if self.upright else band


def find_lines(mask: Mask, upright: bool) -> list[Line]:
    """Level lines in a mask of 0 and 1, (h, w), that are long, straight and thin."""
    rows, columns = mask.shape
    shrink = max(1, -(-max(rows, columns) // FINE) if max(rows, columns) >= 1.5 * FINE else 1)
    block = np.ones((shrink, shrink), np.uint8)
    mask = np.ascontiguousarray(mask)
    small = cv2.dilate(mask, block, anchor=(0, 0))[::shrink, ::shrink] if shrink > 1 else mask
    small = np.asarray(small, np.uint8)
    height, width = small.shape
    run, thickest = max(SHORTEST, width // 8), max(5, round(THICK * max(height, width)))
    thick = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8),
                             borderType=cv2.BORDER_CONSTANT, borderValue=0)  # fmt: skip
    thin = small & ~np.asarray(thick, np.uint8)
    near = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    straight = cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((1, run), np.uint8),
                                borderType=cv2.BORDER_CONSTANT, borderValue=0)  # fmt: skip
    straight = np.asarray(straight, np.uint8) & thin
    if int(straight.any(axis=0).sum()) < LONG * width:
        return []
    reach = max(run, round(HIDDEN * width / 2))
    apart = np.pad(straight, reach)  # else a closing would bridge the way to the picture's edge
    joined = cv2.morphologyEx(apart, cv2.MORPH_CLOSE, np.ones((3, 2 * reach + 1), np.uint8))
    joined = np.ascontiguousarray(joined[reach:-reach, reach:-reach], np.uint8)
    inked = cv2.dilate(small, np.ones((3, 1), np.uint8)) > 0
    n, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    lines = []
    for label in range(1, n):
        _, _, wide, high, _ = stats[label].tolist()
        if wide < LONG * width or high > max(2 * thickest, 0.15 * wide + thickest):
            continue
        own = (labels == label) & (straight > 0)
        line = _measured(mask, own, inked, shrink, upright)
        if line is not None:
            lines.append(line)
    return lines


def _measured(mask: Mask, own: Flags, inked: Flags, shrink: int, upright: bool) -> Line | None:
    """The line of which the pixels ``own`` are seen in the reduced mask, to the pixel.

    ``inked`` says where that has ink, or a pixel above or below has.
    """
    rows, columns = mask.shape
    at = np.flatnonzero(own.any(axis=0))
    if len(at) < SHORTEST:
        return None
    first = own.argmax(axis=0)[at]
    last = len(own) - 1 - own[::-1].argmax(axis=0)[at]
    slope, start_row = np.polyfit(at, (first + last) / 2, 1)
    way = slope * np.arange(own.shape[1]) + start_row
    away = np.sort(np.abs((first + last) / 2 - way[at]))
    if away[int(0.9 * (len(away) - 1))] > max(1.1, CROOKED * np.ptp(at)):
        return None
    places = np.rint(way).astype(int)
    seen = inked[places.clip(0, len(own) - 1), np.arange(own.shape[1])]
    seen &= (places >= 0) & (places < len(own))
    seen[at] = True
    left, right = int(at[0]), int(at[-1]) + 1
    if seen[left:right].mean() < 0.85:
        return None
    left -= int(seen[:left][::-1].cumprod().sum())  # on through the digit and lines across
    right += int(seen[right:].cumprod().sum())
    start, end = left * shrink, min(right * shrink, columns)
    x = np.arange(start, end)
    middles = (first + last + 1) / 2 * shrink
    centre = np.interp(x, (at + 0.5) * shrink, _smooth(middles, 9))
    half = 0.5 * median(last + 1 - first) * shrink + shrink + 2
    reach = int(np.ceil(2 * half))
    places = np.rint(centre).astype(int) + np.arange(-reach, reach + 1)[:, None]
    inside = (places >= 0) & (places < rows)
    strip = (mask[places.clip(0, rows - 1), x] > 0) & inside
    clear = strip.any(axis=0) & ~strip[0] & ~strip[-1]
    top = strip.argmax(axis=0)
    bottom = len(strip) - strip[::-1].argmax(axis=0)
    clear &= strip.sum(axis=0) == bottom - top
    if clear.mean() < 0.25:
        return None
    usual = median((bottom - top)[clear])
    clear &= (bottom - top <= 1.5 * usual + 1) & (bottom - top >= 0.5 * usual - 1)
    if not clear.any():
        return None
    offset = np.rint(centre).astype(int) - reach
    high = _between(x, clear, top + offset)
    low = _between(x, clear, bottom + offset)
    if end - start < SLENDER * usual:
        return None
    margin = 1 if usual < 6 else 2
    more = round(usual / 2) + margin  # into the corner where it meets another
    sides = min(more, start), min(more, columns - end)
    high, low = np.pad(high - margin, sides, mode="edge"), np.pad(low + margin, sides, mode="edge")
    ends = start - sides[0], end + sides[1]
    return Line(upright, *ends, sides, high.clip(0), low.clip(0, rows))


def _between(x: NDArray[np.int64], known: Flags, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values at places where they are known, straight lines between them, single ones smoothed."""
    smooth = _smooth(values[known].astype(float), 5)
    return np.asarray(np.rint(np.interp(x, x[known], smooth)), np.int64)


def _smooth(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """The median of n neighbours."""
    padded = np.pad(values, n // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, n)
    return np.asarray(np.sort(windows, axis=1)[:, n // 2])
