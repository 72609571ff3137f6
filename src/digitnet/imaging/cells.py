"""Cells: printed boxes with writing in them, told by their paper, a rectangle within a line.

A digit's loop is no rectangle, and holds no writing; so boxes are told without knowing how high
the digits on a page are, lying straight or aslant.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags, Floats, Mask
from digitnet.imaging.boxes import Box

LEAST = 10
"""Pixels of a cell's height and width, at least."""
MOST = 40_000
"""Marks of a page, above which it is grain, and no cells are sought."""
WRITTEN = 0.35
"""Of a cell's height, how high the writing in it is at least; less is dust, or a dotted zero's."""
SQUARE = 0.86
"""The share of the rectangle around it that a cell fills; an ellipse fills 0.79."""
DRAWN = 0.8
"""The share of a cell's border that its line is seen on."""
THIN = 0.25
"""Of a cell's height, how thick its line is at most."""
ALIKE, BESIDE = 0.2, 6.0
"""By how much two cells of a row differ in size, and how many heights they stand apart at most."""
SHORTER = 0.1
"""By how much an empty cell's paper, or paper that writing touches, differs in size from that of a
cell that is told: where the foot of a 2 reaches from wall to wall, what is above it is shorter."""

SLOPE = 0.1
"""How far a row of cells falls or rises at most, as a tangent."""
ROUNDS = 3
"""Times that a cell is sought beside those that were found."""


class _Holes(NamedTuple):
    """Paper that ink surrounds: the contour of each, its box, and how high the ink in it is."""

    contours: list[NDArray[np.int32]]
    boxes: NDArray[np.int64]
    written: NDArray[np.float64]


class _Cell(NamedTuple):
    """A cell: its corners, (4, 2), and the line around it.

    Attributes:
        hull: (n, 1, 2), the corners of its paper.
        here: the part of the picture that it and its line lie in.
        line: (h, w) of that part.
        level: (h, w), what lies nearer to its upper or lower side.
        outside: (h, w), how far a pixel lies outside its line, at most 0 within.
        inside: (h, w), how far a pixel lies inside it, 0 without.
        thick: its line, in pixels.
    """

    hull: NDArray[np.int32]
    here: tuple[slice, slice]
    line: Flags
    level: Flags
    outside: Floats
    inside: Floats
    thick: int


def cell_lines(mask: Mask) -> Flags:
    """The pixels (h, w) of the lines of printed cells in a mask of 0 and 1, (h, w).

    Strokes that cross a line are no part of it.
    """
    if cv2.connectedComponents(mask)[0] > MOST:
        return np.zeros(mask.shape, np.bool_)
    holes = _holes(mask)
    high = holes.boxes[:, 3] - holes.boxes[:, 1]
    written = np.flatnonzero(holes.written >= WRITTEN * high).tolist()
    told = [k for k in written if _is_square(holes.contours[k])]
    told = [k for k in told if _cell(mask, holes.contours[k]) is not None]
    hulls = [holes.contours[k] for k in [*told, *_like(holes.boxes, told)]]
    cells = [cell for hull in hulls if (cell := _cell(mask, hull)) is not None]
    for _ in range(ROUNDS):
        more = [cell for hull in _between(cells) if (cell := _cell(mask, hull)) is not None]
        if not more:
            break
        cells += more
    gone = np.zeros(mask.shape, np.bool_)
    for cell in cells:
        gone[cell.here] |= cell.line
    kept = np.zeros(mask.shape, np.bool_)
    for cell in cells:
        kept[cell.here] |= _crossing(cell, (mask[cell.here] > 0) & ~gone[cell.here])
    return np.asarray(gone & ~kept & (mask > 0), np.bool_)


def _holes(mask: Mask) -> _Holes:
    """What may be a cell by its size."""
    found, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return _Holes([], np.zeros((0, 4), np.int64), np.zeros(0))
    parent = np.asarray(tree)[0, :, 3]
    depth = np.zeros(len(found), np.int64)
    above = parent.copy()
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parent[above], -1)
    sizes = np.array([cv2.boundingRect(one) for one in found], np.int64).reshape(-1, 4)
    written = np.zeros(len(found))
    inner = (depth > 0) & (depth % 2 == 0)
    np.maximum.at(written, parent[inner], sizes[inner, 3])
    of_cells = (depth % 2 == 1) & (sizes[:, 2:] >= LEAST).all(axis=1)
    boxes = np.concatenate([sizes[:, :2], sizes[:, :2] + sizes[:, 2:]], axis=1)
    contours = [np.asarray(found[k], np.int32) for k in np.flatnonzero(of_cells).tolist()]
    return _Holes(contours, boxes[of_cells], written[of_cells])


def _is_square(contour: NDArray[np.int32]) -> bool:
    """Whether a contour (n, 1, 2) is nearly a rectangle, whatever touches its sides."""
    _, sides, _ = cv2.minAreaRect(contour)
    area = cv2.contourArea(cv2.convexHull(contour))
    return min(sides) >= LEAST and area >= SQUARE * sides[0] * sides[1]


def _like(boxes: NDArray[np.int64], told: list[int]) -> list[int]:
    """Which boxes (n, 4) are beside one that is told, and of its size."""
    size, middle = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    alike = np.zeros(len(boxes), np.bool_)
    for k in told:
        away = np.abs(middle - middle[k])
        beside = away[:, 0] < BESIDE * size[k, 1]
        level = away[:, 1] < ALIKE * size[k, 1] + SLOPE * away[:, 0]
        alike |= beside & level & (np.abs(size - size[k]) <= SHORTER * size[k]).all(axis=1)
    alike[told] = False
    return np.flatnonzero(alike).tolist()


def _between(cells: list[_Cell]) -> list[NDArray[np.int32]]:
    """Where the hull of one cell more would lie, beside each and as far from it as the next is."""
    if len(cells) < 2:
        return []
    boxes = np.array([cv2.boundingRect(cell.hull) for cell in cells], np.float64)
    middle, size = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]
    found: list[NDArray[np.int32]] = []
    taken = list(middle)
    for k, cell in enumerate(cells):
        away = middle - middle[k]
        level = np.abs(away[:, 1]) < ALIKE * size[k, 1] + SLOPE * np.abs(away[:, 0])
        alike = level & (np.abs(size - size[k]) <= ALIKE * size[k]).all(axis=1)
        alike[k] = False
        if not alike.any():
            continue
        nearest = np.flatnonzero(alike)[np.abs(away[alike, 0]).argmin()]
        for step in (away[nearest], -away[nearest]):
            there = middle[k] + step
            if min(np.hypot(*(there - one)) for one in taken) > 0.5 * size[k, 0]:
                taken.append(there)
                found.append(np.asarray(cell.hull + np.rint(step).astype(np.int32), np.int32))
    return found


def _cell(mask: Mask, contour: NDArray[np.int32]) -> _Cell | None:
    """The cell whose paper a contour (n, 1, 2) surrounds; None where no thin line is around it."""
    hull = np.asarray(cv2.convexHull(contour), np.int32)
    around = cv2.minAreaRect(hull)
    left, top, wide, high = cv2.boundingRect(hull)
    if min(left, top) < 0 or left + wide > mask.shape[1] or top + high > mask.shape[0]:
        return None
    most = round(THIN * min(around[1])) + 3
    room = most + 8
    box = (
        max(0, left - room), max(0, top - room),
        min(mask.shape[1], left + wide + room), min(mask.shape[0], top + high + room),
    )  # fmt: skip
    here = np.s_[box[1] : box[3], box[0] : box[2]]
    own = mask[here]
    filled = np.zeros(own.shape, np.uint8)
    cv2.fillConvexPoly(filled, hull - np.array(box[:2], np.int32), (1,))
    out = np.asarray(cv2.distanceTransform(1 - filled, cv2.DIST_C, 3), np.float32)
    inside = cv2.distanceTransform(np.pad(filled, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    near = np.asarray(cv2.dilate(own, np.ones((3, 3), np.uint8)), np.uint8)
    if _inked(near, (inside > 0) & (inside < 2)) < DRAWN:
        return None
    thick = 0
    while thick < most and _inked(own, (out > thick) & (out <= thick + 1)) >= 0.5:
        thick += 1
    if thick == most:
        return None
    outside = out - np.float32(thick + 1.5)
    line = (outside <= 0) & (inside <= 2)
    (x, y), (along, across), degrees = around
    level = _level_sides(((x, y), (along, across), degrees), box, own.shape)
    return _Cell(hull, here, line, level, outside, np.asarray(inside, np.float32), thick)


def _crossing(cell: _Cell, strokes: Flags) -> Flags:
    """Of a cell's line, the pixels (h, w) on which strokes (h, w) run from one side to the other.

    Strokes hold no printed line.
    """
    within = (strokes & (cell.inside > 2) & (cell.inside <= 4)).astype(np.uint8)
    beyond = (strokes & (cell.outside > 0) & (cell.outside <= 2.5)).astype(np.uint8)
    kept = np.zeros(strokes.shape, np.bool_)
    reach = 2 * (cell.thick + 6) + 1
    for side, along in ((cell.level, (reach, 3)), (~cell.level, (3, reach))):
        near = [cv2.dilate(one, np.ones(along, np.uint8)) > 0 for one in (within, beyond)]
        kept |= cell.line & side & near[0] & near[1]
    return kept


def _inked(mask: Mask, where: Flags) -> float:
    return float(mask[where].mean()) if where.any() else 0.0


def _level_sides(
    around: tuple[tuple[float, float], tuple[float, float], float], box: Box, shape: tuple[int, ...]
) -> Flags:
    """Which pixels (h, w) of a box lie nearer to the upper or lower side of a rectangle."""
    (x0, y0), (wide, high), degrees = around
    turn = np.deg2rad(degrees)
    y, x = np.mgrid[: shape[0], : shape[1]]
    x, y = x + box[0] - x0, y + box[1] - y0
    along = np.abs(np.cos(turn) * x + np.sin(turn) * y) - wide / 2
    across = np.abs(np.cos(turn) * y - np.sin(turn) * x) - high / 2
    is_level = across > along
    if abs(np.sin(turn)) > abs(np.cos(turn)):  # the rectangle's first side stands upright
        is_level = ~is_level
    return np.asarray(is_level, np.bool_)
