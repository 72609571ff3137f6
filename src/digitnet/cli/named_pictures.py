"""Named pictures: what the words of a command mean: files, folders, patterns, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from digitnet.cli.output import say
from digitnet.data.listing import Missing, Tally, each_line, files_meant, is_left_alone, no_pictures
from digitnet.errors import DataError, PictureError
from digitnet.files import open_regular
from digitnet.imaging.addresses import local_path
from digitnet.imaging.pictures import count_pages, page_names, read_head


class Named(NamedTuple):
    """A picture as it is called, and where its pixels are; or why there are none."""

    name: str
    source: str | bytes | PictureError


class LeftAlone:
    """Files that nobody named and that are no pictures: how many, and the first of them."""

    def __init__(self) -> None:
        self.n, self._first = 0, list[str]()

    def add(self, path: str) -> None:
        """One more."""
        self.n += 1
        if self.n <= 5:
            self._first.append(path)

    def tell(self) -> None:
        """Say so, once all have come."""
        if self.n:
            few = ", ".join(self._first) + (", ..." if self.n > 5 else "")
            say(f"{self.n:,} left alone, no picture by name nor content: {few}")


def named_pictures(words: Sequence[str]) -> list[Named]:
    """The pictures that are meant, in the order of the words; says what was left alone.

    A word is a file (each page of a PDF or TIFF is a picture), a folder (all that is in it and in
    its sub-folders, in natural order), a pattern such as `bulk/*.png`, `@list.txt` for the names
    in a file, one a line, `-` for standard input, a `file://` address or a data URL. What cannot be
    a picture stands in the list with the reason.
    """
    return list(each_picture(words))


def each_picture(words: Sequence[str], tally: Tally | None = None) -> Iterator[Named]:
    """The same one after the other, however many there are; `tally` counts what is known of."""
    left_alone, tally = LeftAlone(), tally or Tally()
    for word in words:
        yield from _meant(word, left_alone, tally)
    left_alone.tell()


def _meant(
    word: str, left_alone: LeftAlone, tally: Tally, *, in_list: bool = False
) -> Iterator[Named]:
    if word == "-":
        yield _standard_input()
        return
    if not word.strip():
        yield Named(word, PictureError("The name of a picture is empty: check where it is from."))
        return
    if word.startswith("data:"):
        yield Named(word.partition(",")[0], word)
        return
    if word.startswith("@") and not in_list and not os.path.lexists(word):
        yield from _in_list(word[1:], left_alone, tally)
        return
    try:
        path = local_path(word)
    except PictureError as error:
        yield Named(word, error)
        return
    n_found = 0
    for file in files_meant(path, tally):
        if isinstance(file, Missing):
            n_found += 1
            yield Named(file.name, PictureError(file.sentence))
            continue
        head = read_head(file.path)
        if file.is_found and is_left_alone(file.path, head):
            left_alone.add(file.path)
            tally.n_files -= 1
            continue
        n_found += 1
        yield from (Named(name, name) for name in page_names(file.path, head or b""))
    if not n_found:
        none = no_pictures(path)
        yield Named(none.name, PictureError(none.sentence))


def _in_list(path: str, left_alone: LeftAlone, tally: Tally) -> Iterator[Named]:
    """The pictures of a list's lines.

    Raises:
        DataError: there is no such file, or it is no text.
    """
    try:
        with open_regular(path, sys.maxsize) as file:
            for line in each_line(file, path):
                yield from _meant(line, left_alone, tally, in_list=True)
    except OSError as error:
        raise DataError(
            f"The list {path} cannot be read ({error.strerror}): check its name."
        ) from error


def _standard_input() -> Named:
    content = sys.stdin.buffer.read()
    n_pages = count_pages(content)
    if n_pages > 1:
        error = PictureError(f"Standard input has {n_pages} pages: save it and give the file.")
        return Named("-", error)
    return Named("-", content)
