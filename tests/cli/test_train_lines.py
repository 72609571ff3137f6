"""`digitnet train lines`: a model kept, stopped by Ctrl-C and gone on with, mistakes told."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from digitnet.cli.main import main
from digitnet.models.lines import load_line_model
from digitnet.training.lines import LineRun

TINY = [
    "--steps", "3", "--batch-size", "2", "--n-writers", "2", "--validation-lines", "2",
    "--validate-every", "2", "--grade", "0",
]  # fmt: skip


def test_trained_stopped_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "m")
    right = LineRun._move

    def interrupted(self: LineRun, *args: object) -> None:
        right(self, *args)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(LineRun, "_move", interrupted)
    assert main(["train", "lines", "synthetic", "--out", out, *TINY]) == 130
    told = capsys.readouterr().err
    assert "Stopped by Ctrl-C at step 1" in told
    assert load_line_model(out).training["steps"] == 1
    monkeypatch.undo()

    (again,) = (line for line in told.splitlines() if line.startswith("  digitnet"))
    assert main(again.split()[1:]) == 0
    told = capsys.readouterr().err
    assert "step 2: loss" in told
    assert "characters right" in told
    assert load_line_model(out).training["steps"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_training_starts_from_a_model(tmp_path: Path) -> None:
    words = ["train", "lines", "synthetic", *TINY]
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    assert main([*words, "--out", first]) == 0
    assert main([*words, "--out", second, "--from", first, "--learning-rate", "1e-9"]) == 0
    before, after = load_line_model(first).network, load_line_model(second).network
    for name in ("W1", "W8"):
        np.testing.assert_allclose(
            after.parameters[name], before.parameters[name], rtol=0, atol=1e-6
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--steps", "0"], "steps is at least 1, not 0"),
        (["--grade", "2"], "grade of lines must be between 0 and 1"),
        (["--from", "cnn"], "single digits, not one that reads lines"),
        (["--resume"], "train again without --resume"),
        (["--out", "pyproject.toml"], "is a file"),
        (["--stepz", "0"], "did you mean --steps?"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").touch()
    assert main(["train", "lines", "synthetic", *TINY, *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told
    assert not Path("lines-model").exists()
