"""Training view: a progress bar, one line per epoch, a live plot, and a summary at the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from digitnet.models.model import Model
from digitnet.nn import in_words
from digitnet.plots.loss_curve import LiveLossPlot, NoDisplayError
from digitnet.training.events import EpochDone, Event, Finished, StepDone
from digitnet.training.run import Run

if TYPE_CHECKING:
    from typing import Self

REFRESH = 0.1  # seconds between two looks at the bar; more often only costs training time


class TrainingView:
    """Shows a run's events on standard error, and in a window where `live` asks for one."""

    def __init__(self, run: Run, *, live: bool = False) -> None:
        self._run = run
        self._console = Console(stderr=True)
        self._total = run.settings.epochs
        self._n_images = len(run.training)
        self._started = self._last = time.monotonic()
        self._done_before = run.state.epoch
        self._words = "validation" if run.validation is not None else "training"
        self._figures = ""
        self._finished = False
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            auto_refresh=False,
            expand=True,
        )
        self._plot: LiveLossPlot | None = None
        if live:
            try:
                self._plot = LiveLossPlot.open("Training loss")
            except NoDisplayError as error:
                print(f"No live plot: {error} Training goes on without it.", file=sys.stderr)
        self._task = self._progress.add_task(
            "", total=self._total, completed=self._done_before, epoch="", figures="", visible=False
        )

    def __enter__(self) -> Self:
        words = in_words(self._run.network)
        n_validation = 0 if self._run.validation is None else len(self._run.validation)
        self._console.print(
            f"Training {words} ({self._run.network.vector.size:,} parameters) "
            f"on {self._n_images:,} images, {n_validation:,} more for validation.",
            highlight=False,
            soft_wrap=True,
        )
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        if self._plot is not None and not self._finished:
            self._plot.close()

    def show(self, event: Event) -> None:
        """Take one event of the run."""
        if isinstance(event, EpochDone):
            self._epoch_done(event)
        elif isinstance(event, Finished):
            self._finished = True
        if self._plot is not None:
            self._plot.update(self._run.history)
        if isinstance(event, StepDone):
            now = time.monotonic()
            if now - self._last >= REFRESH:
                self._last = now
                self._advance(event.epoch - 1 + event.step / event.n_steps, event.epoch)

    def _epoch_done(self, event: EpochDone) -> None:
        accuracy = event.validation_accuracy
        loss = event.validation_loss
        if accuracy is None or loss is None:
            accuracy, loss = event.training_accuracy, event.training_loss
        self._figures = f"{self._words} loss {loss:.4f} accuracy {accuracy:.2%}"
        self._advance(float(event.epoch), event.epoch)
        if not self._console.is_terminal:  # a log: one line for each tenth of the run
            every = max(1, self._total // 10)
            if event.epoch % every == 0 or event.epoch == 1:
                print(
                    f"epoch {event.epoch}/{self._total}  training loss {event.training_loss:.4f}  "
                    f"{self._figures}",
                    file=sys.stderr,
                )

    def _advance(self, done: float, epoch: int) -> None:
        """Bring the bar to `done` epochs, with speed and the time that is left."""
        elapsed = time.monotonic() - self._started
        speed = (done - self._done_before) / elapsed if elapsed > 0 else 0.0
        left = f"{_clock((self._total - done) / speed)} left" if speed > 0 else ""
        rate = f"{speed * self._n_images / 1000:,.0f}k images/s"
        if self._console.is_terminal:
            self._progress.update(
                self._task,
                completed=done,
                epoch=f"{epoch}/{self._total}",
                figures="  ".join(part for part in (self._figures, rate, left) if part),
                visible=True,
                refresh=True,
            )

    def summarize(self, model: Model) -> None:
        """Say what came out, and what to do with it."""
        record, out = model.training, self._run.out
        seconds = sum(self._run.history.seconds)
        accuracy = record["validation_accuracy"]
        validation = "" if accuracy is None else f", {accuracy:.2%} of the validation images right"
        print(
            f"Done in {_clock(seconds)}: {record['ended']}; "
            f"best epoch {record['best_epoch']}{validation}."
        )
        print(f"Kept in {out}: the weights, model.json, history.json and training_loss.png.")
        if str(out) == "model":
            print("Try it: digitnet predict PICTURE")
        else:
            print(f"Try it: digitnet predict --model {out} PICTURE")
        if self._plot is not None:
            if sys.stdin.isatty():
                print("Close the window of the plot to end.")
                self._plot.hold(self._run.history)
            self._plot.close()


def _clock(seconds: float) -> str:
    """90 as 1:30."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
