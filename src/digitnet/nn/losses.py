"""Losses: one-hot labels, softmax, and cross-entropy straight from the logits.

Softmax and cross-entropy live together because their joint gradient is simply
softmax(logits) - targets (Bishop 2006, "Pattern Recognition and Machine Learning", eq. 4.109).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layer import Context, FloatArray


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
    """log(softmax(logits)) along the last axis, finite for any finite logits."""
    shifted, _, total = _exponentials(logits, Context())
    shifted -= np.log(total)
    return shifted


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities: exp(logits) / sum(exp(logits)) along the last axis, stable."""
    with np.errstate(over="ignore", under="ignore"):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return np.asarray(exponentials)


def cross_entropy(
    logits: FloatArray,
    targets: FloatArray,
    sample_weights: FloatArray | None = None,
    ctx: Context | None = None,
) -> tuple[float, FloatArray]:
    """Mean cross-entropy in nats, and its gradient with respect to the logits.

    With z = logits - max and s = sum(exp(z)), -sum(targets log softmax) = log s - targets . z,
    because each row of targets adds up to 1.

    Args:
        logits: (N, n_classes).
        targets: (N, n_classes), each row a distribution (see `one_hot`).
        sample_weights: (N,), each image's loss is multiplied by its weight. The sum is still
            divided by N, so that a step is right on average whatever images a batch happens to
            hold; weights of mean 1 leave the size of the steps as it was.
        ctx: where the arrays come from; None makes new ones.

    Returns:
        (loss, dL/dlogits of shape (N, n_classes)).
    """
    z, exponentials, total = _exponentials(logits, ctx or Context())
    dlogits = np.divide(exponentials, total, exponentials)  # softmax
    dlogits -= targets
    dlogits *= 1.0 / len(logits)
    if sample_weights is None:
        # The transposes lie in memory as one row wherever logits and targets are kept in columns.
        loss = float(np.add.reduce(np.log(total), None)) - float(np.vdot(targets.T, z.T))
    else:
        dlogits *= sample_weights[:, None]
        losses = np.log(total[:, 0]) - np.einsum("nk,nk->n", targets, z)
        loss = float(np.vdot(sample_weights, losses))
    return loss / len(logits), dlogits


class LossFunction(Protocol):
    """What `cross_entropy` is like."""

    def __call__(
        self,
        logits: FloatArray,
        targets: Any,
        sample_weights: FloatArray | None = None,
        ctx: Context | None = None,
    ) -> tuple[float, FloatArray]:
        """(mean loss, dL/dlogits)."""


@dataclass(frozen=True)
class Distillation:
    """Learning from a teacher's probabilities as well as from the labels.

    G. Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural network", 2015:

        loss = (1 - share) CE(targets, softmax(z)) + share T^2 CE(teacher's, softmax(z / T))

    The teacher's probabilities are softmax(its logits / T); T^2 keeps the size of the gradient the
    same whatever the temperature T.

    Attributes:
        temperature: T; the higher, the more is said about the less likely classes.
        share: of the teacher in the loss, 0 to 1.
    """

    temperature: float = 2.0
    share: float = 0.9

    def __call__(
        self,
        logits: FloatArray,
        targets: FloatArray,
        sample_weights: FloatArray | None = None,
        ctx: Context | None = None,
    ) -> tuple[float, FloatArray]:
        """The loss and dL/dlogits; targets (N, 2 n_classes) are the labels', then the teacher's.

        The rest is as in `cross_entropy`.
        """
        n_classes, T = logits.shape[1], self.temperature
        hard, dlogits = cross_entropy(logits, targets[:, :n_classes], sample_weights, ctx)
        soft, from_teacher = cross_entropy(logits / T, targets[:, n_classes:], sample_weights)
        dlogits *= 1.0 - self.share
        from_teacher *= self.share * T  # T^2, and d(z / T) / dz = 1 / T
        dlogits += from_teacher
        return (1.0 - self.share) * hard + self.share * T**2 * soft, dlogits


def _exponentials(logits: FloatArray, ctx: Context) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(z, exp(z), its sum over the classes): z = logits - max, (N, K), (N, K), (N, 1).

    The largest logit is subtracted first, so that no exp can overflow; a difference too large
    for the number type is held at a value so low that sums over a batch stay finite.
    """
    shape, dtype = logits.shape, logits.dtype
    column = (*shape[:-1], 1)
    z = ctx.array("z", shape, dtype, "F")
    exponentials = ctx.array("exponentials", shape, dtype, "F")
    total = ctx.array("total", column, dtype)
    largest = ctx.array("largest", column, dtype)
    np.maximum.reduce(logits, axis=-1, out=largest, keepdims=True)
    with np.errstate(over="ignore", under="ignore"):
        np.subtract(logits, largest, z)
        np.maximum(z, _lowest(dtype), out=z)
        np.exp(z, exponentials)
        np.add.reduce(exponentials, axis=-1, out=total, keepdims=True)
    return z, exponentials, total


@cache
def _lowest(dtype: np.dtype[Any]) -> Any:
    """The lowest log-probability that is told apart: a billion of them still have a finite sum."""
    return dtype.type(np.finfo(dtype).min / 1e9)
