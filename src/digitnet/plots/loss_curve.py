"""Loss curve: drawn, saved as a picture or followed live in a window.

Matplotlib is imported where it is used, so that nobody waits for it who draws nothing. Saved
pictures use its object interface alone; only the live window needs pyplot and a backend.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import DigitnetError, require
from digitnet.plots.figures import fit_title, new_figure, save_figure, spread_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINING_INK = "#12355b"  # dark blue: near black in grey
VALIDATION_INK = "#e0701a"  # orange: mid-grey
BEST_INK = "#a01c3c"
_MOST = 1e30  # of a loss that is drawn: Matplotlib multiplies what it puts on an axis

FIND_BACKEND = """
import matplotlib.pyplot as plt
canvas = plt.figure().canvas
print(plt.get_backend() if canvas.required_interactive_framework else "")
"""


class NoDisplayError(DigitnetError):
    """There is no screen, or nothing to draw windows with; all else works."""


class LossRecord(Protocol):
    """What the curve is drawn from: `digitnet.training.History`, or anything shaped like it.

    The lists have one entry per finished epoch; validation may be None throughout.
    """

    epochs: list[int]
    training_loss: list[float]
    validation_loss: list[float | None]
    validation_accuracy: list[float | None]
    best_epoch: int


def save_loss_curve(history: LossRecord, path: str | Path, title: str = "Training") -> None:
    """Write the loss curve of a run as a picture, 1600 x 900 pixels.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    save_figure(_figure(history, title), path)


def loss_curve_png(history: LossRecord, title: str = "Training") -> bytes:
    """The same picture as the bytes of a PNG file."""
    content = io.BytesIO()
    _figure(history, title).savefig(content, format="png")
    return content.getvalue()


def _figure(history: LossRecord, title: str) -> Figure:
    figure = new_figure(10, 5.625)
    draw_loss_curve(figure.add_subplot(), history, title)
    return figure


def draw_loss_curve(axes: Axes, history: LossRecord, title: str) -> None:
    """Draw training and validation loss per epoch, the best epoch marked, on empty axes.

    The scale is linear and starts at 0, so that heights can be compared by eye; the strip above
    the highest point is kept free for the note on the best epoch, and the legend stands outside.
    """
    from matplotlib.ticker import MaxNLocator

    n = len(history.epochs)
    epochs = np.asarray(history.epochs, dtype=np.float64)
    training = _numbers(history.training_loss, n)
    validation = _numbers(history.validation_loss, n)
    look: dict[str, Any] = {"markevery": max(1, n // 15), "markersize": 7}
    axes.plot(epochs, training, "-s", color=TRAINING_INK, lw=2.8, label="training", **look)
    has_validation = bool(np.isfinite(validation).any())
    if has_validation:
        look["markerfacecolor"] = "white"
        axes.plot(epochs, validation, "--o", color=VALIDATION_INK, lw=2, label="validation", **look)
    losses = np.concatenate([training, validation])
    highest = float(np.max(losses, initial=0.0, where=np.isfinite(losses))) or 1.0
    axes.set_ylim(0.0, 1.25 * highest)
    first, last = (float(epochs[0]), float(epochs[-1])) if n else (1.0, 1.0)
    margin = max(0.02 * (last - first), 0.5)
    axes.set_xlim(first - margin, last + margin)
    watched = ("validation", validation) if has_validation else ("training", training)
    _mark_best(axes, history, *watched)

    axes.set_title(**fit_title(title, 8.9, 19), loc="left", pad=38)
    axes.set_xlabel("Epoch", fontsize=15)
    axes.set_ylabel("Cross-entropy loss (nats per image)", fontsize=15)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    axes.tick_params(labelsize=13)
    axes.grid(axis="y", color="0.88")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0}
    axes.legend(ncols=3, frameon=False, fontsize=14, handlelength=3.2, **place)


def _mark_best(axes: Axes, history: LossRecord, name: str, watched: NDArray[np.float64]) -> None:
    """Mark the best epoch with a star, and say its figures at the top, clear of the curves."""
    best = history.best_epoch
    if best not in history.epochs:
        return
    at = history.epochs.index(best)
    loss = watched[at]
    if not np.isfinite(loss):
        return
    note = f"best epoch: {best}\n{name} loss {loss:.4f}"
    accuracy = _numbers(history.validation_accuracy, len(watched))[at]
    if np.isfinite(accuracy):
        note += f", accuracy {100 * accuracy:.2f} %"
    left, right = axes.get_xlim()
    in_left_half = best < (left + right) / 2
    axes.axvline(best, ymax=0.97, color=BEST_INK, lw=1.4, ls=":", zorder=1)
    star: dict[str, Any] = {"marker": "*", "markersize": 21, "ls": "none", "zorder": 5}
    axes.plot([best], [loss], color=BEST_INK, mec="white", label="best epoch", **star)
    dx, side = (8, "left") if in_left_half else (-8, "right")
    place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    look: dict[str, Any] = {"ha": side, "va": "top", "fontsize": 14, "color": BEST_INK}
    axes.annotate(note, xy=(best, 0.98), xytext=(dx, 0), bbox=paper, **place, **look)


def _numbers(values: Sequence[float | None], n: int) -> NDArray[np.float64]:
    """(n,) floats; NaN, which Matplotlib leaves out, for what is missing or no axis can show."""
    numbers = np.full(n, np.nan)
    numbers[: len(values)] = [np.nan if value is None else value for value in values]
    numbers[~(np.abs(numbers) < _MOST)] = np.nan
    return numbers


class LiveLossPlot:
    """A window that follows the loss while a network learns.

    Closing the window by hand ends the watching, never the training: later calls do nothing.
    """

    def __init__(self, figure: Figure, title: str) -> None:
        self._figure = figure
        self._title = title
        self._drawn_epochs = -1
        self._next_look = 0.0
        self.is_open = True
        figure.canvas.mpl_connect("close_event", lambda _event: setattr(self, "is_open", False))

    @classmethod
    def open(cls, title: str = "Training", *, patience: float = 20.0) -> LiveLossPlot:
        """Open the window.

        Whether windows can be opened is tried in a child process first, for at most `patience`
        seconds: some toolkits abort the whole process, or wait for ever, on a dead display.

        Raises:
            NoDisplayError: no window can be opened here; the sentence says why.
            MissingExtraError: Matplotlib is not installed.
        """
        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise NoDisplayError(
                "There is no display to open the live plot on.",
                "over ssh its option X brings one along; the page shows a training live, and in "
                "a notebook `fit` with progress=True does.",
            )
        require("plots")
        backend = _find_backend(patience)
        import matplotlib.pyplot as plt

        try:
            plt.switch_backend(backend)
            figure = plt.figure(title, figsize=(10, 5.625))
            spread_out(figure)
            plot = cls(figure, title)
            figure.show()
        except Exception as error:  # each toolkit has errors of its own
            raise NoDisplayError(f"The live plot's window could not be opened: {error}.") from error
        return plot

    def update(self, history: LossRecord) -> None:
        """Draw the history if it has grown, and let the window answer its user.

        Call it after every step: it looks at the clock and mostly returns at once, so that
        watching takes at most a fifth of the run's time.
        """
        now = time.monotonic()
        if not self.is_open or now < self._next_look:
            return
        try:
            if len(history.epochs) != self._drawn_epochs:
                self._drawn_epochs = len(history.epochs)
                self._figure.clear()
                draw_loss_curve(self._figure.add_subplot(), history, self._title)
                self._figure.canvas.draw_idle()
            self._figure.canvas.flush_events()
        except Exception:  # the window died under us; training is worth more than watching it
            self.is_open = False
        self._next_look = now + max(0.05, 5 * (time.monotonic() - now))

    def hold(self, history: LossRecord) -> None:
        """Draw the finished curve and wait until the user closes the window."""
        self._next_look = 0.0
        self.update(history)
        if self.is_open:
            import matplotlib.pyplot as plt

            plt.show(block=True)

    def close(self) -> None:
        """Close the window if it is still there."""
        import matplotlib.pyplot as plt

        self.is_open = False
        with suppress(Exception):  # the toolkit may have destroyed it before us
            plt.close(self._figure)


def _find_backend(patience: float) -> str:
    """The name of a Matplotlib backend that opens windows here."""
    command = [sys.executable, "-c", FIND_BACKEND]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=patience)
        backend = child.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        backend = ""
    if not backend:
        if sys.platform.startswith("linux"):
            hint = "see that DISPLAY names a live screen, and install python3-tk or pyqt6."
        else:
            hint = "pip install pyqt6."
        raise NoDisplayError("Matplotlib cannot open a window here.", hint)
    return backend
