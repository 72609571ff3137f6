"""Test-time augmentation: the answer is the mean over several augmented views of a digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.augment import Augmentation, augmented
from digitnet.models.model import AnyNetwork, classify
from digitnet.nn.layer import FloatArray

AUGMENTATION = Augmentation(rotation=8, shift=1.0, scale=0.08, shear=0.1)
"""A little less than what a network sees in training."""


def augmented_logits(
    network: AnyNetwork,
    images: NDArray[np.uint8],
    n_views: int,
    rng: np.random.Generator,
    augmentation: Augmentation = AUGMENTATION,
) -> FloatArray:
    """The mean of the logits (N, n_classes) over each frame (N, 28, 28) and augmented views of it.

    A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks",
    NeurIPS 2012, section 4.1, average over ten crops; here views are turned, moved, scaled and
    sheared. The time grows with their number.

    Args:
        network: what classifies.
        images: the frames.
        n_views: how many, the first being the frame as it is.
        rng: draws the others.
        augmentation: how much a view differs from the frame.
    """
    total = classify(network, images)
    for _ in range(n_views - 1):
        total += classify(network, augmented(images, augmentation, rng))
    return total / total.dtype.type(n_views)
