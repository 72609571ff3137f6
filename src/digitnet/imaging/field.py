"""Field: the lines of a box, a comb, a table or an underline around one digit, out of its ink.

The way of form readers (Yu and Jain 1996, "A generic system for form dropout"): lines are long
straight runs of ink; they are taken out with all that lies in their band, and strokes that were
cut are joined again across it.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from digitnet.imaging.arrays import Flags, Floats, Mask
from digitnet.imaging.boxes import Box, bounds
from digitnet.imaging.enclosure import box_sides, enclosing_box
from digitnet.imaging.field_lines import THICK, Line, find_lines
from digitnet.imaging.ink import median
from digitnet.imaging.stroke_width import stroke_width

BEYOND = 0.08
"""How far a line that touches a digit reaches beyond it on both sides, in sizes of the digit."""
ASIDE = 0.25
"""How far from the picture's edge a lone wall that a digit touches is, as a share of the side."""
FREE = 0.3
"""The same of an underline, which ends where it will: a foot of a 1 or 2 does not reach so far."""
EDGE = 0.02
"""How near the picture's edge is no distance, as a share of the picture's side."""
END = 0.08
"""How much of a line is its end, as a share of its length; a digit's strokes go on there."""
PAST = 0.15
"""How much of a line may go on beyond the one across at which it ends, as a share of its length."""
TEETH = 0.2
"""How far the ends of two walls, a comb's teeth, differ at most, as a share of their length."""
ACROSS = 0.3
"""How much of a digit may lie on a line's other side, in sizes of the digit."""


def erase_field(mask: Mask, contrast: Floats) -> Floats | None:
    """The contrast (h, w) without the lines around a digit; None where there are none.

    ``mask`` (h, w) of 0 and 1 says where ink is. Strokes that cross a line stay whole.
    """
    box = enclosing_box(mask)
    chosen = [] if box is not None else box_sides(mask)
    if not chosen:
        chosen = _of_a_field(find_lines(mask, False) + find_lines(mask.T, True), mask)
    bands = np.logical_or.reduce([line.band(mask.shape) for line in chosen])
    every = bands | _whole(mask, bands) if chosen else np.zeros(mask.shape, np.bool_)
    if box is not None:
        fringe = cv2.dilate(box.astype(np.uint8), np.ones((5, 5), np.uint8)) > mask
        every |= box | fringe
    rest = (mask & ~every).astype(np.uint8)
    if not every.any() or not rest.any():
        return None
    pen = stroke_width(rest)
    kept = np.zeros(mask.shape, np.bool_)
    for line in chosen:
        across = _strokes_across(line, rest.T if line.upright else rest, pen)
        kept |= across.T if line.upright else across
    near = cv2.dilate(contrast * rest, np.ones((3, 3), np.uint8))
    most = median(contrast[rest > 0])
    clean = contrast.copy()
    clean[every] = 0
    clean[kept] = np.minimum(contrast, np.maximum(near, most))[kept]
    return np.asarray(clean, np.float32)


def _whole(mask: Mask, bands: Flags) -> Flags:
    """The components of ink that lines belong to and no digit does, (h, w)."""
    body = _body(mask & ~bands)
    n, labels = cv2.connectedComponents(mask, connectivity=8)
    of_lines = np.zeros(n, np.bool_)
    of_lines[labels[bands]] = True
    if body is not None:
        of_lines[labels[body.mask]] = False
    of_lines[0] = False
    whole = of_lines[labels]
    rest = (mask & ~(bands | whole)).astype(np.uint8)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    rows, columns = mask.shape
    for label in range(1, n):  # what is left of a line that was faint on its way
        left, top, width, height, _ = stats[label].tolist()
        level = (top == 0 or top + height == rows) and width >= 2 * height
        upright = (left == 0 or left + width == columns) and height >= 2 * width
        if (level or upright) and min(width, height) <= THICK * max(rows, columns):
            whole |= labels == label
    return np.asarray(whole)


def _of_a_field(lines: list[Line], mask: Mask) -> list[Line]:
    """Those lines that are no strokes of the digit."""
    shape = mask.shape
    anchored = _settled(lines, lambda line, of: all(_anchors(line, of, shape)))
    walls = [
        line for line in lines if line.upright and anchored and any(_anchors(line, anchored, shape))
    ]
    chosen = anchored + [line for line in walls if line not in anchored]
    found = _around_a_body(chosen, anchored, mask)
    if found:
        return found
    free = [line for line in lines if not line.upright and line not in anchored]
    free.sort(key=lambda line: -line.middle)
    for line in free[:1]:  # an underline is the lowest
        body = _body(mask & ~line.band(shape))
        if body is not None and _is_underline(line, body, shape):
            return [line]
    return []


def _settled(lines: list[Line], holds: Callable[[Line, list[Line]], bool]) -> list[Line]:
    """The most lines of which each holds, given the others."""
    while True:
        left = [line for line in lines if holds(line, lines)]
        if len(left) == len(lines):
            return left
        lines = left


def _around_a_body(chosen: list[Line], anchored: list[Line], mask: Mask) -> list[Line]:
    """The lines between which there is something that may be a digit, without its own strokes."""
    shape = mask.shape
    chosen.sort(key=lambda line: _outerness(line, shape))
    while chosen:
        rest = mask & ~np.logical_or.reduce([line.band(shape) for line in chosen])
        body = _body(rest)
        if body is not None:
            break
        chosen.pop()
    else:
        return []

    def holds(line: Line, lines: list[Line]) -> bool:
        if line in anchored and not all(_anchors(line, lines, shape)):
            return False
        return _is_outside(line, lines, body, shape)

    return _settled(chosen, holds)


def _outerness(line: Line, shape: tuple[int, ...]) -> float:
    rows = shape[1] if line.upright else shape[0]
    return min(line.middle, rows - line.middle) / rows


class _Body:
    """What is left when lines are gone: its pixels, and its box."""

    def __init__(self, mask: Flags) -> None:
        self.mask = mask
        self.near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        self.box: Box = bounds(mask)
        self.size = max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def _body(rest: Mask) -> _Body | None:
    """The components that may be a digit; None where none is large enough."""
    rows, columns = rest.shape
    n, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    if n < 2:
        return None
    left, top, width, height, area = stats[1:].T
    edge = (left == 0) | (top == 0) | (left + width == columns) | (top + height == rows)
    size = np.maximum(width, height)
    weight = area * np.where(edge, 0.35, 1.0) * (size > 0.15 * min(rows, columns))
    best = int(weight.argmax())
    if weight[best] == 0:
        return None
    keep = np.zeros(n, np.bool_)
    keep[1:] = (area > 0.15 * area[best]) & ((weight > 0.15 * weight[best]) | ~edge)
    return _Body(keep[labels])


def _anchors(line: Line, lines: list[Line], shape: tuple[int, ...]) -> tuple[bool, bool]:
    """Whether a line's two ends reach the picture's edge, or a line across."""
    columns = shape[0] if line.upright else shape[1]
    slack = max(1.0, EDGE * columns)
    first = line.start + line.grown[0] <= slack
    last = line.end - line.grown[1] >= columns - slack
    for other in lines:
        if other.upright == line.upright:
            continue
        reach = other.thick / 2 + line.thick / 2 + slack
        if other.start - reach <= line.middle <= other.end + reach:
            past = max(reach, PAST * (line.end - line.start))
            first |= line.start - reach <= other.middle <= line.start + past
            last |= line.end - past <= other.middle <= line.end + reach
    return first, last


def _is_outside(line: Line, lines: list[Line], body: _Body, shape: tuple[int, ...]) -> bool:
    """Whether a line lies around the digit and is none of its strokes."""
    left, top, right, bottom = body.box
    rows, columns = shape
    if line.upright:
        left, top, right, bottom, rows, columns = top, left, bottom, right, columns, rows
    above, below = line.middle - top, bottom - line.middle
    if min(above, below) > ACROSS * body.size:
        return False
    same = [other for other in lines if other.upright == line.upright and other is not line]
    if any(o.middle < line.middle for o in same) and any(o.middle > line.middle for o in same):
        return False  # between two others: a stroke from one to the other
    across = [other for other in lines if other.upright != line.upright]
    middle = (top + bottom) / 2
    if across and any(_are_teeth(line, other, middle) for other in same):
        return True
    if _goes_on(line, body, shape):
        return False
    apart = not (line.band(shape) & body.near).any()
    if all(_anchors(line, lines, shape)):
        tight = (top if below < above else rows - bottom) <= max(1.0, 2 * EDGE * rows)
        if apart:
            return True
        if tight and len(lines) < 3:
            return False
        beyond = min(left - line.start, line.end - right)
        if line.upright and not across and _outerness(line, shape) > ASIDE:
            return False  # the stem of a 4
        return bool(across) or beyond >= BEYOND * body.size
    return bool(across) and apart


def _are_teeth(one: Line, other: Line, middle: float) -> bool:
    """Whether two lines, one on each side of a digit's middle, begin and end at like heights."""
    slack = TEETH * max(one.end - one.start, other.end - other.start)
    apart = (one.middle < middle) != (other.middle < middle)
    return apart and max(abs(one.start - other.start), abs(one.end - other.end)) <= slack


def _goes_on(line: Line, body: _Body, shape: tuple[int, ...]) -> bool:
    """Whether the digit goes on at an end of a line, which is then one of its strokes."""
    touched = np.logical_and(line.band(shape), body.near)
    ends = np.asarray(touched.any(axis=1 if line.upright else 0))[line.start : line.end]
    zone = max(1, round(max(0.6 * line.thick, END * len(ends))))
    return bool(ends[:zone].any() or ends[-zone:].any())


def _is_underline(line: Line, body: _Body, shape: tuple[int, ...]) -> bool:
    """Whether a level line with free ends is no foot of the digit above it."""
    left, _, right, bottom = body.box
    if bottom - line.middle > ACROSS * body.size or line.end - line.start < 0.5 * body.size:
        return False
    if _goes_on(line, body, shape):
        return False
    if not (line.band(shape) & body.near).any():
        return line.middle >= bottom
    return min(left - line.start, line.end - right) - line.thick >= FREE * body.size


def _strokes_across(line: Line, rest: Mask, pen: float) -> Flags:
    """The pixels in a line's band that belong to strokes which cross or touch it, (h, w)."""
    rows = len(rest)
    kept = np.zeros(rest.shape, np.bool_)
    x = np.arange(line.start, line.end)
    above = _inked_runs((line.top > 0) & (rest[(line.top - 1).clip(0), x] > 0))
    below = _inked_runs((line.bottom < rows) & (rest[line.bottom.clip(0, rows - 1), x] > 0))
    used: set[tuple[int, int]] = set()
    for one in above:
        for other in below:
            thick = line.bottom[one[0]] - line.top[one[0]]
            away = abs(sum(one) - sum(other)) / 2
            if away <= 1.2 * thick + 0.5 * pen:
                used |= {one, (-1 - other[0], other[1])}
                _join(kept, line, one, other)
    for run in above:
        if run not in used:
            _thicken(kept, line, rest, run, pen, False)
    for run in below:
        if (-1 - run[0], run[1]) not in used:
            _thicken(kept, line, rest, run, pen, True)
    return kept


def _inked_runs(inked: Flags) -> list[tuple[int, int]]:
    """Where True begins and ends, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _join(kept: Flags, line: Line, above: tuple[int, int], below: tuple[int, int]) -> None:
    """Keep the slanted piece of a stroke between where it enters a band and where it leaves."""
    y0 = int(line.top[above[0] : above[1]].min())
    y1 = int(line.bottom[below[0] : below[1]].max())
    for y in range(y0, y1):
        t = (y - y0 + 1) / (y1 - y0 + 1)
        a = round(above[0] + t * (below[0] - above[0])) + line.start
        b = round(above[1] + t * (below[1] - above[1])) + line.start
        kept[y, a:b] = True


def _thicken(
    kept: Flags, line: Line, rest: Mask, run: tuple[int, int], pen: float, below: bool
) -> None:
    """Keep as much of a band as a stroke that lies along it has lost of its width."""
    for k in range(*run):
        column = rest[:, line.start + k]
        top, bottom = int(line.top[k]), int(line.bottom[k])
        out = column[bottom:] if below else column[:top][::-1]
        seen = len(out) if out.all() else int(out.argmin())
        if 0.35 * pen <= seen < pen:
            more = min(round(pen - seen), bottom - top)
            if below:
                kept[bottom - more : bottom, line.start + k] = True
            else:
                kept[top : top + more, line.start + k] = True
