"""Filesystems: places on this machine or elsewhere, by the addresses that fsspec knows."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, BinaryIO, NamedTuple, cast

import fsspec
from natsort import natsort_keygen

from digitnet.data.listing import Listed, Missing, Tally, is_passed_over, no_pictures
from digitnet.errors import DataError, OutputError, PictureError
from digitnet.imaging.parts import MOST_BYTES

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
TRIES = 3
"""Of reading a file whose server fails; between them one and two seconds pass."""
LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""What another try does not change."""


def is_elsewhere(word: str) -> bool:
    """Whether a name is an address of fsspec, s3://bucket/x or zip://x::file.zip, and no path."""
    found = _ADDRESS.match(word)
    return found is not None and (found[1].lower() != "file" or "::" in word)


class Place(NamedTuple):
    """A file system and a path in it; `address` gives the address of another path there."""

    system: Any
    path: str
    scheme: str
    beyond: str

    def address(self, path: str) -> str:
        """What the user would call it."""
        return path if _ADDRESS.match(path) else f"{self.scheme}://{path.lstrip('/')}{self.beyond}"


def place_of(word: str) -> Place:
    """The file system that an address names.

    Raises:
        DataError: there is none of that kind, or a package for it is missing.
    """
    first, chain, rest = word.partition("::")
    try:
        system, path = fsspec.core.url_to_fs(word)
    except (ImportError, ValueError) as error:
        raise DataError(f"{word} cannot be opened: {_why(error)}.") from None
    except Exception as error:  # each system's client has errors of its own
        raise DataError(f"{word} cannot be reached: {_why(error)}.") from None
    return Place(system, str(path), first.partition("://")[0], chain + rest)


def files_meant_there(word: str, tally: Tally) -> Iterator[Listed | Missing]:
    """The files that an address means: itself, all in a folder and below, or those of a pattern.

    They are the paths in its file system, in natural order, folder by folder as they are listed.

    Raises:
        DataError: as of `place_of`, or the place cannot be listed.
    """
    place = place_of(word)
    try:
        if any(sign in place.path for sign in "*?[") and not place.system.exists(place.path):
            found = sorted(map(str, place.system.glob(place.path)), key=_by_name)
            if not found:
                yield Missing(word, f"{word} matches no file: check the pattern.")
            tally.n_files += len(found)
            yield from (Listed(path, False) for path in found)
        elif place.system.isdir(place.path):
            n_found = 0
            for path in _below(place.system, place.path, tally):
                n_found += 1
                yield Listed(path, True)
            if not n_found:
                yield no_pictures(word)
        else:
            tally.n_files += 1
            yield Listed(place.path, False)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{word} cannot be listed: {_why(error)}.") from error


def _below(system: Any, folder: str, tally: Tally) -> Iterator[str]:
    """Every file that is not hidden, in natural order."""
    entries = [
        (str(entry["name"]).rstrip("/"), entry["type"] == "directory")
        for entry in system.ls(folder, detail=True)
    ]
    entries = [
        (path, is_folder)
        for path, is_folder in sorted(entries, key=lambda entry: _by_name(entry[0]))
        if not is_passed_over(path.rpartition("/")[2]) and path != folder.rstrip("/")
    ]
    tally.n_files += sum(not is_folder for _, is_folder in entries)
    for path, is_folder in entries:
        if is_folder:
            yield from _below(system, path, tally)
        else:
            yield path


_natural = natsort_keygen()


def _by_name(path: str) -> tuple[object, str]:
    return _natural(path), path


def read_file(system: Any, path: str, called: str) -> bytes:
    """The bytes of a file there; a server that fails is asked again.

    Raises:
        PictureError: it cannot be read, or is larger than a picture.
    """
    for number in range(TRIES):
        try:
            with system.open(path, "rb") as file:
                content: bytes = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise PictureError(f"{called} has more than {MOST_BYTES:,} bytes: make it smaller.")
            return content
        except PictureError:
            raise
        except FileNotFoundError:
            raise PictureError(f"{called} was not found: check the path.") from None
        except Exception as error:
            if number == TRIES - 1 or isinstance(error, LASTING):
                raise PictureError(f"{called} cannot be read ({_why(error)}).") from None
            time.sleep(number + 1)
    raise AssertionError


def open_there(word: str) -> BinaryIO:
    """A file there, to be read from its beginning.

    Raises:
        DataError: it cannot be opened.
    """
    place = place_of(word)
    try:
        return cast(BinaryIO, place.system.open(place.path, "rb"))
    except Exception as error:
        raise DataError(f"{word} cannot be read: {_why(error)}.") from error


class Store:
    """A folder elsewhere that files are written into, each whole or not at all.

    Raises:
        OutputError: it cannot be made or written to.
    """

    def __init__(self, word: str) -> None:
        self.word = word
        try:
            self._place = place_of(word)
            self._place.system.makedirs(self._place.path, exist_ok=True)
        except DataError as error:
            raise OutputError(str(error), "choose another place, {out}.") from None
        except Exception as error:
            raise self._unwritable(error) from error

    def names(self) -> list[str]:
        """What stands there."""
        try:
            self._place.system.invalidate_cache()
            found = self._place.system.ls(self._place.path, detail=False)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._unwritable(error) from error
        return [str(path).rstrip("/").rpartition("/")[2] for path in found]

    def read(self, name: str, most: int) -> bytes:
        """A file's first bytes."""
        try:
            with closing(self._place.system.open(f"{self._place.path}/{name}", "rb")) as file:
                content: bytes = file.read(most)
                return content
        except Exception as error:
            raise self._unwritable(error) from error

    def write(self, name: str, content: bytes) -> None:
        """A file that is there whole, or not at all; one of that name is replaced."""
        system, folder = self._place.system, self._place.path.rstrip("/")
        beside = f"{folder}/.digitnet-{secrets.token_hex(6)}-{name}"
        try:
            system.pipe_file(beside, content)
            system.mv(beside, f"{folder}/{name}")
        except Exception as error:
            with suppress(Exception):
                system.rm_file(beside)
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> OutputError:
        return OutputError(
            f"{self.word} cannot be written to: {_why(error)}.", "choose another place, {out}."
        )


def _why(error: BaseException) -> str:
    """A client's error in a few words, without its full stop."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
    return text[:200] or type(error).__name__
