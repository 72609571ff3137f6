"""Locate: the one digit in a picture, found in the scan that shows most of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes, Floats, Mask
from digitnet.imaging.boxes import bounds
from digitnet.imaging.components import choose_components
from digitnet.imaging.ink import coverage, median
from digitnet.imaging.scan import Scan, ScanPlan, scan
from digitnet.imaging.stroke_width import stroke_width

MOST_BESIDE = 0.35
"""Of the ink's contrast, the mean between a digit's strokes: drawn and photographed digits have at
most 0.22, portraits up to 0.7."""
FEWEST_BESIDE = 10
"""Pixels between the strokes, of which a mean tells something."""
MOST_SPREAD, LARGE = 0.3, 60
"""Standard deviation of the contrast within strokes, as a share of it, and the size of a digit in
pixels from which it is looked at: of few pixels a digit is grey, and has up to 0.34."""

DIGIT = ScanPlan(
    longest=960,
    whole=False,
    least=24,
    enlarged=56,
    most_times=28,
    wedges=True,
    small=320,
    dark=0,
    close_vote=0.4,
    ruled_from=8,
    ruling=0.4,
    crossing=True,
    field=True,
)
"""How a picture of one digit is scanned."""


@dataclass(frozen=True)
class Located:
    """The digit in one scan of a picture; (h, w) is the size that is worked on.

    Attributes:
        scan: as drawn by a pen of one width.
        mask: (h, w) of 0 and 1, the digit's connected components.
        dropped: how many others there are, by reason.
        others: how many of them look like further digits.
        noisy: whether there is more in specks than in the digit.
        pieces: how many strokes apart it consists of; dots are none.
        score: how much of a digit there is.
        strokes: the same by slenderness, how many times it is longer than wide.
    """

    scan: Scan
    mask: Mask
    dropped: Counter[str]
    others: int
    noisy: bool
    pieces: int
    score: float
    strokes: float

    def cover(self) -> Floats:
        """The digit alone: share of each pixel covered by its ink, (h, w) in 0..1."""
        if self.scan.ink is None or not self.mask.any():
            return np.zeros(self.mask.shape, np.float32)
        return coverage(self.scan.contrast, self.scan.ink, self.mask, self.scan.pen)

    def is_shapeless(self) -> bool:
        """Whether what was found is a patch of light or a blot, far too broad for a stroke."""
        left, top, right, bottom = bounds(self.mask)
        if stroke_width(self.mask) > 0.55 * max(right - left, bottom - top):
            return True
        return self.score < 0.005 * float((self.scan.contrast * self.mask).sum())

    def is_shaded(self) -> bool:
        """Whether what was found is of many tones, as a portrait is: ink has one, paper another.

        The edges, where tones mix, are left out: a third of the pen on both sides.
        """
        left, top, right, bottom = bounds(self.mask)
        contrast = self.scan.contrast[top:bottom, left:right]
        mask = np.pad(self.mask[top:bottom, left:right], 1).astype(np.uint8)
        pen = max(stroke_width(self.mask), 1.0)
        depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)[1:-1, 1:-1]
        inked = mask[1:-1, 1:-1]
        away = cv2.distanceTransform(1 - inked, cv2.DIST_L2, 3)
        within, beside = contrast[depth > 0.3 * pen], contrast[away > max(0.4 * pen, 2.0)]
        level = median(within) if len(within) else 0.0
        if level <= 0:
            return False
        if len(beside) > FEWEST_BESIDE and float(np.abs(beside).mean()) > MOST_BESIDE * level:
            return True
        return max(inked.shape) >= LARGE and float(within.std()) > MOST_SPREAD * level


def locate(picture: Bytes) -> Located | None:
    """Find the digit in a picture, (H, W) or (H, W, 3) uint8; None where nothing is drawn.

    Where both polarities are likely, the one that shows more strokes wins: a sheet of paper on
    a dark table is light on dark, too, but not strokes.
    """
    dark: Located | None = None
    light: Located | None = None
    for seen in scan(picture, DIGIT):
        located = locate_in(seen)
        if seen.light:
            dark = better(dark, located)
        else:
            light = better(light, located)
    found = [one for one in (dark, light) if one is not None]
    return max(found, key=lambda one: one.scan.trust * one.strokes) if found else None


def better(best: Located | None, other: Located) -> Located:
    """The better of two, by pens of which the second is wider; the scores need not be alike.

    With too thin a pen, strokes are mere outlines, so a wider pen wins that shows more ink in
    the same place; one that finds its digit in another place has to show much more.
    """
    if best is None or other.score > best.score * (1.25 if _same_place(best, other) else 3):
        return other
    return best


def _same_place(one: Located, other: Located) -> bool:
    """Whether two digits were found in nearly the same place, at nearly the same size."""
    if not one.mask.any() or not other.mask.any():
        return False
    first, second = np.array(bounds(one.mask)), np.array(bounds(other.mask))
    size = max(first[2] - first[0], first[3] - first[1])
    return bool(np.abs(first - second).max() < 0.25 * size)


def locate_in(seen: Scan) -> Located:
    """The digit in one scan."""
    if seen.ink is None:
        nothing = np.zeros(seen.contrast.shape, np.uint8)
        return Located(seen, nothing, Counter(), 0, False, 0, 0.0, 0.0)
    chosen = choose_components(seen.ink, seen.contrast, seen.pen)
    chosen.dropped.update({"line or frame": 1} if seen.framed else {})
    score = digit_score(chosen.mask, seen.contrast)
    strokes = score / max(stroke_width(chosen.mask), 1.0) ** 2
    return Located(
        seen,
        chosen.mask,
        chosen.dropped,
        chosen.others,
        chosen.noisy,
        chosen.pieces,
        score,
        strokes,
    )


def digit_score(mask: Mask, contrast: Floats) -> float:
    """How much of a digit a mask shows: its ink, less if it is a blob or cut off by the edge."""
    if not mask.any():
        return 0.0
    left, top, right, bottom = bounds(mask)
    rows, columns = mask.shape
    score = float((contrast * mask).sum())
    boldness = stroke_width(mask) / max(right - left, bottom - top)
    score *= min(1.0, 0.3 / boldness) ** 6
    if left == 0 or top == 0 or right == columns or bottom == rows:
        score *= 0.35
    if (left == 0 and right == columns) or (top == 0 and bottom == rows):
        score *= 0.3
    return score
