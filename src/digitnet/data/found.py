"""Found: what the reader of a source hands over, before it is understood, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Part = Literal["train", "test"]
Progress = Callable[[int, int], None]

MOST_BYTES = 3 * 2**29
"""Bytes that are unpacked of one file at most, unless more is asked for: a few hundred may hold
terabytes. All of EMNIST fits in, as arrays and as a table."""


@dataclass(frozen=True)
class Options:
    """What whoever opens a source may say about it; see `digitnet.data.sources.open_source`."""

    part: Part = "train"
    framing: str = "mnist"
    labels: str = "auto"
    per_class: int | None = None
    label_column: str | None = None
    as_is: bool = False
    transpose: bool = False
    invert: bool = False
    n_synthetic: int = 100_000
    seed: int = 0
    progress: Progress | None = None
    most_bytes: int = MOST_BYTES


@dataclass
class Found:
    """Images and labels as they were stored.

    Attributes:
        pixels: in any shape and range that `digitnet.data.frames` understands.
        labels: one for each image, numbers or texts; None where there are none.
        source: where they came from, in words for people.
        notes: what the reader understood, one whole sentence each.
        names: what each image is called, such as a path; None where a number must do.
        class_names: where the source itself says what its classes are called; labels are then
            indices into it.
        skipped: what could not be read, each with the reason.
        left_alone: what lies there and was never meant to be read.
        framed: whether the pixels are 28 x 28 frames already, of the framing asked for.
        trusted: whether labels and images are known to be right: drawn by us, or MNIST itself.
        rows: which of the images that were stored are still there, from 0; None for all.
        transposed: whether the source is known to keep its images with rows for columns.
    """

    pixels: NDArray[Any]
    labels: NDArray[Any] | Sequence[str] | None
    source: str
    notes: list[str] = field(default_factory=list)
    names: Sequence[str] | None = None
    class_names: tuple[str, ...] | None = None
    skipped: list[tuple[str, str]] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    framed: bool = False
    trusted: bool = False
    transposed: bool = False
    rows: NDArray[np.int64] | None = None

    def name_of(self, i: int) -> str:
        """What image i is called, to be named in a sentence."""
        return f"image {i}" if self.names is None else str(self.names[i])

    def keep(self, chosen: NDArray[np.bool_]) -> None:
        """Go on with the chosen images only."""
        self.pixels = self.pixels[chosen]
        if self.labels is not None:
            self.labels = np.asarray(self.labels)[chosen]
        places = np.flatnonzero(chosen)
        self.rows = places if self.rows is None else self.rows[places]
        self.names = [self.name_of(int(i)) for i in places]
