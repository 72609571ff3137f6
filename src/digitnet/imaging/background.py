"""Background: its estimation: the light and the ground under the ink, and the contrast to them.

Everything here treats dark ink on a light ground; light ink is turned into that case first, by
inverting the picture, so that a picture and its negative are framed alike.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats

TONES = 8
"""A picture has two tones where nearly all of it is within an eighth of its darkest or lightest,"""
BETWEEN = 0.1
"""but for this share: the soft edges of strokes in small pictures."""
SOLID = 0.9
"""A dark component that is ground to more than this share is no stroke."""


class Pens(NamedTuple):
    """What a scan over sizes says about dark strokes in a picture.

    ``widths`` are the pens that may have drawn in it, in the scanned picture's pixels, thin ones
    first: a size stands for itself and all thinner ones. ``strength`` says how much thin
    structure there is.
    """

    widths: tuple[int, ...]
    strength: float


def noise_level(picture: Bytes) -> float:
    """Standard deviation of the grain in grey levels, from what a 3 x 3 median takes away."""
    return percentile(np.asarray(cv2.absdiff(picture, cv2.medianBlur(picture, 3)), np.uint8), 0.68)


def percentile(values: Bytes, share: float) -> float:
    """What a share of the values lies below, between two values by their mixture.

    `numpy.percentile` would import numpy.ma, a tenth of a cold start, and a partition takes fifty
    times as long where most values are equal.
    """
    place = share * (values.size - 1)
    below, above = math.floor(place), math.ceil(place)
    up_to = np.bincount(values.ravel(), minlength=256).cumsum()  # how many are at most 0, 1, ...
    low, high = up_to.searchsorted([below, above], side="right").tolist()
    return float(low + (place - below) * (high - low))


def brightest(picture: Bytes) -> Bytes:
    """The largest of each pixel's channels, (H, W), of a picture (H, W) or (H, W, 3).

    As its maximum along the last axis, which takes sixty times as long.
    """
    if picture.ndim == 2:
        return picture
    red, green, blue = (picture[..., k] for k in range(3))
    return np.maximum(np.maximum(red, green), blue)


def mean_of_channels(picture: Bytes) -> NDArray[np.float64]:
    """The mean of each pixel's channels, (H, W), of a picture (H, W) or (H, W, 3)."""
    if picture.ndim == 2:
        return picture.astype(np.float64)
    red, green, blue = (picture[..., k].astype(np.float64) for k in range(3))
    return (red + green + blue) / 3  # a mean along the last axis takes fifteen times as long


def closed(picture: Bytes, size: int) -> Bytes:
    """Fill whatever dark is narrower than ``size``: morphological closing with a square."""
    square = np.ones((size, size), np.uint8)
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_CLOSE, square), np.uint8)


def measure_pens(picture: Bytes) -> Pens:
    """Find the widths of pens without any threshold, by granulometry (Matheron 1975).

    Closings with growing squares fill the dark strokes; a size at which much (squared) contrast
    per length of stroke is filled is a pen's width. Half a picture in shadow, or a table beside
    the paper, is wider than any stroke and is never filled; grain is kept out by its own level.
    """
    floor = 5 * noise_level(picture) + 2
    smallest, before, unit, step = min(picture.shape[:2]), picture, 1, 3
    sizes: list[int] = []
    energies: list[float] = []
    while step * unit < 0.6 * smallest or not sizes:
        after = closed(before, step)
        filled = cv2.subtract(after, before)
        filled = brightest(np.asarray(filled))
        energy = np.maximum(filled.astype(np.float32) - floor, 0)
        sizes.append(step * unit)
        energies.append(float((energy * energy).mean()) / sizes[-1])
        before = after
        step = step + 2 if step < 5 else int(step * 1.4) // 2 * 2 + 1
        if step > 24:  # nothing finer is left, so every other pixel says as much
            before, unit, step = np.ascontiguousarray(before[::2, ::2]), 2 * unit, step // 4 * 2 + 1
    much = [energy > 0.15 * max(energies) for energy in energies]
    widths = [s for s, this, after in zip(sizes, much, [*much[1:], False], strict=True)
              if this and not after]  # fmt: skip
    thin = sum(energy / size for energy, size in zip(energies, sizes, strict=True))
    return Pens(tuple(widths), thin)


def polarity(picture: Bytes) -> tuple[float, Pens, Pens]:
    """Vote on the polarity from the shape of ink and from the ground at the border.

    Strokes are thin and the ground between them is wide, so the side (dark or light) with more
    thin structure is the ink. The side that holds the picture's border counts as the ground.
    Returns the vote, above 0 for dark ink on light, and the pens of dark and of light ink.
    """
    dark, light = measure_pens(picture), measure_pens(255 - picture)
    total = dark.strength + light.strength
    if total == 0:
        return 0.0, dark, light
    shape = (dark.strength - light.strength) / total
    grey = mean_of_channels(picture)
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float32)
    middle = (float(grey.max()) + float(grey.min())) / 2
    border = float((ring > middle).mean() - (ring < middle).mean())
    return shape + 0.25 * border, dark, light


def estimate_background(small: Bytes, pen: int) -> Bytes:
    """Estimate the ground under the ink, at the small picture's size: uneven light included.

    A closing twice as wide as the pen removes the strokes and keeps a shadow's hard edge; the
    small erosion after it keeps that edge from showing up as a line.
    """
    ground = closed(small, 2 * pen + 1)
    if min(small.shape[:2]) >= 64:
        ground = np.asarray(cv2.erode(ground, np.ones((3, 3), np.uint8)), np.uint8)
    return without_solid_strokes(ground, small)


def without_solid_strokes(ground: Bytes, picture: Bytes) -> Bytes:
    """The ground with paper where a part of a stroke was too wide to be closed.

    Only in grey pictures of two tones, where light and shadow play no part: there what is dark
    and connected is ink or ground as a whole, and ground where it takes half of the border.
    """
    low, high = int(picture.min()), int(picture.max())
    near = (high - low) // TONES
    if picture.ndim == 3 or near < 8:
        return ground
    dark = picture < (low + high) / 2
    if not (ground[dark] < (low + high) / 2).any():
        return ground
    between = (picture > low + near) & (picture < high - near)
    if between.mean() > BETWEEN:
        return ground
    n, labels = cv2.connectedComponents(dark.astype(np.uint8), connectivity=8)
    area = np.bincount(labels.ravel(), minlength=n)
    kept = np.bincount(labels[ground < (low + high) / 2], minlength=n)
    ring = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    around = np.bincount(ring, minlength=n) > len(ring) / 2
    solid = (kept > 0) & (kept < SOLID * area) & ~around
    solid[0] = False
    if not solid.any():
        return ground
    paper = np.uint8(np.median(picture[~dark]))
    return np.where(solid[labels], paper, ground)


def contrast_to(ground: Bytes, work: Bytes) -> Floats:
    """How much darker than its ground each pixel is, (h, w) float32: 0 ground, 1 black.

    The ratio, not the difference, so that ink in a shadow counts like ink in the light; of the
    three channels the one that sees the ink best, so that yellow on white is ink.
    """
    size = (work.shape[1], work.shape[0])
    under = np.atleast_3d(ground).astype(np.float32)
    gain = 1 / np.maximum(under, under.max(axis=2, keepdims=True) / 2).clip(32)
    best: Floats | None = None
    for channel, plane in enumerate(cv2.split(work)):
        full = cv2.resize(under[..., channel] * gain[..., channel], size)
        drop = cv2.subtract(full, plane * cv2.resize(gain[..., channel], size))
        best = np.asarray(drop if best is None else cv2.max(best, drop), np.float32)
    assert best is not None
    return best


def without_grain(work: Bytes, pen: float) -> Bytes:
    """Blur what is much finer than the strokes; strokes under five pixels are left alone."""
    sigma = min((pen - 5) / 8, 3.0)
    if sigma < 0.4:
        return work
    return np.asarray(cv2.GaussianBlur(work, (0, 0), sigma), np.uint8)
