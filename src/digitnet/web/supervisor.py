"""Supervisor: several worker processes behind one port; one that dies is replaced.

The port is listened on before the workers are forked, and all accept from the same queue of
connections, so that none waits for a worker that has died. A worker ends when it is told to, or
when the supervisor is no more: a pipe whose other end only the supervisor holds then comes to its
end.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NamedTuple

from digitnet.errors import SettingsError
from digitnet.text import say
from digitnet.web.metrics import FOLDER, forget

MOST_WORKERS = 64
LOOK = 0.05
"""Seconds between two looks at the workers."""
GRACE = 70.0
"""Seconds that workers have to end, more than a running request has."""
PATIENCE = 60.0
"""Seconds that a worker has to be ready."""
DEATHS, WITHIN = 5, 30.0
"""So many deaths of each worker within so many seconds are no accident."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[Callable[[], None], int], None]
"""What a worker does: called with what it is to call once it is ready, and the pipe that comes to
its end with the supervisor."""


class _Worker(NamedTuple):
    process: int
    began: float


class Supervisor:
    """Workers of one server.

    Args:
        n: how many there are.
        work: what each does, in a process of its own.

    Raises:
        SettingsError: this system cannot fork, or there cannot be so many.
    """

    def __init__(self, n: int, work: Work) -> None:
        if not hasattr(os, "fork"):
            raise SettingsError(
                "Several workers need a system that can fork, such as Linux.",
                "leave {workers} out.",
            )
        if not 1 <= n <= MOST_WORKERS:
            raise SettingsError(f"A server has 1 to {MOST_WORKERS} workers, not {n}.")
        self._n, self._work = n, work
        self._workers: dict[int, _Worker] = {}
        self._deaths: deque[float] = deque(maxlen=DEATHS * n)

    def run(self, stopping: Callable[[], bool], ready: Callable[[], None]) -> None:
        """Keep the workers going until `stopping`; then let them answer what is running.

        Args:
            stopping: whether a signal has come.
            ready: called once all workers are, before any is replaced.

        Raises:
            SettingsError: they die one after the other.
        """
        figures = tempfile.mkdtemp(prefix="digitnet-metrics-")
        os.environ[FOLDER] = figures
        self._alive, self._held = os.pipe()  # nobody writes; it ends with this process
        try:
            pipes = [self._begin() for _ in range(self._n)]
            if self._all_ready(pipes, stopping):
                ready()
            while not stopping():
                self._replace_dead(stopping)
                time.sleep(LOOK)
            self._end(signal.SIGTERM, GRACE)
        finally:
            self._end(signal.SIGKILL, GRACE)
            os.close(self._held)
            os.close(self._alive)
            os.environ.pop(FOLDER, None)
            shutil.rmtree(figures, ignore_errors=True)

    def _begin(self) -> int:
        """Fork a worker; returns a pipe that it writes into once it is ready."""
        told, tells = os.pipe()
        # A signal that came in between would be taken for the supervisor's.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        process = os.fork()
        if process == 0:
            os.close(told)
            os.close(self._held)
            self._be_a_worker(tells)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(tells)
        self._workers[process] = _Worker(process, time.monotonic())
        return told

    def _be_a_worker(self, tells: int) -> None:
        """What the forked process does; it never returns from here."""
        code = 1
        try:
            for number in SIGNALS:  # before uvicorn heeds them nothing runs, and behind it, too
                signal.signal(number, _end_at_once)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

            def tell_ready() -> None:
                with os.fdopen(tells, "wb", buffering=0) as pipe, suppress(BrokenPipeError):
                    pipe.write(b"r")  # nobody waits for one that replaces another

            self._work(tell_ready, self._alive)
            code = 0
        except BaseException:
            logging.getLogger("uvicorn.error").exception("A worker met a bug.")
        finally:
            os._exit(code)

    def _all_ready(self, pipes: list[int], stopping: Callable[[], bool]) -> bool:
        """Wait until each pipe has been written into; False where something came between."""
        until = time.monotonic() + PATIENCE
        waiting = list(pipes)
        try:
            while waiting and not stopping() and time.monotonic() < until:
                for pipe in select.select(waiting, [], [], LOOK)[0]:
                    waiting.remove(pipe)
                    if not os.read(pipe, 1):
                        raise SettingsError("A worker has ended before it could answer.")
            if waiting and not stopping():
                raise SettingsError(f"The workers are not ready after {PATIENCE:g} seconds.")
            return not waiting
        finally:
            for pipe in pipes:
                os.close(pipe)

    def _replace_dead(self, stopping: Callable[[], bool]) -> None:
        for process, status in self._ended():
            if stopping():  # Ctrl-C reaches the workers, too
                return
            code = os.waitstatus_to_exitcode(status)
            why = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            self._deaths.append(time.monotonic())
            first = self._deaths[0]
            if len(self._deaths) == self._deaths.maxlen and self._deaths[-1] - first < WITHIN:
                raise SettingsError(
                    f"Workers die one after the other, the last with {why}.",
                    "look at what they say above; see whether memory is short.",
                )
            say(f"Worker {process} has died ({why}); another takes its place.")
            os.close(self._begin())

    def _ended(self) -> list[tuple[int, int]]:
        """Workers that are no more, with their status."""
        found = []
        for process in list(self._workers):
            with suppress(ChildProcessError):
                ended, status = os.waitpid(process, os.WNOHANG)
                if not ended:
                    continue
                found.append((process, status))
            self._workers.pop(process)
            forget(process)
        return found

    def _end(self, number: signal.Signals, seconds: float) -> None:
        """Send all workers a signal, and wait for them."""
        for process in self._workers:
            with suppress(ProcessLookupError):
                os.kill(process, number)
        until = time.monotonic() + seconds
        while self._workers and time.monotonic() < until:
            self._ended()
            time.sleep(LOOK)


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    """End the process: nobody waits for an answer."""
    os._exit(0)
