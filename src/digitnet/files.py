"""Files: written whole or not at all: build beside the target, flush, then one rename.

Read only where they are ordinary files of a bounded size: a pipe or a device in a file's place
would be waited for, or read, without end.

What is being built is called `.digitnet-MACHINE-PROCESS-RANDOM.png`, so that the next who writes
there can tell what a process that is no more has left, and removes it.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from digitnet.errors import OutputError
from digitnet.text import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TEXT = 2**24
"""Bytes of a description, a recipe or a list of labels, at most."""


def open_regular(path: str | Path, most_bytes: int) -> BinaryIO:
    """Open an ordinary file for reading in bytes; everything that digitnet reads comes this way.

    Args:
        path: of the file; a symbolic link is followed.
        most_bytes: the file may have so many; holes in a sparse file count.

    Raises:
        OSError: with the reason in `strerror`: as of `open`, or a folder, a pipe, a device or a
            socket stands there, or the file is larger.
    """
    file: BinaryIO = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file but a pipe or a device", str(path))
        if status.st_size > most_bytes:
            raise OSError(
                errno.EFBIG,
                f"it has {status.st_size:,} bytes, more than the {most_bytes:,} that are read",
                str(path),
            )
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: str | Path, most_bytes: int) -> bytes:
    """The bytes of an ordinary file; raises as `open_regular` does."""
    with open_regular(path, most_bytes) as file:
        return file.read()


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe; where nothing can wait, plainly."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_whole_npy(stream: BinaryIO) -> NDArray[Any]:
    """The array that is all a stream holds, in NumPy's .npy format.

    Reading to the end also makes a zip archive compare the checksum of its member.

    Raises:
        ValueError, EOFError, zipfile.BadZipFile and others: damaged, pickled, or bytes left over.
    """
    import numpy as np

    array = np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
    if stream.read(1):
        raise ValueError("there are bytes behind its array")
    return array


def read_arrays(path: str | Path, most_bytes: int) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz archive by their names, each read to its end.

    Raises:
        OSError: as `open_regular`.
        ValueError, zipfile.BadZipFile and a dozen others: it is damaged.
    """
    import zipfile

    with open_regular(path, most_bytes) as file, zipfile.ZipFile(file) as archive:
        return {
            name.removesuffix(".npy"): read_whole_npy(cast(BinaryIO, archive.open(name)))
            for name in archive.namelist()
        }


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
    _check_parent(target)
    with _whole(target, _new_beside, Path.replace) as temporary:
        yield temporary


@contextmanager
def new_folder(target: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `target`, which must not be there; on success it becomes it.

    On any error, Ctrl-C included, nothing is left.

    Raises:
        OutputError: something stands at `target` already, or the place cannot be written to.
    """
    target = Path(target)
    if target.exists() or target.is_symlink():
        raise OutputError(f"{target} is there already.", "choose a new folder.")
    _check_parent(target)
    with _whole(target, folder_beside, Path.rename) as temporary:
        yield temporary


@contextmanager
def replacing_folder(target: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `target`; on success it takes the place of what is there.

    A reader finds the old folder or the new one, never a mix; see `being_replaced`. On any error,
    Ctrl-C included, the old one stands as it was and no litter is left.

    Raises:
        OutputError: the place cannot be written to.
    """
    with _whole(Path(target), folder_beside, _swap_in) as temporary:
        yield temporary


def remove_folder(folder: Path) -> None:
    """Remove a folder at once: renamed to what is litter, then cleared away.

    Raises:
        OutputError: it cannot be removed, and stands as it was.
    """
    try:
        folder.rename(aside := _temporary_beside(folder, ""))
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be removed: {error.strerror or error}.", "see who may write there."
        ) from error
    _discard(aside)


def being_replaced(folder: Path) -> tuple[Path, Path]:
    """Where the new and the old folder stand while one is being replaced.

    The new one is built elsewhere and comes to `.m.new` whole; `m` is renamed to `.m.old`, then
    `.m.new` to `m`, and `.m.old` is removed. So both are there, and `m` is not, only between the
    two renames that replace it. One of them alone is litter, and answers for nothing.
    """
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def settle_folder(folder: Path) -> None:
    """Finish what a writer that was killed has begun in a folder's place, or clear it away."""
    new, old = being_replaced(folder)
    if not folder.exists() and new.is_dir() and old.is_dir():
        with suppress(OSError):
            new.rename(folder)
    if folder.exists() and old.is_dir():  # alone it stays: it may be all that is left
        remove(old, f"{folder.name} has taken its place")
    if new.is_dir() and not old.is_dir():
        remove(new, f"it was to take the place of {folder.name} when its writer was killed")
    remove_leftovers(folder.parent)
    if folder.is_dir():
        remove_leftovers(folder)


@contextmanager
def _whole(
    target: Path, make: Callable[[Path], Path], put: Callable[[Path, Path], object]
) -> Iterator[Path]:
    """Make a file or a folder beside `target`, and put it there once all of it is on the disk."""
    temporary: Path | None = None
    try:
        temporary = make(target)
        yield temporary
        if temporary.is_dir():
            for file in temporary.iterdir():
                flush_to_disk(file)
        flush_to_disk(temporary)
        put(temporary, target)
        flush_to_disk(target.parent)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            "free some space or choose another place.",
        ) from error
    finally:
        if temporary is not None:
            _discard(temporary)


def _swap_in(built: Path, folder: Path) -> None:
    """Bring a folder that is built complete to its place; see `being_replaced`."""
    if not folder.exists():
        built.rename(folder)
        return
    new, old = being_replaced(folder)
    built.rename(new)
    try:
        folder.rename(old)
        new.rename(folder)
    except OSError:
        if not folder.exists():
            with suppress(OSError):
                old.rename(folder)
        _discard(new)
        raise
    flush_to_disk(folder.parent)
    _discard(old)


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise OutputError(
            f"There is no folder {target.parent} for {target.name}.",
            "make it first, or choose another place.",
        )


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


def folder_beside(target: Path) -> Path:
    """A new empty folder beside `target`, as open to others as the process makes folders."""
    path = _temporary_beside(target, "")
    path.mkdir()
    return path


def _new_beside(target: Path) -> Path:
    """An empty new file beside the target, with the mode that the user's umask gives."""
    # The suffix is kept: Matplotlib and Pillow choose the format by it.
    path = _temporary_beside(target, target.suffix)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return path


_TEMPORARY = re.compile(r"\.digitnet-([0-9a-f]{8})-([0-9]{1,9})-[0-9a-f]{12}(\.[^.]*)?")


def _temporary_beside(target: Path, suffix: str) -> Path:
    """A name that nothing has; what dead processes have left in that folder is removed."""
    import secrets

    remove_leftovers(target.parent)
    name = f".digitnet-{_machine()}-{os.getpid()}-{secrets.token_hex(6)}{suffix}"
    return target.with_name(name)


def is_temporary(path: Path) -> bool:
    """Whether something is called as what is being built."""
    return _TEMPORARY.fullmatch(path.name) is not None


def remove_leftovers(folder: Path) -> None:
    """Remove, and say, what dead processes of this machine were building in a folder.

    What a living process builds stays, whoever it belongs to; so does what cannot be removed.
    """
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(".digitnet-")]
    except OSError:
        return
    for name in found:
        parts = _TEMPORARY.fullmatch(name)
        if parts and parts[1] == _machine() and not _is_alive(int(parts[2])):
            remove(folder / name, "it was left half-written by a process that was killed")


def remove(path: Path, why: str) -> None:
    """Remove a file, a link or a whole folder, as far as it can be, and say so in the log."""
    _discard(path)
    if not os.path.lexists(path):
        logging.getLogger(__name__).warning("Removed %s: %s.", shown(path), why)


def _discard(path: Path) -> None:
    """Remove a file, a link or a whole folder, as far as it can be and is there."""
    import shutil

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _machine() -> str:
    """What tells this machine from others that write into the same folder."""
    import hashlib
    import platform

    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    """Whether a process of this number runs here, whoever's; where none can be asked, it does."""
    if os.name == "nt":  # there, to ask with a signal is to end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True
