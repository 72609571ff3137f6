"""Folders: labelled pictures decoded in parallel and framed, the unreadable ones listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.labelling import label_folder
from digitnet.errors import DataError, PictureError
from digitnet.imaging.parallel import frame_files

Progress = Callable[[int, int], None]


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
    for i, frame in enumerate(frame_files(found.paths, framing)):
        path = found.paths[i]
        if isinstance(frame, PictureError):
            unreadable.append((path, str(frame).removeprefix(f"{path} ")))
        elif frame.reason is not None:
            unreadable.append((path, f"shows no digit: {frame.reason}."))
        else:
            images.append(frame.image)
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
