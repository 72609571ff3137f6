"""Splines: the allographs as matrices, so that a whole batch is written in one product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.schools import N_CUSTOMS, odds, ways

N_MARKS = 80  # places along a digit at which its pen is known
LOOSE_END = 2.0  # how much more than its other points the ends of a stroke vary
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shapes:
    """All allographs side by side, sorted by digit; A allographs, P marks, K control points."""

    basis: Floats  # (A, P, K): marks = basis @ control
    control: Floats  # (A, K, 2), the digit's middle at (0, 0), unused points 0
    loose: Floats  # (A, K): how freely a point varies; a stroke's ends vary more
    stroke_of_point: NDArray[np.int64]  # (A, K)
    stroke_of_mark: NDArray[np.int8]  # (A, P)
    first: NDArray[np.int64]  # (10,) the first allograph of each digit
    before: NDArray[np.int64]  # (A, P) the mark before in the same stroke, its own for the first
    after: NDArray[np.int64]  # (A, P) likewise the next
    quantiles: Floats  # (N_CUSTOMS, 10, most - 1): among a custom's writers, taste from the k-th on
    # chooses beyond a digit's k-th allograph
    n_strokes: int


@cache
def all_shapes() -> Shapes:
    """Build the matrices of every allograph; once, then remembered."""
    every = ways()
    A, P = len(every), N_MARKS
    K = max(sum(len(stroke) for stroke in way.strokes()) for way in every)
    basis, control, loose = np.zeros((A, P, K)), np.zeros((A, K, 2)), np.zeros((A, K))
    of_point, of_mark = np.zeros((A, K), np.int64), np.zeros((A, P), np.int8)
    for a, way in enumerate(every):
        strokes = [np.array(stroke) for stroke in way.strokes()]  # (k, 3): x, y, corner
        lengths = [np.hypot(*np.diff(stroke[:, :2], axis=0).T).sum() for stroke in strokes]
        cuts = np.rint(P * np.cumsum([0.0, *lengths]) / sum(lengths)).astype(int)
        start = 0
        for s, stroke in enumerate(strokes):
            points, corners = stroke[:, :2], stroke[:, 2] > 0
            rows, columns = slice(cuts[s], cuts[s + 1]), slice(start, start + len(stroke))
            places = even_places(points, corners, cuts[s + 1] - cuts[s])
            basis[a, rows, columns] = spline(corners, places)
            control[a, columns] = points
            loose[a, columns] = 1.0
            loose[a, [columns.start, columns.stop - 1]] = LOOSE_END
            of_point[a, columns] = s
            of_mark[a, rows] = s
            start = columns.stop
        used = control[a, :start]
        control[a, :start] -= (used.max(axis=0) + used.min(axis=0)) / 2
    labels = np.array([way.label for way in every])
    quantiles = np.full((N_CUSTOMS, 10, np.bincount(labels).max() - 1), np.inf)
    for label in range(10):
        upper = np.cumsum(odds(label), axis=1)[:, :-1]
        # What comes after the last way that a custom has is never chosen, whatever rounding does.
        quantiles[:, label, : upper.shape[1]] = np.where(upper > 1 - 1e-6, np.inf, upper)
    place = np.arange(P)
    same = of_mark[:, 1:] == of_mark[:, :-1]
    before, after = np.tile(place, (A, 1)), np.tile(place, (A, 1))
    before[:, 1:] -= same
    after[:, :-1] += same
    return Shapes(
        basis.astype(np.float32), control.astype(np.float32), loose.astype(np.float32),
        of_point, of_mark, np.searchsorted(labels, np.arange(10)), before, after,
        quantiles.astype(np.float32), int(of_mark.max()) + 1,
    )  # fmt: skip


def spline(corners: NDArray[np.bool_], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each control point weighs at each place of a Catmull-Rom spline.

    The curve runs through all its points and depends on them linearly, so that one matrix serves
    every variation of a stroke: `curve = spline(corners, t) @ points`. The tangent at a point is
    half the way from the one before to the one after; at a corner it is zero.

    Source: E. Catmull and R. Rom, "A class of local interpolating splines" (1974).

    Args:
        corners: (K,) which of the K >= 2 points are corners.
        t: (P,) places, 0 at the first point and K - 1 at the last.

    Returns:
        (P, K), each row adding up to 1.
    """
    K = len(corners)
    points = np.eye(K)
    before, after = np.maximum(np.arange(K) - 1, 0), np.minimum(np.arange(K) + 1, K - 1)
    tangents = (points[after] - points[before]) / (after - before)[:, None]
    tangents[corners] = 0.0
    left = np.clip(np.floor(t).astype(int), 0, K - 2)
    u = (t - left)[:, None]
    # Cubic Hermite: the two points around t, and the tangents there.
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * points[left]
        + u * u * (3 - 2 * u) * points[left + 1]
        + u * (1 - u) ** 2 * tangents[left]
        - u * u * (1 - u) * tangents[left + 1]
    )


def even_places(
    points: NDArray[np.float64], corners: NDArray[np.bool_], n: int
) -> NDArray[np.float64]:
    """Choose n places t (n,) at even distances along the curve through `points` (K, 2)."""
    fine = np.linspace(0, len(points) - 1, 32 * len(points))
    steps = np.diff(spline(corners, fine) @ points, axis=0)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    return np.interp(np.linspace(0, length[-1], n), length, fine)
