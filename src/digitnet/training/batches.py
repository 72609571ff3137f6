"""Batches: the data loader, which gathers an epoch's images in order and augments them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset, as_input, to_input
from digitnet.data.features import Features
from digitnet.errors import SettingsError
from digitnet.imaging.augment import MOST, Augmentation, augmented
from digitnet.models.model import classify
from digitnet.nn import Network, softmax
from digitnet.nn.layer import FloatArray
from digitnet.threads import on_all_cores
from digitnet.training.config import Teacher

AT_ONCE = 256
"""Images gathered at a time where batches are small: few calls, and all of it stays in the cache
until the step that reads it (docs/lab-notes.md)."""


class Batch(NamedTuple):
    """What one step learns from.

    Attributes:
        inputs: (B, n), as the network takes them; good until the next batch is asked for.
        labels: (B,).
        soft: (B, n_classes), what the teacher says of them; None without a teacher.
        weights: (B,), how much each counts; None for all the same.
    """

    inputs: FloatArray
    labels: NDArray[np.int64]
    soft: FloatArray | None
    weights: FloatArray | None = None


class DataLoader:
    """Batches of a dataset as a network takes them, augmented where that is asked for.

    Memory is bounded whatever the dataset's size, but for one case: where the network begins by
    making the images smaller, that is done once for all of them, and kept as float32.

    Args:
        dataset: where the images come from; they stay uint8 until they are gathered. Features are
            floats from the start.
        batch_size: images per batch; an epoch's last batch may be smaller.
        network: who it is for.
        augmentation: how much each image is changed, anew in every epoch, on all cores between the
            steps: beside the steps it would take from BLAS what it gains (docs/lab-notes.md).
        teacher: says of every image, as it is augmented, how likely each class is.
        weights: (N,), how much each image counts; None for all the same.

    Raises:
        SettingsError: features are to be augmented, which takes pictures.

    Attributes:
        layers_done: how many of the network's layers the inputs have been through.
    """

    def __init__(
        self,
        dataset: Dataset | Features,
        batch_size: int,
        network: Network,
        augmentation: Augmentation | None = None,
        teacher: Teacher | None = None,
        weights: FloatArray | None = None,
    ) -> None:
        if augmentation and isinstance(dataset, Features):
            raise SettingsError("Rows of numbers cannot be augmented: that is done to pictures.")
        self._weights = weights
        self._images: NDArray[Any] = dataset.images
        self._labels = dataset.labels
        self._augmentation = augmentation
        self._batch_size = batch_size
        self._teacher = teacher
        self._soft: FloatArray | None = None  # of all images, where they never change
        if teacher and not augmentation:
            self._soft = _soft(teacher, dataset.images)
        at_once = AT_ONCE if not augmentation else 4 * MOST
        self._at_once = max(1, at_once // batch_size) * batch_size
        self.layers_done = 0
        dtype = network.vector.dtype
        if not augmentation and network.n_head < network.n_in:
            self._images = _through_head(dataset, network)
            self.layers_done = network.n_fixed
        n = min(self._at_once, len(dataset))
        self._taken = np.empty((n, *self._images.shape[1:]), dtype=self._images.dtype)
        self._as_they_are = self.layers_done > 0 or self._images.dtype == dtype
        self._inputs: FloatArray = np.empty((n, network.n_in), dtype=dtype)

    def batches(self, order: NDArray[np.int64], first: int = 0) -> Iterator[Batch]:
        """An epoch's batches from the one with number `first` on.

        The augmentation is drawn from the order itself, which is random: a resumed epoch goes on
        with the very images that the interrupted one would have seen.

        Args:
            order: (N,), the epoch's order of the images.
            first: batches to pass over.
        """
        size, at_once = self._batch_size, self._at_once
        begin = first * size // at_once * at_once  # what is gathered together stays together
        skip = first * size - begin
        for start in range(begin, len(order), at_once):
            chosen = order[start : start + at_once]
            inputs, soft = self._gather(order, start)
            labels = self._labels[chosen]
            weights = None if self._weights is None else self._weights[chosen]
            for i in range(skip, len(inputs), size):
                part = slice(i, i + size)
                yield Batch(
                    inputs[part],
                    labels[part],
                    None if soft is None else soft[part],
                    None if weights is None else weights[part],
                )
            skip = 0

    def _gather(self, order: NDArray[np.int64], start: int) -> tuple[FloatArray, FloatArray | None]:
        """The images from one place in the order on, and what the teacher says of them."""
        chosen = order[start : start + self._at_once]
        taken, inputs = self._taken[: len(chosen)], self._inputs[: len(chosen)]
        self._images.take(chosen, 0, taken, "clip")  # any other mode makes a copy first
        soft = None if self._soft is None else self._soft[chosen]
        if self._as_they_are:
            return taken, soft
        augmentation = self._augmentation
        if not augmentation:
            return to_input(taken.reshape(inputs.shape), inputs), soft

        def prepare(part: slice) -> None:
            rng = np.random.default_rng([start, part.start, *order[:8]])
            taken[part] = augmented(taken[part], augmentation, rng)
            to_input(taken[part].reshape(inputs[part].shape), inputs[part])

        on_all_cores(prepare, (slice(i, i + MOST) for i in range(0, len(chosen), MOST)))
        return inputs, _soft(self._teacher, taken) if self._teacher else None


def _soft(teacher: Teacher, images: NDArray[Any]) -> FloatArray:
    """The teacher's probabilities at its temperature, (N, n_classes)."""
    logits = classify(teacher.network, images, batch_size=256)
    return softmax(logits / teacher.loss.temperature)


def _through_head(dataset: Dataset | Features, network: Network) -> FloatArray:
    """What the network's fixed layers make of every image, (N, n)."""
    dtype = network.vector.dtype
    # Row by row in memory, however the layers left them.
    through: FloatArray = np.empty((len(dataset), network.n_head), dtype)

    def fill(start: int) -> None:
        part = slice(start, start + AT_ONCE)
        through[part] = network.head(as_input(dataset.images[part], dtype))

    on_all_cores(fill, range(0, len(dataset), AT_ONCE))
    return through
