"""Framing: a picture brought into the 28 x 28 frame that MNIST would have made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError

if TYPE_CHECKING:
    from digitnet.imaging.pieces import Ink

FRAMINGS = ("mnist", "stretch")
FRAMING_VERSION = 1
SIDE = 28
WORK_SIDE = 960
"""Longer side of the picture that is worked on, in pixels; larger pictures are reduced to it."""

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """What the network sees, and what was decided on the way to it.

    ``image`` is (28, 28) uint8, ink 255 on 0. ``reason`` says why there is no digit to see, and
    is None where there is one. ``background`` is "light" or "dark". ``box`` is the ink's (left,
    top, right, bottom) in the picture's pixels, right and bottom exclusive. ``dropped`` counts
    the pieces that were left out, by reason. ``sentence`` says all of that to a person.
    """

    image: Picture
    framing: str
    reason: str | None
    background: str
    box: tuple[int, int, int, int]
    dropped: dict[str, int]
    sentence: str


def frame_picture(picture: Picture, framing: str = "mnist") -> Frame:
    """Frame an upright picture, (H, W) grey or (H, W, 3) RGB uint8, for the network.

    ``stretch`` is the original program's way: grey, the whole picture resized to 28 x 28,
    neither inverted nor cropped. ``mnist`` finds the ink, keeps the aspect, brings the strokes
    to MNIST's thickness, fits 20 x 20 and puts the centre of mass in the middle.

    Raises SettingsError for an unknown framing.
    """
    if framing == "stretch":
        return _stretch(picture)
    if framing == "mnist":
        return _Walk(picture).frame()
    raise SettingsError(f"There is no framing {framing!r}: choose one of {', '.join(FRAMINGS)}.")


def _stretch(picture: Picture) -> Frame:
    from PIL import Image

    height, width = picture.shape[:2]
    image = np.array(Image.fromarray(picture).convert("L").resize((SIDE, SIDE)))
    sentence = f"The whole picture, {width} x {height}, stretched to {SIDE} x {SIDE}."
    return Frame(image, "stretch", None, "dark", (0, 0, width, height), {}, sentence)


class _Walk:
    """One picture's way into the frame; every stage's picture stays at hand for a look."""

    def __init__(self, picture: Picture) -> None:
        from digitnet.imaging import paper, strokes

        self.picture = picture
        self.work = paper.drop_grey_channels(paper.reduce(picture, WORK_SIDE))
        self.work = paper.enlarge(self.work, 24, 56)
        small = paper.reduce(self.work, paper.SCAN_SIDE)
        self.light, self.pens = paper.is_dark_on_light(small)
        if not self.light:
            self.work, small = 255 - self.work, 255 - small
        self.look: Look | None = None
        for pen in self.pens.widths:
            look = take_look(self.work, small, pen)
            if self.look is None or look.score > 3 * self.look.score:
                self.look = look
        self.soft = self.boxed = None
        if self.look is not None and self.look.ink is not None and self.look.mask.any():
            ink = self.look.ink
            near = np.asarray(blurred_mask(self.look.mask))
            self.soft = soften(self.look.contrast / np.float32(ink.level), near, self.look.pen)
            self.box = bounds(self.soft > max(0.04, 2.5 * ink.noise / ink.level))
            left, top, right, bottom = self.box
            self.boxed = strokes.into_box(self.soft[top:bottom, left:right])

    def frame(self) -> Frame:
        height, width = self.picture.shape[:2]
        background = "light" if self.light else "dark"
        if self.boxed is None:
            image = np.zeros((SIDE, SIDE), np.uint8)
            return Frame(
                image, "mnist", "blank", background, (0, 0, width, height), {},
                "Nothing in the picture is ink.",
            )  # fmt: skip
        zoom = width / self.work.shape[1]
        left, top, right, bottom = (round(v * zoom) for v in self.box)
        box = (left, top, min(right, width), min(bottom, height))
        return Frame(
            centre(self.boxed), "mnist", None, background, box, dict(self.look.dropped), "TODO"
        )


@dataclass(frozen=True)
class Look:
    """A picture read as drawn by one pen: the paper under it, the ink on it, the digit's pieces.

    ``pen`` is the stroke's width in the worked-on picture's pixels, ``score`` how much of a digit
    was found.
    """

    pen: float
    paper: Picture
    contrast: Floats
    ink: Ink | None
    mask: Picture
    dropped: Counter[str]
    score: float


def take_look(work: Picture, small: Picture, width: int) -> Look:
    from digitnet.imaging import paper, pieces, strokes

    under = paper.ground(small, width)
    pen = 0.8 * width * max(work.shape[:2]) / max(small.shape[:2])
    contrast = paper.contrast(blurred(work, (pen - 5) / 8), under)
    ink = pieces.find_ink(contrast)
    if ink is None:
        return Look(pen, under, contrast, None, np.zeros(contrast.shape, np.uint8), Counter(), 0)
    mask, dropped = pieces.choose_pieces(ink, contrast, pen)
    if not mask.any():
        return Look(pen, under, contrast, ink, mask, dropped, 0)
    left, top, right, bottom = bounds(mask > 0)
    score = float((contrast * mask).sum())
    side = max(right - left, bottom - top)
    if strokes.stroke_width(mask) > 0.4 * side:
        score *= 0.1
    rows, columns = mask.shape
    if left == 0 or top == 0 or right == columns or bottom == rows:
        score *= 0.35
    if (left == 0 and right == columns) or (top == 0 and bottom == rows):
        score *= 0.3
    return Look(pen, under, contrast, ink, mask, dropped, score)


def blurred(work: Picture, sigma: float) -> Picture:
    """Blur away grain that is finer than the strokes."""
    import cv2

    if sigma < 0.4:
        return work
    return np.asarray(cv2.GaussianBlur(work, (0, 0), min(sigma, 3.0)), np.uint8)


def blurred_mask(mask: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)


def soften(contrast: Floats, near: Picture, pen: float) -> Floats:
    """Coverage by ink, 0..1: as it is for thin strokes, sharpened to outlines for wide ones.

    A pixel half covered by ink is half dark. Strokes a few pixels wide keep that; in strokes
    many pixels wide whatever is between dark and light is blur and pressure, not coverage.
    """
    sharp = max(1.0, pen / 4)
    cover = (contrast - 0.5) * np.float32(sharp) + 0.5
    return np.asarray(cover.clip(0, 1) * near, np.float32)


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Smallest box (left, top, right, bottom) around what is true; right and bottom exclusive."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def centre(ink: Floats, side: int = SIDE) -> Picture:
    """Place ink, (h, w) in 0..1, on a frame with its centre of mass in the middle, whole pixels.

    As MNIST was made (LeCun et al. 1998); its digits have their centre of mass between 14.0 and
    15.0 counted from the frame's edge, so that is the middle here.
    """
    height, width = ink.shape
    mass = max(float(ink.sum()), 1e-6)
    y = float(ink.sum(axis=1) @ (np.arange(height) + 0.5)) / mass
    x = float(ink.sum(axis=0) @ (np.arange(width) + 0.5)) / mass
    top = int(np.clip(np.ceil(side / 2 - y - 1e-6), 0, side - height))
    left = int(np.clip(np.ceil(side / 2 - x - 1e-6), 0, side - width))
    frame = np.zeros((side, side), np.uint8)
    frame[top : top + height, left : left + width] = np.rint(ink * 255)
    return frame
