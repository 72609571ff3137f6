"""MNIST-sized: ink of MNIST's size already, on an even ground, that needs no change.

MNIST's own digits saved as pictures are such ink, and so is whatever was made after its fashion:
taken as it is, it comes back to the bit, and some forty times sooner than by the long way.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.imaging.frame import BOX

LEAST_SOFT = 0.2
"""Share of the ink that must be neither full nor none. MNIST's strokes have soft edges; a drawing
of hard pixels this small may have strokes of any width, which the long way brings to MNIST's."""

LEAST_WHOLE = 0.8
"""Share of the ink in the largest connected component: what falls apart may be several digits."""

FULL = 200
"""What its darkest pixel has at least, of 255."""


class MnistSized(NamedTuple):
    """The ink, (h, w) uint8 with 255 for full, and its box in the picture.

    ``box`` is (left, top, right, bottom), right and bottom exclusive; ``light`` says whether the
    ground was white.
    """

    ink: Bytes
    box: Box
    light: bool


def find_mnist_sized(picture: Bytes) -> MnistSized | None:
    """Find such ink in a picture, (H, W) or (H, W, 3) uint8; None where it is any other."""
    corner = picture[0, 0]
    ground = int(corner.flat[0])
    if ground not in (0, 255) or (corner != ground).any():
        return None
    if picture.ndim == 3:
        grey = picture[..., :1]
        if (picture != grey).any():
            return None
        picture = grey[..., 0]
    ink = np.ascontiguousarray(picture if ground == 0 else 255 - picture)
    left, top, width, height = cv2.boundingRect(ink)
    if max(width, height) != BOX:
        return None
    ink = ink[top : top + height, left : left + width]
    if not _is_like_mnist(ink):
        return None
    return MnistSized(ink, (left, top, left + width, top + height), ground == 255)


def _is_like_mnist(ink: Bytes) -> bool:
    """Whether ink in its box has full strokes with soft edges, nearly all in one piece."""
    n = cv2.countNonZero(ink)
    if int(ink.max()) < FULL or n - int(np.count_nonzero(ink == 255)) < LEAST_SOFT * n:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max()) >= LEAST_WHOLE * n
