"""Printed boxes: the places to write on a blank form: boxes, combs and lines."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes, Mask
from digitnet.imaging.boxes import Box
from digitnet.imaging.printed import printed_on

LEAST, MOST = 0.008, 0.08
"""Of the form's longer side: how high a place to write is."""
FULL = 0.85
"""Of its box, the share that a place to write fills: it is a rectangle."""
NARROW = 1.4
"""Widths per height, up to which a cell is for one character."""
ALIKE = 0.2
"""By how much cells of a comb differ in width, in relation to it."""
APART = 0.5
"""Of a cell's width, the space between two boxes of one number, at most."""
LEAST_LINE = 0.04
"""Of the form's width: a shorter line is not for writing on."""

LEAST_PRINT = 8
"""Pixels of the smallest print; less is a scanner's noise."""


class Place(NamedTuple):
    """A place to write: its box (left, top, right, bottom), and how many characters it has.

    ``cells`` is None where it has no cells.
    """

    box: Box
    cells: int | None


def find_places(blank: Bytes) -> list[Place]:
    """The places to write on a blank form, (H, W) or (H, W, 3), from top to bottom."""
    size = max(blank.shape[:2])
    printed = (printed_on(blank, 2 * round(0.006 * size) + 3) > 0).astype(np.uint8)
    printed = _without_specks(printed)
    boxes = _boxes(printed, LEAST * size, MOST * size)
    places = _joined(boxes)
    places += _lines(printed, boxes, LEAST * size, MOST * size)
    return _in_reading_order(places)


def _without_specks(printed: Mask) -> Mask:
    """A mask (h, w) of 0 and 1 without what is too small to be print."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(printed, connectivity=8)
    large = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= LEAST_PRINT
    large[0] = False
    return np.asarray(large[np.asarray(labels)], np.uint8)


def _boxes(printed: Mask, least: float, most: float) -> list[Box]:
    """Rectangles of paper that print surrounds."""
    rows, columns = printed.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - printed, connectivity=4)
    found = []
    for left, top, width, height, area in np.asarray(stats)[1:].tolist():
        inside = left > 0 and top > 0 and left + width < columns and top + height < rows
        full = area >= FULL * width * height
        if inside and full and least <= height <= most and width >= least:
            found.append((left, top, left + width, top + height))
    return sorted(found, key=lambda box: (box[1], box[0]))


def _joined(boxes: list[Box]) -> list[Place]:
    """Boxes as places; narrow ones of one size side by side are the cells of one."""
    left_over = sorted(boxes)
    places = []
    while left_over:
        group = [left_over.pop(0)]
        while (following := _next_cell(group[-1], left_over)) is not None:
            left_over.remove(following)
            group.append(following)
        box = (
            group[0][0], min(one[1] for one in group),
            group[-1][2], max(one[3] for one in group),
        )  # fmt: skip
        alone = len(group) == 1 and not _is_narrow(group[0])
        places.append(Place(box, None if alone else len(group)))
    # A single small box is to be ticked.
    return [place for place in places if place.cells != 1]


def _is_narrow(box: Box) -> bool:
    return box[2] - box[0] <= NARROW * (box[3] - box[1])


def _next_cell(cell: Box, others: list[Box]) -> Box | None:
    """The next cell to the right of one, None where it is the last."""
    wide, high = cell[2] - cell[0], cell[3] - cell[1]
    for other in others:
        apart = other[0] - cell[2]
        level = abs(other[1] - cell[1]) + abs(other[3] - cell[3]) < 0.3 * high
        alike = abs((other[2] - other[0]) / wide - 1) < ALIKE
        if level and alike and _is_narrow(cell) and 0 <= apart <= APART * wide:
            return other
    return None


def _lines(printed: Mask, taken: list[Box], least: float, most: float) -> list[Place]:
    """Level lines to write on, those around boxes left out; upright ticks on one make cells."""
    long = max(3, round(LEAST_LINE * printed.shape[1]))
    thick = np.ones((3, 1), np.uint8)
    level = cv2.morphologyEx(printed, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(level, thick), connectivity=8)
    found = []
    for left, top, width, height, _ in np.asarray(stats)[1:].tolist():
        right = left + width
        around = [
            box for box in taken
            if box[0] < right and left < box[2]
            and min(abs(box[1] - top), abs(box[3] - top)) < 0.5 * (box[3] - box[1])
        ]  # fmt: skip
        if height > least or width > 0.8 * printed.shape[1] or around:
            continue
        above = printed[max(0, top - int(most)) : top, left:right]
        edges = slice(max(0, left - 3), right + 3)  # a tick may end the line
        ticks = _ticks(printed[max(0, top - round(0.6 * least)) : top, edges])
        rest = above.copy()
        for x in ticks:
            rest[-2 * int(least) :, max(0, x - 6) : x + 7] = 0
        inked = np.flatnonzero(rest.any(axis=1))
        free = len(above) - (int(inked[-1]) + 1 if len(inked) else 0)
        high = min(free - 2, round(0.5 * most))
        if high < least:
            continue
        cells = len(ticks) - 1 if len(ticks) > 2 else None
        found.append(Place((left, top - high, right, top), cells))
    return found


def _ticks(above: Mask) -> list[int]:
    """Where ticks stand on a line, by the strip above it, from left to right."""
    if not len(above):
        return []
    full = np.flatnonzero(above.mean(axis=0) > 0.7)
    groups = np.split(full, np.flatnonzero(np.diff(full) > 2) + 1)
    return [int(group.mean()) for group in groups if len(group)]


def _in_reading_order(places: list[Place]) -> list[Place]:
    """From top to bottom, and from left to right where they stand side by side."""
    left_over = sorted(places, key=lambda place: place.box[1])
    found: list[Place] = []
    while left_over:
        bottom = left_over[0].box[3]
        row = [place for place in left_over if (place.box[1] + place.box[3]) / 2 < bottom]
        found += sorted(row, key=lambda place: place.box[0])
        left_over = [place for place in left_over if place not in row]
    return found
