"""The progress bar: how far a run is, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from digitnet.training.events import EpochDone, Finished, History, StepDone
from digitnet.training.progress import N_LINES, REFRESH, ProgressBar, clock, in_notebook


def done(epoch: int, accuracy: float | None) -> EpochDone:
    return EpochDone(epoch, 0.5, 0.25, None if accuracy is None else 0.125, accuracy, 1, 1, True)


def test_on_a_terminal_a_bar_shows_epoch_and_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with ProgressBar(2, 1000) as bar:
        bar.show(StepDone(1, 1, 2, 0.7))
        bar.show(done(1, 0.75))
        bar.show(done(2, 0.875))
    told = capsys.readouterr().err
    assert "epoch 2/2" in told
    assert "100%" in told
    assert "validation loss 0.1250 accuracy 87.50%" in told


@pytest.mark.parametrize(
    ("n_epochs", "lines"),
    [
        (3, [1, 2, 3]),
        (27, [1, *range(2, 28, 2)]),
        (10, [*range(1, 11)]),
        (30, [1, *range(3, 31, 3)]),
    ],
)
def test_elsewhere_a_tenth_of_the_epochs_are_lines(
    n_epochs: int, lines: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressBar(n_epochs, 1000) as bar:
        for epoch in range(1, n_epochs + 1):
            bar.show(done(epoch, None))
    told = capsys.readouterr().err.splitlines()
    figures = "training loss 0.5000 accuracy 25.00%"
    assert [line for line in told if line] == [f"epoch {n}/{n_epochs}  {figures}" for n in lines]


def test_a_time_is_written_as_a_clock_shows_it() -> None:
    assert [clock(s) for s in (0, 59.4, 59.6, 90, 3599, 3661)] == [
        "0:00", "0:59", "1:00", "1:30", "59:59", "1:01:01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, False), (0.6, True), (30.0, True)],
    ids=["4 seconds are not worth telling", "a bit more", "five minutes"],
)
def test_how_long_it_will_take_is_said_once_after_the_first_epoch(
    seconds: float,
    told: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 50.0
    monkeypatch.setattr("digitnet.training.progress.time.monotonic", lambda: now)
    with ProgressBar(11, 1000) as bar:
        for epoch in range(1, 12):
            now += seconds
            bar.show(done(epoch, None))
    said = [line for line in capsys.readouterr().err.splitlines() if "to go" in line]
    assert said == ([f"About {clock(10 * seconds)} to go."] if told else [])


def test_a_long_first_epoch_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resumed run: of epochs 6 to 10 a tenth of one took 2 seconds, so 49 tenths are left."""
    now = 50.0
    monkeypatch.setattr("digitnet.training.progress.time.monotonic", lambda: now)
    with ProgressBar(10, 1000, epochs_done=5) as bar:
        now += 1.9
        bar.show(StepDone(6, 9, 100, 0.7))
        assert "to go" not in capsys.readouterr().err
        now += 0.1
        bar.show(StepDone(6, 10, 100, 0.7))
        assert capsys.readouterr().err.strip() == "About 1:38 to go."


def test_in_a_notebook_the_loss_is_drawn_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, history: History) -> None:
            shown.append(history._repr_html_())

    def display(history: History, *, display_id: bool) -> Handle:
        assert display_id
        assert history.epochs == []
        return Handle()

    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(config={"IPKernelApp": {}})  # type: ignore[attr-defined]
    shows = ModuleType("IPython.display")
    shows.display = display  # type: ignore[attr-defined]
    now = 50.0
    monkeypatch.setattr("digitnet.training.progress.time.monotonic", lambda: now)
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shows)
    assert in_notebook()
    with ProgressBar(4, 1000) as bar:
        for epoch, passed in enumerate((1.0, 0.05, 0.06, 0.01), start=1):
            now += passed
            bar.show(done(epoch, 0.5))
    assert [one.count("<svg") for one in shown] == [1, 1, 1]  # epoch 2 came too soon
    assert "4 epochs" in shown[-1]


@pytest.mark.parametrize("shell", [None, SimpleNamespace(config={})])
def test_a_terminal_of_ipython_is_no_notebook(
    monkeypatch: pytest.MonkeyPatch, shell: object
) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert not in_notebook()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0:00"), (0.5, "0:00"), (9, "0:09"), (59.5, "1:00"), (60, "1:00"), (61, "1:01"),
        (3540, "59:00"), (3599.6, "1:00:00"), (3600, "1:00:00"), (7265, "2:01:05"),
        (36_000, "10:00:00"), (86_399, "23:59:59"),
    ],
)  # fmt: skip
def test_a_clock_rounds_to_whole_seconds(seconds: float, told: str) -> None:
    assert clock(seconds) == told


class Watched:
    """A bar on a made-up terminal, with a clock that stands until it is told to go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *about: int) -> None:
        monkeypatch.setattr("digitnet.training.progress.time.monotonic", lambda: self.now)
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.delenv("NO_COLOR", raising=False)
        self.now = 100.0
        self.shown: list[tuple[float, str, str]] = []
        self.bar = ProgressBar(*about)
        monkeypatch.setattr(self.bar._progress, "update", self._updated)

    def _updated(self, task: int, **about: Any) -> None:
        assert (about["visible"], about["refresh"]) == (True, True)
        self.shown.append((about["completed"], about["epoch"], about["figures"]))


def test_speed_and_time_left_are_counted_from_where_the_run_went_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Epochs 5 and 6 of 10 in 20 s are 6 s for an epoch of 4,000 images and 40 s for the rest."""
    watched = Watched(monkeypatch, 10, 40_000, 4)
    (task,) = watched.bar._progress.tasks
    assert (task.total, task.completed, task.visible) == (10, 4, False)
    assert not watched.bar._progress.live.auto_refresh
    watched.bar.show(done(5, 0.75))  # no time has passed
    watched.now += 20
    watched.bar.show(done(6, 0.875))
    watched.now += 10
    watched.bar.show(done(6, None))
    assert watched.shown == [
        (5.0, "5/10", "validation loss 0.1250 accuracy 75.00%  0k images/s"),
        (6.0, "6/10", "validation loss 0.1250 accuracy 87.50%  4k images/s  0:40 left"),
        (6.0, "6/10", "training loss 0.5000 accuracy 25.00%  3k images/s  1:00 left"),
    ]


def test_the_bar_is_looked_at_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, 4, 1_000)
    for step in range(1, 9):
        watched.now = 100.0 + step / 16  # 0.0625 s apart
        watched.bar.show(StepDone(2, step, 8, 0.7))
    watched.bar.show(Finished(2, "all done"))
    assert [(done, epoch) for done, epoch, _ in watched.shown] == [
        (1 + 2 / 8, "2/4"), (1 + 4 / 8, "2/4"), (1 + 6 / 8, "2/4"), (2.0, "2/4"),
    ]  # fmt: skip
    assert watched.shown[0][2] == "10k images/s  0:00 left"  # 1.25 epochs in an eighth of a second
    watched.now += REFRESH - 1e-6
    watched.bar.show(StepDone(3, 1, 8, 0.7))
    assert len(watched.shown) == 4
    assert REFRESH == 0.1


def test_a_step_shows_nothing_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with ProgressBar(100, 1000) as bar:
        for epoch in (1, 2, 9, 10, 11, 20, 100):
            bar.show(StepDone(epoch, 1, 2, 0.7))
            bar.show(done(epoch, 0.75))
    figures = "training loss 0.5000  validation loss 0.1250 accuracy 75.00%"
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert lines == [f"epoch {n}/100  {figures}" for n in (1, 10, 20, 100)]
    assert N_LINES == 10
