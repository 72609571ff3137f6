"""Ruling: printed lines across a page, found by a Hough transform and taken out of the ink."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Floats, Mask

SLOPES = np.linspace(-0.25, 0.25, 101)
COVERED = 0.7
"""The share of its way across the page that a printed line is seen on; digits hide some of it."""
FINE = 400
"""Longer side, in pixels, of the reduced mask in which lines are sought."""


def erase_ruling(mask: Mask, contrast: Floats, pen: float) -> Mask:
    """Take lines that cross the page, either way, out of a mask of 0 and 1, (h, w).

    ``contrast`` is 1 where ink is full, ``pen`` the width of the strokes. Digits that cross a
    line stay whole. The very same mask comes back where there are no lines.
    """
    down = _lines(mask, contrast, pen)
    across = _lines(mask.T, contrast.T, pen).T
    lines = down | across
    return (mask & ~lines).astype(np.uint8) if lines.any() else mask


def _lines(mask: Mask, contrast: Floats, pen: float) -> Mask:
    """The pixels of lines that run from left to right and belong to no digit, (h, w)."""
    rows, columns = mask.shape
    found = np.zeros_like(mask)
    if min(rows, columns) < 40:
        return found
    runs: NDArray[np.int32] | None = None
    for slope, start in find_lines(mask):
        middle = start + slope * np.arange(columns)
        reach = int(np.ceil(max(2.0, 0.01 * rows, pen / 2)))
        band = np.rint(middle).astype(int) + np.arange(-reach, reach + 1)[:, None]
        inside = (band >= 0) & (band < rows)
        band = band.clip(0, rows - 1)
        x = np.broadcast_to(np.arange(columns), band.shape)
        inked = (mask[band, x] > 0) & inside
        seen = inked.any(axis=0)[inside.any(axis=0)]
        ends = max(2, len(seen) // 20)
        if seen.mean() < COVERED or not (seen[:ends].any() and seen[-ends:].any()):
            continue
        runs = vertical_runs(mask) if runs is None else runs
        thick = float(np.median(np.where(inked, runs[band, x], 0).max(axis=0)))
        if thick > min(1.5 * pen, 0.025 * max(rows, columns) + 1):
            continue
        shade = float(np.median(np.where(inked, contrast[band, x], 0).max(axis=0)))
        ink = (contrast[band, x] > (shade + 1) / 2) & (shade < 0.7)
        line = inked & (runs[band, x] <= 1.4 * thick + 1) & ~ink
        found[band[line], x[line]] = 1
    return found


def find_lines(mask: Mask) -> list[tuple[float, float]]:
    """Straight lines (slope, start) that cross the mask: y = start + slope x."""
    rows, columns = mask.shape
    shrink = max(1, max(rows, columns) // FINE)
    small = cv2.dilate(mask, np.ones((shrink, shrink), np.uint8))[::shrink, ::shrink]
    height, width = small.shape
    y, x = np.nonzero(small)
    reach = int(np.ceil(abs(SLOPES[0]) * width)) + 1
    votes = np.stack([
        np.bincount((y - np.rint(slope * x).astype(int)) + reach, minlength=height + 2 * reach)
        for slope in SLOPES
    ]).astype(np.float64)  # fmt: skip
    starts = np.arange(votes.shape[1]) - reach
    ends = starts + SLOPES[:, None] * (width - 1)
    high, low = np.minimum(starts, ends), np.maximum(starts, ends)
    # A line that leaves the page early has only the rest of its way to be seen on.
    seen_of = (low.clip(0, height - 1) - high.clip(0, height - 1) + 1) / (low - high + 1)
    seen_of[(low < 0) | (high >= height)] = 0
    seen = np.where(seen_of > 0.4, votes / np.maximum(seen_of * width, 1), 0.0)
    lines: list[tuple[float, float]] = []
    while len(lines) < 60:
        k, s = np.unravel_index(int(seen.argmax()), seen.shape)
        if seen[k, s] < 0.9 * COVERED:
            break
        slope, start = float(SLOPES[k]), float(starts[s])
        lines.append((slope, (start + 0.5) * shrink))
        middle = start + slope * width / 2
        near = np.abs(starts + SLOPES[:, None] * (width / 2) - middle) < 4
        seen[near] = 0
    return lines


def vertical_runs(mask: Mask) -> NDArray[np.int32]:
    """For each inked pixel, how many inked pixels its column has in a row there, (h, w)."""
    up = np.zeros(mask.shape, np.int32)
    down = np.zeros(mask.shape, np.int32)
    count = np.zeros(mask.shape[1], np.int32)
    for y in range(mask.shape[0]):
        count = (count + 1) * mask[y]
        up[y] = count
    count[:] = 0
    for y in range(mask.shape[0] - 1, -1, -1):
        count = (count + 1) * mask[y]
        down[y] = count
    return np.asarray(np.maximum(up + down - 1, 0), np.int32)
