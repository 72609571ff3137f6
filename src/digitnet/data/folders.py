"""Folders: labelled pictures decoded in parallel and framed, the unreadable ones listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.labelling import label_folder
from digitnet.errors import DataError, PictureError
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture

Progress = Callable[[int, int], None]
_BATCH = 512  # pictures handed to the pool at once; more would only fill the queue


@dataclass(frozen=True)
class FolderReport:
    """What was taken from a folder of pictures, and what was not.

    Attributes:
        convention: how the labels were told.
        counts: how many pictures of each class, 0 to 9, were read.
        unreadable: the pictures that were skipped, each with the reason.
        ignored: how many other entries lie there: not pictures, hidden, outside the convention.
    """

    convention: str
    counts: tuple[int, ...]
    unreadable: tuple[tuple[Path, str], ...] = ()
    ignored: int = 0

    @property
    def sentence(self) -> str:
        """Convention and count per class in one sentence."""
        each = ", ".join(
            f"{count} of {name}" for name, count in zip(DIGITS, self.counts, strict=True) if count
        )
        skipped = f"; {len(self.unreadable)} unreadable" if self.unreadable else ""
        ignored = f"; {self.ignored} other entries ignored" if self.ignored else ""
        return f"{sum(self.counts)} pictures, {self.convention}: {each}{skipped}{ignored}."


def load_picture_folder(
    folder: str | Path,
    *,
    labels: str = "auto",
    per_class: int | None = None,
    framing: str = "mnist",
    progress: Progress | None = None,
) -> tuple[Dataset, FolderReport]:
    """Read a folder of pictures of digits.

    Args:
        folder: see `label_folder` for the three conventions.
        labels: "auto", "folders", "first" or "last".
        per_class: the number of pictures of each class in a flat folder.
        framing: how a picture becomes 28 x 28, see `digitnet.imaging.framing`.
        progress: called with (pictures done, pictures in all) as decoding goes on.

    Returns:
        the Dataset, (N, 28, 28), in the natural order of the files, and the report.

    Raises:
        SettingsError: `labels`, `per_class` or `framing` makes no sense.
        DataError: no pictures, none readable, labels that cannot be told, or a single class.
    """
    folder = Path(folder)
    found = label_folder(folder, labels, per_class)
    images, kept, unreadable = (
        [],
        [],
        [(path, "has no label in its name.") for path in found.unlabelled],
    )
    for i, frame in enumerate(_frames(found.paths, framing)):
        if isinstance(frame, str):
            unreadable.append((found.paths[i], frame))
        else:
            images.append(frame)
            kept.append(found.labels[i])
        if progress:
            progress(i + 1, len(found.paths))
    if not images:
        path, reason = unreadable[0]
        raise DataError(
            f"None of the {len(unreadable)} pictures in {folder} can be used; "
            f"{path.name}, the first of them, {reason}"
        )
    if len(set(kept)) == 1:
        raise DataError(
            f"All {len(kept)} pictures in {folder} ({found.convention}) are of class {kept[0]}; "
            "add pictures of another digit."
        )
    dataset = Dataset(np.stack(images), np.array(kept, np.int64), source=str(folder))
    counts = tuple(int(count) for count in dataset.counts())
    return dataset, FolderReport(found.convention, counts, tuple(unreadable), found.ignored)


def _frames(paths: Sequence[Path], framing: str) -> Iterator[NDArray[np.uint8] | str]:
    """The frame of each picture, or the reason why there is none, in the order of the paths.

    Threads suffice: Pillow and OpenCV let go of the interpreter lock while they decode and
    resize. A worker keeps nothing but the 28 x 28 frame, so that memory stays small however
    large the pictures are.
    """

    def frame(path: Path) -> NDArray[np.uint8] | str:
        try:
            result = frame_picture(open_picture(path), framing)
        except PictureError as error:
            return str(error).removeprefix(f"{path} ")
        return result.image if result.reason is None else f"shows no digit: {result.reason}."

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(paths), _BATCH):
            yield from pool.map(frame, paths[start : start + _BATCH])
