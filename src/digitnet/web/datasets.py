"""Datasets: the labelled digits that a training on the page may choose from."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.data.idx import has_idx
from digitnet.data.mnist import has_mnist
from digitnet.data.picture_files import is_picture
from digitnet.data.sources import find_source
from digitnet.errors import DataError
from digitnet.files import open_regular
from digitnet.models.find import DEFAULT
from digitnet.training.checkpoints import ENDING
from digitnet.web.corrections import Corrections
from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

NOT_OFFERED = (DEFAULT, "models", "corrections", "synthetic", "mnist")
N_MNIST = 60_000
LOOKED_AT = 200
"""Entries of a folder that are looked at."""
FEWEST_NUMBERS = 64
"""Numbers in a line of a text that is taken for a table: a picture of 8 x 8."""


NO_NAME = "The name {} is not UTF-8, so no model could say where it comes from: rename it first."


def escaped(name: str) -> str:
    """A file's name as text; bytes that are not UTF-8 as backslash, x and two digits."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


class OfferedDataset(NamedTuple):
    """Labelled digits: its name on the page, in words, and what `open_source` calls it.

    Attributes:
        why_not: why they cannot be learnt from, a sentence, or None.
    """

    name: str
    title: str
    digits: int | None
    place: str
    why_not: str | None = None

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
            found.append(
                OfferedDataset(
                    "corrections", "Your corrections", n_corrections, place,
                    self._corrections.linked(),
                )
            )  # fmt: skip
        return [*found, *self._in_folder()]

    def named(self, name: str) -> OfferedDataset:
        """One of them.

        Raises:
            Problem: 404, it is not offered; 422, it cannot be learnt from.
        """
        offered = self.offered()
        for source in offered:
            if source.name == name and source.why_not is not None:
                raise Problem(422, source.why_not)
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
            name = escaped(path.name)
            why_not = None if name == path.name else NO_NAME.format(name)
            ending = "" if why_not is None else " (to be renamed first)"
            if _is_table(path):
                yield OfferedDataset(name, f"{name}{ending}", None, str(path), why_not)
            elif path.is_dir() and _has_digits(path):
                yield OfferedDataset(name, f"Folder {name}{ending}", None, str(path), why_not)


def _is_table(path: Path) -> bool:
    """Whether a file seems to be a table or array of digits, packed or not, by its name."""
    try:
        if not path.is_file() or path.name.endswith(ENDING) or find_source(path)[0].kind != "file":
            return False
        if path.suffix.lower() != ".txt":
            return True
        with open_regular(path, sys.maxsize) as file:  # most texts are notes
            lines = file.read(2**16).splitlines()
        return any(len(re.findall(rb"\d+", line)) >= FEWEST_NUMBERS for line in lines)
    except (OSError, DataError):
        return False


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
