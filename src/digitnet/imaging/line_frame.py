"""Line frame: a row's ink scaled to the height that a reader of whole lines sees."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.errors import SettingsError
from digitnet.imaging.arrays import Bytes

LINE_HEIGHT = 32
"""Pixels of a line's height."""
BODY = 22
"""Pixels of a digit's height in it."""


def normalise_line(ink: Bytes, top: float, bottom: float, *, stretch: float = 1.0) -> Bytes:
    """Scale a row so that its digits are `BODY` pixels high and in the middle of the line.

    Args:
        ink: (h, w) uint8, ink 255 on 0, cut out at the row's left and right end; as much of its
            surroundings above and below as there is.
        top: where the digits begin, in pixels from the first row's upper edge; what signs and
            tails reach beyond them does not count.
        bottom: where the digits end, likewise.
        stretch: how much wider the line is made than its height asks for.

    Returns:
        (LINE_HEIGHT, W) uint8, background 0, W = w stretch BODY / (bottom - top), at least 1.

    Raises:
        SettingsError: bottom is not below top, or the ink has no pixels.
    """
    if not (bottom > top and stretch > 0 and ink.size):
        raise SettingsError(f"A line needs ink and a height, not {ink.shape} and {top}..{bottom}.")
    down = BODY / (bottom - top)
    across = down * stretch
    blur = [0.5 * max(0.0, 1 / zoom**2 - 1) ** 0.5 for zoom in (across, down)]
    if max(blur) > 0.3:  # a pixel here is seen through several there
        x, y = (max(sigma, 0.01) for sigma in blur)
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), sigmaX=x, sigmaY=y), np.uint8)
    shift = LINE_HEIGHT / 2 - (top + bottom) / 2 * down
    # Pixels' middles lie at halves: what is at x + 1/2 goes to zoom (x + 1/2).
    place = np.array([[across, 0, (across - 1) / 2], [0, down, shift + (down - 1) / 2]])
    size = (max(1, round(ink.shape[1] * across)), LINE_HEIGHT)
    return np.asarray(cv2.warpAffine(ink, place, size, flags=cv2.INTER_LINEAR), np.uint8)
