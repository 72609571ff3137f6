"""Listing: the files in a folder and below, in natural order, however many there are.

Natural order wants all names of a folder at once. Past RUN of them they are sorted in runs that
lie on disk, and merged as they are read: a folder of ten million names takes the memory of RUN.
"""

from __future__ import annotations

import glob
import heapq
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from digitnet.data.picture_files import SUFFIXES
from digitnet.errors import DataError
from digitnet.imaging.pictures import is_text

RUN = 100_000
"""Names of one folder in memory at once, some 30 MB of them."""
SYSTEM_FILES = ("thumbs.db", "desktop.ini")
"""What systems put into folders unasked, beside files that begin with a dot."""

LONGEST_NAME = 2**15
"""Bytes of a line of a list."""

_HEAD = struct.Struct(">?I")


class Entry(NamedTuple):
    """What stands in a folder: its name there, and whether it is a folder itself, not a link."""

    name: str
    is_folder: bool


class Listed(NamedTuple):
    """A file by its path, and whether it was found in a folder that somebody named."""

    path: str
    is_found: bool


class Missing(NamedTuple):
    """A name that stands for no file, and the sentence that says why."""

    name: str
    sentence: str


class Tally:
    """How many files are known of while a listing runs; exact once the last folder is begun."""

    def __init__(self) -> None:
        self.n_files = 0


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is nobody's picture: hidden, or the system's own."""
    return name.startswith(".") or name.lower() in (*SYSTEM_FILES, "__macosx")


def is_left_alone(name: str, head: bytes | None) -> bool:
    """Whether a file that nobody named is text, by its name and its first bytes."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 (a name, perhaps of another system)
    return head is not None and is_text(head) and suffix not in SUFFIXES


def files_meant(path: str, tally: Tally | None = None) -> Iterator[Listed | Missing]:
    """The files that a path means: itself, all in a folder and below, or those of a pattern.

    Nothing is opened. Folders and patterns come in natural order.

    Args:
        path: such as `scan.png`, `scans`, `scans/*.png`; `**` is any number of folders.
        tally: counts the files as soon as they are known of.
    """
    tally = tally or Tally()
    if not os.path.lexists(path) and any(sign in path for sign in "*?["):
        yield from _matching(path, tally)
    elif Path(path).is_dir():
        n_found = 0
        for found in files_below(Path(path), tally):
            n_found += 1
            yield found
        if not n_found:
            yield no_pictures(path)
    else:
        tally.n_files += 1
        yield Listed(path, False)


def no_pictures(folder: str) -> Missing:
    """A folder in which there is none."""
    return Missing(folder, f"The folder {folder} holds no pictures: name one that does.")


def files_below(folder: Path, tally: Tally) -> Iterator[Listed | Missing]:
    """Every file that is not hidden; links to folders are not followed, so nothing comes twice.

    Args:
        folder: where to begin; a sub-folder stands in the order of its name.
        tally: counts the files of each folder as soon as it is begun.
    """
    try:
        with ExitStack() as runs:
            for entry in _in_order(folder, runs, tally):
                if entry.is_folder:
                    yield from files_below(folder / entry.name, tally)
                else:
                    yield Listed(str(folder / entry.name), True)
    except OSError as error:
        sentence = f"The folder {folder} cannot be listed ({error.strerror or error})."
        yield Missing(str(folder), sentence)


def _matching(pattern: str, tally: Tally) -> Iterator[Listed | Missing]:
    """What a pattern stands for, each file once."""
    from natsort import natsorted

    folder, rest = os.path.split(pattern)
    if Path(folder).is_dir():  # its own name may have brackets
        folder = glob.escape(folder)
    found = glob.glob(os.path.join(folder, rest), recursive=True)  # noqa: PTH118, PTH207 (keeps ./)
    files: dict[str, Listed | Missing] = {}
    for path in natsorted(sorted(found)):
        if not Path(path).is_dir():
            files[path] = Listed(path, False)
        elif "**" not in pattern:  # else what is in the folder matches by itself
            files.update((inner[0], inner) for inner in files_meant(path))
    if not files:
        yield Missing(pattern, f"{pattern} matches no file: check the pattern.")
    tally.n_files += len(files)
    yield from files.values()


def each_line(file: BinaryIO, called: str) -> Iterator[str]:
    """The names in a list, one a line, as its file is read; empty lines are passed over.

    Raises:
        DataError: it is no text.
    """
    while line := file.readline(LONGEST_NAME):
        name = os.fsdecode(line).rstrip("\r\n")
        if "\0" in name or (len(line) == LONGEST_NAME and not line.endswith(b"\n")):
            raise DataError(f"{called} is no list of names: it takes text, with one name a line.")
        if name:
            yield name


def _in_order(folder: Path, runs: ExitStack, tally: Tally) -> Iterator[Entry]:
    """The entries of one folder in natural order; what is passed over is not among them."""
    from natsort import natsort_keygen

    natural = natsort_keygen()

    def key(entry: Entry) -> tuple[object, str]:
        return natural(entry.name), entry.name  # names that sort alike keep one fixed order

    with os.scandir(folder) as scanned:
        entries = _visible(scanned)
        run = sorted(islice(entries, RUN), key=key)
        if len(run) < RUN:
            tally.n_files += sum(not entry.is_folder for entry in run)
            return iter(run)
        kept: list[IO[bytes]] = []
        while run:
            kept.append(_put_away(run, runs))
            tally.n_files += sum(not entry.is_folder for entry in run)
            run = sorted(islice(entries, RUN), key=key)
    return heapq.merge(*map(_taken, kept), key=key)


def _visible(scanned: Iterator[os.DirEntry[str]]) -> Iterator[Entry]:
    for entry in scanned:
        if is_passed_over(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield Entry(entry.name, True)
        elif not entry.is_dir():
            yield Entry(entry.name, False)


def _put_away(entries: list[Entry], runs: ExitStack) -> IO[bytes]:
    """A run on disk, in a file without a name that ends with the listing."""
    import tempfile  # most folders never come here

    file = runs.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (does)
    for entry in entries:
        name = os.fsencode(entry.name)
        file.write(_HEAD.pack(entry.is_folder, len(name)) + name)
    return file


def _taken(file: IO[bytes]) -> Iterator[Entry]:
    file.seek(0)
    while head := file.read(_HEAD.size):
        is_folder, length = _HEAD.unpack(head)
        yield Entry(os.fsdecode(file.read(length)), is_folder)
