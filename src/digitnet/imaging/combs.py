"""Combs: printed cells, open above or closed, alone or side by side, told by their own shape.

Such a cell is a level line with straight bars of one height that stand on it, one at each of its
ends, and perhaps a line above them. No digit is. So they are told without knowing how high the
digits on a page are, empty or written in, lying straight or aslant; one that a digit touches is
left to `forms` and `cells`.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags, Mask

LEAST = 8
"""Pixels of a comb's height and width, at least."""
FILLED = 0.75
"""Of the box around it, the share that is ink at most."""
CORNER = 0.3
"""Of that box, how far from its corners its ink is at most: bars that end there, or a line."""
STEEP = 0.14
"""Slope of its line at most."""
STRAIGHT, OFF = 0.85, 1.5
"""The share of its line's way that its lower edge is straight on, at least, and how many pixels off
the straight line it still is there."""
THROUGH = 1.0
"""How far its bars reach through the line at most, in widths of the line."""
TALL = 1.2
"""How high its bars are at least, in widths of its line."""
EVEN = 0.12
"""Of their height, by which the bars differ in it at most."""
THIN, THICK = 0.5, 2.8
"""How wide its bars are at least and at most, in widths of its line: those of two cells that touch
are one."""
UPRIGHT = 0.9
"""The share of a bar's height that it is seen on, at least."""
OPEN = 0.4
"""Of their height, how much paper is between bars at least, but between those of two cells."""
STRAY = 0.04
"""The share of its ink that is neither of its line nor of its bars, at most."""


def comb_pixels(mask: Mask) -> Flags:
    """The pixels (h, w) of the combs in a mask of 0 and 1, (h, w), that nothing touches."""
    _, found, counted, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    labels, stats = np.asarray(found, np.int32), np.asarray(counted, np.int64)
    kept = np.zeros(len(stats), np.bool_)
    for k in np.flatnonzero(_likely(mask, stats)).tolist():
        left, top, wide, high, _ = stats[k].tolist()
        kept[k] = is_comb(labels[top : top + high, left : left + wide] == k)
    return np.asarray(kept[labels], np.bool_)


def _likely(mask: Mask, stats: NDArray[np.int64]) -> Flags:
    """Which components (n,) may be combs by their box and by the ink in its corners.

    ``stats`` are left, top, width, height and area of each; the first is no ink.
    """
    left, top, wide, high, area = stats.T
    likely = (wide >= LEAST) & (high >= LEAST) & (area <= FILLED * wide * high)
    likely[:1] = False
    total = cv2.integral(mask)
    dx = np.ceil(CORNER * wide).astype(int)
    dy = np.minimum(np.ceil(CORNER * high + STEEP * wide).astype(int), high)
    for x in (left, left + wide - dx):
        for y in (top, top + high - dy):
            ink = total[y + dy, x + dx] - total[y, x + dx] - total[y + dy, x] + total[y, x]
            likely &= ink > 0
    return np.asarray(likely, np.bool_)


def is_comb(own: Flags) -> bool:
    """Whether connected ink, (h, w) in its box, is a level line with bars on it, and no more.

    A line on the bars may close the cells.
    """
    line = _lower_edge(own)
    if line is None:
        return False
    slope, start = line
    level = _set_level(own, slope, start)
    runs = 2 + np.where(level[2:].all(axis=0), len(level), (~level[2:]).argmax(axis=0))
    thick = float(np.percentile(runs, 40))
    level = _without_lid(level, thick)
    top = round(thick) + 2
    through = (np.argwhere(own) @ (1, -slope)).max() - start
    if top >= len(level) or through > THROUGH * thick + 2:
        return False
    bars = _groups(np.asarray(level[top : top + 2].any(axis=0), np.bool_))
    if len(bars) < 2 or bars[0][0] > thick + 2 or len(runs) - bars[-1][1] > thick + 2:
        return False
    heights, stray = [], int(level[top:].sum())
    for first, last in bars:
        bar = level[top:, first:last]
        height = int(np.flatnonzero(bar.any(axis=1))[-1]) + 1
        stray -= int(level[top:, max(0, first - 1) : last + 1].sum())
        heights.append(top + height - thick)
        wide = float(bar.sum()) / height
        is_thin = THIN * thick - 1 <= wide and last - first <= min(THICK * thick + 2, 2 * wide + 1)
        if not is_thin or bar[:height].any(axis=1).mean() < UPRIGHT:
            return False
    high = float(np.median(heights))
    apart = np.array([b[0] - a[1] for a, b in pairwise(bars)])
    is_open = apart >= OPEN * high
    return bool(
        high >= TALL * thick
        and np.ptp(heights) <= max(2.0, 2 * EVEN * high)
        and is_open.any()
        and (is_open | (apart <= thick + 1)).all()
        and stray <= STRAY * own.sum() + 2
    )


def _lower_edge(own: Flags) -> tuple[float, float] | None:
    """Slope and start of the line along the lower edge of ink, (h, w); None where it is crooked."""
    x = np.arange(own.shape[1])
    low = len(own) - 1 - own[::-1].argmax(axis=0)
    slope, start = np.polyfit(x, low, 1)
    for reach in (8.0, 4.0, OFF + 0.5, OFF + 0.5):
        near = np.abs(low - (start + slope * x)) <= reach
        if near.mean() < STRAIGHT / 2:
            return None
        slope, start = np.polyfit(x[near], low[near], 1)
    near = np.abs(low - (start + slope * x)) <= OFF
    return (float(slope), float(start)) if near.mean() >= STRAIGHT and abs(slope) <= STEEP else None


def _set_level(own: Flags, slope: float, start: float) -> Flags:
    """Ink (h, w) with its line level and upside down: the line is in the first rows."""
    high, wide = own.shape
    along, up = np.meshgrid(np.arange(wide), np.arange(high + 2))
    x = np.rint(along + slope * up).astype(int)
    y = np.rint(start + slope * along - up).astype(int)
    inside = (x >= 0) & (x < wide) & (y >= 0) & (y < high)
    return np.asarray(inside & own[y.clip(0, high - 1), x.clip(0, wide - 1)], np.bool_)


def _without_lid(level: Flags, thick: float) -> Flags:
    """Ink (h, w) as of `_set_level` without a line above that closes all cells, if there is one."""
    upper = len(level) - 1 - level[::-1].argmax(axis=0)
    edge = float(np.median(upper))
    if (np.abs(upper - edge) <= OFF).mean() < STRAIGHT or edge < 3 * thick + 4:
        return level
    return level[: round(edge - 1.5 * thick) - 1]


def _groups(seen: Flags) -> list[tuple[int, int]]:
    """Where a row of flags, (n,), is set: (first, after the last) of each stretch."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    return [(int(a), int(b)) for a, b in steps.reshape(-1, 2)]
