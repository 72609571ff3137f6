"""Bulk progress: how far a run through very many pictures is, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from digitnet.text import say
from digitnet.training.progress import clock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

FIRST_TOLD, THEN_TOLD = 5.0, 30.0
"""Seconds until it is first said how far things are, and between then and the next time."""
REFRESH = 0.2


class BulkProgress:
    """A bar where somebody watches, else a line now and then.

    Args:
        what: is counted, such as "pictures".
        done_before: of a run that goes on; they tell nothing of its speed.
    """

    def __init__(self, what: str, done_before: int = 0) -> None:
        self._what, self._before = what, done_before
        self._begun = self._told = time.monotonic()
        self._pause = REFRESH if sys.stderr.isatty() else FIRST_TOLD
        self._bar: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, known: int) -> None:
        """So many are done, of as many as are known of so far; more may be found on the way."""
        now = time.monotonic()
        if now - self._told < self._pause:
            return
        self._told = now
        rate = (done - self._before) / max(now - self._begun, 1e-3)
        words = f"{done:,} of {max(known, done):,} {self._what}, {rate:,.0f} a second"
        left = (known - done) / rate if rate and known > done else 0.0
        if self._bar is None:
            self._pause = THEN_TOLD
            say(f"{words}{f', about {clock(left)} to go' if left else ''}.")
        else:
            self._bar.update(
                self._task, total=max(known, done), completed=done, description=words, refresh=True
            )
