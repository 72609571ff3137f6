"""Datasets: the labelled digits that a training on the page may choose from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.data.idx import has_idx
from digitnet.data.mnist import has_mnist
from digitnet.data.picture_files import is_picture
from digitnet.data.sources import SOURCES
from digitnet.errors import DataError
from digitnet.models.find import DEFAULT
from digitnet.training.checkpoints import ENDING
from digitnet.web.corrections import Corrections
from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

NOT_OFFERED = (DEFAULT, "models", "corrections", "synthetic", "mnist")
N_MNIST = 60_000
ENDINGS = tuple(row.name for row in SOURCES if row.kind == "file")
LOOKED_AT = 200
"""Entries of a folder that are looked at."""


class OfferedDataset(NamedTuple):
    """Labelled digits: its name on the page, in words, and what `open_source` calls it."""

    name: str
    title: str
    digits: int | None
    place: str

    def as_dict(self) -> dict[str, Any]:
        """What a list of sources says about it; where it lies is nobody's business."""
        return {"name": self.name, "title": self.title, "digits": self.digits}


class OfferedDatasets:
    """What is drawn, downloaded, corrected, or lies in the server's folder."""

    def __init__(self, folder: Path, corrections: Corrections, limits: Limits) -> None:
        self._folder, self._corrections, self._limits = folder, corrections, limits

    def offered(self) -> list[OfferedDataset]:
        """All of them, the one that needs nothing first."""
        n = self._limits.n_synthetic
        found = [OfferedDataset("synthetic", "Digits that digitnet draws itself", n, "synthetic")]
        here = has_mnist()
        title = "MNIST" if here else "MNIST (is downloaded first)"
        found.append(OfferedDataset("mnist", title, N_MNIST if here else None, "mnist"))
        n_corrections = sum(self._corrections.counts())
        if n_corrections:
            place = str(self._corrections.folder)
            found.append(OfferedDataset("corrections", "Your corrections", n_corrections, place))
        return [*found, *self._in_folder()]

    def named(self, name: str) -> OfferedDataset:
        """One of them.

        Raises:
            Problem: 404, it is not offered.
        """
        offered = self.offered()
        for source in offered:
            if source.name == name:
                return source
        names = ", ".join(source.name for source in offered)
        raise Problem(404, f"There are no digits of that name; there are {names}.")

    def _in_folder(self) -> Iterator[OfferedDataset]:
        try:
            entries = sorted(self._folder.iterdir())
        except OSError:  # it is gone, or may not be listed: then nothing in it is offered
            return
        for path in entries[:LOOKED_AT]:
            if path.name.startswith(".") or path.name in NOT_OFFERED:
                continue
            if path.name.lower().endswith(ENDINGS) and not path.name.endswith(ENDING):
                yield OfferedDataset(path.name, path.name, None, str(path))
            elif path.is_dir() and _has_digits(path):
                yield OfferedDataset(path.name, f"Folder {path.name}", None, str(path))


def _has_digits(folder: Path) -> bool:
    """Whether a folder seems to hold labelled digits, without reading it all."""
    try:
        if has_idx(folder):
            return True
        if any((folder / str(label)).is_dir() for label in range(10)):
            return True
        looked_at = itertools.islice(folder.rglob("*"), LOOKED_AT)
        return any(is_picture(path) for path in looked_at)
    except (OSError, DataError):
        return False
