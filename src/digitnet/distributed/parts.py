"""Parts: the files of a job in shares of one size, each with a mark that tells its names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from digitnet.data.listing import Listed, Missing, Tally, each_line, files_meant
from digitnet.distributed.filesystems import (
    files_meant_there,
    is_elsewhere,
    open_there,
    place_of,
)
from digitnet.errors import DataError, PictureError, SettingsError
from digitnet.files import open_regular
from digitnet.imaging.addresses import local_path

PART_SIZE = 1_024
"""Files of a part: some seconds' work of a process."""


class File(NamedTuple):
    """One file of a job, not opened yet.

    Attributes:
        name: what the user calls it, and its rows.
        root: the address of its file system; None on this machine.
        path: there; on this machine absolute.
        is_found: whether it lay in a folder, where text is left alone.
        reason: why there is no such file; None where there may be one.
    """

    name: str
    root: str | None
    path: str
    is_found: bool
    reason: str | None = None


class Part(NamedTuple):
    """A share of a job's files: its number from 0, and whether it is the only one."""

    number: int
    files: Sequence[File]
    is_only: bool

    @property
    def mark(self) -> str:
        """Another one for other names."""
        names = "\0".join(f"{file.name}\1{file.is_found}" for file in self.files)
        return hashlib.blake2b(os.fsencode(names), digest_size=6).hexdigest()


def files_of(words: Iterable[str], tally: Tally) -> Iterator[File]:
    """The files that are meant, in the order of the words; none is opened, however many there are.

    A word is a file, a folder, a pattern, `@list.txt` with a name a line, or an address of fsspec,
    also behind an @.

    Raises:
        DataError: a list or an address cannot be read.
        SettingsError: a word that cannot be shared out: standard input, a data URL.
    """
    for word in words:
        if word.startswith("@") and not os.path.lexists(word):
            yield from _in_list(word[1:], tally)
        else:
            yield from _meant(word, tally)


def parts_of(files: Iterator[File], size: int) -> Iterator[Part]:
    """The files in shares of that size, the last one smaller."""
    number, share = 0, list(islice(files, size))
    while share:
        following = list(islice(files, size))
        yield Part(number, share, number == 0 and not following)
        number, share = number + 1, following


def _in_list(word: str, tally: Tally) -> Iterator[File]:
    try:
        opened = open_there(word) if is_elsewhere(word) else open_regular(word, 2**62)
        with opened as file:
            for line in each_line(file, word):
                yield from _meant(line, tally)
    except OSError as error:
        why = error.strerror or error
        raise DataError(f"The list {word} cannot be read ({why}): check its name.") from error


def _meant(word: str, tally: Tally) -> Iterator[File]:
    if word == "-" or word.startswith("data:"):
        raise SettingsError(
            "Standard input and data URLs cannot be shared out among workers.",
            "name files, a folder, a list or an address.",
        )
    if is_elsewhere(word):
        place = place_of(word)
        for there in files_meant_there(word, tally):
            if isinstance(there, Missing):
                yield File(there.name, None, "", False, there.sentence)
            else:
                yield File(place.address(there.path), word, there.path, there.is_found)
        return
    try:
        path = local_path(word)
    except PictureError as error:
        yield File(word, None, "", False, str(error))
        return
    for here in files_meant(path, tally):
        if isinstance(here, Missing):
            yield File(here.name, None, "", False, here.sentence)
        else:
            yield _here(here)


def _here(file: Listed) -> File:
    absolute = os.path.abspath(file.path)  # noqa: PTH100 (a worker may have begun elsewhere)
    return File(file.path, None, absolute, file.is_found)
