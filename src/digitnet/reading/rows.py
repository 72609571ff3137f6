"""Rows: boxes on a page put into reading order, rows that fall or rise included."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from digitnet.imaging.boxes import Box

SLOPES = np.linspace(-0.35, 0.35, 141)
"""Slopes of rows that are tried: up to 19 degrees either way."""


def row_slope(boxes: Sequence[Box]) -> float:
    """How far the rows fall to the right, as a tangent: the slope with the sharpest rows.

    Boxes are seen along each slope; along the right one, those of a row fall on one place.
    """
    if len(boxes) < 2:
        return 0.0
    x, y, height = _middles(boxes)
    size = float(np.median(height))
    places = y - SLOPES[:, None] * (x - x.mean())  # (slopes, boxes)
    places.sort(axis=1)
    steps = np.diff(places, axis=1) / size
    # Small steps within a row cost, steps from row to row are all alike; level rows are likelier.
    cost = np.minimum(steps, 0.5).sum(axis=1) + 0.3 * np.abs(SLOPES) * min(len(boxes), 8)
    return float(SLOPES[int(cost.argmin())])


def in_rows(boxes: Sequence[Box], height: float) -> list[list[int]]:
    """Put boxes into rows, top to bottom, each from left to right: lists of indices.

    From the left, each box joins the row whose last boxes lie nearest in height, if they are
    nearer than half of ``height``, that of a usual digit; so a row may bend on its way.
    """
    if not boxes:
        return []
    slope = row_slope([b for b in boxes if b[3] - b[1] > 0.5 * height] or boxes)
    x, y, _ = _middles(boxes)
    level = y - slope * x
    rows: list[list[int]] = []
    ends = np.full(len(boxes), np.inf)  # where the last boxes of each row lie
    for i in np.argsort(x, kind="stable").tolist():
        away = np.abs(ends[: len(rows) + 1] - level[i])
        nearest = int(away.argmin())
        if not away[nearest] < 0.55 * height:
            nearest = len(rows)
            rows.append([])
        rows[nearest].append(i)
        ends[nearest] = np.mean(level[rows[nearest][-3:]])
    return sorted(rows, key=lambda row: float(np.mean(level[row])))


def word_starts(rows: Sequence[Sequence[Box]], height: float) -> list[list[bool]]:
    """For each box of each row, whether a new word begins with it.

    The white space in front of it is then nearly as wide as a digit is high, and much wider than
    between most digits of the page.
    """
    gaps = [[after[0] - before[2] for before, after in pairwise(row)] for row in rows]
    every = np.array([max(gap, 0) for row in gaps for gap in row], float)
    usual = float(np.percentile(every, 40)) if len(every) else 0.0
    least = max(0.85 * height, 2.0 * usual)
    return [[bool(row)] + [gap > least for gap in row_gaps]
            for row, row_gaps in zip(rows, gaps, strict=True)]  # fmt: skip


def _middles(boxes: Sequence[Box]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, top, right, bottom = np.array(boxes, float).T
    return (left + right) / 2, (top + bottom) / 2, bottom - top
