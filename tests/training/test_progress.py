"""The progress bar: how far a run is, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import pytest

from digitnet.training.events import EpochDone, StepDone
from digitnet.training.progress import ProgressBar, clock


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
    figures = "training loss 0.5000  training loss 0.5000 accuracy 25.00%"
    assert [line for line in told if line] == [f"epoch {n}/{n_epochs}  {figures}" for n in lines]


def test_a_time_is_written_as_a_clock_shows_it() -> None:
    assert [clock(s) for s in (0, 59.4, 59.6, 90, 3599, 3661)] == [
        "0:00", "0:59", "1:00", "1:30", "59:59", "1:01:01",
    ]  # fmt: skip
