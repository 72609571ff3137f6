"""Segmentation: which parts of a row of ink make up which digit, as a model sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.boxes import Box, around, distance, gap
from digitnet.models.model import Model
from digitnet.reading.cuts import Part
from digitnet.reading.frames import Frames, Run, Seen
from digitnet.reading.sheet import Sheet

# log(width / height) of MNIST's training digits, class by class: mean and standard deviation.
SHAPE_MEAN = np.array([-0.10, -0.89, -0.07, -0.22, -0.23, -0.06, -0.33, -0.26, -0.27, -0.38])
SHAPE_SPREAD = np.array([0.20, 0.46, 0.22, 0.22, 0.21, 0.27, 0.22, 0.22, 0.22, 0.20])

CUT, CUT_INK = 1.0, 2.0
"""What a cut must gain in log-probability: always, and for each pen's width of ink it severs."""
STRANGE = 0.25
"""What each unit of strangeness costs (`frames.strangeness`)."""
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
ALIGNED = 200_000
"""Ways times characters that texts are aligned with at once, at most: it bounds memory."""
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


def doubtful(model: Model, sheet: Sheet, frames: Frames) -> set[int]:
    """The labels of the components that may be more than one digit."""
    wide = [p for p in sheet.components if p.width > NARROW * sheet.height]
    seen = frames.look(model, sheet, [((one.label,), one.box) for one in wide])
    return {
        one.label for one, its in zip(wide, seen, strict=True)
        if not plausibilities(its.probabilities, one.box, sheet.height).max()
        - STRANGE * its.strange > PLAIN
    }  # fmt: skip


def whole_digits(model: Model, sheet: Sheet, frames: Frames, doubts: Set[int]) -> set[int]:
    """The labels of the components that are one digit each, without any of their neighbours.

    ``doubts`` are those that may be more than one.
    """
    known = [one for one in sheet.components if one.label not in doubts]
    seen = frames.look(model, sheet, [((one.label,), one.box) for one in known])
    return {one.label for one, its in zip(known, seen, strict=True) if its.sure}


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
        seen: what the model says of each.
        scores: (S, K), the log-plausibility of each as each class.
        signs: which runs of parts may be a sign, and what it gains.
    """

    parts: list[Part]
    spans: list[tuple[int, int]]
    seen: list[Seen]
    scores: NDArray[np.float64]
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
        frame, box, probabilities, _, sure = self.seen[k]
        likeliest = int(probabilities.argmax())
        label = likeliest if label is None else label
        return Found(box, label, float(probabilities[label]), sure and label == likeliest, frame)


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
    seen = frames.look(model, sheet, run_boxes(parts, spans))
    clear = clear_signs(signs)  # taken for a bit of the digit beside it, a sign would be lost
    scores = np.stack([
        plausibilities(its.probabilities, its.box, height) - STRANGE * its.strange
        - cost_of_joining(parts[a:b], height)
        - (SKIPPED if b > a + 1 and not clear.isdisjoint(range(a, b)) else 0.0)
        for its, (a, b) in zip(seen, spans, strict=True)
    ])  # fmt: skip
    return Lattice(parts, spans, seen, scores, signs)


def run_boxes(parts: list[Part], spans: list[tuple[int, int]]) -> list[tuple[Run, Box]]:
    """The labels and the box of each run of parts."""
    return [(tuple(part.label for part in parts[a:b]), _box(parts[a:b])) for a, b in spans]


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


def align(lattice: Lattice, texts: Sequence[str]) -> list[Aligned | None]:
    """For each text the likeliest way to put a row's parts together so that they say it.

    Dynamic programming over parts and characters, of many texts at once. Digits are classes by
    their position in "0123456789"; all else is a sign or a `?`. Two characters may share a part,
    at a price.

    Returns:
        None where there are too few parts for so many characters.
    """
    longest = max(map(len, texts), default=0)
    at_once = max(1, ALIGNED // max(len(lattice.spans) * longest, 1))
    found: list[Aligned | None] = []
    for k in range(0, len(texts), at_once):
        found += _align(lattice, texts[k : k + at_once])
    return found


def _align(lattice: Lattice, texts: Sequence[str]) -> list[Aligned | None]:
    """As `align`, all of them at once; what stands behind a shorter text's end is not looked at."""
    parts, spans = lattice.parts, lattice.spans
    longest = max(1, *map(len, texts))
    written = np.array([list(text.ljust(longest)) for text in texts])  # (X, n)
    is_digit = np.isin(written, list(DIGITS))
    classes = np.where(is_digit, written, "0").astype(np.int64)
    parting = np.array([cost_of_parting(parts, at) for at in range(len(parts))])
    first = np.array([a for a, _ in spans], np.int64)
    gains = np.where(is_digit, lattice.scores[:, classes], -np.inf)  # (S, X, n)
    gains -= parting[first][:, None, None]
    as_odd_sign = np.where(is_digit, -np.inf, -ODD_SIGN)
    best = np.full((len(parts) + 1, len(texts), longest + 1), -np.inf)  # parts, characters used up
    best[0, :, 0] = 0.0
    by_end: list[list[int]] = [[] for _ in range(len(parts) + 1)]
    for k, (_, b) in enumerate(spans):
        by_end[b].append(k)
    came: list[tuple[list[_Way], NDArray[np.int16]]] = []
    for end in range(1, len(parts) + 1):
        last, here = end - 1, by_end[end]
        before = best[first[here], :, :-1]
        ways = [_Way(last, 0), *(_Way(spans[k][0], 1, k) for k in here)]
        signs = [(_Way(a, 1), lattice.signs[a, end]) for a in (last, last - 1)
                 if (a, end) in lattice.signs]  # fmt: skip
        shared = [] if parts[last].small else [_Way(last, 2)]
        # What no digit is made of may have been cut to pieces, so each span may be a sign.
        every = [*ways, *shared, *(way for way, _ in signs), *(_Way(spans[k][0], 1) for k in here)]
        scores = np.full((len(every), *best.shape[1:]), -np.inf)
        scores[0] = best[last] - lattice.skipped(last)
        scores[1 : len(ways), :, 1:] = before + gains[here]
        if shared:
            scores[len(ways), :, 2:] = best[last, :, :-2] - SHARED - parting[last]
        for k, (way, (sign, gain)) in enumerate(signs, len(ways) + len(shared)):
            alike = np.where(written == ALIKE.get(sign, ""), gain - UNLIKE, -np.inf)
            gained = np.where(written == sign, gain, alike)
            scores[k, :, 1:] = best[way.a, :, :-1] + gained
        scores[len(every) - len(here) :, :, 1:] = before + as_odd_sign
        came.append((every, scores.argmax(axis=0).astype(np.int16)))
        scores.max(axis=0, out=best[end])
    return [
        _traced(lattice, text, float(best[-1, x, len(text)]),
                [(ways, chosen[x]) for ways, chosen in came])
        for x, text in enumerate(texts)
    ]  # fmt: skip


def _traced(
    lattice: Lattice, text: str, score: float, came: list[tuple[list[_Way], NDArray[np.int16]]]
) -> Aligned | None:
    """The best alignment of a text, back from its end; ``came`` is how each part was reached."""
    if not np.isfinite(score):
        return None
    parts = lattice.parts
    places: list[tuple[Box, Found | None]] = []
    left_out: list[Box] = []
    end, used = len(parts), len(text)
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
            digit = None if way.span is None else lattice.found(way.span, DIGITS.index(text[used]))
            places.append((box if digit is None else digit.box, digit))
        end = way.a
    return Aligned(score, places[::-1], left_out[::-1])


def runs_of_parts(
    parts: list[Part], height: float, whole: Set[int] = frozenset()
) -> list[tuple[int, int]]:
    """Which runs of parts, (first, after the last), might be one digit; each part alone is.

    ``whole`` are labels of parts that are digits as they are: no run holds two of them.
    """
    spans = []
    for a, part in enumerate(parts):
        spans.append((a, a + 1))
        box, wholes = part.box, int(part.label in whole)
        for b in range(a + 1, min(a + MOST_PARTS, len(parts))):
            wholes += parts[b].label in whole
            far = parts[b].box[0] - parts[b - 1].box[2] > 0.4 * height
            box = around((box, parts[b].box))
            left, top, right, bottom = box
            if wholes > 1 or far or right - left > 2.5 * height or bottom - top > 2 * height:
                break  # and so would be all that are longer
            spans.append((a, b + 1))
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
