"""Components: connected components of ink on a page: digits, fragments, and the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.ink import Ink

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Labels = NDArray[np.int32]
Box = tuple[int, int, int, int]

LEAST_HEIGHT = 0.45
"""Of a typical digit's height; what is lower is a fragment."""
LEAST_PIXELS = 8
"""Height of a typical digit, where the page is worked on, below which it is grain."""


@dataclass(frozen=True)
class Piece:
    """Connected ink: its label in the sheet, its box (left, top, right, bottom), and its mass.

    ``mass`` is the sum of its contrast: how much ink it is. Boxes are in the pixels of the page
    as it is worked on.
    """

    label: int
    box: Box
    mass: float

    @property
    def width(self) -> int:
        """Of the box, in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Of the box, in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Sorted:
    """Connected ink: labels (h, w), what has a digit's size, smaller ones, and what was dropped.

    ``height`` is a typical digit's, by the ink: half of the ink is in pieces as high or higher.
    """

    labels: Labels
    pieces: tuple[Piece, ...]
    fragments: tuple[Piece, ...]
    height: float
    dropped: Counter[str]


def sort_marks(contrast: Floats, ink: Ink, ground: Picture, pen: float) -> Sorted:
    """Sort connected ink by size, place, darkness, and the ground it lies on.

    ``contrast`` is the ink's against its paper, (h, w); ``ground`` the paper's brightness at any
    size; ``pen`` the width of the strokes in pixels.
    """
    dropped: Counter[str] = Counter()
    _, found_labels, counted, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    labels, stats = np.asarray(found_labels, np.int32), np.asarray(counted, np.int32)
    n = len(stats)
    flat = labels.ravel()
    mass = np.bincount(flat, contrast.ravel().clip(0), n)
    seeds = np.bincount(flat, ink.seeds.ravel(), n)
    left, top, width, height, area = stats.T[:5].astype(np.float64)
    grain = (seeds == 0) | (area < max(2.0, 0.3 * pen * pen))
    grain[0] = True
    found = np.nonzero(~grain)[0]
    rows, columns = labels.shape
    right, bottom = left + width, top + height
    edges = (left == 0).astype(int) + (top == 0) + (right == columns) + (bottom == rows)
    long = np.maximum(width, height) > 8 * np.minimum(width, height)
    usual = found[((edges[found] == 0) | ~long[found]) & (width[found] < 8 * height[found])]
    if not len(usual):
        usual = found
    typical = _weighted_median(height[usual], mass[usual]) if len(usual) else 0.0
    light_there = _light_under(ground, stats, labels.shape)
    lit = _weighted_median(light_there[usual], mass[usual]) if len(usual) else 0.0
    depth = mass / np.maximum(area, 1)
    dark = _weighted_median(depth[usual], mass[usual]) if len(usual) else 0.0
    digits: list[Piece] = []
    fragments: list[Piece] = []
    if typical < LEAST_PIXELS:
        dropped["grain"] = len(found)
        found = found[:0]
    for k in found:
        edgy = edges[k] > 0 and (long[k] or height[k] < 0.6 * typical or edges[k] > 2)
        if height[k] > 2.3 * typical or width[k] > 12 * typical:
            dropped["too large"] += 1
        elif edgy and width[k] > 0.3 * typical:
            dropped["at the border"] += 1
        elif light_there[k] < 0.3 * lit:
            dropped["on another ground"] += 1
        elif depth[k] < 0.55 * dark:
            dropped["faint"] += 1
        else:
            box = (int(left[k]), int(top[k]), int(right[k]), int(bottom[k]))
            (digits if height[k] >= LEAST_HEIGHT * typical else fragments).append(
                Piece(int(k), box, float(mass[k]))
            )
    return Sorted(labels, tuple(digits), tuple(fragments), typical, +dropped)


def _light_under(ground: Picture, stats: NDArray[np.int32], shape: tuple[int, ...]) -> Floats:
    """The ground's brightness in the middle of each piece, (n,)."""
    grey = ground if ground.ndim == 2 else ground.max(axis=2)
    scale = np.array([grey.shape[1] / shape[1], grey.shape[0] / shape[0]])
    x, y = ((stats[:, :2] + stats[:, 2:4] / 2) * scale).astype(int).T
    rows, columns = y.clip(0, grey.shape[0] - 1), x.clip(0, grey.shape[1] - 1)
    return np.asarray(grey[rows, columns], np.float32)


def _weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order[int(np.searchsorted(below, below[-1] / 2))]])
