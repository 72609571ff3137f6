"""Feed: an epoch's batches in their order, several gathered at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset, to_input
from digitnet.nn.workspace import FloatArray

AT_ONCE = 256
"""Images gathered at a time where batches are small: few calls, and all of it stays in the cache
until the step that reads it (docs/lab-notes.md)."""


class Feed:
    """Batches of a dataset as the network takes them; memory is bounded whatever its size.

    Args:
        dataset: where the images come from; they stay uint8 until they are gathered.
        batch_size: images per batch; an epoch's last batch may be smaller.
        dtype: what the network computes in.
    """

    def __init__(self, dataset: Dataset, batch_size: int, dtype: Any) -> None:
        self._images = dataset.images.reshape(len(dataset), -1)  # (N, 784) uint8
        self._labels = dataset.labels
        self._batch_size = batch_size
        self._at_once = max(1, AT_ONCE // batch_size) * batch_size
        shape = (min(self._at_once, len(dataset)), self._images.shape[1])
        self._pixels = np.empty(shape, dtype=np.uint8)
        self._inputs: FloatArray = np.empty(shape, dtype=dtype)

    def batches(
        self, order: NDArray[np.int64], first: int = 0
    ) -> Iterator[tuple[FloatArray, NDArray[np.int64]]]:
        """An epoch's batches from the one with number `first` on.

        Args:
            order: (N,), the epoch's order of the images.
            first: batches to pass over.

        Yields:
            inputs (B, 784), good until the next batch is asked for, and labels (B,).
        """
        size, at_once = self._batch_size, self._at_once
        for start in range(first * size, len(order), at_once):
            chosen = order[start : start + at_once]
            labels = self._labels[chosen]
            pixels, inputs = self._pixels[: len(chosen)], self._inputs[: len(chosen)]
            self._images.take(chosen, 0, pixels, "clip")  # any other mode makes a copy first
            to_input(pixels, inputs)
            for i in range(0, len(chosen), size):
                yield inputs[i : i + size], labels[i : i + size]
