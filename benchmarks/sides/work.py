"""Work: what all sides are given: digits, the start's parameters, settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("W1", "b1", "W2", "b2")


@dataclass(frozen=True)
class Work:
    """One task; the arrays lie in a folder as .npy files.

    Attributes:
        folder: images.npy (N, 28, 28) uint8, labels.npy (N,), W1.npy, b1.npy, W2.npy, b2.npy.
        batch_size: images per step.
        optimizer: "sgd" or "adam".
        learning_rate: constant.
        n: how many of the images are used at most; None for all.
    """

    folder: str
    batch_size: int = 32
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    n: int | None = None

    def images(self) -> np.ndarray:
        """(n, 28, 28) uint8, mapped."""
        return np.load(Path(self.folder) / "images.npy", mmap_mode="r")[: self.n]

    def flat(self) -> np.ndarray:
        """(n, 784) float32 in 0..1, as most libraries want their inputs."""
        return self.images().reshape(-1, 784).astype(np.float32) / 255

    def labels(self) -> np.ndarray:
        """(n,) int64."""
        return np.load(Path(self.folder) / "labels.npy")[: self.n]

    def start(self) -> list[np.ndarray]:
        """W1 (784, 64), b1, W2 (64, 10), b2, float32: the same start for every side."""
        return [np.load(Path(self.folder) / f"{name}.npy") for name in NAMES]


def mnist_part(folder: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """MNIST's images (N, 28, 28) uint8 and labels, for sides without a reader of their own."""
    import gzip

    prefix = "t10k" if part == "test" else "train"
    arrays: list[Any] = []
    for kind, head in (("images-idx3", 16), ("labels-idx1", 8)):
        path = Path(folder) / f"{prefix}-{kind}-ubyte"
        content = (
            path.read_bytes()
            if path.exists()
            else gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())
        )
        arrays.append(np.frombuffer(content, np.uint8, offset=head))
    return arrays[0].reshape(-1, 28, 28), arrays[1].astype(np.int64)
