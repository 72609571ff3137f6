"""Shapes: the allographs as matrices, so that a whole batch is written in one product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from digitnet.data.strokes import ALLOGRAPHS

N_MARKS = 96  # places along a digit at which its pen is known
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
    quantiles: Floats  # (10, most - 1): taste above the k-th chooses beyond the k-th allograph
    n_strokes: int


@cache
def all_shapes() -> Shapes:
    """Build the matrices of every allograph; once, then remembered."""
    ways = sorted(ALLOGRAPHS, key=lambda way: way.label)
    A, P = len(ways), N_MARKS
    K = max(sum(len(dict.fromkeys(s)) + 1 for s in way.strokes) for way in ways)
    basis, control, loose = np.zeros((A, P, K)), np.zeros((A, K, 2)), np.zeros((A, K))
    of_point, of_mark = np.zeros((A, K), np.int64), np.zeros((A, P), np.int8)
    for a, way in enumerate(ways):
        lengths = [np.hypot(*np.diff(np.array(s), axis=0).T).sum() for s in way.strokes]
        cuts = np.rint(P * np.cumsum([0.0, *lengths]) / sum(lengths)).astype(int)
        k = 0
        for s, stroke in enumerate(way.strokes):
            points = np.array(stroke)
            rows = slice(cuts[s], cuts[s + 1])
            weights = spline(points, even_places(points, cuts[s + 1] - cuts[s]))
            start = k
            for j, point in enumerate(points):
                if j and np.array_equal(point, points[j - 1]):  # a corner is one point, not two
                    k -= 1
                basis[a, rows, k] += weights[:, j]
                control[a, k] = point
                of_point[a, k] = s
                loose[a, k] = 1.0
                k += 1
            loose[a, [start, k - 1]] = 2.0
            of_mark[a, rows] = s
        used = control[a, :k]
        control[a, :k] -= (used.max(axis=0) + used.min(axis=0)) / 2
    labels = np.array([way.label for way in ways])
    counts = np.bincount(labels, minlength=10)
    quantiles = np.ones((10, counts.max() - 1))
    for label in range(10):
        share = np.array([way.share for way in ways if way.label == label])
        quantiles[label, : len(share) - 1] = (np.cumsum(share) / share.sum())[:-1]
    return Shapes(
        basis.astype(np.float32), control.astype(np.float32), loose.astype(np.float32),
        of_point, of_mark, np.searchsorted(labels, np.arange(10)),
        quantiles.astype(np.float32), int(of_mark.max()) + 1,
    )  # fmt: skip


def spline(control: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each control point weighs at each place of a Catmull-Rom spline.

    The curve runs through all its points and depends on them linearly, so that one matrix serves
    every variation of a stroke: `curve = spline(control, t) @ varied`. At a doubled point the
    tangent is zero from both sides: a corner.

    Source: E. Catmull and R. Rom, "A class of local interpolating splines" (1974).

    Args:
        control: (K, 2), K >= 2; only the corners are read from it.
        t: (P,) places, 0 at the first point and K - 1 at the last.

    Returns:
        (P, K), each row adding up to 1.
    """
    K = len(control)
    tangent = np.zeros((K, K))
    for k in range(K):
        before, after = max(k - 1, 0), min(k + 1, K - 1)
        corner = any(j != k and np.array_equal(control[j], control[k]) for j in (before, after))
        if not corner:
            tangent[k, after] += 1 / (after - before)
            tangent[k, before] -= 1 / (after - before)
    left = np.clip(np.floor(t).astype(int), 0, K - 2)
    u = (t - left)[:, None]
    identity = np.eye(K)
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * identity[left]
        + u * (1 - u) ** 2 * tangent[left]
        + u * u * (3 - 2 * u) * identity[left + 1]
        + u * u * (u - 1) * tangent[left + 1]
    )


def even_places(control: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Choose n places t (n,) at even distances along the curve through `control` (K, 2)."""
    fine = np.linspace(0, len(control) - 1, 32 * len(control))
    steps = np.diff(spline(control, fine) @ control, axis=0)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    return np.interp(np.linspace(0, length[-1], n), length, fine)
