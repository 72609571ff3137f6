"""Fetching: the files of a part opened one after the other, from here or from elsewhere."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from digitnet.data.listing import is_left_alone
from digitnet.distributed.filesystems import place_of, read_file
from digitnet.distributed.parts import File
from digitnet.errors import DataError, PictureError
from digitnet.imaging.pictures import HEAD, count_pages, page_names, read_head
from digitnet.text import shown

AHEAD = 16
"""Files elsewhere that are fetched while others are read: one request takes longer than one
picture."""
UNNAMED = "The picture"
"""What an error calls a picture that came as bytes."""

Made = TypeVar("Made")
Work = Callable[[str | Path | bytes], Made]
"""What is made of a picture, by its path or its bytes; it may raise PictureError."""


def each_made(
    files: Sequence[File], work: Work[Made], left_alone: list[str]
) -> Iterator[tuple[str, Made | PictureError]]:
    """Each picture's name and what is made of it, or why nothing is, one after the other.

    A file of several pages is several pictures; text that lay in a folder is none.

    Args:
        files: they are opened here, those elsewhere fetched ahead.
        work: what to make.
        left_alone: takes the names of text.
    """
    for file, content in _fetched(files):
        if isinstance(content, PictureError):
            yield file.name, content
            continue
        head = read_head(file.path) if content is None else content[:HEAD]
        if file.is_found and is_left_alone(file.path, head):
            left_alone.append(shown(file.name))
        elif content is None:
            for path in page_names(file.path, head or b""):
                name = file.name + path[len(file.path) :]
                yield name, _made(work, path, path, name)
        elif (n_pages := count_pages(content)) > 1:
            yield from _pages(file.name, content, n_pages, work)
        else:
            yield file.name, _made(work, content, UNNAMED, file.name)


def _pages(
    name: str, content: bytes, n_pages: int, work: Work[Made]
) -> Iterator[tuple[str, Made | PictureError]]:
    """The pages of a file that came as bytes; they are opened by their numbers behind a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pages")  # noqa: PTH118 (a page's name is text)
        Path(path).write_bytes(content)
        for number in range(1, n_pages + 1):
            page, called = f"{path}#{number}", f"{name}#{number}"
            yield called, _made(work, page, page, called)


def _made(work: Work[Made], source: str | bytes, opened_as: str, name: str) -> Made | PictureError:
    """What is made of a picture; an error has the name that the user knows."""
    try:
        return work(source)
    except PictureError as error:
        return PictureError(error.sentence.replace(opened_as, name), error.hint)


def _fetched(files: Sequence[File]) -> Iterator[tuple[File, bytes | PictureError | None]]:
    """Each file with its bytes, fetched ahead, or None where it lies on this machine."""
    with ExitStack() as stack:
        systems = _Systems(stack)
        waiting: deque[_Fetched] = deque()
        for file in files:
            here = file.reason is not None or file.root is None
            waiting.append((file, None if here else systems.begin(file)))
            if len(waiting) > AHEAD or waiting[0][1] is None:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)


class _Systems:
    """The file systems of a part, and the threads that fetch from them.

    Several at once only where a system is made for it, as those of networks are: an archive is
    one open file, and its reader counts its users without a lock.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._known: dict[str, Any] = {}
        self._pools: dict[int, ThreadPoolExecutor] = {}

    def begin(self, file: File) -> Future[bytes | PictureError]:
        """Fetch a file's bytes, soon."""
        assert file.root is not None
        failed: Future[bytes | PictureError] = Future()
        try:
            if file.root not in self._known:
                self._known = {file.root: place_of(file.root).system}  # the last one is enough
        except DataError as error:
            failed.set_result(PictureError(error.sentence, error.hint))
            return failed
        system = self._known[file.root]
        n = AHEAD if getattr(system, "async_impl", False) else 1
        if n not in self._pools:
            self._pools[n] = self._stack.enter_context(ThreadPoolExecutor(n))
        return self._pools[n].submit(_fetch, system, file)


def _fetch(system: Any, file: File) -> bytes | PictureError:
    try:
        return read_file(system, file.path, file.name)
    except PictureError as error:
        return error


_Fetched = tuple[File, Future[bytes | PictureError] | None]


def _next(
    waiting: deque[tuple[File, Future[bytes | PictureError] | None]],
) -> tuple[File, bytes | PictureError | None]:
    file, future = waiting.popleft()
    if file.reason is not None:
        return file, PictureError(file.reason)
    return file, None if future is None else future.result()
