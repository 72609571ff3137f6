"""Files: written whole or not at all: build beside the target, flush, then one rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from digitnet.errors import OutputError


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; on success it becomes `target` in one rename.

    On any error, Ctrl-C included, the old file stands as it was and no litter is left.

    Raises:
        OutputError: the place cannot be written to (a folder in the way, read-only, disk full).
    """
    target = Path(target)
    if target.is_dir():
        raise OutputError(f"{target} is a folder.", "name a file to write to.")
    if not target.parent.is_dir():
        raise OutputError(
            f"There is no folder {target.parent} to write {target.name} into.",
            "make it first, or choose another place.",
        )
    temporary: Path | None = None
    try:
        temporary = _new_beside(target)
        yield temporary
        flush_to_disk(temporary)
        temporary.replace(target)
        flush_to_disk(target.parent)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            "free some space or choose another place.",
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def make_folder(folder: str | Path) -> None:
    """Make a folder and those above it where they are not there yet.

    Raises:
        OutputError: it cannot be made: a file stands in the way, or nothing may be written there.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"No folder {folder} can be made: {error.strerror or error}.", "choose another place."
        ) from error


def flush_to_disk(path: Path) -> None:
    """Ask the operating system to bring a file, or a folder's list of names, onto the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders; its renames are journalled
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new_beside(target: Path) -> Path:
    """An empty new file beside the target, with the mode that the user's umask gives."""
    import secrets

    # The suffix is kept: Matplotlib and Pillow choose the format by it.
    name = f".{target.stem}-{secrets.token_hex(6)}{target.suffix}"
    path = target.with_name(name)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return path
