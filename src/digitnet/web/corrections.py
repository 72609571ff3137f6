"""Corrections: pictures that were read wrong, with their right labels, kept for a training.

    corrections/7/20261125T164500Z-0f3a9c1b22d4.png

A folder of class folders, which `digitnet train FOLDER/corrections` reads. Pictures are written
anew from their pixels: what a camera wrote beside them, such as the place, is not kept.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from digitnet.errors import OutputError, PictureError
from digitnet.files import make_folder, replacing
from digitnet.imaging.decoders import Decoders
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.png import as_png
from digitnet.imaging.reduce import reduce
from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

LONGEST_SIDE = 1600
"""Pixels; a photo is made smaller before it is kept."""
LABELS = range(10)
MARK = r"^[0-9a-f]{12}$"
"""What a kept picture is known by: the beginning of its SHA-256."""

IS_A_LINK = (
    "{} is a symbolic link, which is not followed among corrections: put what it leads to there."
)


class Corrections:
    """The folder of corrections, and how many of each digit it holds."""

    def __init__(self, folder: Path, limits: Limits, decoders: Decoders) -> None:
        self.folder, self._limits, self._decoders = folder, limits, decoders
        self._lock = threading.Lock()

    def linked(self) -> str | None:
        """Why a training may not read the folder: a link in it would be followed; or None."""
        for inner, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                path = Path(inner, name)
                if path.is_symlink():
                    return IS_A_LINK.format(path.relative_to(self.folder.parent))
        return None

    def counts(self) -> list[int]:
        """How many pictures there are of each digit."""
        return [sum(1 for _ in self._of(label)) for label in LABELS]

    def keep(self, content: bytes, label: int) -> tuple[str, list[int]]:
        """Keep a picture under its right label; returns its mark, and the counts.

        A picture that is there already is not kept twice, and one that is under another label
        moves to this one.

        Raises:
            PictureError: it cannot be opened, or a training would find no digit in it.
            OutputError: it cannot be written.
            Problem: 507, there are too many, or the digit's folder is a link.
        """
        opened = self._decoders.open(content, max_pixels=self._limits.pixels)
        picture = reduce(opened, LONGEST_SIDE)
        reason = frame_picture(picture).reason
        if reason is not None:
            raise PictureError(
                f"Nothing can be learnt from this picture ({reason}): send the digit's cut-out."
            )
        png = as_png(picture)
        mark = hashlib.sha256(png).hexdigest()[:12]
        target = self.folder / str(label)
        if target.is_symlink():
            raise Problem(507, IS_A_LINK.format(target.relative_to(self.folder.parent)))
        with self._lock:
            for path in self._marked(mark):
                if path.parent != target:
                    make_folder(target)
                    path.replace(target / path.name)
                return mark, self.counts()
            if sum(self.counts()) >= self._limits.corrections:
                raise Problem(
                    507,
                    f"There are {self._limits.corrections:,} corrections already; "
                    f"move some out of {self.folder.name}/ first.",
                )
            make_folder(target)
            time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            with replacing(target / f"{time}-{mark}.png") as temporary:
                temporary.write_bytes(png)
            return mark, self.counts()

    def take_back(self, mark: str) -> list[int]:
        """Remove the picture that `keep` gave this mark; returns the counts.

        Raises:
            OutputError: it cannot be removed.
            Problem: 404, there is none.
        """
        with self._lock:
            found = list(self._marked(mark))
            if not found:
                raise Problem(
                    404, "There is no such correction; it may have been taken back already."
                )
            for path in found:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise OutputError(
                        f"A correction cannot be removed from {path.parent}: {error.strerror}."
                    ) from error
            return self.counts()

    def _marked(self, mark: str) -> Iterator[Path]:
        for label in LABELS:
            yield from (path for path in self._of(label) if path.stem.endswith(f"-{mark}"))

    def _of(self, label: int) -> Iterator[Path]:
        """The pictures of one digit; what is no file, or behind a link, is none."""
        folder = self.folder / str(label)
        if folder.is_symlink():
            return
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if (
                    name.endswith(".png")
                    and name[0] != "."
                    and entry.is_file(follow_symlinks=False)
                ):
                    yield Path(entry.path)
