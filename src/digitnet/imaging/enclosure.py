"""Enclosure: a box drawn around a digit, told by the rectangle that its outline is.

A box apart from its digit is a component of its own, told by its corners, however crooked, faint
or broken its sides are. One that its digit touches or crosses is told by its four sides, each
straight for most of its way as seen from outside. `field` follows other lines one by one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags, Labels, Mask
from digitnet.imaging.field_lines import THICK, Line
from digitnet.imaging.ink import median
from digitnet.imaging.stroke_width import stroke_width

LARGE = 0.35
"""Shorter side of a box at least, as a share of the picture's shorter side."""
SMALLEST = 10
"""Shorter side of a box at least, in pixels: smaller ones have no sides to tell."""
FILLED = 0.25
"""How large what is in it is at least, as a share of the box's shorter side: no dot in a zero."""
CORNER = 0.1
"""How far its ink may be from a corner, as a share of its shorter side; a ring's is 0.2."""
CORNERS = 3
"""How many corners are inked at least: a side may be faint."""
STRAIGHT = 0.65
"""The share of its way on which a side that a digit crosses is straight, at least."""
WAVY = 0.02
"""How far a side may leave the straight line there, as a share of the box's side across."""
WIDE = 0.5
"""How far apart two sides are at least, as a share of the ink's height or width."""
STEEP = 0.15
"""Slope of a side at most."""
TALL = 0.35
"""How tall what is in it is at least, as a share of its height: no bar of a squared 8."""
SPANNED = 0.9
"""How much of its width and its height one thing in it takes at most; squared paper has all."""
ALONG = 0.85
"""The share of its ink that lies along its sides, at least."""


def enclosing_box(mask: Mask) -> Flags | None:
    """The components of ink, (h, w), that are a box around another; None where there is none.

    Args:
        mask: (h, w) of 0 and 1, where ink is.
    """
    labels, stats = _labelled(mask)
    least = max(LARGE * min(mask.shape), SMALLEST)
    large = 1 + np.flatnonzero(stats[1:, 2:4].min(axis=1) >= least)
    boxes = np.zeros(len(stats), np.bool_)
    boxes[[label for label in large.tolist() if _is_box(labels, label, stats)]] = True
    return np.asarray(boxes[labels]) if boxes.any() else None


def _labelled(mask: Mask) -> tuple[Labels, Labels]:
    """The connected components of a mask: (h, w), and left, top, width, height, area of each."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def _is_box(labels: Labels, label: int, stats: Labels) -> bool:
    """Whether a component's ink runs along a rectangle, level or turned, that has ink within."""
    own = labels == label
    centre, size, angle = cv2.minAreaRect(np.argwhere(own)[:, ::-1].astype(np.int32))
    way, half = np.deg2rad(angle), np.array(size) / 2
    turn = np.array([[np.cos(way), np.sin(way)], [-np.sin(way), np.cos(way)]])

    def placed(pixels: Flags) -> NDArray[np.float64]:
        """Where pixels are in the rectangle, from its middle: (2, n)."""
        return np.asarray(turn @ (np.argwhere(pixels)[:, ::-1] - centre).T)

    pen, side = stroke_width(own.astype(np.uint8)), 2 * float(half.min())
    at = placed(own)
    away = half[:, None] - np.abs(at)
    if (away.min(axis=0) <= 1.5 * pen + 1).mean() < ALONG:
        return False
    cornered = (away <= CORNER * side + pen / 2).all(axis=0)
    if len(set((2 * (at[0] > 0) + (at[1] > 0))[cornered].tolist())) < CORNERS:
        return False
    others = 1 + np.flatnonzero(stats[1:, 2:4].max(axis=1) >= FILLED * side)
    return any(
        (np.abs(placed(labels == other)) < half[:, None]).all(axis=0).mean() > 0.9
        for other in others.tolist()
        if other != label
    )


def box_sides(mask: Mask) -> list[Line]:
    """The four sides of a box whose digit touches or crosses them; none where there is no box.

    Args:
        mask: (h, w) of 0 and 1, where ink is.
    """
    labels, stats = _labelled(mask)
    if len(stats) < 2:
        return []
    label = 1 + int((stats[1:, 2] * stats[1:, 3]).argmax())
    width, height = stats[label, 2:4].tolist()
    if min(width, height) < max(LARGE * min(mask.shape), SMALLEST):
        return []
    box = (labels == label).astype(np.uint8)
    lines = []
    for upright, far in ((False, False), (False, True), (True, False), (True, True)):
        side = _side(box.T if upright else box, upright, far)
        if side is None:
            return []
        lines.append(side)
    upper, lower, before, behind = (round(line.middle) for line in lines)
    if lower - upper < WIDE * height or behind - before < WIDE * width:
        return []
    within = np.zeros_like(mask)
    within[upper:lower, before:behind] = mask[upper:lower, before:behind]
    for line in lines:
        within[line.band(mask.shape)] = 0
    inner = _labelled(within)[1][1:, 2:4] / (behind - before, lower - upper)
    squared = (inner > SPANNED).all(axis=1).any()
    return lines if inner[:, 1].max(initial=0.0) >= TALL and not squared else []


def _side(box: Mask, upright: bool, far: bool) -> Line | None:
    """The upper side of a box's ink (h, w), or the lower one; None where it is crooked."""
    seen = box[::-1] if far else box
    rows = len(seen)
    x = np.arange(*np.flatnonzero(seen.any(axis=0))[[0, -1]] + [0, 1])
    high = int(np.ptp(np.flatnonzero(seen.any(axis=1)))) + 1
    first = seen[:, x].argmax(axis=0)
    near = max(1, round(WAVY * high))
    counts = np.bincount(first[seen[first, x] > 0], minlength=rows)
    away = np.abs(first - float(np.convolve(counts, np.ones(2 * near + 1), "same").argmax()))
    for reach in (3 * near, 2 * near, near + 0.5, near + 0.5):  # most are on it, then those near
        kept = away <= reach
        if kept.mean() < STRAIGHT / 2:
            return None
        slope, start = np.polyfit(x[kept], first[kept], 1)
        away = np.abs(first - (slope * x + start))
    kept = away <= near + 0.5
    if kept.mean() < STRAIGHT or abs(slope) > STEEP:
        return None
    below = np.pad(seen, ((0, 1), (0, 0)))[(first + np.arange(rows)[:, None]).clip(0, rows), x]
    runs = np.where(below.all(axis=0), rows, below.argmin(axis=0))
    thick = median(runs[kept])
    if thick > THICK * high + 2 or (runs[kept] <= 1.6 * thick + 1).mean() < 0.5:
        return None
    top = np.rint(np.where(kept, first, slope * x + start)).astype(np.int64)
    margin = 1 if thick < 6 else 2
    upper, lower = (top - margin).clip(0), (top + round(thick) + margin).clip(0, rows)
    if far:
        upper, lower = rows - lower, rows - upper
    return Line(upright, int(x[0]), int(x[-1]) + 1, (0, 0), upper, lower)
