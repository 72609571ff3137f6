"""Forms: printed boxes, tables, combs and underlines that do not cross the page, out of the ink.

What crosses the page is `ruling`'s; the walls between such lines are here, too.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Flags, Floats, Labels, Mask
from digitnet.imaging.cells import cell_lines
from digitnet.imaging.ink import Ink
from digitnet.imaging.ruling import vertical_runs

FULL = 0.9
"""The share of the way from line to line that a wall is seen on, at least."""
LINE = 0.4
"""The share of the page that a ruled line covers, at least."""
LEAST_DEEP, MOST_DEEP = 0.7, 4.0
"""How far apart the lines of a comb lie, in heights of a digit."""

LONG = 1.5
"""Of a digit's height, the length from which a straight level line is no stroke of a digit."""
LONGEST_FOOT = 2.0
"""Of a digit's height, up to which such a line may be the foot of a 2 or the bar of a 7: one that
a stroke of the pen meets on one half alone."""
THICK = 0.2
"""Of a digit's height, how thick a printed line is at most: bold strokes are no lines."""
VERY_LONG, THICKEST = 3.0, 0.25
"""Of a digit's height, the length from which a line is printed for certain, and how thick then."""
CLOSED, WALL = 0.85, 0.8
"""Of a digit's height, how wide and high the sides of a box are at least."""
HIGH = 1.2
"""Of a digit's height, how high a wall is at least that stands between lines across the page."""
TOOTH, LONGEST_TOOTH = 0.15, 0.7
"""Of a digit's height, how long a comb's tooth is; a longer one is a 1, unless the first and the
last stand on the rule's ends: of an empty comb, the height is the teeth's own."""
EVEN = 0.1
"""Of a digit's height, by which the teeth of a comb differ in length at most."""
SLIM = 1.2
"""How many times as high as wide a tooth is at least: a point on a line is none."""
LEAST_TEETH = 3
SPACED, BESIDE, MORE_TEETH = 0.5, 0.12, 2
"""Of a digit's height, how far apart the teeth of a comb are at least; of the space between them,
how far beside its place a further one stands; and how many are sought beyond the first and last."""
APART = 1.5
"""Of a digit's height, how far apart the pieces of a comb's line lie at most."""
FAINT, FAINTEST = 0.75, 0.15
"""Of full ink's contrast, between which printed lines are sought that are fainter than writing."""
MOST_FAINT = 0.1
"""Of a page, the share that fainter lines cover at most; of a grainy one more stands out."""
BROKEN = 0.22
"""Of full ink's contrast, from which the lines of a cell are seen that are no ink throughout."""
ROUND, FILLED, LEAST_DOT = 1.8, 0.6, 0.1
"""Of a dot on a faint line: how much longer than wide it is at most, which share of its box is ink,
and of a digit's height how wide it is at least."""
AS_THICK, THICKER = 0.7, 1.3
"""Of the pen's width and of the line's, how thick a comma or a dash on a faint line is at least."""
MOST_SHADE = 0.6
"""Of full ink, how dark a line is at most for a dot on it to be told from its darker places."""
GAP = 0.15
"""Of a digit's height: a gap in such a line."""
TALL = 2.3
"""Of a digit's height, from which an upright line is no 1, wherever it stands."""


class _Bars(NamedTuple):
    """Straight bars in a mask: their labels (h, w), and left, top, right, bottom of each, (n, 4).

    Label k + 1 is the bar of row k; 0 is none.
    """

    labels: Labels
    boxes: NDArray[np.int64]

    def only(self, kept: Flags) -> Flags:
        """The pixels (h, w) of some of the bars, (n,)."""
        if not kept.any():
            return np.zeros(self.labels.shape, np.bool_)
        return np.concatenate([[False], kept])[self.labels]


def erase_boxes(mask: Mask, ruling: Flags, height: float, pen: float) -> Mask:
    """Take boxes, tables, combs and underlines out of a mask of 0 and 1, (h, w).

    ``ruling`` (h, w) says which pixels were taken out as lines across the page, ``height`` is a
    usual digit's in pixels, ``pen`` the width of the strokes. What goes: level lines longer than a
    digit is wide, by far; straight walls that stand between two of them; boxes closed on four
    sides; teeth of one length that stand on a line; margin lines. Strokes that cross a line stay
    whole. The very same mask comes back where there is nothing of that kind.
    """
    thick = max(min(1.5 * pen + 2, THICK * height + 1), _rule_thickness(mask, height))
    reach = max(3, round(0.15 * height))
    level = _level_bars(mask, max(5, round(CLOSED * height)), thick)
    upright = _turned(_level_bars(mask.T, max(5, round(WALL * height)), thick))
    if not (len(level.boxes) or len(upright.boxes) or ruling.any()):
        return mask
    long = level.boxes[:, 2] - level.boxes[:, 0] >= LONG * height
    long &= ~_feet(level, mask & (upright.labels == 0), height)
    held = _end_at(upright, 1, level.labels > 0, reach)
    rules = level.only(long | _end_at(level, 0, upright.only(held), reach))
    # A 1 may fill the space between two lines of the page; a wall beside it is higher.
    tall = upright.boxes[:, 3] - upright.boxes[:, 1]
    standing = _end_at(upright, 1, rules, reach) | (tall >= TALL * height)
    if ruling.any():
        standing |= (tall >= HIGH * height) & _end_at(upright, 1, rules | ruling, reach)
    walls = upright.only(standing) | _teeth(mask, level.only(long) | ruling, height, thick)
    if not (rules.any() or walls.any()):
        return mask
    gone = _but_crossing(mask, rules, walls, thick)
    gone |= _but_crossing(mask.T, walls.T, rules.T, thick).T
    return np.asarray(mask & ~(gone | (walls & rules)), np.uint8)


def _rule_thickness(mask: Mask, height: float) -> float:
    """How thick level lines are that are so long that no digit has such a stroke; 0 of none."""
    bars = _level_bars(mask, max(5, round(VERY_LONG * height)), THICKEST * height)
    if not len(bars.boxes):
        return 0.0
    area = np.bincount(bars.labels.ravel(), minlength=len(bars.boxes) + 1)[1:]
    return float((area / (bars.boxes[:, 2] - bars.boxes[:, 0])).max()) + 1


def faint_lines(contrast: Floats, ink: Ink, ruling: Flags, height: float, pen: float) -> Flags:
    """The pixels (h, w) of forms that are printed in a fainter ink than the writing on them.

    Such lines hardly reach the contrast of ink, and their mask is crumbs. They are sought in all
    that is fainter than writing, away from the writing, whose edges are as faint. The arguments are
    those of `erase_boxes`, and the contrast (h, w) that the ink was found in.
    """
    dark = _longer_than(contrast > FAINT * ink.level, 0.5 * height)
    least = max(FAINTEST * ink.level, 3 * ink.noise)
    away = cv2.dilate(dark, np.ones((5, 5), np.uint8)) == 0
    seen = ((contrast > least) & away).astype(np.uint8)
    while seen.mean() > MOST_FAINT and least < FAINT * ink.level:  # the paper's grain
        least *= 1.25
        seen = ((contrast > least) & away).astype(np.uint8)
    gap = round(GAP * height) + 1
    level = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    upright = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    faint = np.asarray(cv2.bitwise_or(level, upright), np.uint8)
    left = erase_boxes(faint, ruling, height, pen)
    if left is faint:
        return np.zeros(faint.shape, np.bool_)
    gone = cv2.dilate(faint & ~left, np.ones((3, 3), np.uint8)) > 0
    return np.asarray(gone & (dark == 0) & ~_signs(contrast, ink, gone, height, pen), np.bool_)


def erase_cells(contrast: Floats, ink: Ink, ruling: Flags) -> Flags:
    """The pixels (h, w) of printed cells, as dark as writing or fainter, with breaks or without.

    Args:
        contrast: (h, w), that the ink was found in.
        ink: the writing's, and that of the lines.
        ruling: (h, w), what was taken out of it as lines across the page.
    """
    dark = np.asarray(ink.mask | ruling, np.uint8)
    gone = cell_lines(dark)
    least = max(BROKEN * ink.level, 3 * ink.noise)
    fainter = np.asarray(contrast < FAINT * ink.level, np.bool_)
    for mask in (dark, (contrast > least).astype(np.uint8)):
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        gone |= cell_lines(np.asarray(closed, np.uint8)) & fainter
    return gone


def _signs(contrast: Floats, ink: Ink, line: Flags, height: float, pen: float) -> Flags:
    """The pixels (h, w) of points, commas and dashes on a fainter line: dark, and no crumbs of it.

    ``line`` is what would go of the page; where it is nearly as dark as writing there are none.
    """
    nothing = np.zeros(contrast.shape, np.bool_)
    dark = contrast > FAINT * ink.level
    shade = contrast[line & ~dark]
    if not shade.size or float(np.median(shade)) > MOST_SHADE * ink.level:
        return nothing
    found = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    labels, stats = np.asarray(found[1], np.int32), np.asarray(found[2])
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    shorter, longer = np.minimum(wide, high), np.maximum(wide, high)
    area = stats[:, cv2.CC_STAT_AREA]
    round_ones = (longer < ROUND * shorter) & (area > FILLED * wide * high)
    signs = round_ones & (shorter >= max(3, LEAST_DOT * height))
    lines = line.astype(np.uint8)
    runs = np.minimum(vertical_runs(lines), vertical_runs(lines.T).T)
    of_line = float(np.median(runs[line & ~dark])) - 2  # its edges are in it, a pixel each
    signs |= shorter >= max(3, AS_THICK * pen, THICKER * of_line)
    signs &= longer < 0.5 * height
    signs[0] = False
    if not signs.any():
        return nothing
    core = signs[labels].astype(np.uint8)
    return np.asarray(cv2.dilate(core, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _longer_than(mask: Flags, least: float) -> Mask:
    """The components of a mask (h, w) that are so many pixels wide or high."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= least
    kept[0] = False
    return np.asarray(kept[labels], np.uint8)


def _but_crossing(mask: Mask, bars: Flags, others: Flags, thick: float) -> Flags:
    """The pixels (h, w) of level bars where no stroke crosses them; others are bars, too."""
    rest = mask.copy()
    rest[cv2.dilate(others.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 0
    return np.asarray(bars & (thick >= vertical_runs(rest)))


def _level_bars(mask: Mask, least: int, thick: float) -> _Bars:
    """What runs level, or nearly, for ``least`` pixels and is no thicker than ``thick``."""
    near = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    run = np.ones((1, least), np.uint8)
    runs = np.asarray(cv2.morphologyEx(near, cv2.MORPH_OPEN, run), np.uint8)
    if not cv2.countNonZero(runs):
        return _Bars(np.zeros(mask.shape, np.int32), np.zeros((0, 4), np.int64))
    _, found, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    labels = np.asarray(found, np.int32)
    left, top, width, high, _ = stats[1:].T.astype(np.int64)
    inked = np.flatnonzero(runs & mask)
    number = labels.ravel()[inked]
    area = np.bincount(number, minlength=len(stats))[1:]
    kept = (width >= least) & (area <= thick * width) & (high <= thick + 2 + 0.12 * width)
    anew = np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)]).astype(np.int32)
    labels.fill(0)
    labels.ravel()[inked] = anew[number]
    return _Bars(labels, np.stack([left, top, left + width, top + high], axis=1)[kept])


def _feet(bars: _Bars, mask: Mask, height: float) -> Flags:
    """Which level bars (n,) are no longer than feet and met by a mask (h, w) on one half alone.

    The mask holds no walls: a line of a box meets those.
    """
    away = round(0.1 * height) + 1
    feet = np.zeros(len(bars.boxes), np.bool_)
    wide = bars.boxes[:, 2] - bars.boxes[:, 0]
    for k in np.nonzero((wide >= LONG * height) & (wide < LONGEST_FOOT * height))[0].tolist():
        left, top, right, bottom = bars.boxes[k].tolist()
        above = mask[max(0, top - away) : max(0, top - away + 2), left:right]
        below = mask[bottom + away - 2 : bottom + away, left:right]
        met = np.nonzero(np.concatenate([above, below]).any(axis=0))[0] / (right - left)
        feet[k] = bool(met.size and (met.max() < 0.5 or met.min() > 0.5))
    return feet


def _turned(bars: _Bars) -> _Bars:
    """Bars of a transposed mask, as they lie in the mask."""
    return _Bars(np.ascontiguousarray(bars.labels.T), bars.boxes[:, [1, 0, 3, 2]])


def _end_at(bars: _Bars, axis: int, others: Flags, reach: int) -> Flags:
    """Which bars (n,) end at others, (h, w), at both ends: left and right for axis 0, else up and
    down.
    """
    near = cv2.dilate(others.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ends = np.zeros(len(bars.boxes), np.bool_)
    for k, (left, top, right, bottom) in enumerate(bars.boxes.tolist()):
        if axis == 0:
            rows = slice(top, bottom)
            one, other = near[rows, left : left + reach], near[rows, max(0, right - reach) : right]
        else:
            columns = slice(left, right)
            one = near[top : top + reach, columns]
            other = near[max(0, bottom - reach) : bottom, columns]
        ends[k] = one.any() and other.any()
    return ends


def _teeth(mask: Mask, rules: Flags, height: float, thick: float) -> Flags:
    """The teeth (h, w) of combs: upright, of one length, three or more, on a rule of ``rules``.

    What stands at the same distance from them, and as high, is one more, though thicker, reaching
    through the rule or touched by a digit.
    """
    found = np.zeros(mask.shape, np.bool_)
    least = max(3, round(TOOTH * height))
    bars = _turned(_level_bars(np.ascontiguousarray((mask & ~rules).T), least, thick))
    if len(bars.boxes) < LEAST_TEETH:
        return found
    run = np.ones((1, max(3, round(height))), np.uint8)
    level = cv2.morphologyEx(rules.astype(np.uint8), cv2.MORPH_OPEN, run)
    near = cv2.dilate(level, np.ones((5, 5), np.uint8)) > 0
    # Boxes side by side have one line, in pieces.
    apart = np.ones((5, max(5, round(2 * APART * height))), np.uint8)
    _, rule = cv2.connectedComponents(cv2.dilate(level, apart))
    left, top, right = bars.boxes[:, :3].T
    middle, wide = (left + right) // 2, right - left
    foot = np.array([_foot(near, box) for box in bars.boxes.tolist()])
    on = np.where(foot > top, rule[np.maximum(foot, 0), middle], 0)
    high = foot - top
    fits = (on > 0) & (high >= least - 2) & (wide <= thick + 2) & (high >= SLIM * wide)
    is_long = high >= LONGEST_TOOTH * height
    teeth = np.zeros(len(fits), np.bool_)
    for one, long in sorted(set(zip(on[fits].tolist(), is_long[fits].tolist(), strict=True))):
        own = np.flatnonzero(fits & (on == one) & (is_long == long))
        even = np.abs(high[own, None] - high[own]) <= max(2.0, EVEN * height)
        own = own[even[int(even.sum(axis=1).argmax())]]
        if len(own) < LEAST_TEETH:
            continue
        own = own[wide[own] <= np.median(wide[own]) + 1]  # a comma leans
        ends = not long or _hold_ends((rule == one) & (level > 0), bars.boxes[own], thick + 2)
        if ends and len(own) >= LEAST_TEETH:
            teeth[own] = True
            found |= _further_teeth(mask, bars.boxes[own], foot[own], height)
    return np.asarray(bars.only(teeth) | found, np.bool_)


def _hold_ends(rule: Flags, teeth: NDArray[np.int64], away: float) -> bool:
    """Whether a rule, (h, w), ends at the first and the last of its teeth, (n, 4)."""
    start, end = np.flatnonzero(rule.any(axis=0))[[0, -1]] + [0, 1]
    return bool(teeth[:, 0].min() - start <= away and end - teeth[:, 2].max() <= away)


def _foot(near: Flags, box: list[int]) -> int:
    """Where a bar in a box first meets a rule, ``near`` (h, w), on its way down; -1 if nowhere."""
    left, top, right, bottom = box
    meets = near[top : bottom + 1, max(0, left - 3) : right + 3].any(axis=1)
    return top + int(meets.argmax()) if meets.any() else -1


def _further_teeth(
    mask: Mask, teeth: NDArray[np.int64], foot: NDArray[np.int64], height: float
) -> Flags:
    """The pixels (h, w) of a comb's teeth that are no bars, where its ``teeth`` (n, 4) want them.

    Ink fills the tooth from the rule to its top and ends there, so a digit's foot is none.
    """
    found = np.zeros(mask.shape, np.bool_)
    middle = (teeth[:, 0] + teeth[:, 2]) / 2
    step = float(np.diff(np.sort(middle)).min())
    if step < SPACED * height:
        return found
    wide = int(np.median(teeth[:, 2] - teeth[:, 0]))
    numbers = np.rint((middle - middle[0]) / step)
    step, first = np.polyfit(numbers, middle, 1).tolist()
    if np.abs(first + step * numbers - middle).max() > BESIDE * step:
        return found
    tops, feet = (np.polyfit(numbers, values, 1) for values in (teeth[:, 1], foot))
    for number in range(int(numbers.min()) - MORE_TEETH, int(numbers.max()) + MORE_TEETH + 1):
        if number in numbers:
            continue
        x = first + step * number
        top, bottom = (round(float(np.polyval(line, number))) for line in (tops, feet))
        reach = round(BESIDE * step) + wide // 2
        left, right = max(0, round(x) - reach), min(mask.shape[1], round(x) + reach + 1)
        above = top - 3 - wide // 2
        if left >= right or above < 0 or bottom > len(mask) or bottom <= top:
            continue
        here = mask[top:bottom, left:right]
        full = here.mean(axis=0) >= FULL
        clear = mask[above : top - 2, left:right].mean(axis=0) == 0
        own = np.flatnonzero(full & clear)
        if len(own) and np.ptp(own) < 1.5 * wide + 2:
            columns = slice(max(0, left + int(own[0]) - 1), left + int(own[-1]) + 2)
            down = bottom + 2 * wide + 2
            found[top - 2 : down, columns] = mask[top - 2 : down, columns] > 0
    return found


def erase_walls(mask: Mask, ruling: Flags, height: float) -> Mask:
    """Take what runs straight from one ruled line to the next out of a mask of 0 and 1, (h, w).

    ``ruling`` (h, w) says which pixels were taken out as level lines; ``height`` is a usual
    digit's in pixels. Strokes that cross a wall stay whole. The very same mask comes back where
    there are no walls.
    """
    covered = ruling.sum(axis=1)
    profile = np.nonzero(covered > LINE * ruling.shape[1])[0]
    if len(profile) < 2 or (ruling.sum(axis=0) > LINE * len(ruling)).any():
        return mask  # no comb, or squares, whose lines are out already
    lines = np.split(profile, np.nonzero(np.diff(profile) > 1)[0] + 1)
    walls = np.zeros_like(mask)
    for above, below in pairwise(lines):
        top, bottom = int(above[-1]) + 1, int(below[0])
        if not LEAST_DEEP * height < bottom - top < MOST_DEEP * height:
            continue
        strip = mask[top:bottom]
        near = cv2.dilate(strip, np.ones((1, 3), np.uint8))
        run = np.ones((max(3, int(FULL * (bottom - top))), 1), np.uint8)
        straight = np.asarray(cv2.morphologyEx(near, cv2.MORPH_OPEN, run), np.uint8)
        touches = near[:2].any(axis=0) & near[-2:].any(axis=0)
        wall = straight & strip & touches
        walls[top:bottom] = wall
        columns = np.asarray(
            cv2.dilate(wall.max(axis=0, keepdims=True), np.ones((1, 5), np.uint8)), np.uint8
        )
        for ends in (slice(above[0], top), slice(bottom, int(below[-1]) + 1)):
            walls[ends] |= mask[ends] & columns  # where it meets the lines
    if not walls.any():
        return mask
    rest = mask & ~walls
    size = 2 * int(np.percentile(cv2.distanceTransform(walls, cv2.DIST_C, 3)[walls > 0], 90)) + 3
    level = np.ones((1, size), np.uint8)
    joined = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, level), np.uint8)
    return np.asarray(rest | (joined & walls), np.uint8)
