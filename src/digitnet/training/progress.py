"""Progress: the bar of a training on standard error, for the command line and for `fit`."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from digitnet.training.events import EpochDone, Event, StepDone

if TYPE_CHECKING:
    from typing import Self

REFRESH = 0.1  # seconds between two looks at the bar; more often only costs training time
N_LINES = 10
"""Lines of a run at most, where standard error is no terminal."""


class ProgressBar:
    """A run's epochs as a bar with the last figures, the speed and the time that is left.

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
        self._figures = ""
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
                self._advance(event.epoch - 1 + event.step / event.n_steps, event.epoch)

    def _epoch_done(self, event: EpochDone) -> None:
        words, accuracy, loss = "validation", event.validation_accuracy, event.validation_loss
        if accuracy is None or loss is None:
            words, accuracy, loss = "training", event.training_accuracy, event.training_loss
        self._figures = f"{words} loss {loss:.4f} accuracy {accuracy:.2%}"
        self._advance(float(event.epoch), event.epoch)
        every = max(1, self._n_epochs // N_LINES)
        if not self._console.is_terminal and (event.epoch % every == 0 or event.epoch == 1):
            print(
                f"epoch {event.epoch}/{self._n_epochs}  training loss {event.training_loss:.4f}  "
                f"{self._figures}",
                file=sys.stderr,
            )

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
