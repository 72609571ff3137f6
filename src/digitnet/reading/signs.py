"""Signs: a point, a comma, a minus, a slash or a colon in a row of digits, told by place and shape.

A row's digits say where its baseline is and how high a digit is; a sign is told by where it lies
between them and by its size, so that no amount loses its point. Whatever is neither a digit nor
clearly one sign is a `?`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from digitnet.imaging.arrays import Labels
from digitnet.imaging.boxes import Box
from digitnet.imaging.components import Component
from digitnet.reading.components import FINE, SPECK, is_dust
from digitnet.reading.cuts import Part
from digitnet.reading.sheet import Sheet

SIGNS = ".,-/:"
"""Those that are read."""
BEHIND_A_DIGIT, BEFORE_A_DIGIT = (",", "/", ":"), ("/", ":", "-")
"""Signs with which no number begins, and with which none ends."""
UNREAD = "?"
"""What stands in a line for a mark that is not read."""
LONG = 2.0
"""In widths of the pen: what is finer than `SPECK` and not so long may be a sign, as a lightly
drawn dash is, but is no mark that must be told of."""
DARK = 0.75
"""Of full ink: what is shorter than `LONG` and nowhere as dark is grain or a faint rule's rest, and
no mark that must be told of."""
NEAR = 1.5
"""How many heights a sign lies from the next digit, at most."""

RULE, EDGE = 2.5, 0.2
"""How many times as wide as high the rest of a ruled line is, and of a digit's height how far from
its foot or its top."""
FOOT = 0.25
"""Of a digit's height: what begins no higher above its foot is no part of it, as a comma under a
7 that leans."""
BELOW = 0.5
"""Of a digit's height, how far below its foot the middle of a mark lies that must be told of."""
TOUCHING = 0.03
"""Of the height: what is nearer to a digit is a stroke's broken end, a five's bar."""
CLEAR, UNCLEAR = 5.0, 1.0
"""What a sign with white space around gains, as a digit with a point beside it is a digit still,
and a slash a good 1; and what a sign costs that may belong to a digit."""


SLASH, AS_HIGH, LEANING = -1.5, 0.75, 0.4
"""What a slash gains that is no higher than a digit, so that it is a 1 unless the row says else;
how many heights it has at least, and how wide it is for its height."""


@dataclass(frozen=True)
class Mark:
    """Ink in a row that is no digit.

    Attributes:
        box: where it is, (left, top, right, bottom) in pixels.
        label: one of `. , - / :`, or `?` where it was not read.
        line: the number of its row, from 0.
        reason: why it was not read; None for a sign.
        probability: of the sign; of a `?`, 0.
        sure: whether that is enough for the risk that is asked for; of a `?`, never.
        trust: as of a `ReadDigit`.
    """

    box: Box
    label: str
    line: int
    reason: str | None
    probability: float = 0.0
    sure: bool = False
    trust: float = field(default=0.0, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "box": list(self.box),
            "label": self.label,
            "probability": self.probability,
            "sure": self.sure,
            "line": self.line,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Level:
    """Where a row's digits stand near some place: their top and bottom, in pixels."""

    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Of a digit there."""
        return self.bottom - self.top


def is_speck(box: Box, pen: float, height: float, speck: float = SPECK) -> bool:
    """Whether it is so fine that, unless it is a sign, nobody may have meant it."""
    shorter, longer = sorted((box[2] - box[0], box[3] - box[1]))
    dust = is_dust(box, pen, height, speck)
    return dust or (longer < LONG * pen and shorter < speck * pen)


def level_at(box: Box, row: Sequence[Component], height: float) -> Level | None:
    """The level of the digits of a row nearest to ``box``; None where no digit is near it.

    ``height`` is the row's usual one; what is much lower or higher counts for nothing.
    """
    bodies = [
        one.box for one in row
        if 0.6 * height < one.height < 1.6 * height and one.box != box
    ]  # fmt: skip
    middle = (box[0] + box[2]) / 2
    bodies.sort(key=lambda body: abs((body[0] + body[2]) / 2 - middle))
    if not bodies or min(max(b[0] - box[2], box[0] - b[2]) for b in bodies) > NEAR * height:
        return None
    nearest = bodies[:4]
    top, bottom = (float(np.median([body[k] for body in nearest])) for k in (1, 3))
    return Level(top, bottom)


def find_signs(
    sheet: Sheet, parts: Sequence[Part], row: Sequence[Component], height: float
) -> dict[tuple[int, int], tuple[str, float]]:
    """Which runs of a row's parts, (first, after the last), may be a sign: which, and its gain.

    ``row`` are the components the parts were cut from, ``height`` is a usual digit's in pixels.
    The gain is in log-probability, beside what digits gain.
    """
    signs: dict[tuple[int, int], tuple[str, float]] = {}
    pen = sheet.pen
    for k, part in enumerate(parts):
        if part.cut is not None:
            continue
        if _leans(part, height, pen) and _between(part.box, row, height):
            if is_straight(sheet.labels, part, pen):
                signs[k, k + 1] = "/", SLASH
            continue
        if not (part.small or part.height > 1.1 * height or part.height < 0.7 * height):
            continue
        level = level_at(part.box, row, height)
        if level is None:
            continue
        if k and parts[k - 1].small and part.small and is_colon(parts[k - 1], part, level, pen):
            signs[k - 1, k + 1] = ":", 2 * CLEAR
        sign = sign_of(part, level, pen)
        if sign == "/" and not (
            _between(part.box, row, height) and is_straight(sheet.labels, part, pen)
        ):
            sign = None
        if sign is None and not _stands_alone(part, row, level, pen):
            continue
        space = white_around(sheet.labels, part, round(0.2 * height))
        if sign is None:
            if space > 0.1 * height:
                signs[k, k + 1] = UNREAD, CLEAR / 2
        elif sign == "/" or space > 0.07 * height:
            signs[k, k + 1] = sign, CLEAR
        elif space > TOUCHING * height:
            signs[k, k + 1] = sign, -UNCLEAR
    return signs


def white_around(labels: Labels, part: Component, reach: int) -> float:
    """How far the next other ink lies from a component, in pixels; ``reach`` at most.

    ``labels`` (h, w) says which component a pixel belongs to.
    """
    left, top, right, bottom = part.box
    crop = labels[max(top - reach, 0) : bottom + reach, max(left - reach, 0) : right + reach]
    away = cv2.distanceTransform((crop != part.label).astype(np.uint8), cv2.DIST_L2, 3)
    others = away[(crop > 0) & (crop != part.label)]
    return min(float(others.min()), float(reach)) if others.size else float(reach)


def sign_of(part: Component, level: Level, pen: float) -> str | None:
    """Which sign a component is, by its box and mass; None for none and in doubt."""
    left, top, right, bottom = part.box
    wide, high, height = right - left, bottom - top, level.height
    middle = ((top + bottom) / 2 - level.bottom) / height  # 0 on the baseline, below 0 above it
    below = (bottom - level.bottom) / height
    if is_dust(part.box, pen, height):
        return None
    if _is_dot(part, height, pen) and -0.25 < middle < 0.2:
        return "."
    upper = (top - level.bottom) / height
    if below > 0.1 and -0.4 < upper < 0.15 and 0.2 * height < high < 0.7 * height:
        return "," if high > 1.1 * wide and wide < max(0.4 * height, 1.8 * pen) else None
    flat = wide > 1.6 * high and high < max(0.28 * height, 2.2 * pen)
    if flat and 0.2 * height < wide < 1.2 * height and -0.72 < middle < -0.25:
        return "-"
    thin = part.mass < 1.5 * pen * float(np.hypot(wide, high))
    if thin and high > 1.2 * height and wide > 0.3 * high:
        return "/"
    return None


def _leans(part: Component, height: float, pen: float) -> bool:
    """Whether a component is about as high as a digit, thin, and leans as a slash does."""
    wide, high = part.width, part.height
    thin = part.mass < 1.5 * pen * float(np.hypot(wide, high))
    return thin and AS_HIGH * height < high <= 1.2 * height and wide > LEANING * high


def is_colon(one: Component, other: Component, level: Level, pen: float) -> bool:
    """Whether two dots above one another are a colon."""
    if not (_is_dot(one, level.height, pen) and _is_dot(other, level.height, pen)):
        return False
    upper, lower = sorted((one.box, other.box), key=lambda box: box[1])
    beside = abs((upper[0] + upper[2]) - (lower[0] + lower[2])) / 2
    apart = lower[1] - upper[3]
    inside = upper[1] > level.top and lower[3] < level.bottom + 0.2 * level.height
    return inside and beside < 0.2 * level.height and apart > 0


def is_straight(labels: Labels, part: Component, pen: float) -> bool:
    """Whether a component, a stroke that rises to the right, is straight and no wider than a pen.

    ``labels`` (h, w) says which component a pixel belongs to.
    """
    left, top, right, bottom = part.box
    y, x = np.nonzero(labels[top:bottom, left:right] == part.label)
    points = np.stack([x, -y], axis=1).astype(np.float64)
    points -= points.mean(axis=0)
    along = np.linalg.eigh(points.T @ points)[1][:, 1]
    across = points @ np.array([-along[1], along[0]])
    return bool(along[0] * along[1] > 0 and np.ptp(across) < 2.2 * pen + 1)


def unread_marks(
    left_out: Sequence[Box], digits: Sequence[Box], sheet: Sheet, speck: float = SPECK
) -> list[Box]:
    """Of what was left out of a row, what somebody may have meant: no dust, no rest of a rule.

    A mark lies between or beside the digits, (left, top, right, bottom) each, not inside one unless
    at its foot, at their level, and away from the page's edge; ``speck`` as of `is_speck`. Specks
    are none, but for two that may be a colon.
    """
    rows, columns = sheet.labels.shape
    found = []
    for box in left_out:
        left, top, right, bottom = box
        if left == 0 or top == 0 or right == columns or bottom == rows:
            continue
        middle = (left + right) / 2
        near = min(digits, key=lambda one: abs((one[0] + one[2]) / 2 - middle), default=None)
        if near is None or any(
            one[0] < middle < one[2] and top < one[3] - FOOT * (one[3] - one[1]) for one in digits
        ):
            continue
        height = near[3] - near[1]
        dust = is_speck(box, sheet.pen, height, speck) or _is_grain(box, sheet)
        if dust and not any(_is_faint_colon(box, other, near, sheet.pen) for other in left_out):
            continue
        place = ((top + bottom) / 2 - near[1]) / height
        if right - left > RULE * (bottom - top) and not EDGE < place < 1 - EDGE:
            continue
        beside = min(max(one[0] - right, left - one[2]) for one in digits)
        if beside < NEAR * height and near[1] < (top + bottom) / 2 < near[3] + BELOW * height:
            found.append(box)
    return found


def _is_grain(box: Box, sheet: Sheet) -> bool:
    """Whether ink in a box is small, and nowhere as dark as what a pen writes."""
    left, top, right, bottom = box
    if sheet.ink is None or max(right - left, bottom - top) >= LONG * sheet.pen:
        return False
    darkest = float(sheet.contrast[top:bottom, left:right].max(initial=0.0))
    return darkest < DARK * sheet.ink.level


def _is_faint_colon(one: Box, other: Box, digit: Box, pen: float) -> bool:
    """Whether two specks above one another, as high as a digit, may be a colon written lightly."""
    upper, lower = sorted((one, other), key=lambda box: box[1])
    height = digit[3] - digit[1]
    if any(is_dust(box, pen, height, FINE) for box in (upper, lower)):
        return False
    larger = [max(box[2] - box[0], box[3] - box[1]) for box in (upper, lower)]
    beside = abs((upper[0] + upper[2]) - (lower[0] + lower[2])) / 2
    inside = upper[1] > digit[1] and lower[3] < digit[3] + EDGE * height
    apart = lower[1] - upper[3] > EDGE * height
    return inside and apart and beside < EDGE * height and max(larger) < 2 * min(larger)


def _is_dot(part: Component, height: float, pen: float) -> bool:
    most = max(0.25 * height, 2.0 * pen)
    shorter, longer = sorted((part.width, part.height))
    return (
        longer < min(most, 0.4 * height)
        and longer < 1.8 * shorter
        and not is_dust(part.box, pen, height)
    )


def _stands_alone(part: Part, row: Sequence[Component], level: Level, pen: float) -> bool:
    """Whether a small part is no dust and lies between digits, not above, below or inside one."""
    left, top, right, bottom = part.box
    if not part.small or is_speck(part.box, pen, level.height):
        return False
    middle = ((top + bottom) / 2 - level.bottom) / level.height
    over = max(
        (min(right, one.box[2]) - max(left, one.box[0]) for one in row if one.box != part.box),
        default=0,
    )
    return -0.75 < middle < 0.3 and over < 0.3 * part.width


def _between(box: Box, row: Sequence[Component], height: float) -> bool:
    """Whether digits stand on both sides of a box."""
    middle = (box[0] + box[2]) / 2
    sides = [(one.box[0] + one.box[2]) / 2 > middle for one in row
             if one.box != box and one.height > 0.6 * height]  # fmt: skip
    return any(sides) and not all(sides)
