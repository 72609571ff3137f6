"""Reading: a model reads a page of digits, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.model import Model

if TYPE_CHECKING:
    from PIL import Image

    from digitnet.imaging.sheets import Sheet
    from digitnet.imaging.touching import Part

Box = tuple[int, int, int, int]

# log(width / height) of MNIST's training digits, class by class: mean and standard deviation.
SHAPE_MEAN = np.array([-0.10, -0.89, -0.07, -0.22, -0.23, -0.06, -0.33, -0.26, -0.27, -0.38])
SHAPE_SPREAD = np.array([0.20, 0.46, 0.22, 0.22, 0.21, 0.27, 0.22, 0.22, 0.22, 0.20])

CUT, CUT_INK = 0.5, 1.0
"""What a cut must gain in log-probability: always, and for each pen's width of ink it severs."""
STRANGE, USUAL = 0.25, 10.0
WIDEST, TOO_WIDE = 1.2, 30.0
"""Few digits are wider than this many heights; what each further height costs."""
MOST_PARTS = 8
"""Parts of pieces that are taken together as one digit, at most."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit on a page.

    Attributes:
        box: where it is, (left, top, right, bottom) in pixels.
        label: its likeliest class.
        probability: of that class.
        sure: whether the model stands by it, as it does for a single digit's picture.
        line: the number of its row, from 0.
        starts_word: whether it is the first of a word.
    """

    box: Box
    label: int
    probability: float
    sure: bool
    line: int
    starts_word: bool

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "box": list(self.box),
            "label": self.label,
            "probability": self.probability,
            "sure": self.sure,
            "line": self.line,
        }


@dataclass(frozen=True)
class Reading:
    """What a page says.

    Attributes:
        lines: one string per row, words separated by blanks.
        digits: in reading order.
        reason: why there are no lines; None where there are.
    """

    lines: tuple[str, ...]
    digits: tuple[ReadDigit, ...]
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """Lines, digits and reason, as plain values for JSON."""
        return {
            "lines": list(self.lines),
            "digits": [digit.as_dict() for digit in self.digits],
            "reason": self.reason,
        }


@dataclass(frozen=True)
class _Found:
    """A digit found in a row: its box in the sheet, and what it was read as."""

    box: Box
    label: int
    probability: float
    sure: bool


def read_page(
    model: Model, picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]
) -> Reading:
    """Find the digits on a page and read them, line by line.

    Raises:
        PictureError: the picture cannot be opened.
    """
    from digitnet.imaging.pictures import open_picture
    from digitnet.imaging.rows import word_starts
    from digitnet.imaging.sheets import look_at, rows_of_pieces, usual_height
    from digitnet.imaging.touching import cut_apart

    opened = open_picture(picture)
    sheet = look_at(opened)
    if not sheet.pieces:
        return Reading((), (), "no digits: nothing on the page has the size and the look of one")
    sheet, parts = cut_apart(sheet)
    read: list[list[_Found]] = []
    for row in rows_of_pieces(sheet):
        of_row = [part for piece in row for part in parts[piece.label]]
        found = _read_row(model, sheet, of_row, usual_height(sheet, row))
        if found:
            read.append(found)
    starts = word_starts([[found.box for found in row] for row in read], sheet.height)
    digits: list[ReadDigit] = []
    lines: list[str] = []
    for number, (line, firsts) in enumerate(zip(read, starts, strict=True)):
        text = ""
        for one, first in zip(line, firsts, strict=True):
            box = sheet.in_picture(one.box, opened.shape)
            digits.append(ReadDigit(box, one.label, one.probability, one.sure, number, first))
            text += (" " if first and text else "") + model.class_names[one.label]
        lines.append(text)
    return Reading(tuple(lines), tuple(digits), None)


def _read_row(model: Model, sheet: Sheet, parts: list[Part], height: float) -> list[_Found]:
    """The digits of one row, from left to right.

    Of all ways to put neighbouring parts together to digits, the likeliest (dynamic programming
    over segments, as in LeCun et al. 1998, section VII).
    """
    from digitnet.imaging.sheets import frame_pieces

    spans = _spans(parts, height)
    framed = [
        frame_pieces(sheet, [part.label for part in parts[a:b]], _around(parts[a:b]))
        for a, b in spans
    ]
    images = np.stack([image for image, _ in framed])
    probabilities = model.probabilities(images)
    strange = _strangeness(model, images)
    scores = [
        _plausibility(p, box, height) - STRANGE * odd - _cost_of_joining(parts[a:b], height)
        for p, odd, (_, box), (a, b) in zip(probabilities, strange, framed, spans, strict=True)
    ]
    heaviest = max(part.mass for part in parts)
    best = [0.0] + [-np.inf] * len(parts)
    came: list[int | None] = [None] * (len(parts) + 1)
    for end in range(1, len(parts) + 1):
        if parts[end - 1].small:  # dust may be left out
            best[end] = best[end - 1] - 1 - 15 * parts[end - 1].mass / heaviest
        for k, (a, b) in enumerate(spans):
            if b == end and best[a] + scores[k] - _cost_of_parting(parts, a) > best[end]:
                best[end] = best[a] + scores[k] - _cost_of_parting(parts, a)
                came[end] = k
    sure = model.accepted(images, probabilities)
    read = []
    end = len(parts)
    while end > 0:
        chosen = came[end]
        if chosen is None:
            end -= 1
            continue
        label = int(probabilities[chosen].argmax())
        probability = float(probabilities[chosen][label])
        read.append(_Found(framed[chosen][1], label, probability, bool(sure[chosen])))
        end = spans[chosen][0]
    return read[::-1]


def _strangeness(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far each frame (N, 28, 28) is from looking like a usual digit, (N,); 0 for most digits.

    In units of -2 log density, counted from somewhat below the model's own limit of novelty.
    """
    calibration = model.calibration
    if calibration.novelty is None:
        return np.zeros(len(images))
    scores = calibration.novelty.scores(images)
    return np.maximum(scores - (calibration.most_novelty - USUAL), 0)


def _spans(parts: list[Part], height: float) -> list[tuple[int, int]]:
    """Which runs of parts, (first, after the last), might be one digit; each part alone is."""
    spans = []
    for a in range(len(parts)):
        for b in range(a + 1, min(a + MOST_PARTS, len(parts)) + 1):
            left, top, right, bottom = _around(parts[a:b])
            far = any(y.box[0] - x.box[2] > 0.4 * height for x, y in pairwise(parts[a:b]))
            if b == a + 1 or not (far or right - left > 2.5 * height or bottom - top > 2 * height):
                spans.append((a, b))
    return spans


def _plausibility(probabilities: NDArray[np.floating], box: Box, height: float) -> float:
    """Log-probability that a box holds a digit: by the model, its shape and its height."""
    wide, high = box[2] - box[0], box[3] - box[1]
    odd = (np.log(wide / high) - SHAPE_MEAN) / SHAPE_SPREAD
    by_class = np.log(np.maximum(probabilities, 1e-6)) - 0.5 * odd**2
    small = max(abs(float(np.log(high / height))) - 0.3, 0) / 0.2
    too_wide = max(wide / high - WIDEST, 0)
    return float(by_class.max()) - min(0.5 * small**2, 12) - TOO_WIDE * too_wide


def _cost_of_joining(parts: list[Part], height: float) -> float:
    """What it costs to take pieces together that are not connected, more the farther apart."""
    cost = 0.0
    for before, after in pairwise(parts):
        if after.cut is None:
            x, y = _gap(before.box, after.box)
            far = float(np.hypot(max(x, 0), max(y, 0))) / height
            alone = before.small or after.small or _overlap(before.box, after.box) > 0.5
            cost += 6 * far if alone else 4 + 10 * far
    return cost


def _cost_of_parting(parts: list[Part], at: int) -> float:
    """What it costs that a new digit begins with part ``at``."""
    part = parts[at]
    if part.cut is not None:
        return CUT + CUT_INK * part.cut
    if at > 0 and _overlap(parts[at - 1].box, part.box) > 0.6:
        return 2.0
    return 0.0


def _gap(a: Box, b: Box) -> tuple[int, int]:
    """White space between two boxes, sideways and downwards; below 0 where they overlap."""
    return max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])


def _overlap(a: Box, b: Box) -> float:
    """The share of the narrower box's width that lies below or above the other."""
    return max(-_gap(a, b)[0], 0) / max(1, min(a[2] - a[0], b[2] - b[0]))


def _around(parts: list[Part]) -> Box:
    """The smallest box around parts."""
    left, top, right, bottom = zip(*(part.box for part in parts), strict=True)
    return min(left), min(top), max(right), max(bottom)
