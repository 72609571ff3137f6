"""Framing: a picture brought into the 28 x 28 frame that MNIST would have made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError

if TYPE_CHECKING:
    from digitnet.imaging.locate import Look
    from digitnet.imaging.mnist_sized import Ready

FRAMINGS = ("mnist", "stretch")
FRAMING_VERSION = 2
"""Counts up whenever a picture's frame changes, so that a model knows what it was trained on."""

SIDE = 28

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """What the network sees, and what was decided on the way to it.

    ``image`` is (28, 28) uint8, ink 255 on 0. ``reason`` says why there is no digit to read, and
    is None where there is one. ``background`` is "light" or "dark"; ``polarity`` "dark on light"
    or "light on dark". ``box`` is the ink's (left, top, right, bottom) in the picture's pixels,
    right and bottom exclusive. ``dropped`` counts the pieces that were left out, by reason.
    ``sentence`` says all of that to a person.
    """

    image: Picture
    framing: str
    reason: str | None
    background: str
    box: tuple[int, int, int, int]
    dropped: dict[str, int]
    sentence: str

    @property
    def polarity(self) -> str:
        """Which way round the ink was: "dark on light" or "light on dark"."""
        return "dark on light" if self.background == "light" else "light on dark"


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
        from digitnet.imaging.mnist_sized import find_ready

        ready = find_ready(picture)
        if ready is not None:
            return _of_ready(picture.shape[:2], ready)
        from digitnet.imaging.locate import look_at

        return _frame(picture.shape[:2], look_at(picture))
    raise SettingsError(f"There is no framing {framing!r}: choose one of {', '.join(FRAMINGS)}.")


def framing_stages(picture: Picture, framing: str = "mnist") -> list[tuple[str, Picture]]:
    """Every stage of a picture's way into the frame: (title, uint8 image) pairs, for a look."""
    if framing == "stretch":
        return [("picture", picture), ("frame", frame_picture(picture, framing).image)]
    from digitnet.imaging.mnist_sized import find_ready

    ready = find_ready(picture)
    if ready is not None:
        frame = _of_ready(picture.shape[:2], ready)
        return [("picture", picture), ("digit, as it is", ready.ink), ("frame", frame.image)]
    from digitnet.imaging.locate import look_at

    look = look_at(picture)
    stages = [("picture", picture)]
    if look is not None:
        stages.append(("paper", look.paper if look.light else 255 - look.paper))
        stages.append(("ink's contrast", _grey(look.contrast / max(look.contrast.max(), 1e-6))))
        everything = look.mask * 0 if look.ink is None else look.ink.mask
        stages.append(("pieces: kept, dropped", _grey(0.35 * everything + 0.65 * look.mask)))
        stages.append(("digit", _grey(look.cover())))
    stages.append(("frame", _frame(picture.shape[:2], look).image))
    return stages


def _grey(share: NDArray[np.floating]) -> Picture:
    return np.asarray(np.rint(share.clip(0, 1) * 255), np.uint8)


def _stretch(picture: Picture) -> Frame:
    from PIL import Image

    height, width = picture.shape[:2]
    image = np.array(Image.fromarray(picture).convert("L").resize((SIDE, SIDE)))
    sentence = f"The whole picture of {width} x {height} pixels, stretched to {SIDE} x {SIDE}."
    return Frame(image, "stretch", None, "dark", (0, 0, width, height), {}, sentence)


def _frame(shape: tuple[int, ...], look: Look | None) -> Frame:
    height, width = shape
    blank = np.zeros((SIDE, SIDE), np.uint8)
    if look is None or look.ink is None:
        background = "light" if look is None or look.light else "dark"
        sentence = "Nothing in the picture stands out from its background."
        return Frame(blank, "mnist", "blank", background, (0, 0, width, height), {}, sentence)
    background = "light" if look.light else "dark"
    dropped = dict(look.dropped)
    cover = look.cover()
    if not cover.any():
        sentence = f"There are only specks in the picture{_left_out(dropped)}."
        return Frame(blank, "mnist", "noise", background, (0, 0, width, height), dropped, sentence)

    from digitnet.imaging.locate import bounds
    from digitnet.imaging.stroke_width import into_box

    left, top, right, bottom = bounds(cover)
    image = centre(into_box(cover[top:bottom, left:right]))
    zoom = width / cover.shape[1]
    left, top = int(left * zoom), int(top * zoom)
    right, bottom = min(int(np.ceil(right * zoom)), width), min(int(np.ceil(bottom * zoom)), height)
    reason = "noise" if look.noisy else "several digits" if look.others else None
    if look.is_shapeless():
        reason = "no strokes"
    inks = "Dark ink on a light" if look.light else "Light ink on a dark"
    sentence = (
        f"{inks} background, {right - left} x {bottom - top} pixels of {width} x {height}"
        f"{_left_out(dropped)}."
    )
    return Frame(image, "mnist", reason, background, (left, top, right, bottom), dropped, sentence)


def _of_ready(shape: tuple[int, ...], ready: Ready) -> Frame:
    """The frame of ink that is MNIST's already: it only needs its place."""
    height, width = shape
    left, top, right, bottom = ready.box
    inks = "Dark ink on a light" if ready.light else "Light ink on a dark"
    sentence = (
        f"{inks} background, {right - left} x {bottom - top} pixels of {width} x {height}, "
        "at MNIST's own size; nothing was left out."
    )
    background = "light" if ready.light else "dark"
    image = centre(ready.ink.astype(np.float32) / np.float32(255))
    return Frame(image, "mnist", None, background, ready.box, {}, sentence)


def _left_out(dropped: dict[str, int]) -> str:
    if not dropped:
        return "; nothing was left out"
    total = sum(dropped.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
    return f"; {total} {'piece was' if total == 1 else 'pieces were'} left out ({reasons})"


def centre(ink: Floats, side: int = SIDE) -> Picture:
    """Place ink, (h, w) in 0..1, on a frame with its centre of mass in the middle, whole pixels.

    As MNIST was made (LeCun et al. 1998); its digits have their centre of mass between 14.0 and
    15.0 counted from the frame's edge, so that is the middle here.
    """
    height, width = ink.shape
    mass = max(float(ink.sum()), 1e-6)
    y = float(ink.sum(axis=1) @ (np.arange(height) + 0.5)) / mass
    x = float(ink.sum(axis=0) @ (np.arange(width) + 0.5)) / mass
    top = min(max(math.ceil(side / 2 - y - 1e-6), 0), side - height)
    left = min(max(math.ceil(side / 2 - x - 1e-6), 0), side - width)
    frame = np.zeros((side, side), np.uint8)
    frame[top : top + height, left : left + width] = np.rint(ink * 255)
    return frame
