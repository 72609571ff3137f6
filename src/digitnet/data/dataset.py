"""Dataset: 28 x 28 digit images, their labels, and the names of the classes."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.report import Report
from digitnet.errors import DataError, SettingsError
from digitnet.imaging.frame import SIDE

DIGITS = tuple("0123456789")
N_SHOWN = 16  # images of each class, in a notebook


@dataclass(frozen=True)
class Dataset:
    """Labelled digits.

    Attributes:
        images: (N, 28, 28) uint8, ink bright (255) on background 0.
        labels: (N,) int64, each an index into `class_names`.
        class_names: the name of each class; ten digits unless told otherwise.
        source: where the digits came from, in words for people.
        names: what each image is called, such as its file; None where a number must do.
        report: what was understood of the source that it was read from, before it was split.

    Raises:
        DataError: shapes, types or labels do not fit together.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...] = DIGITS
    source: str = field(default="arrays", compare=False)
    names: tuple[str, ...] | None = field(default=None, compare=False)
    report: Report = field(default=Report("arrays"), compare=False)

    def __post_init__(self) -> None:
        images = np.asarray(self.images)
        labels = np.asarray(self.labels)
        where = self.source
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
            raise DataError(
                f"{where}: images must be (N, 28, 28) of type uint8, "
                f"not {images.shape} of type {images.dtype}."
            )
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise DataError(
                f"{where}: labels must be (N,) whole numbers, "
                f"not {labels.shape} of type {labels.dtype}."
            )
        if len(images) != len(labels):
            raise DataError(
                f"{where}: {len(images)} images but {len(labels)} labels; "
                "each image needs exactly one label."
            )
        if len(images) == 0:
            raise DataError(f"{where}: there is no image in it.")
        outside = (labels < 0) | (labels >= len(self.class_names))
        if outside.any():
            first = int(np.argmax(outside))
            raise DataError(
                f"{where}: label {labels[first]} of image {first} is outside the classes "
                f"{self.class_names[0]} to {self.class_names[-1]}."
            )
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels.astype(np.int64))

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self):,} images of {SIDE} x {SIDE}, {len(self.class_names)} classes, "
            f"from {self.source})"
        )

    def _repr_html_(self) -> str:
        """For notebooks: a row for each class, with its count and its first images."""
        from html import escape

        from digitnet.imaging.png import as_image_tag

        rows = []
        for label, (name, count) in enumerate(zip(self.class_names, self.counts(), strict=True)):
            images = self.images[np.flatnonzero(self.labels == label)[:N_SHOWN]]
            shown = as_image_tag(np.hstack(list(images)), f"images of {name}") if count else ""
            rows.append(
                f"<tr><th>{escape(name)}</th><td>{count:,}</td>"
                f'<td style="text-align:left">{shown}</td></tr>'
            )
        head = "<tr><th>class</th><th>images</th><th>the first of them</th></tr>"
        return f"<div>{escape(repr(self))}</div><table>{head}{''.join(rows)}</table>"

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> NDArray[np.int64]:
        """How many images each class has, (n_classes,)."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)

    def take(self, indices: NDArray[np.integer]) -> Dataset:
        """The images at `indices`, in that order, as a Dataset of its own."""
        names = None if self.names is None else tuple(self.names[int(i)] for i in indices)
        return dataclasses.replace(
            self, images=self.images[indices], labels=self.labels[indices], names=names
        )

    def reported(self, report: Report) -> Dataset:
        """The same with a report of where it came from."""
        return dataclasses.replace(self, report=report)

    def in_classes(self, class_names: tuple[str, ...]) -> Dataset:
        """The same with labels as indices into other classes, those of a model.

        Raises:
            DataError: it has images of classes that are not among them.
        """
        if class_names == self.class_names:
            return self
        used = [self.class_names[i] for i in np.unique(self.labels)]
        odd = [name for name in used if name not in class_names]
        if odd:
            shown = ", ".join(odd[:10]) + (", ..." if len(odd) > 10 else "")
            raise DataError(
                f"{self.source} has images of {len(odd)} classes that are not the model's: "
                f"{shown}; the model knows {', '.join(class_names[:40])}.",
                "measure it on images of its own classes.",
            )
        place = np.array([class_names.index(n) if n in used else 0 for n in self.class_names])
        return dataclasses.replace(
            self, labels=place[self.labels].astype(np.int64), class_names=class_names
        )

    def split(self, fraction: float, rng: np.random.Generator) -> tuple[Dataset, Dataset]:
        """Split off a stratified share: every class gives the same fraction of its images.

        Args:
            fraction: the share of the second part, 0 < fraction < 1.
            rng: draws which images go where.

        Returns:
            (rest, share): `share` has at least one image of every class that has two or more;
            both keep the order the images had.

        Raises:
            SettingsError: the fraction is not between 0 and 1, or one part would be empty.
        """
        chosen = stratified(self.labels, fraction, rng, self.source)
        return self.take(np.flatnonzero(~chosen)), self.take(np.flatnonzero(chosen))

    def batches(self, batch_size: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Images (B, 28, 28) and labels (B,) in order; the last batch may be smaller."""
        for start in range(0, len(self), batch_size):
            stop = start + batch_size
            yield self.images[start:stop], self.labels[start:stop]

    def fingerprint(self) -> str:
        """SHA-256 of images and labels, as hex: two datasets with one fingerprint are the same."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()


def stratified(
    labels: NDArray[np.integer], fraction: float, rng: np.random.Generator, source: str
) -> NDArray[np.bool_]:
    """Which of the labels (N,) belong to a share to which every class gives the same fraction.

    At least one of every class that has two or more is in it, and one stays out.

    Raises:
        SettingsError: the fraction is not between 0 and 1, or no class has two.
    """
    if not 0.0 < fraction < 1.0:
        raise SettingsError(
            f"The validation share must lie between 0 and 1, not {fraction:g}; try 0.1."
        )
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            continue
        n_share = min(max(round(fraction * len(members)), 1), len(members) - 1)
        chosen[rng.permutation(members)[:n_share]] = True
    if not chosen.any():
        raise SettingsError(
            f"{source}: no class has two images, so none can be set aside for validation.",
            "bring more pictures or train with {validation:0}.",
        )
    return chosen


def as_input(images: NDArray[Any], dtype: Any = np.float32) -> NDArray[np.floating[Any]]:
    """What the network takes: images (N, 28, 28) as (N, 784) row by row, ink 255 as 1.0.

    Features (N, n), which are floats, are taken as they are.
    """
    if images.dtype.kind == "f":
        return np.ascontiguousarray(images.reshape(len(images), -1), dtype)
    flat = images.reshape(len(images), math.prod(images.shape[1:]))  # also where there is none
    return to_input(flat, np.empty(flat.shape, dtype))


def to_input(pixels: NDArray[Any], inputs: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Write pixels (N, 784) into inputs of the same shape, ink 255 as 1.0, and return them.

    Floats are written as they are.
    """
    np.copyto(inputs, pixels)
    if pixels.dtype.kind != "f":
        inputs *= 1.0 / 255.0
    return inputs
