"""Losses: one-hot labels, softmax, and cross-entropy straight from the logits.

Softmax and cross-entropy live together because their joint gradient is simply
softmax(logits) - targets (Bishop 2006, "Pattern Recognition and Machine Learning", eq. 4.109).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layers import FloatArray


def one_hot(
    labels: NDArray[np.integer[Any]],
    n_classes: int,
    smoothing: float = 0.0,
    dtype: Any = np.float32,
) -> FloatArray:
    """Targets (N, n_classes): 1 for the right class, 0 for the others.

    With label smoothing s (Szegedy et al. 2016, section 7) the right class gets
    1 - s + s / n_classes and every other class s / n_classes.

    Raises:
        ValueError: a label outside 0 .. n_classes - 1, or a smoothing outside [0, 1).
    """
    if not 0.0 <= smoothing < 1.0:
        raise ValueError(f"Label smoothing lies in [0, 1), not at {smoothing}.")
    if len(labels) and not (labels.min() >= 0 and labels.max() < n_classes):
        raise ValueError(f"Labels must lie between 0 and {n_classes - 1}.")
    targets = np.full((len(labels), n_classes), smoothing / n_classes, dtype=dtype)
    targets[np.arange(len(labels)), labels] += 1.0 - smoothing
    return targets


def log_softmax(logits: FloatArray) -> FloatArray:
    """log(softmax(logits)) along the last axis, finite for any finite logits.

    The largest logit is subtracted first, so that no exp can overflow; a difference too large
    for the number type is held at its lowest finite value.
    """
    lowest = np.finfo(logits.dtype).min / 1e9  # so that a batch of losses can still be summed
    with np.errstate(over="ignore", under="ignore"):
        shifted = np.maximum(logits - logits.max(axis=-1, keepdims=True), lowest)
        total = np.exp(shifted).sum(axis=-1, keepdims=True)
    shifted -= np.log(total)
    return np.asarray(shifted)


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities: exp(logits) / sum(exp(logits)) along the last axis, stable."""
    with np.errstate(over="ignore", under="ignore"):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return np.asarray(exponentials)


def cross_entropy(
    logits: FloatArray, targets: FloatArray, sample_weights: FloatArray | None = None
) -> tuple[float, FloatArray]:
    """Mean cross-entropy in nats, and its gradient with respect to the logits.

    Args:
        logits: (N, n_classes).
        targets: (N, n_classes), each row a distribution (see `one_hot`).
        sample_weights: (N,), each image's loss is multiplied by its weight. The sum is still
            divided by N, so that a step is right on average whatever images a batch happens to
            hold; weights of mean 1 leave the size of the steps as it was.

    Returns:
        (loss, dL/dlogits of shape (N, n_classes)).
    """
    log_probabilities = log_softmax(logits)
    with np.errstate(under="ignore"):
        dlogits = np.exp(log_probabilities)
    dlogits -= targets
    dlogits /= len(logits)
    # Summed in float64: a loss of 1e38 times ten classes must not overflow.
    losses = -np.einsum("nk,nk->n", targets, log_probabilities, dtype=np.float64)
    if sample_weights is not None:
        dlogits *= sample_weights[:, None]
        losses *= sample_weights
    return float(losses.mean()), dlogits
