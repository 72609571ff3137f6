"""Segmentation: which parts of a row of ink make up which digit, as a model sees it."""

from __future__ import annotations

from collections.abc import Mapping
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
STRANGE, USUAL = 0.25, 25.0
"""What each unit of novelty costs, counted from this far below the model's own limit."""
WIDEST, TOO_WIDE = 1.2, 30.0
"""Few digits are wider than this many heights; what each further height costs."""
NARROW, PLAIN = 0.5, -3.0
"""Components narrower than this many heights, or more plausible as one digit, stay whole."""
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
        plausibility(p, one.box, sheet.height) - cost > PLAIN
        for p, one, cost in zip(model.probabilities(images), wide, odd, strict=True)
    ]
    return {one.label for one, known in zip(wide, plain, strict=True) if not known}


class Row(NamedTuple):
    """A row that was read: its digits, its signs, and the boxes of the parts left out of both."""

    digits: list[Found]
    signs: list[tuple[Box, str]]
    left_out: list[Box]


def read_row(
    model: Model,
    sheet: Sheet,
    frames: Frames,
    parts: list[Part],
    height: float,
    signs: Mapping[tuple[int, int], tuple[str, float]] = MappingProxyType({}),
) -> Row:
    """The digits and signs of one row, from left to right.

    Of all ways to put neighbouring parts together to digits, the likeliest (dynamic programming
    over segments, as in LeCun et al. 1998, section VII). ``signs`` says which runs of parts may
    be a sign instead, and what each gains.
    """
    spans = runs_of_parts(parts, height)
    framed = [
        _framed(
            sheet,
            frames,
            tuple(part.label for part in parts[a:b]),
            _box(parts[a:b]),
        )
        for a, b in spans
    ]
    images = np.stack([image for image, _ in framed])
    probabilities = model.probabilities(images)
    strange = strangeness(model, images)
    scores = [
        plausibility(p, box, height) - STRANGE * odd - cost_of_joining(parts[a:b], height)
        for p, odd, (_, box), (a, b) in zip(probabilities, strange, framed, spans, strict=True)
    ]
    heaviest = max(part.mass for part in parts)
    best = [0.0] + [-np.inf] * len(parts)
    came: list[int | tuple[int, int] | None] = [None] * (len(parts) + 1)
    for end in range(1, len(parts) + 1):
        if parts[end - 1].small:  # dust may be left out
            best[end] = best[end - 1] - 1 - 15 * parts[end - 1].mass / heaviest
        for k, (a, b) in enumerate(spans):
            if b == end and best[a] + scores[k] - cost_of_parting(parts, a) > best[end]:
                best[end] = best[a] + scores[k] - cost_of_parting(parts, a)
                came[end] = k
        for (a, b), (_, gain) in signs.items():
            if b == end and best[a] + gain > best[end]:
                best[end] = best[a] + gain
                came[end] = (a, b)
    sure = model.accepted(images, probabilities)
    read: list[Found] = []
    told: list[tuple[Box, str]] = []
    left_out: list[Box] = []
    end = len(parts)
    while end > 0:
        chosen = came[end]
        if chosen is None:
            end -= 1
            left_out.append(parts[end].box)
            continue
        if isinstance(chosen, tuple):
            told.append((_box(parts[chosen[0] : end]), signs[chosen][0]))
            end = chosen[0]
            continue
        label = int(probabilities[chosen].argmax())
        probability = float(probabilities[chosen][label])
        frame, box = framed[chosen]
        read.append(Found(box, label, probability, bool(sure[chosen]), frame))
        end = spans[chosen][0]
    return Row(read[::-1], told[::-1], left_out[::-1])


def strangeness(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far each frame (N, 28, 28) is from looking like a usual digit, (N,); 0 for most digits.

    In units of -2 log density, counted from somewhat below the model's own limit of novelty.
    """
    calibration = model.calibration
    if calibration.novelty is None:
        return np.zeros(len(images))
    scores = calibration.novelty.scores(images)
    return np.maximum(scores - (calibration.most_novelty - USUAL), 0)


def runs_of_parts(parts: list[Part], height: float) -> list[tuple[int, int]]:
    """Which runs of parts, (first, after the last), might be one digit; each part alone is."""
    spans = []
    for a in range(len(parts)):
        for b in range(a + 1, min(a + MOST_PARTS, len(parts)) + 1):
            left, top, right, bottom = _box(parts[a:b])
            far = any(y.box[0] - x.box[2] > 0.4 * height for x, y in pairwise(parts[a:b]))
            if b == a + 1 or not (far or right - left > 2.5 * height or bottom - top > 2 * height):
                spans.append((a, b))
    return spans


def plausibility(probabilities: NDArray[np.floating], box: Box, height: float) -> float:
    """Log-probability that a box holds a digit: by the model, its shape and its height."""
    wide, high = box[2] - box[0], box[3] - box[1]
    odd = (np.log(wide / high) - SHAPE_MEAN) / SHAPE_SPREAD
    by_class = np.log(np.maximum(probabilities, 1e-6)) - 0.5 * odd**2
    small = max(abs(float(np.log(high / height))) - 0.3, 0) / 0.2
    too_wide = max(wide / high - WIDEST, 0)
    return float(by_class.max()) - min(0.5 * small**2, 12) - TOO_WIDE * too_wide


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
