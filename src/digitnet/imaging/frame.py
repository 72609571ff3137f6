"""Frame: the square that the network sees, as MNIST has it: its side, its ink's box and centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats

SIDE = 28
"""Pixels a side."""
BOX = 20
"""Pixels of the ink's longer side."""


def place(centre: NDArray[np.floating], size: NDArray[np.integer] | int) -> NDArray[np.int64]:
    """Where ink begins in the frame so that its centre of mass is in the middle, whole pixels.

    As MNIST was made (LeCun et al. 1998); its digits have their centre of mass between 14.0 and
    15.0 counted from the frame's edge, so that is the middle here. Ink never leaves the frame.

    Args:
        centre: of mass along one axis, counted from the ink's first edge in pixels.
        size: the ink's, along the same axis.
    """
    first = np.ceil(SIDE / 2 - centre - 1e-6).astype(np.int64)
    return np.asarray(np.clip(first, 0, SIDE - np.asarray(size)), np.int64)


def centre(ink: Floats) -> Bytes:
    """Place ink, (h, w) in 0..1, on a frame (28, 28) with its centre of mass in the middle."""
    height, width = ink.shape
    mass = max(float(ink.sum()), 1e-6)
    y = float(ink.sum(axis=1) @ (np.arange(height) + 0.5)) / mass
    x = float(ink.sum(axis=0) @ (np.arange(width) + 0.5)) / mass
    top, left = place(np.array([y, x]), np.array([height, width])).tolist()
    frame = np.zeros((SIDE, SIDE), np.uint8)
    frame[top : top + height, left : left + width] = np.rint(ink * 255)
    return frame
