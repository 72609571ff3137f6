"""Parallel: many picture files decoded and framed on every core, in order, memory bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.errors import DataError, PictureError
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.imaging.framing import Frame, frame_picture
from digitnet.imaging.pictures import quiet_pillow
from digitnet.threads import n_cores

if TYPE_CHECKING:
    from concurrent.futures import Executor

MANY = 300
"""From so many files on, processes of their own pay for their start; Pillow and framing spend
too much time in Python for threads."""

AT_ONCE = 64
"""Files handed to a process at a time."""

Framed = Frame | PictureError
Source = str | Path | bytes | PictureError
"""A picture file, a file's bytes, or the reason why there is neither."""


def frame_files(sources: Iterable[Source], framing: str = "mnist") -> Iterator[Framed]:
    """The frame of each picture file, or the error that says why there is none, in order.

    Each is decoded within the limits of `Decoders`. Few files are read one by one, many by as many
    processes as there are cores. At most some hundred frames wait to be taken, however many files
    there are, and their names are taken as they are needed.

    Args:
        sources: the files, or their bytes.
        framing: see `frame_picture`.

    Raises:
        DataError: one of the processes was killed.
    """
    coming = iter(sources)
    first = list(islice(coming, MANY))
    coming = chain(first, coming)
    if len(first) < MANY or n_cores() == 1:
        with Decoders(PHOTOGRAPH) as decoders:
            yield from (frame_file(source, framing, decoders.open) for source in coming)
        return
    chunks = iter(lambda: list(islice(coming, AT_ONCE)), [])
    with _processes() as pool:
        waiting = deque(
            pool.submit(frame_chunk, chunk, framing) for chunk in islice(chunks, 3 * n_cores())
        )
        while waiting:
            yield from waiting.popleft().result()
            for chunk in islice(chunks, 1):
                waiting.append(pool.submit(frame_chunk, chunk, framing))


def frame_chunk(sources: Sequence[Source], framing: str) -> list[Framed]:
    """What one process does with the files it is handed."""
    decode = _decoders().open
    with quiet_pillow():  # once for all of them
        return [frame_file(source, framing, decode) for source in sources]


@cache
def _decoders() -> Decoders:
    """Those of a process that frames, which end with it: to begin one costs as much as a photo."""
    return Decoders(PHOTOGRAPH)


def frame_file(
    source: Source, framing: str, decode: Callable[[str | Path | bytes], Bytes]
) -> Framed:
    """The frame of one picture, or the reason why there is none."""
    if isinstance(source, PictureError):
        return source
    try:
        return frame_picture(decode(source), framing)
    except PictureError as error:
        return error


@contextmanager
def _processes() -> Iterator[Executor]:
    """A process per core that frames; see `helpers`."""
    from concurrent.futures import BrokenExecutor

    try:
        with helpers(be_a_helper) as pool:
            yield pool
    except BrokenExecutor as error:
        raise DataError(
            "A process that was reading pictures has been killed, perhaps for want of memory; "
            f"free some, or read fewer than {MANY} pictures at once."
        ) from error


@contextmanager
def helpers(begin: Callable[[], None]) -> Iterator[Executor]:
    """A process per core, of one thread; on any error, Ctrl-C included, all of them are ended.

    They do not run the program's main module again.

    Args:
        begin: what each does first, `be_a_helper` at least.
    """
    from loky import ProcessPoolExecutor

    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pool = ProcessPoolExecutor(n_cores(), initializer=begin, env=one)
    try:
        yield pool
    except BaseException:
        pool.shutdown(kill_workers=True)
        raise
    pool.shutdown()  # killed while it begins, one would leave a traceback behind


def be_a_helper() -> None:
    """Leave Ctrl-C to the main process, and OpenCV's threads to the other helpers."""
    import signal

    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
