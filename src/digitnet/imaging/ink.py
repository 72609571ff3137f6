"""Ink: what stands out from the background by more than the background's own noise."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Floats, Mask

MOST_LOOKED_AT = 2_100_000
"""Pixels that the thresholds are found of; of more, every second, third, ... is looked at."""


class Ink(NamedTuple):
    """Where ink is: ``mask`` (h, w) of 0 and 1, ``seeds`` where it is sure.

    ``level`` is full ink's contrast, ``noise`` the standard deviation of the background's.
    """

    mask: Mask
    seeds: NDArray[np.bool_]
    level: float
    noise: float


def find_ink(contrast: Floats) -> Ink | None:
    """Threshold a contrast picture, (h, w), with hysteresis; None where nothing stands out.

    Full ink is what Otsu's threshold finds among the pixels that the background's noise
    cannot explain. Ink is what reaches a third of it, connected to what reaches half of it.
    """
    step = 1 + contrast.size // MOST_LOOKED_AT
    some = contrast.ravel()[::step]
    return _ink_on(some[some <= otsu(some)], some, contrast)


def ink_again(ink: Ink, before: Floats, contrast: Floats) -> Ink | None:
    """What is left of the ink in ``contrast`` (h, w), ``before`` without what is 0 now.

    What was taken out may have been darker, so full ink is sought again. Background is what was
    no ink before: there may be too little ink now for Otsu's threshold to find the two.
    """
    left = (contrast != 0) | (before == 0)
    ground = contrast[left & (ink.mask == 0)]
    return _ink_on(ground, contrast[left], contrast) if ground.size else None


def _ink_on(ground: Floats, some: Floats, contrast: Floats) -> Ink | None:
    """The ink in ``contrast``; ``ground`` are pixels of the background, ``some`` of either."""
    middle = median(ground)
    noise = 1.4826 * median(np.abs(ground - np.float32(middle)))
    candidates = some - np.float32(middle)
    candidates = candidates[candidates > max(4 * noise, 0.03)]
    if candidates.size < 3:
        return None
    level = median(candidates[candidates >= otsu(candidates)])
    if level < max(6 * noise, 0.04) or level + middle <= 0:  # what only outshone ground surrounds
        return None
    excess = contrast - np.float32(middle)
    mask = (excess > max(0.33 * level, 3 * noise)).astype(np.uint8)
    return Ink(mask, excess > max(0.5 * level, 4 * noise), level + middle, noise)


def otsu(values: Floats, bins: int = 256) -> float:
    """Otsu's threshold (1979) of any values: the cut with the largest variance between classes."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-6 * max(1.0, abs(high)):
        return low
    counts, edges = np.histogram(values, bins, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    total, sums = sums[-1], sums[:-1]
    between = below * above * (sums / below - (total - sums) / above) ** 2
    return float(edges[int(np.argmax(between)) + 1])


def coverage(contrast: Floats, ink: Ink, mask: Mask, pen: float) -> Floats:
    """Share of each pixel that the digit's ink covers, (h, w) in 0..1.

    A pixel half covered is half dark: strokes a few pixels wide keep that. In strokes many
    pixels wide, whatever is between dark and light is blur and pressure, and the outline is
    where the contrast is half of full ink's.
    """
    sharp = np.float32(max(1.0, pen / 4))
    share = (contrast / np.float32(ink.level) - np.float32(0.5)) * sharp + np.float32(0.5)
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    share = np.asarray(share.clip(0, 1) * near, np.float32)
    share[share < max(0.04, 2.5 * ink.noise / ink.level)] = 0
    return share


def median(values: NDArray[Any]) -> float:
    """The upper median; `numpy.median` would import numpy.ma, a tenth of a cold start."""
    half = values.size // 2
    low = values.min()
    if np.count_nonzero(values == low) > half:  # a partition takes fifty times as long then
        return float(low)
    return float(np.partition(values, half, axis=None)[half])
