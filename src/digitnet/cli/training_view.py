"""Training view: a progress bar, one line per epoch, a live plot, and a summary at the end."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from digitnet.cli.output import say, show
from digitnet.models.model import Model
from digitnet.nn import in_words
from digitnet.plots.loss_curve import LiveLossPlot, NoDisplayError
from digitnet.training.events import Event, Finished
from digitnet.training.progress import ProgressBar, clock
from digitnet.training.run import Run

if TYPE_CHECKING:
    from typing import Self


class TrainingView:
    """Shows a run's events on standard error, and in a window where `live` asks for one."""

    def __init__(self, run: Run, *, live: bool = False) -> None:
        self._run = run
        self._finished = False
        self._bar = ProgressBar(run.settings.epochs, len(run.training), run.state.epoch)
        self._plot: LiveLossPlot | None = None
        if live:
            try:
                self._plot = LiveLossPlot.open("Training loss")
            except NoDisplayError as error:
                say(f"No live plot: {error} Training goes on without it.")

    def __enter__(self) -> Self:
        network, validation = self._run.network, self._run.validation
        say(
            f"Training {in_words(network)} ({network.vector.size:,} parameters) "
            f"on {len(self._run.training):,} images, "
            f"{0 if validation is None else len(validation):,} more for validation."
        )
        self._bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.__exit__(kind, error, trace)
        if self._plot is not None and not self._finished:
            self._plot.close()

    def show(self, event: Event) -> None:
        """Take one event of the run."""
        self._finished = isinstance(event, Finished)
        if self._plot is not None:
            self._plot.update(self._run.history)
        self._bar.show(event)

    def summarize(self, model: Model) -> None:
        """Say what came out, and what to do with it."""
        record, out = model.training, self._run.out
        seconds = sum(self._run.history.seconds)
        accuracy = record["validation_accuracy"]
        validation = "" if accuracy is None else f", {accuracy:.2%} of the validation images right"
        show(
            f"Done in {clock(seconds)}: {record['ended']}; "
            f"best epoch {record['best_epoch']}{validation}."
        )
        show(f"Kept in {out}: the weights, model.json, history.json and training_loss.png.")
        if str(out) == "model":
            show("Try it: digitnet predict PICTURE")
        else:
            show(f"Try it: digitnet predict --model {out} PICTURE")
        if self._plot is not None:
            if sys.stdin.isatty():
                show("Close the window of the plot to end.")
                self._plot.hold(self._run.history)
            self._plot.close()
