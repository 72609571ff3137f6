"""Data parallel: backpropagation of a batch by one thread, or by two with half of it each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from digitnet.nn import cross_entropy
from digitnet.nn.layer import FloatArray
from digitnet.nn.losses import LossFunction
from digitnet.nn.network import Stack
from digitnet.threads import n_cores


class DataParallel:
    """Backpropagation of whole batches: the loss, and the gradient that a step follows.

    Matrix products alone use all cores by themselves. Where much of the work lies between the
    products, as in convolutions, two threads take half a batch each, with buffers of their
    own, and the two gradients are added up. Where there is one core, one thread takes both halves,
    one after the other, to the same bits.

    Args:
        network: whose gradient.
        halves: work on two halves at once.

    Attributes:
        gradient: (n_parameters,), dL/dvector of the last batch.
    """

    def __init__(self, network: Stack, halves: bool) -> None:
        self._network = network
        self._buffers = [network.buffers() for _ in range(2 if halves else 1)]
        self._halves = halves
        self._helper = ThreadPoolExecutor(1) if halves and n_cores() > 1 else None
        self.gradient = self._buffers[0].gradient

    def close(self) -> None:
        """End the second thread, where there is one."""
        if self._helper is not None:
            self._helper.shutdown()

    def loss_and_gradient(
        self,
        x: FloatArray,
        targets: Any,
        rng: np.random.Generator,
        sample_weights: FloatArray | None = None,
        skip: int = 0,
        loss_function: LossFunction = cross_entropy,
    ) -> tuple[float, FloatArray]:
        """Loss and logits (N, n_classes) as `Network.loss_and_gradient` gives them."""
        if not self._halves or len(x) < 2:
            return self._network.loss_and_gradient(
                x, targets, self._buffers[0], rng, sample_weights, skip, loss_function
            )
        middle = len(x) // 2
        parts = slice(None, middle), slice(middle, None)
        # A generator each: two threads that drew from one would draw in any order.
        generators = [np.random.default_rng(seed) for seed in rng.integers(0, 1 << 63, 2)]

        def half(number: int) -> tuple[float, FloatArray]:
            part = parts[number]
            weights = None if sample_weights is None else sample_weights[part]
            buffers = self._buffers[number]
            with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own
                return self._network.loss_and_gradient(
                    x[part],
                    targets[part],
                    buffers,
                    generators[number],
                    weights,
                    skip,
                    loss_function,
                )

        coming = None if self._helper is None else self._helper.submit(half, 1)
        loss, logits = half(0)
        other_loss, other_logits = half(1) if coming is None else coming.result()
        share = middle / len(x)  # each half's loss and gradient are means over its own images
        self.gradient *= share
        other = self._buffers[1].gradient
        other *= 1.0 - share
        self.gradient += other
        return share * loss + (1.0 - share) * other_loss, np.concatenate([logits, other_logits])
