"""Locate: a picture read as paper and ink, and the digit found in it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.background import (
    Pens,
    contrast_to,
    drop_grey_channels,
    enlarge,
    ground,
    polarity,
    reduce,
    without_grain,
)
from digitnet.imaging.components import choose_pieces
from digitnet.imaging.corners import fill_wedges
from digitnet.imaging.ink import Ink, coverage, find_ink
from digitnet.imaging.ruling import erase_ruling
from digitnet.imaging.stroke_width import stroke_width

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

WORK_SIDE = 960
"""Longer side of the picture that is worked on, in pixels; larger pictures are reduced to it."""

CLOSE_VOTE = 0.4

BRIGHTEST = -0.2
"""Least contrast kept: what outshines its paper, at a table's edge, must not stretch the scale."""

SCAN_SIDE = 320
"""Longer side of the picture on which pens and paper are estimated."""


class Look(NamedTuple):
    """One reading of a picture, as drawn by a pen of one width; (h, w) is the working size.

    Attributes:
        light: whether the paper is light.
        pen: the strokes' width in pixels.
        paper: the ground under the ink (of the negative, where the paper is dark).
        contrast: (h, w), the ink against it.
        ink: what stands out, or None.
        mask: (h, w) of 0 and 1, the digit's pieces.
        dropped: how many others there are, by reason.
        others: how many of them look like further digits.
        noisy: whether there is more in specks than in the digit.
        score: how much of a digit there is.
        strokes: the same by slenderness, how many times it is longer than wide.
    """

    light: bool
    pen: float
    paper: Bytes
    contrast: Floats
    ink: Ink | None
    mask: Bytes
    dropped: Counter[str]
    others: int
    noisy: bool
    score: float
    strokes: float

    def cover(self) -> Floats:
        """The digit alone: share of each pixel covered by its ink, (h, w) in 0..1."""
        if self.ink is None or not self.mask.any():
            return np.zeros(self.mask.shape, np.float32)
        return coverage(self.contrast, self.ink, self.mask, self.pen)

    def is_shapeless(self) -> bool:
        """Whether what was found is a patch of light or a blot, far too broad for a stroke."""
        left, top, right, bottom = bounds(self.mask)
        if stroke_width(self.mask) > 0.55 * max(right - left, bottom - top):
            return True
        return self.score < 0.005 * float((self.contrast * self.mask).sum())


def look_at(picture: Bytes) -> Look | None:
    """Find the digit in a picture, (H, W) or (H, W, 3) uint8; None where nothing is drawn.

    Where the vote on polarity is close, both ways are tried, and the one that shows more
    strokes wins: a sheet of paper on a dark table is light on dark, too, but not strokes.
    """
    work = fill_wedges(enlarge(drop_grey_channels(reduce(picture, WORK_SIDE))))
    small = reduce(work, SCAN_SIDE)
    vote, dark, light = polarity(small)
    looks = []
    if vote > -CLOSE_VOTE:
        looks.append((1 + vote, _best(work, small, dark, True)))
    if vote < CLOSE_VOTE:
        looks.append((1 - vote, _best(255 - work, 255 - small, light, False)))
    found = [(trust * look.strokes, look) for trust, look in looks if look is not None]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _best(work: Bytes, small: Bytes, pens: Pens, light: bool) -> Look | None:
    """Read dark ink on light paper as drawn by each of the likely pens, and keep the best.

    A picture may hold thin ruled lines, strokes and a wide shadow. With too thin a pen, strokes
    are mere outlines, so a wider pen wins that shows more ink in the same place; one that finds
    its digit in another place has to show much more.
    """
    best: Look | None = None
    for width in pens.widths:
        look = _read(work, small, width, light)
        if best is None or look.score > best.score * (1.25 if _same_place(best, look) else 3):
            best = look
    return best


def _same_place(one: Look, other: Look) -> bool:
    """Whether two looks found their digits in nearly the same place, at nearly the same size."""
    if not one.mask.any() or not other.mask.any():
        return False
    first, second = np.array(bounds(one.mask)), np.array(bounds(other.mask))
    size = max(first[2] - first[0], first[3] - first[1])
    return bool(np.abs(first - second).max() < 0.25 * size)


def _read(work: Bytes, small: Bytes, width: int, light: bool) -> Look:
    """Read dark ink on light paper as drawn by a pen ``width`` pixels wide in ``small``."""
    paper = ground(small, width)
    pen = 0.8 * width * max(work.shape[:2]) / max(small.shape[:2])
    contrast = np.maximum(contrast_to(paper, without_grain(work, pen)), BRIGHTEST)
    ink = find_ink(contrast)
    if ink is None:
        nothing = np.zeros(contrast.shape, np.uint8)
        return Look(light, pen, paper, contrast, None, nothing, Counter(), 0, False, 0.0, 0.0)
    ink = _without_ruling(ink, contrast, pen)
    chosen = choose_pieces(ink, contrast, pen)
    score = _likelihood(chosen.mask, contrast)
    slender = score / max(stroke_width(chosen.mask), 1.0) ** 2
    found = (chosen.mask, chosen.dropped, chosen.others, chosen.noisy)
    return Look(light, pen, paper, contrast, ink, *found, score, slender)


def _without_ruling(ink: Ink, contrast: Floats, pen: float) -> Ink:
    """Take printed lines out of the ink, where lines much finer than the pen cross the picture."""
    mask = ink.mask
    across = mask[:, 0].any() and mask[:, -1].any()
    if pen < 8 or not (across or (mask[0].any() and mask[-1].any())):
        return ink
    mask = erase_ruling(mask, contrast / np.float32(ink.level), 0.4 * pen)
    return ink._replace(mask=mask, seeds=ink.seeds & (mask > 0))


def _likelihood(mask: Bytes, contrast: Floats) -> float:
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


def bounds(ink: NDArray[np.generic]) -> tuple[int, int, int, int]:
    """Smallest box (left, top, right, bottom) around what is not 0; right, bottom exclusive."""
    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
