"""Framing: a picture brought into the 28 x 28 frame that MNIST would have made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError

FRAMINGS = ("mnist", "stretch")
FRAMING_VERSION = 1
SIDE = 28
BOX = 20


@dataclass(frozen=True)
class Frame:
    """What the network sees, and what was decided on the way to it.

    ``image`` is (28, 28) uint8, ink 255 on 0. ``reason`` says why there is no digit to see, and
    is None where there is one. ``background`` is "light" or "dark". ``box`` is the ink's (left,
    top, right, bottom) in the picture's pixels, right and bottom exclusive.
    """

    image: NDArray[np.uint8]
    framing: str
    reason: str | None
    background: str
    box: tuple[int, int, int, int]
    dropped: tuple[tuple[str, int], ...]
    sentence: str


def frame_picture(picture: NDArray[np.uint8], framing: str = "mnist") -> Frame:
    """Frame an upright picture, (H, W) grey or (H, W, 3) RGB uint8, for the network.

    ``stretch`` is the original program's way: grey, the whole picture resized to 28 x 28,
    neither inverted nor cropped. ``mnist`` crops to the ink, keeps the aspect, fits 20 x 20 and
    puts the centre of mass in the middle.

    Raises SettingsError for an unknown framing.
    """
    if framing == "stretch":
        return _stretch(picture)
    if framing == "mnist":
        return _mnist(picture)
    raise SettingsError(f"There is no framing {framing!r}: choose one of {', '.join(FRAMINGS)}.")


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _stretch(picture: NDArray[np.uint8]) -> Frame:
    from PIL import Image

    height, width = picture.shape[:2]
    image = np.array(Image.fromarray(_grey(picture)).resize((SIDE, SIDE)))
    return Frame(
        image, "stretch", None, "dark", (0, 0, width, height), (), "the whole picture, stretched"
    )


def _mnist(picture: NDArray[np.uint8]) -> Frame:
    import cv2

    grey = _grey(picture)
    height, width = grey.shape
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = bool((ring > threshold).mean() > 0.5)
    ink = (255 - grey if light else grey).astype(np.float32)
    ink -= np.median(255 - ring if light else ring)
    background = "light" if light else "dark"
    top = float(ink.max())
    if top < 8:
        empty = np.zeros((SIDE, SIDE), np.uint8)
        return Frame(
            empty, "mnist", "blank", background, (0, 0, width, height), (), "nothing that is ink"
        )
    ink = np.clip(ink / top, 0, 1)
    rows, columns = np.nonzero(ink.max(1) > 0.2)[0], np.nonzero(ink.max(0) > 0.2)[0]
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    image = centre(fit(ink[box[1] : box[3], box[0] : box[2]]))
    return Frame(image, "mnist", None, background, box, (), f"dark on light: {light}")


def fit(ink: NDArray[np.float32], box: int = BOX) -> NDArray[np.float32]:
    """Resize ink, (h, w) in 0..1, so that its longer side is ``box``, by area where it shrinks."""
    import cv2

    height, width = ink.shape
    scale = box / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size, interpolation=way), np.float32)


def centre(ink: NDArray[np.float32], side: int = SIDE) -> NDArray[np.uint8]:
    """Place ink, (h, w) in 0..1, on a frame with its centre of mass in the middle, whole pixels.

    As MNIST was made (LeCun et al. 1998): "the center of mass of the pixels" at the centre.
    """
    height, width = ink.shape
    mass = max(float(ink.sum()), 1e-6)
    y = float(ink.sum(1) @ (np.arange(height) + 0.5)) / mass
    x = float(ink.sum(0) @ (np.arange(width) + 0.5)) / mass
    top = int(np.clip(round(side / 2 - y), 0, side - height))
    left = int(np.clip(round(side / 2 - x), 0, side - width))
    frame = np.zeros((side, side), np.uint8)
    frame[top : top + height, left : left + width] = np.rint(ink * 255)
    return frame
