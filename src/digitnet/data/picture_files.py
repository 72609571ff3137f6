"""Picture files: those in a folder and below, told by their names, in natural order."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from digitnet.errors import DataError

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp",
    ".pgm", ".ppm", ".pnm", ".pbm", ".heic", ".heif", ".avif", ".svg", ".psd", ".pdf",
)  # fmt: skip
"""What pictures' names end in; of those that cannot be read, opening them says why."""
DEEPEST = 4
"""Levels of sub-folders that are looked into."""


@dataclass
class Tree:
    """All that lies in a folder and below: pictures, and the other files."""

    folder: Path
    pictures: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)

    def levels(self, path: Path) -> tuple[str, ...]:
        """The sub-folders a picture lies in."""
        return path.relative_to(self.folder).parts[:-1]


def is_picture(path: Path) -> bool:
    """Whether the name is a visible picture's: a known suffix, and no dot in front."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, not in its sub-folders, in natural order.

    Raises:
        DataError: the folder cannot be read.
    """
    return [entry for entry in entries_of(folder) if is_picture(entry)]


def entries_of(folder: Path) -> list[Path]:
    """Everything in a folder in natural order; names that sort alike keep one fixed order."""
    from natsort import natsorted

    try:
        names = sorted(entry.name for entry in os.scandir(folder))
        return [folder / name for name in natsorted(names)]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed ({error.strerror}); give the path of a readable folder."
        ) from error


def walk(folder: Path) -> Tree:
    """All pictures in a folder and its sub-folders, hidden ones and links to folders left out."""
    tree = Tree(folder)

    def enter(inner: Path, depth: int) -> None:
        for entry in entries_of(inner):
            hidden = entry.name.startswith(".") or entry.name == "__MACOSX"
            if not hidden and entry.is_dir() and not entry.is_symlink() and depth < DEEPEST:
                enter(entry, depth + 1)
            elif is_picture(entry):
                tree.pictures.append(entry)
            else:
                tree.others.append(entry)

    enter(folder, 0)
    return tree
