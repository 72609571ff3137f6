"""Components: which connected components of a page have a digit's size, and which are dropped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats
from digitnet.imaging.background import brightest
from digitnet.imaging.boxes import Box
from digitnet.imaging.components import Component, Components

LEAST_HEIGHT = 0.45
"""Of a typical digit's height; what is lower is a fragment."""
FAINT = 0.55
"""Of the usual ink's depth; what is less is faint."""
FAINT_DOT, DOT = 0.38, 0.3
"""The same of what is lower and narrower than this share of a typical digit's height: of a dot,
blur leaves little that is dark."""
FINE, SPECK = 0.45, 0.75
"""In widths of the pen: what is finer than the first is dust, and what is finer than the second
where it is small beside grain, or no dash."""
GRAIN, LEAST_DOT = 5, 0.08
"""Pixels, and of a digit's height: below both a picture's grain and the crossings of a printed
grid are as large as signs, and `SPECK` tells dust."""
DASH, THIN = 1.5, 3
"""In widths of the pen, and in pixels: what is so long, so thick, and twice as long as thick is no
dust from `FINE` on. A pen's width that is measured on a few pixels is too large by two of them."""
LEAST_PIXELS = 8
"""Height of a typical digit, where the page is worked on, below which it is grain."""


@dataclass(frozen=True)
class PageComponents:
    """The components of a digit's size, smaller ones, and how many were dropped, by reason.

    ``height`` is a typical digit's, by the ink: half of the ink is in components as high or
    higher.
    """

    whole: tuple[Component, ...]
    fragments: tuple[Component, ...]
    height: float
    dropped: Counter[str]


def page_components(found: Components, ground: Bytes, pen: float) -> PageComponents:
    """Choose what may be digits by size, place, darkness, and the ground it lies on.

    ``ground`` is the page's brightness under the ink, at any size; ``pen`` the width of the
    strokes in pixels.
    """
    dropped: Counter[str] = Counter()
    left, top, width, height, area = (
        figure.astype(np.float64)
        for figure in (found.left, found.top, found.width, found.height, found.area)
    )
    grain = ~found.seeded | (area < max(2.0, 0.3 * pen * pen))
    candidates = np.nonzero(~grain)[0]
    rows, columns = found.labels.shape
    right, bottom = left + width, top + height
    edges = (left == 0).astype(int) + (top == 0) + (right == columns) + (bottom == rows)
    long = np.maximum(width, height) > 8 * np.minimum(width, height)
    usual = candidates[(edges == 0)[candidates] | ~long[candidates]]
    usual = usual[width[usual] < 8 * height[usual]]
    if not len(usual):
        usual = candidates
    typical = weighted_median(height[usual], found.mass[usual]) if len(usual) else 0.0
    light_there = _light_under(ground, found)
    lit = weighted_median(light_there[usual], found.mass[usual]) if len(usual) else 0.0
    depth = found.mass / np.maximum(area, 1)
    dark = weighted_median(depth[usual], found.mass[usual]) if len(usual) else 0.0
    whole: list[Component] = []
    fragments: list[Component] = []
    if typical < LEAST_PIXELS:
        dropped["grain"] = len(candidates)
        candidates = candidates[:0]
    for k in candidates.tolist():
        edgy = edges[k] > 0 and (long[k] or height[k] < 0.6 * typical or edges[k] > 2)
        if height[k] > 2.3 * typical or width[k] > 12 * typical:
            dropped["too large"] += 1
        elif edgy and width[k] > 0.3 * typical:
            dropped["at the border"] += 1
        elif light_there[k] < 0.3 * lit:
            dropped["on another ground"] += 1
        elif depth[k] < dark * (FAINT_DOT if max(width[k], height[k]) < DOT * typical else FAINT):
            dropped["faint"] += 1
        else:
            high = height[k] >= LEAST_HEIGHT * typical
            (whole if high else fragments).append(found[k])
    return PageComponents(tuple(whole), tuple(fragments), typical, +dropped)


def is_dust(box: Box, pen: float, height: float, speck: float = SPECK) -> bool:
    """Whether ink in a box, (left, top, right, bottom), is too fine for a pen of that width.

    ``height`` is that of a digit beside it; ``speck`` is less where there is little dust, as in
    a form's field.
    """
    shorter, longer = sorted((box[2] - box[0], box[3] - box[1]))
    fine = min(FINE, speck) * pen
    if longer >= max(DASH * pen, 2 * shorter) and shorter >= THIN:
        return shorter < fine
    return shorter < max(fine, min(speck * pen, max(GRAIN, LEAST_DOT * height)), 2)


def _light_under(ground: Bytes, found: Components) -> Floats:
    """The ground's brightness in the middle of each component, (n,)."""
    grey = brightest(ground)
    rows, columns = found.labels.shape
    x = (found.left + found.width / 2) * (grey.shape[1] / columns)
    y = (found.top + found.height / 2) * (grey.shape[0] / rows)
    y, x = y.clip(0, grey.shape[0] - 1), x.clip(0, grey.shape[1] - 1)
    return np.asarray(grey[y.astype(int), x.astype(int)], np.float32)


def weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order[int(np.searchsorted(below, below[-1] / 2))]])
