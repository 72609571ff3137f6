"""Named pictures: what the words of a command mean: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from digitnet.cli.output import say
from digitnet.data.picture_files import SUFFIXES
from digitnet.errors import PictureError
from digitnet.imaging.addresses import local_path
from digitnet.imaging.pictures import count_pages, is_text, page_names, read_head

SYSTEM_FILES = ("thumbs.db", "desktop.ini")
"""What systems put into folders unasked, beside files that begin with a dot."""


class Named(NamedTuple):
    """A picture as it is called, and where its pixels are; or why there are none."""

    name: str
    source: str | bytes | PictureError


def named_pictures(words: Sequence[str]) -> list[Named]:
    """The pictures that are meant, in the order of the words; says what was left alone.

    A word is a file (each page of a PDF or TIFF is a picture), a folder (all that is in it and in
    its sub-folders, in natural order), a pattern such as `bulk/*.png`, `-` for standard input, a
    `file://` address or a data URL. What cannot be a picture stands in the list with the reason.
    """
    left_alone: list[str] = []
    pictures = [named for word in words for named in _meant(word, left_alone)]
    if left_alone:
        few = ", ".join(left_alone[:5]) + (", ..." if len(left_alone) > 5 else "")
        say(f"{len(left_alone):,} left alone, no picture by name nor content: {few}")
    return pictures


def _meant(word: str, left_alone: list[str]) -> Iterator[Named]:
    if word == "-":
        yield _standard_input()
        return
    if not word.strip():
        yield Named(word, PictureError("The name of a picture is empty: check where it is from."))
        return
    if word.startswith("data:"):
        yield Named(word.partition(",")[0], word)
        return
    try:
        path = local_path(word)
    except PictureError as error:
        yield Named(word, error)
        return
    if not os.path.lexists(path) and any(sign in path for sign in "*?["):
        yield from _matching(path, left_alone)
    elif Path(path).is_dir():
        yield from _in_folder(path, left_alone)
    else:
        yield from (Named(name, name) for name in page_names(path))


def _standard_input() -> Named:
    content = sys.stdin.buffer.read()
    n_pages = count_pages(content)
    if n_pages > 1:
        error = PictureError(f"Standard input has {n_pages} pages: save it and give the file.")
        return Named("-", error)
    return Named("-", content)


def _matching(pattern: str, left_alone: list[str]) -> Iterator[Named]:
    """What a pattern stands for, each picture once; `**` is any number of folders."""
    from natsort import natsorted

    folder, rest = os.path.split(pattern)
    if Path(folder).is_dir():  # its own name may have brackets
        folder = glob.escape(folder)
    found = glob.glob(os.path.join(folder, rest), recursive=True)  # noqa: PTH118, PTH207 (keeps ./)
    pictures: dict[str, Named] = {}
    for path in natsorted(sorted(found)):
        if not Path(path).is_dir():
            pictures.update((name, Named(name, name)) for name in page_names(path))
        elif "**" not in pattern:  # else what is in the folder matches by itself
            pictures.update((named.name, named) for named in _in_folder(path, left_alone))
    if not pictures:
        what = f"{pattern} matches no file: check the pattern."
        yield Named(pattern, PictureError(what))
    yield from pictures.values()


def _in_folder(folder: str, left_alone: list[str]) -> Iterator[Named]:
    """The pictures in a folder and below, in natural order.

    Hidden files are passed over; text without a picture's name is left alone; all else is meant.
    """
    n_found = 0
    for path in _files_below(Path(folder)):
        if isinstance(path, Named):
            n_found += 1
            yield path
            continue
        head = read_head(path)
        if head is not None and is_text(head) and path.suffix.lower() not in SUFFIXES:
            left_alone.append(str(path))
            continue
        n_found += 1
        yield from (Named(name, name) for name in page_names(str(path), head or b""))
    if not n_found:
        yield Named(
            folder, PictureError(f"The folder {folder} holds no pictures: name one that does.")
        )


def _files_below(folder: Path) -> Iterator[Path | Named]:
    """Every file that is not hidden; links to folders are not followed, so nothing comes twice."""
    from natsort import natsorted

    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        why = PictureError(f"The folder {folder} cannot be listed ({error.strerror}).")
        yield Named(str(folder), why)
        return
    for entry in natsorted(entries, key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name.lower() in (*SYSTEM_FILES, "__macosx"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(folder / entry.name)
        elif not entry.is_dir():
            yield folder / entry.name
