"""Event log: what happened in a training, and the stream of server-sent events made from it."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from digitnet.web.limits import Limits

N_STEPS = 300
"""Steps that are remembered; epochs all are, and of pictures the newest."""
NEWEST_ONLY = ("preparing", "picture")
RETRY = 1000
"""Milliseconds until a browser comes back."""


class LoggedEvent(NamedTuple):
    """One event: its number in the run, its name, and its data as JSON."""

    number: int
    kind: str
    data: str

    def as_text(self, run: str) -> str:
        """As server-sent events are written."""
        return f"id: {run}-{self.number}\nevent: {self.kind}\ndata: {self.data}\n\n"


class EventLog:
    """The events of one run after another, bounded, for any number of listeners.

    Events are added by the training's thread and read by the server's loop. An event's id is
    RUN-NUMBER; whoever knows only an id of another run hears the present one from its beginning.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[int, LoggedEvent] = {}
        self._steps: deque[int] = deque()
        self._number = 0
        self._run = "none"
        self._listeners: dict[object, Callable[[], None]] = {}
        self.closed = False

    def begin(self, run: str) -> None:
        """Forget the run before."""
        with self._lock:
            self._events.clear()
            self._steps.clear()
            self._number = 0
            self._run = run

    def add(self, kind: str, data: dict[str, Any]) -> None:
        """Log an event, and wake the listeners."""
        text = json.dumps(_finite(data), allow_nan=False)
        with self._lock:
            if kind in NEWEST_ONLY:
                for number in [n for n, event in self._events.items() if event.kind == kind]:
                    del self._events[number]
            self._number += 1
            self._events[self._number] = LoggedEvent(self._number, kind, text)
            if kind == "step":
                self._steps.append(self._number)
                if len(self._steps) > N_STEPS:
                    del self._events[self._steps.popleft()]
        self._wake()

    def close(self) -> None:
        """Let all listeners go."""
        self.closed = True
        self._wake()

    def after(self, last: str) -> tuple[str, list[LoggedEvent]]:
        """The present run, and its events behind the one with the id `last` that are known."""
        with self._lock:
            number = self._number_of(last)
            return self._run, [event for event in self._events.values() if event.number > number]

    def so_far(self) -> dict[str, Any]:
        """The whole run in one piece, for a page that is opened while it goes on."""
        with self._lock:
            events = list(self._events.values())
            last = f"{self._run}-{self._number}" if events else None
        newest = {one.kind: json.loads(one.data) for one in events if one.kind != "epoch"}
        return {
            "start": newest.get("start"),
            "preparing": newest.get("preparing"),
            "epochs": [json.loads(one.data) for one in events if one.kind == "epoch"],
            "picture": newest.get("picture"),
            "end": newest.get("end"),
            "last_event_id": last,
        }

    def listen(self, wake: Callable[[], None]) -> object:
        """Call `wake` at every event, from any thread; returns what `leave` wants."""
        key = object()
        with self._lock:
            self._listeners[key] = wake
        return key

    def leave(self, key: object) -> None:
        """Be woken no more."""
        with self._lock:
            self._listeners.pop(key, None)

    @property
    def n_listeners(self) -> int:
        """How many there are."""
        return len(self._listeners)

    def _number_of(self, last: str) -> int:
        run, _, number = last.rpartition("-")
        known = run == self._run and number.isascii() and number.isdecimal() and len(number) < 12
        return int(number) if known else 0

    def _wake(self) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
        for wake in listeners:
            wake()


def _finite(value: Any) -> Any:
    """Plain values with null for what JSON has no number for, such as a loss that overflowed."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value


class EventStream:
    """An answer that goes on: an event log as server-sent events, an ASGI app of its own.

    It ends when the client goes, after `limits.stream_seconds`, and when the log is closed. A
    client that reads no more is cut off by the server, see `Server`.
    """

    def __init__(self, event_log: EventLog, last: str, limits: Limits) -> None:
        self._log, self._last, self._limits = event_log, last, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is new as it comes."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it all its clients
                loop.call_soon_threadsafe(news.set)

        async def send_text(text: str, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": text.encode(), "more_body": more})

        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        gone = asyncio.create_task(_until_gone(receive))
        ends = loop.time() + self._limits.stream_seconds
        key = self._log.listen(wake)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send_text(f"retry: {RETRY}\n\n")
            while not (gone.done() or self._log.closed or loop.time() > ends):
                news.clear()
                run, events = self._log.after(self._last)
                if events:  # all in one piece: whether the client is still there is known behind it
                    self._last = f"{run}-{events[-1].number}"
                    await send_text("".join(one.as_text(run) for one in events))
                elif not await self._wait(news, gone, ends - loop.time()):
                    await send_text(": still here\n\n")
            if not gone.done():
                await send_text("", more=False)
        finally:
            self._log.leave(key)
            gone.cancel()

    async def _wait(self, news: asyncio.Event, gone: asyncio.Task[None], seconds: float) -> bool:
        """Wait for news or for the client to go; False where neither came for a while."""
        waiting = asyncio.create_task(news.wait())
        try:
            timeout = max(0.0, min(self._limits.heartbeat_seconds, seconds))
            done, _ = await asyncio.wait(
                {waiting, gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            return bool(done)
        finally:
            waiting.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
