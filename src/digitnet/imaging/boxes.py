"""Boxes: upright rectangles of pixels, and how far apart they lie."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are the first that lie outside."""


def bounds(ink: NDArray[np.generic]) -> Box:
    """The smallest box around what is not 0 in (h, w), which must hold something."""
    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around boxes, of which there must be one."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def gap(a: Box, b: Box) -> tuple[int, int]:
    """White space between two boxes, sideways and downwards; below 0 where they overlap."""
    return max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])


def distance(a: Box, b: Box) -> float:
    """From one box to the other in pixels, as the crow flies; 0 where they overlap."""
    x, y = gap(a, b)
    return float(np.hypot(max(x, 0), max(y, 0)))
