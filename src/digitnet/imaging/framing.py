"""Framing: a picture brought into the 28 x 28 frame that MNIST would have made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box, bounds
from digitnet.imaging.frame import SIDE, centre

if TYPE_CHECKING:
    from digitnet.imaging.locate import Located
    from digitnet.imaging.mnist_sized import MnistSized

FRAMINGS = ("mnist", "stretch")
FRAMING_VERSION = 3
"""Counts up whenever a picture's frame changes, so that a model knows what it was trained on."""

MOST_PIECES = 24
"""Strokes apart of one digit: none of 1,071 real pictures has more than three, a page of print has
more than a hundred."""


@dataclass(frozen=True)
class Frame:
    """What the network sees, and what was decided on the way to it.

    ``image`` is (28, 28) uint8, ink 255 on 0. ``reason`` says why there is no digit to read, and
    is None where there is one. ``background`` is "light" or "dark"; ``polarity`` "dark on light"
    or "light on dark". ``box`` is the ink's (left, top, right, bottom) in the picture's pixels,
    right and bottom exclusive. ``dropped`` counts the components that were left out, by reason.
    ``sentence`` says all of that to a person.
    """

    image: Bytes
    framing: str
    reason: str | None
    background: str
    box: Box
    dropped: dict[str, int]
    sentence: str

    @property
    def polarity(self) -> str:
        """Which way round the ink was: "dark on light" or "light on dark"."""
        return "dark on light" if self.background == "light" else "light on dark"


def frame_picture(picture: Bytes, framing: str = "mnist") -> Frame:
    """Frame an upright picture, (H, W) grey or (H, W, 3) RGB uint8, for the network.

    Args:
        picture: as `open_picture` gives it.
        framing: "stretch" is the original program's way: grey, the whole picture resized to
            28 x 28, neither inverted nor cropped. "mnist" finds the ink, keeps the aspect, brings
            the strokes to MNIST's thickness, fits 20 x 20 and puts the centre of mass in the
            middle.

    Raises:
        SettingsError: an unknown framing.
    """
    if framing == "stretch":
        return _stretch(picture)
    if framing == "mnist":
        from digitnet.imaging.mnist_sized import find_mnist_sized

        as_it_is = find_mnist_sized(picture)
        if as_it_is is not None:
            return _frame_as_it_is(picture.shape[:2], as_it_is)
        from digitnet.imaging.locate import locate

        return _frame_located(picture.shape[:2], locate(picture))
    raise SettingsError(f"There is no framing {framing!r}: choose one of {', '.join(FRAMINGS)}.")


def framing_stages(picture: Bytes, framing: str = "mnist") -> list[tuple[str, Bytes]]:
    """Every stage of a picture's way into the frame: (title, uint8 image) pairs, for a look."""
    if framing == "stretch":
        return [("picture", picture), ("frame", frame_picture(picture, framing).image)]
    from digitnet.imaging.mnist_sized import find_mnist_sized

    as_it_is = find_mnist_sized(picture)
    if as_it_is is not None:
        frame = _frame_as_it_is(picture.shape[:2], as_it_is)
        return [("picture", picture), ("digit, as it is", as_it_is.ink), ("frame", frame.image)]
    from digitnet.imaging.locate import locate

    located = locate(picture)
    stages = [("picture", picture)]
    if located is not None:
        scan = located.scan
        stages.append(("background", scan.ground if scan.light else 255 - scan.ground))
        stages.append(("ink's contrast", _grey(scan.contrast / max(scan.contrast.max(), 1e-6))))
        everything = located.mask * 0 if scan.ink is None else scan.ink.mask
        stages.append(("components: kept, dropped", _grey(0.35 * everything + 0.65 * located.mask)))
        stages.append(("digit", _grey(located.cover())))
    stages.append(("frame", _frame_located(picture.shape[:2], located).image))
    return stages


def _grey(share: NDArray[np.floating]) -> Bytes:
    return np.asarray(np.rint(share.clip(0, 1) * 255), np.uint8)


def _stretch(picture: Bytes) -> Frame:
    from PIL import Image

    height, width = picture.shape[:2]
    image = np.array(Image.fromarray(picture).convert("L").resize((SIDE, SIDE)))
    sentence = f"The whole picture of {width} x {height} pixels, stretched to {SIDE} x {SIDE}."
    return Frame(image, "stretch", None, "dark", (0, 0, width, height), {}, sentence)


def _frame_located(shape: tuple[int, ...], located: Located | None) -> Frame:
    height, width = shape
    blank = np.zeros((SIDE, SIDE), np.uint8)
    if located is None or located.scan.ink is None:
        background = "light" if located is None or located.scan.light else "dark"
        sentence = "Nothing in the picture stands out from its background."
        return Frame(blank, "mnist", "blank", background, (0, 0, width, height), {}, sentence)
    background = "light" if located.scan.light else "dark"
    dropped = dict(located.dropped)
    cover = located.cover()
    if not cover.any():
        sentence = f"There are only specks in the picture{_left_out(dropped)}."
        return Frame(blank, "mnist", "noise", background, (0, 0, width, height), dropped, sentence)

    from digitnet.imaging.stroke_width import into_box

    left, top, right, bottom = bounds(cover)
    image = centre(into_box(cover[top:bottom, left:right]))
    zoom = width / cover.shape[1]
    left, top = int(left * zoom), int(top * zoom)
    right, bottom = min(int(np.ceil(right * zoom)), width), min(int(np.ceil(bottom * zoom)), height)
    reason = "noise" if located.noisy else "several digits" if located.others else None
    if located.pieces > MOST_PIECES:
        reason = "a page of marks"
    if located.is_shapeless() or located.is_shaded():
        reason = "no strokes"
    inks = "Dark ink on a light" if located.scan.light else "Light ink on a dark"
    sentence = (
        f"{inks} background, {right - left} x {bottom - top} pixels of {width} x {height}"
        f"{_left_out(dropped)}."
    )
    return Frame(image, "mnist", reason, background, (left, top, right, bottom), dropped, sentence)


def _frame_as_it_is(shape: tuple[int, ...], found: MnistSized) -> Frame:
    """The frame of ink that is MNIST's already: it only needs its place."""
    height, width = shape
    left, top, right, bottom = found.box
    inks = "Dark ink on a light" if found.light else "Light ink on a dark"
    sentence = (
        f"{inks} background, {right - left} x {bottom - top} pixels of {width} x {height}, "
        "at MNIST's own size; nothing was left out."
    )
    background = "light" if found.light else "dark"
    image = centre(found.ink.astype(np.float32) / np.float32(255))
    return Frame(image, "mnist", None, background, found.box, {}, sentence)


def _left_out(dropped: dict[str, int]) -> str:
    if not dropped:
        return "; nothing was left out"
    total = sum(dropped.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))
    return f"; {total} {'piece was' if total == 1 else 'pieces were'} left out ({reasons})"
