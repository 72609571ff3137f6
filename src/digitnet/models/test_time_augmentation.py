"""Test-time augmentation: an answer from several looks at the same digit, each varied a little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.augment import Variation, vary
from digitnet.models.model import classify
from digitnet.nn import Ensemble, Network
from digitnet.nn.layer import FloatArray

SLIGHT = Variation(rotation=8, shift=1.0, scale=0.08, shear=0.1)
"""A little less than what a network sees in training."""


def varied_logits(
    network: Network | Ensemble,
    images: NDArray[np.uint8],
    n_looks: int,
    rng: np.random.Generator,
    variation: Variation = SLIGHT,
) -> FloatArray:
    """The mean of the logits (N, n_classes) over each frame (N, 28, 28) and its variations.

    D. Ciresan et al. 2012 average several networks; here one network looks several times. The time
    grows with the number of looks.

    Args:
        network: what classifies.
        images: the frames.
        n_looks: how many, the first at the frame as it is.
        rng: draws the variations.
        variation: how much a frame is changed.
    """
    total = classify(network, images)
    for _ in range(n_looks - 1):
        total += classify(network, vary(images, variation, rng))
    return total / total.dtype.type(n_looks)
