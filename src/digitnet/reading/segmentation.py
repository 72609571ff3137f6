"""Segmentation: which parts of a row of ink make up which digit, as a model sees it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.boxes import Box, around, distance, gap
from digitnet.models.model import Model
from digitnet.reading.cuts import Part
from digitnet.reading.sheet import Sheet, frame_components

Frames = dict[tuple[int, ...], tuple[NDArray[np.uint8], Box]]
"""Frame and box of components by their labels: what was framed once is not framed again."""

# log(width / height) of MNIST's training digits, class by class: mean and standard deviation.
SHAPE_MEAN = np.array([-0.10, -0.89, -0.07, -0.22, -0.23, -0.06, -0.33, -0.26, -0.27, -0.38])
SHAPE_SPREAD = np.array([0.20, 0.46, 0.22, 0.22, 0.21, 0.27, 0.22, 0.22, 0.22, 0.20])

CUT, CUT_INK = 1.0, 2.0
"""What a cut must gain in log-probability: always, and for each pen's width of ink it severs."""
SURE_OF_PART = 0.968
"""How likely the likeliest class of a part of a row must be, whatever the model's risk: parts are
more often none than pictures are."""
STRANGE, USUAL = 0.25, 25.0
"""What each unit of novelty costs, counted from this far below the model's own limit."""
WIDEST, TOO_WIDE = 1.2, 30.0
"""Few digits are wider than this many heights; what each further height costs."""
NARROW, PLAIN = 0.5, -3.0
"""Components narrower than this many heights, or more plausible as one digit, stay whole."""
SKIPPED, SHARED, ODD_SIGN = 8.0, 8.0, 4.0
"""What it costs that ink of a digit's size is left out, that two characters share a part that is
not cut, and that parts are a sign whose place and shape do not say so."""
CLEAR_SIGN = 5.0
"""What parts gain as a sign, from which leaving them out costs as much as of a digit's size."""
ALIKE, UNLIKE = {".": ",", ",": "."}, 2.0
"""A point is easily a comma, and what it costs to take one for the other."""
DIGITS = "0123456789"
MOST_PARTS = 8
"""Parts that are taken together as one digit, at most."""


@dataclass(frozen=True)
class Found:
    """A digit found in a row: its box in the sheet, its frame, and what it was read as."""

    box: Box
    label: int
    probability: float
    sure: bool
    frame: NDArray[np.uint8] = field(compare=False, repr=False)


def _framed(
    sheet: Sheet, frames: Frames, labels: tuple[int, ...], box: Box
) -> tuple[NDArray[np.uint8], Box]:
    """The frame and the box of components, each framed once: ``frames`` remembers them."""
    if labels not in frames:
        frames[labels] = frame_components(sheet, list(labels), box)
    return frames[labels]


def doubtful(model: Model, sheet: Sheet, frames: Frames) -> set[int]:
    """The labels of the components that may be more than one digit."""
    wide = [p for p in sheet.components if p.width > NARROW * sheet.height]
    if not wide:
        return set()
    images = np.stack([_framed(sheet, frames, (p.label,), p.box)[0] for p in wide])
    odd = STRANGE * strangeness(model, images)
    plain = [
        float(plausibilities(p, one.box, sheet.height).max()) - cost > PLAIN
        for p, one, cost in zip(model.probabilities(images), wide, odd, strict=True)
    ]
    return {one.label for one, known in zip(wide, plain, strict=True) if not known}


def whole_digits(model: Model, sheet: Sheet, frames: Frames, doubts: Set[int]) -> set[int]:
    """The labels of the components that are one digit each, without any of their neighbours.

    ``doubts`` are those that may be more than one.
    """
    known = [one for one in sheet.components if one.label not in doubts]
    if not known:
        return set()
    images = np.stack([_framed(sheet, frames, (one.label,), one.box)[0] for one in known])
    probabilities = model.probabilities(images)
    sure = model.accepted(images, probabilities) & (probabilities.max(axis=1) >= SURE_OF_PART)
    return {one.label for one, is_sure in zip(known, sure, strict=True) if is_sure}


class Row(NamedTuple):
    """A row that was read: its digits, its signs, and the boxes of the parts left out of both."""

    digits: list[Found]
    signs: list[tuple[Box, str]]
    left_out: list[Box]


class Lattice(NamedTuple):
    """Every way to put a row's parts together to digits and signs, and what each gains.

    Attributes:
        parts: of the row, from left to right.
        spans: runs of parts, (first, after the last), that may be one digit.
        framed: the frame and the box of each.
        scores: (S, K), the log-plausibility of each as each class.
        probabilities: (S, K), of the model.
        sure: (S,), whether the model stands by its likeliest class.
        signs: which runs of parts may be a sign, and what it gains.
    """

    parts: list[Part]
    spans: list[tuple[int, int]]
    framed: list[tuple[NDArray[np.uint8], Box]]
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    sure: NDArray[np.bool_]
    signs: Mapping[tuple[int, int], tuple[str, float]]

    def skipped(self, at: int) -> float:
        """What it costs to leave a part out: little for dust, much for a digit's ink or a sign."""
        part = self.parts[at]
        if at in clear_signs(self.signs):
            return SKIPPED
        share = part.mass / max(one.mass for one in self.parts)
        return 1 + 15 * share if part.small else SKIPPED

    def found(self, k: int, label: int | None = None) -> Found:
        """Span ``k`` as a digit, its likeliest class unless told."""
        frame, box = self.framed[k]
        likeliest = int(self.probabilities[k].argmax())
        label = likeliest if label is None else label
        sure = bool(self.sure[k]) and label == likeliest
        return Found(box, label, float(self.probabilities[k][label]), sure, frame)


def clear_signs(signs: Mapping[tuple[int, int], tuple[str, float]]) -> set[int]:
    """The numbers of the parts that are clearly of a sign."""
    return {k for (a, b), (_, gain) in signs.items() if gain >= CLEAR_SIGN for k in range(a, b)}


def lattice_of(
    model: Model,
    sheet: Sheet,
    frames: Frames,
    parts: list[Part],
    height: float,
    signs: Mapping[tuple[int, int], tuple[str, float]] = MappingProxyType({}),
    whole: Set[int] = frozenset(),
) -> Lattice:
    """The ways to put the parts of one row together, as a model of single digits sees them.

    ``signs`` says which runs of parts may be a sign instead, and what each gains; ``whole`` is as
    of `runs_of_parts`.
    """
    spans = runs_of_parts(parts, height, whole)
    clear = clear_signs(signs)  # taken for a bit of the digit beside it, a sign would be lost
    framed = [
        _framed(sheet, frames, tuple(part.label for part in parts[a:b]), _box(parts[a:b]))
        for a, b in spans
    ]
    images = np.stack([image for image, _ in framed])
    probabilities = model.probabilities(images)
    scores = np.stack([
        plausibilities(p, box, height) - STRANGE * odd - cost_of_joining(parts[a:b], height)
        - (SKIPPED if b > a + 1 and not clear.isdisjoint(range(a, b)) else 0.0)
        for p, odd, (_, box), (a, b)
        in zip(probabilities, strangeness(model, images), framed, spans, strict=True)
    ])  # fmt: skip
    sure = model.accepted(images, probabilities) & (probabilities.max(axis=1) >= SURE_OF_PART)
    return Lattice(parts, spans, framed, scores, probabilities, sure, signs)


def read_row(lattice: Lattice) -> Row:
    """The digits and signs of one row, from left to right.

    Of all ways to put neighbouring parts together to digits, the likeliest (dynamic programming
    over segments, as in LeCun et al. 1998, section VII).
    """
    parts, signs = lattice.parts, lattice.signs
    scores = lattice.scores.max(axis=1)
    best = [0.0] + [-np.inf] * len(parts)
    came: list[int | tuple[int, int] | None] = [None] * (len(parts) + 1)
    for end in range(1, len(parts) + 1):
        if parts[end - 1].small:  # dust may be left out
            best[end] = best[end - 1] - lattice.skipped(end - 1)
        for k, (a, b) in enumerate(lattice.spans):
            if b == end and best[a] + scores[k] - cost_of_parting(parts, a) > best[end]:
                best[end] = best[a] + scores[k] - cost_of_parting(parts, a)
                came[end] = k
        for (a, b), (_, gain) in signs.items():
            if b == end and best[a] + gain > best[end]:
                best[end] = best[a] + gain
                came[end] = (a, b)
    row = Row([], [], [])
    end = len(parts)
    while end > 0:
        chosen = came[end]
        if chosen is None:
            end -= 1
            row.left_out.append(parts[end].box)
        elif isinstance(chosen, tuple):
            row.signs.append((_box(parts[chosen[0] : end]), signs[chosen][0]))
            end = chosen[0]
        else:
            row.digits.append(lattice.found(chosen))
            end = lattice.spans[chosen][0]
    return Row(row.digits[::-1], row.signs[::-1], row.left_out[::-1])


class Aligned(NamedTuple):
    """A row that says a given text: how likely that is, and what each character is made of.

    ``places`` has for each character its box, and its digit if the parts of one make it up;
    ``left_out`` are the boxes of the parts that are in none.
    """

    score: float
    places: list[tuple[Box, Found | None]]
    left_out: list[Box]


class _Way(NamedTuple):
    """How parts a .. end are used up: for how many characters, and as which span if as a digit."""

    a: int
    characters: int
    span: int | None = None


def align(lattice: Lattice, text: str) -> Aligned | None:
    """The likeliest way to put a row's parts together so that they say ``text``.

    Dynamic programming over parts and characters. Digits are classes by their position in
    "0123456789"; all else is a sign or a `?`. Two characters may share a part, at a price.

    Returns:
        None where there are too few parts for so many characters.
    """
    parts, n = lattice.parts, len(text)
    is_digit = np.array([character in DIGITS for character in text], bool)
    classes = [DIGITS.index(c) if c in DIGITS else 0 for c in text]
    as_digit = np.where(is_digit, lattice.scores[:, classes], -np.inf)  # (S, n)
    by_end: list[list[int]] = [[] for _ in range(len(parts) + 1)]
    for k, (_, b) in enumerate(lattice.spans):
        by_end[b].append(k)
    best = np.full((len(parts) + 1, n + 1), -np.inf)  # by parts and characters used up
    best[0, 0] = 0.0
    came: list[tuple[list[_Way], NDArray[np.int64]]] = []
    for end in range(1, len(parts) + 1):
        last = end - 1
        ways = [_Way(last, 0)]
        scores = [best[last] - lattice.skipped(last)]

        def offer(way: _Way, gain: NDArray[np.float64] | float) -> None:
            score = np.full(n + 1, -np.inf)
            score[way.characters :] = best[way.a, : n + 1 - way.characters] + gain
            ways.append(way)  # noqa: B023
            scores.append(score)  # noqa: B023

        for k in by_end[end]:
            a = lattice.spans[k][0]
            offer(_Way(a, 1, k), as_digit[k] - cost_of_parting(parts, a))
        if n > 1 and not parts[last].small:
            offer(_Way(last, 2), -SHARED - cost_of_parting(parts, last))
        for a in (last, last - 1):
            sign, gain = lattice.signs.get((a, end), (None, 0.0))
            if sign is not None:
                gains = {sign: gain, ALIKE.get(sign): gain - UNLIKE}
                offer(_Way(a, 1), np.array([gains.get(c, -np.inf) for c in text], np.float64))
        for k in by_end[end]:  # a mark that no digit is made of may have been cut to pieces
            offer(_Way(lattice.spans[k][0], 1), np.where(is_digit, -np.inf, -ODD_SIGN))
        stacked = np.stack(scores)
        chosen = stacked.argmax(axis=0)
        best[end] = stacked[chosen, np.arange(n + 1)]
        came.append((ways, chosen))
    if not np.isfinite(best[-1, n]):
        return None
    places: list[tuple[Box, Found | None]] = []
    left_out: list[Box] = []
    end, used = len(parts), n
    while end > 0:
        ways, chosen = came[end - 1]
        way = ways[int(chosen[used])]
        box = _box(parts[way.a : end])
        used -= way.characters
        if way.characters == 0:
            left_out.append(box)
        elif way.characters == 2:
            left, top, right, bottom = box
            middle = max((left + right) // 2, left + 1)
            places.append(((middle, top, max(right, middle + 1), bottom), None))
            places.append(((left, top, middle, bottom), None))
        else:
            digit = None if way.span is None else lattice.found(way.span, classes[used])
            places.append((box if digit is None else digit.box, digit))
        end = way.a
    return Aligned(float(best[-1, n]), places[::-1], left_out[::-1])


def strangeness(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far each frame (N, 28, 28) is from looking like a usual digit, (N,); 0 for most digits.

    In units of -2 log density, counted from somewhat below the model's own limit of novelty.
    """
    calibration = model.calibration
    if calibration.novelty is None:
        return np.zeros(len(images))
    scores = calibration.novelty.scores(images)
    return np.maximum(scores - (calibration.most_novelty - USUAL), 0)


def runs_of_parts(
    parts: list[Part], height: float, whole: Set[int] = frozenset()
) -> list[tuple[int, int]]:
    """Which runs of parts, (first, after the last), might be one digit; each part alone is.

    ``whole`` are labels of parts that are digits as they are: no run holds two of them.
    """
    spans = []
    for a in range(len(parts)):
        wholes = 0
        for b in range(a + 1, min(a + MOST_PARTS, len(parts)) + 1):
            wholes += parts[b - 1].label in whole
            if wholes > 1:
                break
            left, top, right, bottom = _box(parts[a:b])
            far = any(y.box[0] - x.box[2] > 0.4 * height for x, y in pairwise(parts[a:b]))
            if b == a + 1 or not (far or right - left > 2.5 * height or bottom - top > 2 * height):
                spans.append((a, b))
    return spans


def plausibilities(
    probabilities: NDArray[np.floating], box: Box, height: float
) -> NDArray[np.float64]:
    """Log-probability that a box holds each digit, (K,): by the model, its shape and height."""
    wide, high = box[2] - box[0], box[3] - box[1]
    odd = (np.log(wide / high) - SHAPE_MEAN) / SHAPE_SPREAD
    by_class = np.log(np.maximum(probabilities, 1e-6)) - 0.5 * odd**2
    small = max(abs(float(np.log(high / height))) - 0.3, 0) / 0.2
    too_wide = max(wide / high - WIDEST, 0)
    return np.asarray(by_class - min(0.5 * small**2, 12) - TOO_WIDE * too_wide)


def cost_of_joining(parts: list[Part], height: float) -> float:
    """What it costs to take parts together that are not connected, more the farther apart."""
    cost = 0.0
    for before, after in pairwise(parts):
        if after.cut is None:
            far = distance(before.box, after.box) / height
            alone = before.small or after.small or overlap(before.box, after.box) > 0.5
            cost += 6 * far if alone else 4 + 10 * far
    return cost


def cost_of_parting(parts: list[Part], at: int) -> float:
    """What it costs that a new digit begins with part ``at``."""
    part = parts[at]
    if part.cut is not None:
        return CUT + CUT_INK * part.cut
    if at > 0 and overlap(parts[at - 1].box, part.box) > 0.6:
        return 2.0
    return 0.0


def overlap(a: Box, b: Box) -> float:
    """The share of the narrower box's width that lies below or above the other."""
    return max(-gap(a, b)[0], 0) / max(1, min(a[2] - a[0], b[2] - b[0]))


def _box(parts: list[Part]) -> Box:
    return around(part.box for part in parts)
