"""Worker: what a process of the cluster does: it has the model, and answers for a part's files.

A worker gets the model once, when it joins, as the files of its folder; it is read and checked
there as on any disk. One file is open at a time; only frames of 28 x 28 wait for their batch.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.data.listing import is_left_alone
from digitnet.distributed.filesystems import place_of, read_file
from digitnet.distributed.parts import File, Part
from digitnet.errors import DataError, ModelError, PictureError, as_option
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.imaging.parallel import Framed, frame_file
from digitnet.imaging.pictures import HEAD, count_pages, page_names, quiet_pillow, read_head
from digitnet.models.bulk import BATCH, answers_of, mark_of
from digitnet.models.folder import load_model
from digitnet.models.model import Model, Prediction
from digitnet.text import shown
from distributed import WorkerPlugin, get_worker

AHEAD = 16
"""Files elsewhere that are fetched while others are read: one request takes longer than one
picture."""
UNNAMED = "The picture"
"""What an error calls a picture that came as bytes."""

Row = tuple[str, str | None, float | None, str | None]
"""Path, label, its probability, and the reason where there is no label."""


class Done(NamedTuple):
    """What became of a part's files, or of some of them.

    Attributes:
        rows: in the order of the files.
        n_unread: of the rows, those of pictures that could not be read.
        left_alone: text that lay in folders.
    """

    rows: list[Row]
    n_unread: int
    left_alone: list[str]


class Reader(WorkerPlugin):  # type: ignore[misc]
    """The model on a worker, from when it joins until it goes.

    Args:
        contents: the files of the model's folder, name to content.
        risk: that it is asked at, None for its own.
        mark: of the model; a worker with another framing has another one, and is refused.
    """

    idempotent = True

    def __init__(self, contents: Mapping[str, bytes], risk: str | None, mark: str) -> None:
        self.name = f"digitnet-{mark}"
        self._contents, self._risk, self._mark = contents, risk, mark

    def setup(self, worker: Any) -> None:
        """Read the model.

        Raises:
            ModelError: this worker would answer otherwise.
        """
        import cv2

        cv2.setNumThreads(1)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in self._contents.items():
                (Path(folder) / name).write_bytes(content)
            model = load_model(folder)
        self.model: Model = model if self._risk is None else model.at_risk(self._risk)
        if mark_of(self.model) != self._mark:
            raise ModelError("A worker has another digitnet, which would answer otherwise.")
        self.decoders = Decoders(PHOTOGRAPH)

    def teardown(self, worker: Any) -> None:
        """End the processes that decode."""
        self.decoders.close()

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a worker: not what another one has made of it."""
        kept = ("name", "_contents", "_risk", "_mark")
        return {name: self.__dict__[name] for name in kept}


def read_part(part: Part, mark: str) -> Done:
    """Answer for the files of a part; called on a worker, in one of its threads.

    Args:
        part: which files.
        mark: of the model that the worker has been given.
    """
    reader: Reader = get_worker().plugins[f"digitnet-{mark}"]
    return answered(part, reader.model, reader.decoders)


def answered(part: Part, model: Model, decoders: Decoders) -> Done:
    """The same, with a model and decoders."""
    names: deque[str] = deque()
    left_alone: list[str] = []
    rows: list[Row] = []
    n_unread = 0

    def framed() -> Iterator[Framed]:
        for name, one in _framed(part.files, model.framing, decoders.open, left_alone):
            names.append(name)
            yield one

    with quiet_pillow():
        frames: Iterator[Framed] = framed()
        many = True
        if part.is_only:  # few are answered one by one, as `digitnet predict` does
            first = list(islice(frames, BATCH + 1))
            many = len(first) > BATCH
            frames = (one for some in (first, frames) for one in some)
        for answer in answers_of(model, frames, many=many):
            rows.append(_row(model, names.popleft(), answer))
            n_unread += isinstance(answer, PictureError)
    return Done(rows, n_unread, left_alone)


def _row(model: Model, name: str, answer: Prediction | PictureError) -> Row:
    if isinstance(answer, PictureError):
        return shown(name), None, None, shown(answer.worded(as_option))
    if answer.label is None:
        return shown(name), None, None, answer.reason
    probability = float(answer.probabilities[answer.label])
    return shown(name), model.class_names[answer.label], probability, None


Opener = Callable[[str | Path | bytes], Any]


def _framed(
    files: Sequence[File], framing: str, decode: Opener, left_alone: list[str]
) -> Iterator[tuple[str, Framed]]:
    """Each picture's name and frame, or error; a file of several pages is several pictures."""
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
                yield name, _told_as(frame_file(path, framing, decode), path, name)
        elif (n_pages := count_pages(content)) > 1:
            yield from _pages(file.name, content, n_pages, framing, decode)
        else:
            yield file.name, _told_as(frame_file(content, framing, decode), UNNAMED, file.name)


def _pages(
    name: str, content: bytes, n_pages: int, framing: str, decode: Opener
) -> Iterator[tuple[str, Framed]]:
    """The pages of a file that came as bytes; they are opened by their numbers behind a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pages")  # noqa: PTH118 (a page's name is text)
        Path(path).write_bytes(content)
        for number in range(1, n_pages + 1):
            page = f"{path}#{number}"
            called = f"{name}#{number}"
            yield called, _told_as(frame_file(page, framing, decode), page, called)


def _told_as(framed: Framed, opened_as: str, name: str) -> Framed:
    """An error with the name that the user knows."""
    if not isinstance(framed, PictureError):
        return framed
    return PictureError(framed.sentence.replace(opened_as, name), framed.hint)


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
