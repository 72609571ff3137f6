"""Sweep: the command: its table, its files, one sentence for what is wrong, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("joblib", reason="needs joblib: pip install 'digitnet[sweep]'")

from digitnet.cli.main import main
from support.helpers import bars


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> Path:
    """A folder with digits and a recipe, in which the command is given."""
    monkeypatch.chdir(tmp_path)
    digits = bars(80, rng)
    np.savez("d.npz", images=digits.images, labels=digits.labels)
    Path("r.toml").write_text('source = "d.npz"\nhidden = [4]\nepochs = 2\n')
    return tmp_path


def sweep(*words: str) -> int:
    return main(["sweep", "r.toml", *words, "--jobs", "1"])


def test_a_table_a_picture_and_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--over", "learning_rate=0.1,1", "hidden=4,4+3", "--seeds", "2") == 0
    said = capsys.readouterr()
    rows = said.out.splitlines()
    assert rows[0].split() == [
        "settings", "validation", "deviation", "loss", "seeds", "s", "for", "a", "run",
    ]  # fmt: skip
    assert {" ".join(row.split()[:2]) for row in rows[1:5]} == {
        f"learning_rate={rate} hidden={hidden}" for rate in ("0.1", "1") for hidden in ("4", "4+3")
    }
    shares = [float(row.split()[2].rstrip("%")) for row in rows[1:5]]
    assert shares == sorted(shares, reverse=True)
    best = " ".join(rows[1].split()[:2])
    assert f"Best on validation: {best}." in rows
    assert "8/8" in said.err
    table = Path("sweep/table.csv").read_text().splitlines()
    assert len(table) == 5
    assert table[0].startswith("learning_rate,hidden,validation_accuracy,deviation")
    with Image.open("sweep/sweep.png") as picture:
        assert picture.size[0] > 1000
    assert main(["train", "--recipe", "sweep/best.toml", "--out", "m", "--epochs", "1"]) in (0, 1)


def test_json_is_a_row_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--over", "learning_rate=0.1,1", "--seeds", "2", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(row["settings"]) for row in rows] == [{"learning_rate"}] * 2
    for row in rows:
        reached = [run["validation_accuracy"] for run in row["runs"]]
        assert row["validation_accuracy"] == pytest.approx(np.mean(reached))
        assert row["deviation"] == pytest.approx(np.std(reached, ddof=1))


def test_a_sweep_is_gone_on_with_and_never_mixed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--over", "learning_rate=0.1", "--seeds", "1") == 0
    assert sweep("--over", "learning_rate=0.1", "--seeds", "2") == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert sweep("--over", "learning_rate=0.1", "--seeds", "2", "--resume") == 0
    assert "1 are done already" in capsys.readouterr().err
    Path("other").mkdir()
    Path("other/mine.txt").write_text("mine")
    assert sweep("--over", "learning_rate=0.1", "--out", "other", "--resume") == 2
    assert "is no sweep" in capsys.readouterr().err


def test_a_failed_run_is_told_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with np.errstate(all="ignore"):
        assert sweep("--over", "learning_rate=1e30", "activation=relu", "--seeds", "1") == 1
    out = capsys.readouterr().out
    assert "failed: The loss became" in out
    assert "Best" not in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs a setting that differs; say --over learning_rate=0.1,0.3."),
        (["--over", "learning_rate"], "says no values"),
        (["--over", "lerning_rate=1"], "did you mean learning_rate?"),
        (["--over", "learning_rate=fast"], "must be a number above 0, not fast"),
        (["--over", "hidden=4", "--over", "hidden=8"], "is there twice"),
        (["--over", "deskew=maybe"], "must be true or false, not maybe"),
        (["--over", "hidden=4", "--jobs", "0"], "one job or more"),
        (["--over", "hidden=4", "--scheduler", "tcp://a:1"], "A scheduler is Dask's"),
        (["--over", "seed=4"], "cannot differ in seed"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "r.toml", *words]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)
    assert not Path("sweep").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_sweep_keeps_what_is_done_and_says_how_to_go_on(
    way: signal.Signals, jobs: str
) -> None:
    """The first run is done in a moment, the second would take hours."""
    words = ["sweep", "r.toml", "--over", "epochs=1,100000000", "--seeds", "1", "--jobs", jobs]
    program = subprocess.Popen(
        [sys.executable, "-m", "digitnet", *words], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert program.stderr is not None
    heard = []
    while "1/2" not in (heard or [""])[-1]:
        heard.append(program.stderr.readline())
        assert heard[-1], heard
    program.send_signal(way)
    out, err = program.communicate(timeout=300)
    assert program.returncode == 128 + way
    assert "Traceback" not in err
    assert "1 of 2 runs done" in err
    assert "digitnet sweep r.toml --over epochs=1,100000000" in err
    assert "--resume" in err
    assert "epochs=1" in out
    assert len(list(Path("sweep/runs").glob("*.json"))) == 1
    assert main(["sweep", "r.toml", "--over", "epochs=1", "--seeds", "1", "--resume"]) == 0
