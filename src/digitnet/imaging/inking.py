"""Inking: frames as another pen, a worse scan or a torn page would have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def thicken(images: Bytes, amounts: Floats) -> Bytes:
    """Strokes grown (amounts above 0) or shrunk (below), by a share of a pixel on each side.

    A mixture with the grey dilation, or erosion, by a cross of 3 x 3 pixels, which moves every
    edge by one pixel.

    Args:
        images: frames (N, H, W), ink bright.
        amounts: (N,), from -1 to 1.
    """
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    stack = _stacked(images)
    grown = _frames(cv2.dilate(stack, cross), images)
    shrunk = _frames(cv2.erode(stack, cross), images)
    towards = np.where((amounts > 0)[:, None, None], grown, shrunk)
    return _mixed(images, towards, np.abs(amounts))


def soften(images: Bytes, amounts: Floats) -> Bytes:
    """Blurred by 3 x 3 pixels (1 2 1 both ways), the blur mixed in by a share (N,) of 0 to 1."""
    import cv2

    return _mixed(images, _frames(cv2.GaussianBlur(_stacked(images), (3, 3), 0), images), amounts)


def erase(images: Bytes, share: float, rng: np.random.Generator) -> Bytes:
    """A share of the frames lose the ink within a rectangle of 2 to 5 pixels a side."""
    n, height, width = images.shape
    hit: NDArray[np.bool_] = np.less(rng.random(n), share)
    sizes = rng.integers(2, 6, (n, 2))
    # In the middle half of the frame, where the ink is.
    tops = rng.integers(height // 6, height - height // 6, n)
    lefts = rng.integers(width // 6, width - width // 6, n)
    rows, columns = np.arange(height), np.arange(width)
    from_top, from_left = rows - tops[:, None], columns - lefts[:, None]  # (N, H), (N, W)
    in_rows = (from_top >= 0) & (from_top < sizes[:, :1])
    in_columns = (from_left >= 0) & (from_left < sizes[:, 1:])
    gone = np.logical_and(in_rows[:, :, None], in_columns[:, None, :])
    gone &= hit[:, None, None]
    return np.where(gone, np.uint8(0), images)


def speckle(images: Bytes, amounts: Floats, rng: np.random.Generator) -> Bytes:
    """Grey levels of standard deviation `amounts` (N,) added wherever there is ink."""
    noise = rng.standard_normal(images.shape, dtype=np.float32)
    noise *= amounts[:, None, None]
    noise *= images > 0
    noise += images
    return np.clip(noise, 0.0, 255.0, out=noise).astype(np.uint8)


def _mixed(images: Bytes, others: Bytes, shares: Floats) -> Bytes:
    """Images + share (others - images), frame by frame."""
    difference = others.astype(np.float32)
    difference -= images
    difference *= shares[:, None, None]
    difference += images
    return (difference + np.float32(0.5)).astype(np.uint8)


def _stacked(images: Bytes) -> Bytes:
    """All frames as one tall image, with an empty row between each and the next."""
    n, height, width = images.shape
    stack = np.zeros((n, height + 1, width), np.uint8)
    stack[:, :height] = images
    return stack.reshape(-1, width)


def _frames(stack: NDArray[np.generic], images: Bytes) -> Bytes:
    """The frames in a stack again."""
    n, height, width = images.shape
    return np.asarray(stack, np.uint8).reshape(n, height + 1, width)[:, :height]
