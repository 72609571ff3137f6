"""Signals: Ctrl-C and SIGTERM heard at once and obeyed after the running step."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequested(Exception):  # noqa: N818 (a request, not an error)
    """A signal asked to stop."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        super().__init__(self.name)


class Stopping:
    """Remembers a signal until somebody asks."""

    def __init__(self) -> None:
        self.number: int | None = None

    def check(self) -> None:
        """Raise StopRequested if a signal came."""
        if self.number is not None:
            raise StopRequested(self.number)


@contextmanager
def listen_for_stop() -> Iterator[Stopping]:
    """While open, SIGINT and SIGTERM are noted; a second Ctrl-C interrupts at once."""
    stopping = Stopping()

    def note(number: int, _frame: FrameType | None) -> None:
        if stopping.number is not None:
            raise KeyboardInterrupt
        stopping.number = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
