"""Progress: the bar of a training on standard error, for the command line and for `fit`."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from digitnet.text import say
from digitnet.training.events import EpochDone, Event, History, StepDone

if TYPE_CHECKING:
    from typing import Self

REFRESH = 0.1  # seconds between two looks at the bar; more often only costs training time
TELL_AFTER = 2.0
"""Seconds of a run, or its first epoch, after which it is said how long the rest will take."""

WORTH_TELLING = 5.0
"""Seconds of the rest from which on that is said."""

N_LINES = 10
"""Lines of a run at most, where standard error is no terminal."""


def in_notebook() -> bool:
    """Whether this is a notebook's kernel, which shows what it is handed below the cell."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config


class ProgressBar:
    """A run's epochs as a bar with the last figures, the speed and the time that is left.

    In a notebook the loss is drawn beside it, below the cell, in the same place anew.

    Args:
        n_epochs: of the whole run.
        n_images: that an epoch learns from.
        epochs_done: of an interrupted run that goes on.
    """

    def __init__(self, n_epochs: int, n_images: int, epochs_done: int = 0) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._console = Console(stderr=True)
        self._n_epochs, self._n_images, self._done_before = n_epochs, n_images, epochs_done
        self._started = self._last = time.monotonic()
        self._figures, self._told = "", False
        self._history = History()
        self._curve: Any = None
        if in_notebook():
            self._curve = import_module("IPython.display").display(self._history, display_id=True)
        self._drawn = 0.0
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            auto_refresh=False,
            expand=True,
        )
        self._task = self._progress.add_task(
            "", total=n_epochs, completed=epochs_done, epoch="", figures="", visible=False
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Take one event of the run."""
        if isinstance(event, EpochDone):
            self._epoch_done(event)
        elif isinstance(event, StepDone):
            now = time.monotonic()
            if now - self._last >= REFRESH:
                self._last = now
                self._tell(event.epoch - 1 + event.step / event.n_steps, now)
                self._advance(event.epoch - 1 + event.step / event.n_steps, event.epoch)

    def _tell(self, done: float, now: float, *, anyway: bool = False) -> None:
        """Say once how long the rest will take, as soon as that can be told."""
        elapsed, epochs = now - self._started, done - self._done_before
        if self._told or epochs <= 0 or not (anyway or elapsed >= TELL_AFTER):
            return
        self._told = True
        left = (self._n_epochs - done) * elapsed / epochs
        if left >= WORTH_TELLING:
            self._console.print(f"About {clock(left)} to go.", highlight=False)

    def _draw(self, event: EpochDone) -> None:
        """Draw the loss below a notebook's cell, a few times a second at most."""
        self._history.add(event)
        now = time.monotonic()
        if now - self._drawn >= REFRESH or event.epoch == self._n_epochs:
            self._drawn = now
            self._curve.update(self._history)

    def _epoch_done(self, event: EpochDone) -> None:
        self._tell(event.epoch, time.monotonic(), anyway=True)
        if self._curve is not None:
            self._draw(event)
        words, accuracy, loss = "validation", event.validation_accuracy, event.validation_loss
        if accuracy is None or loss is None:
            words, accuracy, loss = "training", event.training_accuracy, event.training_loss
        self._figures = f"{words} loss {loss:.4f} accuracy {accuracy:.2%}"
        self._advance(float(event.epoch), event.epoch)
        every = max(1, self._n_epochs // N_LINES)
        if not self._console.is_terminal and (event.epoch % every == 0 or event.epoch == 1):
            both = f"training loss {event.training_loss:.4f}  " if words == "validation" else ""
            line = f"epoch {event.epoch}/{self._n_epochs}  {both}{self._figures}"
            say(line)

    def _advance(self, done: float, epoch: int) -> None:
        """Bring the bar to `done` epochs."""
        if not self._console.is_terminal:
            return
        elapsed = time.monotonic() - self._started
        speed = (done - self._done_before) / elapsed if elapsed > 0 else 0.0
        left = f"{clock((self._n_epochs - done) / speed)} left" if speed > 0 else ""
        rate = f"{speed * self._n_images / 1000:,.0f}k images/s"
        self._progress.update(
            self._task,
            completed=done,
            epoch=f"{epoch}/{self._n_epochs}",
            figures="  ".join(part for part in (self._figures, rate, left) if part),
            visible=True,
            refresh=True,
        )


def clock(seconds: float) -> str:
    """90 as 1:30."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
