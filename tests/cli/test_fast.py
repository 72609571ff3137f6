"""`digitnet train SOURCE --fast`: a model on disk, the test part opened once, no stray option."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.models.folder import load_model
from digitnet.nn import AveragePool2D
from support.helpers import as_idx, assert_one_sentence, digitnet


@pytest.fixture
def idx(tmp_path: Path) -> Path:
    """A folder laid out like MNIST with 3,000 drawn digits to learn from and 400 to be tested."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for prefix, n, seed in (("train", 3000, 0), ("t10k", 400, 1)):
        drawn = synthesize(n, np.random.default_rng(seed))
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(as_idx(drawn.images))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(as_idx(drawn.labels))
    return folder


def test_it_trains_keeps_and_measures(tmp_path: Path, idx: Path) -> None:
    done = digitnet("train", idx, "--fast", "--out", "model", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "epoch 4/4" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert "of 400 test digits right" in last
    assert float(last.split("%")[0]) > 60
    model = load_model(tmp_path / "model")
    assert any(isinstance(layer, AveragePool2D) for layer in model.network.layers)
    assert model.training["fast"] == "98"
    evaluated = digitnet("evaluate", idx, "--model", "model", "--report", "r", cwd=tmp_path)
    assert f"{last.split(' ')[0].rstrip('%')[:4]}" in evaluated.stdout  # the same digits, again
    assert (tmp_path / "r" / "weights.png").exists()


def test_the_same_seed_gives_the_same_weights(
    tmp_path: Path, idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one thread; how many threads there are else depends on how busy the machine is."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    for out in ("a", "b"):
        done = digitnet("train", idx, "--fast", "97", "--seed", "4", "--out", out, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a" / "W1.npy").read_bytes() == (tmp_path / "b" / "W1.npy").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fast", "96"), ("97", "96")),
        (("--fast", "--epochs", "3"), ("--epochs",)),
        (("--fast", "--live"), ("--live",)),
    ],
)
def test_what_a_fixed_recipe_does_not_take(
    tmp_path: Path, idx: Path, words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    assert_one_sentence(digitnet("train", idx, *words, cwd=tmp_path), *said)
    assert not (tmp_path / "model").exists()


def test_a_source_without_a_test_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    assert_one_sentence(
        digitnet("train", "pictures", "--fast", cwd=tmp_path), "test part", "pictures"
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_it_after_the_epoch_and_keeps_what_was_learnt(
    tmp_path: Path, idx: Path
) -> None:
    command = [sys.executable, "-m", "digitnet", "train", str(idx), "--fast", "99", "--out", "m"]
    child = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("epoch 1/")
    child.send_signal(signal.SIGINT)
    told, complaint = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "test digits right" in told
    assert "Stopped" in complaint
    assert "Traceback" not in complaint
    assert "epoch 17/17" not in told
    assert load_model(tmp_path / "m").training["fast"] == "99"
