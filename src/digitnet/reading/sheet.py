"""Sheet: a page looked at: its ink, the pieces that may be digits, the frame of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging import background
from digitnet.imaging.framing import SIDE, centre
from digitnet.imaging.ink import Ink, coverage, find_ink
from digitnet.imaging.locate import bounds
from digitnet.imaging.ruling import erase_ruling
from digitnet.imaging.stroke_width import into_box
from digitnet.reading.components import (
    LEAST_HEIGHT,
    Box,
    Floats,
    Labels,
    Picture,
    Piece,
    sort_marks,
)
from digitnet.reading.rows import in_rows

WORK_SIDE = 1400
"""Longer side of the page that is worked on, in pixels, at most."""
LEAST_SIDE = 100
"""Smaller pages are enlarged to about this, but not more than six times."""
BRIGHTEST = -0.2
"""Contrast of what outshines its paper, at least: a table's edge beside a page is none."""
LOOK_SIDE = 480
"""Longer side of the reduced page on which pens, polarity and ground are found."""


@dataclass(frozen=True)
class Sheet:
    """A page as it is worked on, (h, w), and what may be written on it.

    Attributes:
        contrast: how dark each pixel is against its paper.
        ink: what of that is ink, ruled lines left out.
        labels: which piece each pixel belongs to; 0 for none.
        pieces: the pieces of a digit's size.
        fragments: smaller ones near those: a bar, the dots of a broken stroke, dust.
        height: of a typical digit.
        pen: width of its strokes.
        zoom: the picture's pixels per pixel here.
        light: whether the ground is light.
        dropped: how many pieces were left out, by reason.
    """

    contrast: Floats
    ink: Ink | None
    labels: Labels
    pieces: tuple[Piece, ...]
    fragments: tuple[Piece, ...]
    height: float
    pen: float
    zoom: float
    light: bool
    dropped: Counter[str]

    @property
    def mass(self) -> float:
        """How much ink the pieces of a digit's size are."""
        return sum(piece.mass for piece in self.pieces)

    @property
    def score(self) -> float:
        """How much writing there is: the strokes' length, less where they are blobs."""
        return self.mass / self.pen * min(1.0, self.height / (3 * self.pen)) ** 6

    def in_picture(self, box: Box, shape: tuple[int, ...]) -> Box:
        """A box of this sheet in the pixels of the picture, whose shape is (H, W, ...)."""
        left, top, right, bottom = (round(v * self.zoom) for v in box)
        left, top = min(left, shape[1] - 1), min(top, shape[0] - 1)
        return left, top, max(left + 1, min(right, shape[1])), max(top + 1, min(bottom, shape[0]))


def look_at(picture: Picture) -> Sheet:
    """Find the ink on a page, (H, W) or (H, W, 3) uint8, and the pieces that may be digits.

    The light, the ground and the ink are found by the stages that frame a single digit; of the
    pens that may have written here, the one is taken whose ink is most like digits.
    """
    work, zoom = _to_work_on(picture)
    small = background.reduce(work, LOOK_SIDE)
    light, pens = background.is_dark_on_light(small)
    if not light:
        work, small = 255 - work, 255 - small
    best: Sheet | None = None
    for width in pens.widths:
        if width > 0.25 * min(small.shape[:2]) and best is not None:
            break
        ground = background.ground(small, width)
        pen = 0.8 * width * max(work.shape[:2]) / max(small.shape[:2])
        contrast = background.contrast_to(ground, background.without_grain(work, pen))
        contrast = np.maximum(contrast, BRIGHTEST)
        contrast[_too_dark(ground, contrast.shape)] = 0
        ink = find_ink(contrast)
        if ink is None:
            continue
        mask = erase_ruling(ink.mask, contrast / np.float32(ink.level), pen)
        if mask is not ink.mask:
            contrast = contrast * ((mask > 0) | (ink.mask == 0))
            ink = ink._replace(mask=mask, seeds=ink.seeds & (mask > 0))
        marks = sort_marks(contrast, ink, ground, pen)
        sheet = Sheet(
            contrast, ink, marks.labels, marks.pieces, marks.fragments, marks.height, pen, zoom,
            light, marks.dropped,
        )  # fmt: skip
        if best is None or sheet.score > 1.5 * best.score:
            best = sheet
    if best is not None:
        return best
    nothing = np.zeros(work.shape[:2], np.float32)
    labels = nothing.astype(np.int32)
    return Sheet(nothing, None, labels, (), (), 0.0, 1.0, zoom, light, Counter())


def frame_pieces(sheet: Sheet, labels: list[int], box: Box) -> tuple[Picture, Box]:
    """The frame of the digit that these pieces make up, and its box in the sheet.

    The neighbours' ink does not count, however near; the rest is what framing does with a
    single digit. ``box`` holds all of the pieces.
    """
    if sheet.ink is None:
        return np.zeros((SIDE, SIDE), np.uint8), box
    left, top, right, bottom = box
    left, top = max(0, left - 3), max(0, top - 3)
    crop = np.s_[top : bottom + 3, left : right + 3]
    here = sheet.labels[crop]
    own = np.isin(here, labels)
    contrast = sheet.contrast[crop] * (own | (here == 0))
    cover = coverage(contrast, sheet.ink, own.astype(np.uint8), sheet.pen)
    if not cover.any():
        return np.zeros((SIDE, SIDE), np.uint8), box
    x0, y0, x1, y1 = bounds(cover)
    if max(x1 - x0, y1 - y0) < 4:
        return np.zeros((SIDE, SIDE), np.uint8), box
    frame = centre(into_box(cover[y0:y1, x0:x1]))
    return frame, (left + x0, top + y0, left + x1, top + y1)


def rows_of_pieces(sheet: Sheet) -> list[list[Piece]]:
    """The pieces row by row in reading order, each fragment in the row of the piece next to it.

    A fragment that is near no piece is dust, and left out.
    """
    rows = [
        [sheet.pieces[i] for i in row]
        for row in in_rows([piece.box for piece in sheet.pieces], sheet.height)
    ]
    whole = [[piece.box for piece in row] for row in rows]
    for fragment in sheet.fragments:
        away = [min(_distance(fragment.box, box) for box in boxes) for boxes in whole]
        if away and min(away) < 0.35 * sheet.height:
            rows[int(np.argmin(away))].append(fragment)
    for row in rows:
        row.sort(key=lambda piece: piece.box[0] + piece.box[2])
    return rows


def usual_height(sheet: Sheet, row: list[Piece]) -> float:
    """The median height of a row's pieces, fragments aside."""
    return float(np.median([p.height for p in row if p.height >= LEAST_HEIGHT * sheet.height]))


def _distance(a: Box, b: Box) -> float:
    """From one box to the other, 0 where they overlap."""
    x = max(a[0] - b[2], b[0] - a[2], 0)
    y = max(a[1] - b[3], b[1] - a[3], 0)
    return float(np.hypot(x, y))


def _to_work_on(picture: Picture) -> tuple[Picture, float]:
    """The page at a size quick and fine enough, and the picture's pixels per pixel of it."""
    times = -(-max(picture.shape[:2]) // WORK_SIDE)
    if times > 1:  # by a whole number: four times as fast as any other
        height, width = (n // times for n in picture.shape[:2])
        whole = picture[: height * times, : width * times]
        work = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    else:
        work = picture
    work = background.drop_grey_channels(np.asarray(work, np.uint8))
    work = background.enlarge(work, LEAST_SIDE, min(LEAST_SIDE, 6 * max(work.shape[:2])))
    return work, picture.shape[1] / work.shape[1]


def _too_dark(ground: Picture, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where the ground is so much darker than the paper that no ink can be told from its grain."""
    grey = ground if ground.ndim == 2 else ground.max(axis=2)
    dark = (grey < 0.2 * np.percentile(grey, 90)).astype(np.uint8)
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(dark, size, interpolation=cv2.INTER_NEAREST), np.bool_)
