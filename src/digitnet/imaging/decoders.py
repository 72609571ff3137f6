"""Decoders: processes that decode pictures for this one, within limits of time and memory.

What a file costs is known beforehand for PNG and JPEG of few pixels alone (`is_light`). Any other
is decoded in a process of its own, which may take SECONDS of processor time and MEMORY bytes and
sends back no more pixels than were allowed; one that takes longer is killed, and another takes its
place for the next file.
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.files import open_regular
from digitnet.imaging.addresses import from_data_url
from digitnet.imaging.parts import pixels_of
from digitnet.imaging.pictures import (
    HEAD,
    MAX_PIXELS,
    MOST_BYTES,
    count_pages,
    file_and_page,
    has_decoder,
    open_picture,
)

if TYPE_CHECKING:
    import subprocess

SECONDS = 2.0
"""Of processor time, for one picture; of all threads of a decoder together."""
MOST_WAITED = 15.0
"""Seconds that a picture is waited for where others keep its process off the cores."""
MEMORY = 2**30
"""Bytes of address space of a process that decodes, Python and its libraries included."""

_OUT_OF_TIME = getattr(signal, "SIGPROF", 1000)
"""The signal that ends a process when its time is over; Windows has none."""
_LENGTH = struct.Struct(">Q")
_LONGEST_REPLY = 2**20
"""Bytes of what a process says before the pixels."""
_BEGIN = "from digitnet.imaging.decoders import serve; serve({seconds}, {memory})"


class Light(NamedTuple):
    """What a PNG or JPEG may have at most to be decoded at once, without a process of its own.

    Attributes:
        size: bytes of the file.
        pixels: that its header names.
    """

    size: int
    pixels: int


LIGHT = Light(size=200_000, pixels=1_000_000)
"""At most some 0.2 s and 20 MB, with as many scans or chunks as a file may have."""
PHOTOGRAPH = Light(size=20_000_000, pixels=12_500_000)
"""What a phone makes. At most about 1.5 s and 250 MB."""


def is_light(stream: BinaryIO, most: Light) -> bool:
    """Whether the cost of decoding a file is bounded by what it says of itself.

    True for a PNG or JPEG within the limits: their decoders go over each byte and each pixel
    once, a JPEG's once for each scan, and `check_parts` bounds scans and chunks. True, too, for
    what is refused by its first bytes.

    Args:
        stream: of the file, at its beginning.
        most: the limits.
    """
    head = stream.read(HEAD)
    if not has_decoder(head):
        return True
    if stream.seek(0, os.SEEK_END) > most.size:
        return False
    stream.seek(0)
    pixels = pixels_of(stream)
    return pixels is not None and pixels <= most.pixels


class Decoders:
    """Processes that decode, as many as threads ask at once; each begins when it is needed.

    Args:
        light: files of which this process decodes itself.
        one_page: whether a file with several pages is refused.
        seconds: of processor time for one picture.
        memory: bytes of address space of each process.
    """

    def __init__(
        self,
        light: Light = LIGHT,
        *,
        one_page: bool = False,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self._light, self._one_page = light, one_page
        self._seconds, self._memory = seconds, memory
        self._free: list[_Process] = []
        self._closed = False

    def __enter__(self) -> Decoders:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_light(self, source: str | Path | bytes) -> bool:
        """Whether `open` decodes it in this process."""
        try:
            if isinstance(source, bytes):
                return is_light(io.BytesIO(source), self._light)
            path, page = file_and_page(source)
            with open_regular(path, MOST_BYTES) as stream:
                return page is None and is_light(stream, self._light)
        except (OSError, ValueError, PictureError):
            return True  # there is nothing to decode, and opening it says why

    def open(
        self, source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS
    ) -> NDArray[np.uint8]:
        """Decode a picture as `open_picture` does it: a path, data URL or bytes.

        Raises:
            PictureError: it cannot be read, or takes more time or memory than it may.
        """
        if isinstance(source, str) and source.startswith("data:"):
            source = from_data_url(source)
        if self.is_light(source):
            return open_picture(source, max_pixels=max_pixels)
        process = self._free_process()
        try:
            return process.open(source, max_pixels, self._one_page)
        finally:
            self._free.append(process)
            if self._closed:
                self.close()

    def _free_process(self) -> _Process:
        try:
            return self._free.pop()
        except IndexError:
            return _Process(self._seconds, self._memory)

    def close(self) -> None:
        """End the processes that wait; one at work ends when its picture is done."""
        self._closed = True
        while self._free:
            self._free.pop().end()


class _Process:
    """One process, begun with the first picture and anew after one that it was killed for."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds, self._memory = seconds, memory
        self._running: subprocess.Popen[bytes] | None = None

    def open(
        self, source: str | Path | bytes, max_pixels: int, one_page: bool
    ) -> NDArray[np.uint8]:
        content, name = (source, None) if isinstance(source, bytes) else (b"", os.fspath(source))
        task = {
            "path": name,
            "folder": None if name is None else str(Path.cwd()),  # it may have changed since
            "size": len(content),
            "max_pixels": max_pixels,
            "one_page": one_page,
        }
        running = self._begun()
        late = threading.Timer(MOST_WAITED, running.kill)
        late.start()
        try:
            assert running.stdin is not None
            assert running.stdout is not None
            _write(running.stdin, json.dumps(task).encode())
            running.stdin.write(content)
            running.stdin.flush()
            reply = json.loads(_read(running.stdout, _LONGEST_REPLY))
            if "bug" in reply:
                raise RuntimeError(reply["bug"])
            if "sentence" in reply:
                raise PictureError(reply["sentence"], reply["hint"])
            return _pixels(running.stdout, reply["shape"], max_pixels)
        except (OSError, EOFError, ValueError, TypeError, LookupError, RecursionError):
            overran = late.finished.is_set()
            code, name = self.end(), name or "The picture"
            if overran or code == -_OUT_OF_TIME:
                raise PictureError(
                    f"{name} takes longer to decode than the {self._seconds:g} seconds of a "
                    "picture: make it smaller, or save it as PNG or JPEG."
                ) from None
            raise PictureError(
                f"{name} makes its decoder fail, or takes more than "
                f"{self._memory // 2**20:,} MiB: save the picture again."
            ) from None
        finally:
            late.cancel()

    def _begun(self) -> subprocess.Popen[bytes]:
        import subprocess

        if self._running is None or self._running.poll() is not None:
            self.end()
            begin = _BEGIN.format(seconds=self._seconds, memory=self._memory)
            self._running = subprocess.Popen(
                # -P: no module of the folder that it is started in
                [sys.executable, "-P", "-c", begin],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # where libraries complain of damaged files
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(place for place in sys.path if place),
                    # threads that it does not use would take of its memory
                    "OPENBLAS_NUM_THREADS": "1",
                    "OMP_NUM_THREADS": "1",
                },
                start_new_session=True,  # Ctrl-C is for this process alone
            )
        return self._running

    def end(self) -> int:
        """End it, whatever it does; its exit code, negative for a signal, 0 if there is none."""
        running, self._running = self._running, None
        if running is None:
            return 0
        assert running.stdin is not None
        assert running.stdout is not None
        with suppress(OSError):
            running.stdin.close()
        running.stdout.close()
        late = threading.Timer(0.5, running.kill)
        late.start()
        try:
            return running.wait()
        finally:
            late.cancel()


def _pixels(stream: IO[bytes], shape: Any, max_pixels: int) -> NDArray[np.uint8]:
    """The picture that a process sends behind its reply; none larger than was asked for."""
    height, width, *channels = (int(n) for n in shape)
    if channels not in ([], [3]) or min(height, width) < 1:
        raise ValueError("no picture")
    if (height - 1) * (width - 1) > max_pixels:  # a drawn page may be a row larger
        raise ValueError("too large")
    pixels = np.empty((height, width, *channels), np.uint8)
    if stream.readinto(pixels.data.cast("B")) != pixels.size:  # type: ignore[attr-defined]
        raise EOFError
    return pixels


def _write(stream: IO[bytes], content: bytes) -> None:
    stream.write(_LENGTH.pack(len(content)) + content)


def _read(stream: IO[bytes], most: int) -> bytes:
    """What `_write` wrote.

    Raises:
        EOFError: the other process has ended.
        ValueError: it is longer than that.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    if length > most:
        raise ValueError("too long")
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def serve(seconds: float, memory: int) -> None:
    """What a process does that decodes: pictures from standard input, one after the other.

    It ends with its input, so that none is left behind whatever becomes of the one that began it.
    """
    asked, answered = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # no library's words get among the pixels
    _limit_memory(memory)
    with suppress(EOFError, OSError):
        while True:
            task = json.loads(_read(asked, _LONGEST_REPLY))
            content = asked.read(task["size"])
            with _limited_time(seconds):
                reply, pixels = _decoded(task, content, memory)
            del content
            _write(answered, json.dumps(reply).encode())
            if pixels is not None:
                answered.write(pixels.data.cast("B"))
            answered.flush()
            del pixels


def _decoded(
    task: dict[str, Any], content: bytes, memory: int
) -> tuple[dict[str, Any], NDArray[np.uint8] | None]:
    """What to reply to a task, and the pixels behind it."""
    source = content if task["path"] is None else task["path"]
    try:
        if task["folder"] is not None:
            os.chdir(task["folder"])
        if task["one_page"] and (n_pages := count_pages(content)) > 1:
            raise PictureError(f"The picture has {n_pages} pages: send them one by one.")
        pixels = open_picture(source, max_pixels=task["max_pixels"])
    except PictureError as error:
        if isinstance(error.__context__, MemoryError):
            name = task["path"] or "The picture"
            error = PictureError(
                f"{name} takes more memory to decode than the {memory // 2**20:,} MiB of a "
                "picture: make it smaller."
            )
        return {"sentence": error.sentence, "hint": error.hint}, None
    except Exception:
        return {"bug": traceback.format_exc()[-_LONGEST_REPLY // 8 :]}, None
    return {"shape": pixels.shape}, pixels


def _limit_memory(most: int) -> None:
    """So many bytes of address space for this process, where the system can hold one to it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # there is a lower limit already
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


@contextmanager
def _limited_time(seconds: float) -> Iterator[None]:
    """The system kills this process once the block has taken so much processor time.

    Python's own handlers would wait for a decoder that never comes back.
    """
    if not hasattr(signal, "setitimer"):  # Windows: whoever waits kills it after MOST_WAITED
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF, which nothing here handles
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
