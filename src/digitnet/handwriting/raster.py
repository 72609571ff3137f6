"""Raster: pen strokes to anti-aliased ink, for a single picture or a whole batch of frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError


@dataclass(frozen=True)
class Stroke:
    """The way of a round pen: points (P, 2) as (x, y), y downwards, and its radius (P,) at each."""

    points: NDArray[np.float64]
    radii: NDArray[np.float64]

    def placed(self, scale: float, left: float, top: float) -> Stroke:
        """The stroke made `scale` times as large, its origin moved to (left, top)."""
        return Stroke(self.points * scale + (left, top), self.radii * scale)


def cover(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    radii: NDArray[np.float32],
    softness: NDArray[np.float32],
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """The share of each pixel that is under ink, for N drawings of P round pen marks each.

    A pixel's share falls from 1 to 0 over `softness` pixels across the edge of the ink, so it is
    a matter of the signed distance d - r to the nearest mark. The minimum is taken over the power
    distance (d² - r²) / 2r instead, which has the same edge and falls apart into a part of x and
    a part of y: P times one addition and one minimum per pixel, and one square root at the end.

    Args:
        x: (P, N) places of the marks in pixels; the first pixel reaches from 0 to 1.
        y: (P, N) likewise, downwards.
        radii: (P, N) their radii in pixels, above 0.
        softness: (N,) width of the ink's edge in pixels; 1 is the area under a straight edge.
        height: H.
        width: W.

    Returns:
        (H, W, N) between 0 and 1.
    """
    half = np.float32(0.5) / radii
    columns = np.arange(width, dtype=np.float32)[None, :, None] + np.float32(0.5)
    rows = np.arange(height, dtype=np.float32)[None, :, None] + np.float32(0.5)
    along = np.square(columns - x[:, None, :]) * half[:, None, :]  # (P, W, N)
    down = np.square(rows - y[:, None, :]) * half[:, None, :]  # (P, H, N)
    down -= radii[:, None, :] / 2
    nearest = np.full((height, width, x.shape[1]), np.inf, dtype=np.float32)
    mark = np.empty_like(nearest)
    for p in range(len(x)):
        np.add(down[p, :, None, :], along[p, None, :, :], out=mark)
        np.minimum(nearest, mark, out=nearest)
    # (d² - r²) / 2r = u  =>  d = sqrt(2 r u + r²), with the drawing's mean radius.
    radius = radii.mean(axis=0)
    nearest *= 2 * radius
    nearest += radius * radius
    np.sqrt(np.maximum(nearest, 0, out=nearest), out=nearest)
    nearest -= radius
    nearest /= -softness
    nearest += np.float32(0.5)
    return np.clip(nearest, 0, 1, out=nearest)


def render(
    strokes: Iterable[Stroke], height: int, width: int, *, softness: float = 1.0
) -> NDArray[np.uint8]:
    """Draw strokes given in pixels: (H, W) uint8, 255 where all is ink, 0 where none is.

    Raises:
        SettingsError: height or width is not positive.
    """
    if height < 1 or width < 1:
        raise SettingsError(f"A drawing needs at least 1 x 1 pixels, not {width} x {height}.")
    ink = np.zeros((height, width), dtype=np.uint8)
    edge = np.array([softness], dtype=np.float32)
    for stroke in strokes:
        points, radii = _dense(stroke)
        reach = radii.max() + softness + 1
        left, top = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
        right, bottom = np.ceil(points.max(axis=0) + reach).astype(int)
        patch = ink[top:bottom, left:right]
        if patch.size == 0:
            continue
        x, y = (points - (left, top)).astype(np.float32).T[:, :, None]
        r = radii.astype(np.float32)[:, None]
        share = cover(x, y, r, edge, *patch.shape)[:, :, 0]
        np.maximum(patch, np.rint(share * 255).astype(np.uint8), out=patch)
    return ink


def _dense(stroke: Stroke) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The stroke with marks at most a third of the pen's radius apart, points and radii."""
    points, radii = np.asarray(stroke.points, float), np.maximum(stroke.radii, 0.05)
    steps = np.hypot(*np.diff(points, axis=0).T)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    n = max(2, int(np.ceil(length[-1] / (radii.min() / 3))) + 1)
    at = np.linspace(0, length[-1], n)
    dense = np.stack([np.interp(at, length, points[:, axis]) for axis in (0, 1)], axis=1)
    return dense, np.interp(at, length, radii)
