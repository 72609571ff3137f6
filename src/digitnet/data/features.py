"""Features: rows of numbers with their labels, of any length: what is learnt besides pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import DataError


@dataclass(frozen=True)
class Features:
    """What a `Dataset` is, for rows of numbers in place of pictures.

    Attributes:
        images: (N, n) floats, as the network takes them: nothing is scaled.
        labels: (N,) int64, each an index into `class_names`.
        class_names: the name of each class.
        source: where they came from, in words for people.

    Raises:
        DataError: shapes, types or labels do not fit together.
    """

    images: NDArray[np.floating[Any]]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    source: str = "features"

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 2 or images.dtype.kind != "f" or not images.size:
            raise DataError(
                f"{self.source}: features must be (N, n) floats, one row or more, "
                f"not {images.shape} of type {images.dtype}."
            )
        if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
            raise DataError(
                f"{self.source}: {len(images)} rows need as many whole numbers as labels, "
                f"not {labels.shape} of type {labels.dtype}."
            )
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise DataError(
                f"{self.source}: labels lie between 0 and {len(self.class_names) - 1}, "
                f"not from {labels.min()} to {labels.max()}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> NDArray[np.int64]:
        """How many rows each class has, (n_classes,)."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)
