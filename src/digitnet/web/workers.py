"""Workers: a worker pool of threads for heavy work, and the turns that requests take at it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

Done = TypeVar("Done")
Told = Callable[[str, int, int], None]
"""Called with a queue's name, how many wait in it, and how many have their turn."""


class Turn:
    """One request's turn: its work may be done."""

    def __init__(self, threads: ThreadPoolExecutor, limits: Limits) -> None:
        self._threads, self._limits = threads, limits
        self.running: asyncio.Future[Any] | None = None

    async def do(self, work: Callable[[Callable[[], None]], Done]) -> Done:
        """Call `work` in a thread, with a function to be called now and then between its parts.

        That function ends work for which nobody waits any more.

        Raises:
            Problem: 504, it took too long.
        """
        seconds = self._limits.work_seconds
        until = time.monotonic() + seconds

        def check() -> None:
            if time.monotonic() > until:
                raise _too_long(seconds)

        future = asyncio.get_running_loop().run_in_executor(self._threads, work, check)
        self.running = future
        await asyncio.wait({future}, timeout=seconds)
        if not future.done():
            future.add_done_callback(_forget)
            raise _too_long(seconds)
        return future.result()


class Queue:
    """Threads, and the turns of those who want some work done in them."""

    def __init__(self, name: str, limits: Limits, told: Told) -> None:
        self._limits, self._name, self._told = limits, name, told
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix=f"digitnet-{name}")
        self._turns = asyncio.Semaphore(limits.at_once)
        self._n_waiting = self._n_working = 0

    def _tell(self) -> None:
        self._told(self._name, self._n_waiting, self._n_working)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for a turn; work that overruns its time keeps it until it ends.

        Raises:
            Problem: 503, too many wait already, or none came free in time.
        """
        busy = Problem(503, "The server has more to do than it can; try again in a moment.")
        if self._n_waiting >= self._limits.waiting:
            raise busy
        self._n_waiting += 1
        self._tell()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise busy from None
        finally:
            self._n_waiting -= 1
            self._tell()
        self._n_working += 1
        self._tell()
        turn = Turn(self._threads, self._limits)
        try:
            yield turn
        finally:
            if turn.running is None or turn.running.done():
                self._end_turn()
            else:
                turn.running.add_done_callback(lambda _: self._end_turn())

    def _end_turn(self) -> None:
        self._turns.release()
        self._n_working -= 1
        self._tell()

    def close(self) -> None:
        """Take no more work."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class WorkerPool:
    """Three queues: what is quick need not wait for what takes its time.

    Light pictures are decoded by the threads of their queue; those of the other wait for the
    processes that decode (`digitnet.imaging.decoders`). Short work has no pictures.
    """

    def __init__(self, limits: Limits, told: Told = lambda name, waiting, working: None) -> None:
        self._light, self._heavy = Queue("light", limits, told), Queue("heavy", limits, told)
        self._short = Queue("short work", limits, told)

    def turn(self, *, light: bool) -> AbstractAsyncContextManager[Turn]:
        """A turn for a request with pictures, all of them light or not, see `Queue.turn`."""
        return (self._light if light else self._heavy).turn()

    async def do(self, work: Callable[[], Done]) -> Done:
        """Work that needs no body, in a turn of its own.

        Raises:
            Problem: 503 or 504, as for any turn.
        """
        async with self._short.turn() as turn:
            return await turn.do(lambda check: work())

    def close(self) -> None:
        """Take no more work."""
        self._light.close()
        self._heavy.close()
        self._short.close()


def _too_long(seconds: float) -> Problem:
    return Problem(
        504, f"This took longer than the {seconds:g} seconds a request has; send less at once."
    )


def _forget(late: asyncio.Future[Any]) -> None:
    """Fetch the outcome of late work; asyncio logs an error whose outcome nobody fetched."""
    if not late.cancelled():
        late.exception()
