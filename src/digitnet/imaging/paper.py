"""Paper: the light and the ground under the ink, and the ink's contrast once both are taken away.

Everything here treats dark ink on a light ground; light ink is turned into that case first, by
inverting the picture, so that a picture and its negative are framed alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SCAN_SIDE = 320
"""Longer side, in pixels, of the reduced picture on which pen width and ground are estimated."""


@dataclass(frozen=True)
class Pen:
    """What a scan over sizes says about dark strokes in a picture.

    ``width`` is the smallest square, in the scanned picture's pixels, that covers every stroke
    across; ``strength`` says how much stroke-like structure there is.
    """

    width: int
    strength: float


def reduce(picture: Bytes, longest: int) -> Bytes:
    """Shrink a picture by area so that its longer side is at most ``longest`` pixels."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def drop_grey_channels(picture: Bytes) -> Bytes:
    """Make (H, W) of an (H, W, 3) picture that has no colour, which saves two thirds of the work."""
    if picture.ndim == 2:
        return picture
    low, high = picture.min(axis=2), picture.max(axis=2)
    return np.ascontiguousarray(picture[..., 1]) if not np.any(high - low > 6) else picture


def noise_level(picture: Bytes) -> float:
    """Standard deviation of the grain in grey levels, from what a 3 x 3 median takes away."""
    rest = cv2.absdiff(picture, cv2.medianBlur(picture, 3))
    return float(np.percentile(rest, 68))


def closed(picture: Bytes, size: int) -> Bytes:
    """Fill whatever dark is narrower than ``size``: morphological closing with a square."""
    square = np.ones((size, size), np.uint8)
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_CLOSE, square), np.uint8)


def measure_pen(picture: Bytes) -> Pen:
    """Find the pen's width without any threshold, by granulometry (Matheron 1975).

    Closings with growing squares fill the dark strokes; the size at which most of the (squared)
    contrast per length of stroke is filled is the pen's width. A shadow or a table's edge is
    wider than any stroke and is never filled; grain is kept out by the noise level.
    """
    floor = 5 * noise_level(picture) + 2
    sizes, size = [3], 3
    while size * 1.4 < 0.6 * min(picture.shape[:2]):
        size = int(size * 1.4) // 2 * 2 + 1 if size > 4 else size + 2
        sizes.append(size)
    before = picture
    strengths = []
    for size in sizes:
        after = closed(picture, size)
        filled = cv2.subtract(after, before)
        if filled.ndim == 3:
            filled = filled.max(axis=2)
        energy = np.maximum(filled.astype(np.float32) - floor, 0)
        strengths.append(float((energy * energy).sum()) / size / picture.shape[0] / picture.shape[1])
        before = after
    peak = int(np.argmax(strengths))
    while peak + 1 < len(sizes) and strengths[peak + 1] > 0.15 * max(strengths):
        peak += 1
    return Pen(sizes[peak], sum(strengths))


def is_dark_on_light(picture: Bytes) -> tuple[bool, Pen]:
    """Decide the polarity from the shape of ink and from the ground at the border.

    Strokes are thin and the ground between them is wide, so the side (dark or light) with more
    thin structure is the ink. The side that holds the picture's border counts as the ground.
    """
    dark, light = measure_pen(picture), measure_pen(255 - picture)
    total = dark.strength + light.strength
    if total == 0:
        return True, dark
    shape = (dark.strength - light.strength) / total
    grey = picture if picture.ndim == 2 else picture.mean(axis=2)
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    middle = (float(grey.max()) + float(grey.min())) / 2
    border = float((ring > middle).mean() - (ring < middle).mean())
    return (True, dark) if shape + 0.5 * border >= 0 else (False, light)


def ground(small: Bytes, pen: Pen) -> Bytes:
    """Estimate the paper under the ink, at the small picture's size: uneven light included.

    A closing twice as wide as the pen removes the strokes and keeps a shadow's hard edge; the
    small erosion after it keeps that edge from showing up as a line.
    """
    paper = closed(small, 2 * pen.width + 1)
    if min(small.shape[:2]) >= 64:
        paper = np.asarray(cv2.erode(paper, np.ones((3, 3), np.uint8)), np.uint8)
    return paper


def contrast(work: Bytes, paper: Bytes) -> Floats:
    """How much darker than its paper each pixel is, (h, w) float32: 0 paper, 1 black.

    The ratio, not the difference, so that ink in a shadow counts like ink in the light; of the
    three channels the one that sees the ink best, so that yellow on white is ink.
    """
    height, width = work.shape[:2]
    under = paper.astype(np.float32)
    if under.shape[:2] != work.shape[:2]:
        under = cv2.resize(under, (width, height), interpolation=cv2.INTER_LINEAR)
    drop = under - work.astype(np.float32)
    if drop.ndim == 3:
        brightest = under.max(axis=2, keepdims=True)
        return np.asarray((drop / np.maximum(under, brightest / 2).clip(32)).max(axis=2))
    return np.asarray(drop / under.clip(32))
