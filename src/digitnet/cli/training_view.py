"""Training view: a progress bar, one line per epoch, a live plot, and a summary at the end."""

from __future__ import annotations

import shlex
import sys
from types import TracebackType
from typing import TYPE_CHECKING

from digitnet.cli.main import as_option
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import promise
from digitnet.data.dataset import DIGITS
from digitnet.errors import MissingExtraError
from digitnet.models.box import BEST
from digitnet.models.find import DEFAULT
from digitnet.models.model import Model
from digitnet.nn import in_words
from digitnet.plots.loss_curve import LiveLossPlot, NoDisplayError
from digitnet.training.config import TrainingConfig
from digitnet.training.events import Event, Finished
from digitnet.training.progress import ProgressBar, clock, in_notebook
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
        if live and not in_notebook():  # there the bar draws the loss
            try:
                self._plot = LiveLossPlot.open("Training loss")
            except (NoDisplayError, MissingExtraError) as error:
                say(f"No live plot: {error.worded(as_option)} Training goes on without it.")

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

    def summarize(self, model: Model, no_curve: str = "") -> None:
        """Say what came out, and what to do with it; `no_curve` is why no curve could be drawn."""
        record, out = model.training, self._run.out
        seconds = sum(self._run.history.seconds)
        accuracy = record["validation_accuracy"]
        validation = ""
        if accuracy is not None and self._run.config.start is None:  # else the table says it
            validation = f", {accuracy:.2%} of the validation images right"
        show(
            f"Done in {clock(seconds)}: {record['ended']}; "
            f"best epoch {record['best_epoch']}{validation}."
        )
        curve = "" if no_curve else " and training_loss.png"
        if _is_usual(self._run.config):
            show(
                "Drawn digits are harder to read than most people's. On real pictures by ten hands "
                f"the likeliest digit of such a model is right for 91.5 %, that of {BEST}, which "
                "comes with digitnet, for 99.5 % (mean over the hands, "
                f"python -m benchmarks.pictures {out} {BEST})."
            )
        if model.calibration.risks is not None:
            show(promise(model.calibration))
        show(f"Kept in {out}: the weights, model.json, history.json{curve}.")
        named = shlex.quote(str(out))
        if no_curve:
            show(f"No loss curve: {no_curve} Then digitnet train --resume --out {named} draws it.")
        if str(out) != DEFAULT:
            show(f"Try it: digitnet predict --model {named} PICTURE")
        else:
            show("Try it: digitnet predict PICTURE")
            there = (
                f"This model now answers here in place of {BEST}; --model {BEST} asks the other."
            )
            if model.class_names == DIGITS:
                show(
                    f"{there} To compare the two on pictures of yours:",
                    f"  digitnet compare {DEFAULT} {BEST} --on FOLDER",
                )
            else:
                show(f"{there} {BEST} knows the ten digits alone.")
        if self._plot is not None:
            if sys.stdin.isatty():
                show("Close the window of the plot to end.")
                self._plot.hold(self._run.history)
            self._plot.close()


def _is_usual(config: TrainingConfig) -> bool:
    """Whether a run is the default one, for which figures on real pictures are known.

    Measured at 25 epochs; more of them change little.
    """
    usual = TrainingConfig(epochs=config.epochs, seed=config.seed)
    return config == usual and config.epochs >= 25
