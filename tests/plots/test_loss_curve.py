"""Plots: the loss curve is whole, legible and marked; watching it live never hurts the run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backend_bases import CloseEvent
from matplotlib.figure import Figure
from PIL import Image

from digitnet.errors import DigitnetError, OutputError
from digitnet.plots import loss_curve
from digitnet.plots.figures import new_figure
from digitnet.plots.loss_curve import LiveLossPlot, NoDisplayError, draw_loss_curve, save_loss_curve
from digitnet.training.events import History

MakeHistory = Callable[..., History]


@pytest.fixture
def make_history() -> MakeHistory:
    def make(n: int, *, best: int | None = None, validated: bool = True) -> History:
        history = History(best_epoch=n if best is None else best)
        for epoch in range(1, n + 1):
            history.epochs.append(epoch)
            history.training_loss.append(0.05 + 0.6 / epoch)
            history.validation_loss.append(0.09 + 0.4 / epoch if validated else None)
            history.validation_accuracy.append(0.975 if validated else None)
        return history

    return make


def drawn(history: History, title: str = "A run") -> Figure:
    figure = new_figure(10, 5.625)
    draw_loss_curve(figure.add_subplot(), history, title)
    figure.canvas.draw()
    return figure


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
@pytest.mark.parametrize("validated", [True, False])
def test_a_run_of_any_length_is_a_whole_picture(
    tmp_path: Path, make_history: MakeHistory, n: int, validated: bool
) -> None:
    target = tmp_path / "training_loss.png"
    save_loss_curve(make_history(n, validated=validated), target, "784-64-10 on $MNIST_")
    with Image.open(target) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (1600, 900))
    assert list(tmp_path.iterdir()) == [target]


def test_the_best_epoch_is_marked_where_it_is_and_says_its_figures(
    make_history: MakeHistory,
) -> None:
    axes = drawn(make_history(40, best=20)).axes[0]
    star = next(line for line in axes.lines if line.get_marker() == "*")
    assert star.get_xydata().tolist() == [[20.0, pytest.approx(0.11)]]
    (note,) = [text.get_text() for text in axes.texts]
    assert note == "best epoch: 20\nvalidation loss 0.1100, accuracy 97.50 %"


def test_without_validation_the_best_training_loss_is_named(make_history: MakeHistory) -> None:
    axes = drawn(make_history(10, validated=False)).axes[0]
    assert [text.get_text() for text in axes.texts] == ["best epoch: 10\ntraining loss 0.1100"]
    assert "validation" not in [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize("best", [1, 20, 21, 40])
def test_neither_note_nor_legend_covers_a_curve(make_history: MakeHistory, best: int) -> None:
    history = make_history(40, best=best)
    history.validation_loss[:] = list(np.linspace(0.1, 0.65, 40))  # rises to the right
    axes = drawn(history).axes[0]
    inside = axes.get_window_extent()
    legend, note = axes.get_legend().get_window_extent(), axes.texts[0].get_window_extent()
    assert legend.y0 >= inside.y1
    assert inside.x0 <= note.x0
    assert note.x1 <= inside.x1
    highest = axes.transData.transform((1, 0.65))[1]
    assert note.y0 > highest


def test_the_curves_differ_in_more_than_colour(make_history: MakeHistory) -> None:
    training, validation = drawn(make_history(20)).axes[0].lines[:2]
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()
    assert training.get_linewidth() > validation.get_linewidth()


@pytest.mark.parametrize("much", [float("inf"), 1e308, 1e30])
def test_a_loss_that_no_axis_shows_leaves_a_gap_and_limits_that_hold(
    make_history: MakeHistory, much: float
) -> None:
    history = make_history(10, best=10)
    history.training_loss[4] = float("nan")
    history.validation_loss[9] = much
    axes = drawn(history).axes[0]
    assert axes.get_ylim() == (0.0, pytest.approx(1.25 * 0.65))
    assert not axes.texts  # the best epoch has no validation loss to mark


@pytest.mark.parametrize("title", ["Learning", "W" * 20 + " on /a/long/path" * 4, "/path/of" * 40])
def test_a_long_title_stays_on_the_picture(make_history: MakeHistory, title: str) -> None:
    figure = drawn(make_history(3), title)
    box = figure.axes[0]._left_title.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1


def test_a_single_epoch_has_a_single_tick(make_history: MakeHistory) -> None:
    axes = drawn(make_history(1)).axes[0]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1.0]


def test_a_failing_save_leaves_the_old_picture(
    tmp_path: Path, make_history: MakeHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "training_loss.png"
    target.write_bytes(b"the old picture")

    def fail(self: Figure, path: Path, **_: object) -> None:
        path.write_bytes(b"half a pict")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OutputError, match="No space left"):
        save_loss_curve(make_history(3), target)
    assert target.read_bytes() == b"the old picture"
    assert list(tmp_path.iterdir()) == [target]


def test_an_ending_nobody_draws_is_said(tmp_path: Path, make_history: MakeHistory) -> None:
    with pytest.raises(OutputError, match=r"cannot be written as \.docx"):
        save_loss_curve(make_history(3), tmp_path / "curve.docx")
    save_loss_curve(make_history(3), tmp_path / "curve.SVG")
    assert b"<svg" in (tmp_path / "curve.SVG").read_bytes()


def test_importing_draws_nothing_and_saving_needs_no_pyplot(tmp_path: Path) -> None:
    program = """
import sys
import digitnet.plots.loss_curve, digitnet.plots.report
from digitnet.training.events import History
assert "matplotlib" not in sys.modules
digitnet.plots.loss_curve.save_loss_curve(History(), sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
"""
    target = str(tmp_path / "curve.png")
    done = subprocess.run([sys.executable, "-c", program, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_display_the_live_plot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(NoDisplayError, match="no display"):
        LiveLossPlot.open()
    assert issubclass(NoDisplayError, DigitnetError)


@pytest.mark.parametrize(
    "child",
    [
        "import time; time.sleep(60)",  # a display that never answers
        "import os; os._exit(134)",  # a toolkit that aborts the process
        "print()",  # only a backend without windows
        "raise ImportError('no tkinter')",
    ],
)
def test_a_dead_display_is_said_and_never_waited_for(
    monkeypatch: pytest.MonkeyPatch, child: str
) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setattr(loss_curve, "FIND_BACKEND", child)
    with pytest.raises(NoDisplayError, match="cannot open a window"):
        LiveLossPlot.open(patience=0.5)


def test_a_backend_that_fails_only_here_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setattr(loss_curve, "FIND_BACKEND", "print('module://no_such_backend')")
    with pytest.raises(NoDisplayError, match="could not be opened"):
        LiveLossPlot.open()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A clock that stands still until it is called, then goes on by a minute."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance() -> None:
        now[0] += 60.0

    return advance


def test_the_live_plot_grows_with_the_history(
    make_history: MakeHistory, later: Callable[[], None]
) -> None:
    figure = new_figure(6, 4)
    plot = LiveLossPlot(figure, "A run")
    plot.update(make_history(3))
    assert len(figure.axes[0].lines[0].get_xdata()) == 3
    plot.update(make_history(4))  # too soon: it must not slow the run down
    assert len(figure.axes[0].lines[0].get_xdata()) == 3
    later()
    plot.update(make_history(4))
    assert len(figure.axes) == 1
    assert len(figure.axes[0].lines[0].get_xdata()) == 4


def test_closing_the_window_by_hand_ends_the_watching_only(
    make_history: MakeHistory, later: Callable[[], None]
) -> None:
    figure = new_figure(6, 4)
    plot = LiveLossPlot(figure, "A run")
    figure.canvas.callbacks.process("close_event", CloseEvent("close_event", figure.canvas))
    assert not plot.is_open
    later()
    plot.update(make_history(3))
    plot.hold(make_history(3))
    plot.close()
    assert not figure.axes


def test_a_window_that_dies_is_let_go(
    make_history: MakeHistory, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = new_figure(6, 4)
    plot = LiveLossPlot(figure, "A run")

    def die() -> None:
        raise RuntimeError("application has been destroyed")

    monkeypatch.setattr(figure.canvas, "flush_events", die)
    plot.update(make_history(3))
    assert not plot.is_open
    later()
    plot.update(make_history(4))
    plot.close()
