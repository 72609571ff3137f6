"""`digitnet train` as a user runs it: what it writes, resuming, stopping, and wrong use."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from digitnet.models.folder import load_model
from support.helpers import assert_one_sentence, bars, digitnet, digitnet_process

SMALL = ("--hidden", "8", "--epochs", "6", "--batch-size", "16")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    dataset = bars(400, np.random.default_rng(1))
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    return tmp_path / "bars.npz"


def weights_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("W?.npy"), *folder.glob("b?.npy")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def test_a_run_writes_the_model_its_history_and_the_plot(tmp_path: Path, data: Path) -> None:
    done = digitnet("train", data, *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == [
        "W1.npy", "W2.npy", "b1.npy", "b2.npy", "history.json", "model.json", "training_loss.png",
    ]  # fmt: skip
    history = json.loads((tmp_path / "model" / "history.json").read_text())
    assert history["epochs"] == [1, 2, 3, 4, 5, 6]
    assert all(len(v) == 6 for v in history.values() if isinstance(v, list))
    assert (tmp_path / "model" / "training_loss.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bars.npz", "model"]  # no checkpoint left
    record = load_model(tmp_path / "model").training
    assert (record["n_training"], record["n_validation"]) == (360, 40)
    assert "best epoch" in done.stdout
    assert "epoch 6/6" in done.stderr


def test_the_same_command_gives_the_same_weights(tmp_path: Path, data: Path) -> None:
    """Also in another process, whose sets and dictionaries have another order."""
    for run, out, seed in ((digitnet, "a", 0), (digitnet_process, "b", 0), (digitnet, "c", 1)):
        run("train", data, *SMALL, "--out", out, "--seed", str(seed), cwd=tmp_path)
    assert weights_hash(tmp_path / "a") == weights_hash(tmp_path / "b")
    assert weights_hash(tmp_path / "a") != weights_hash(tmp_path / "c")


def start(data: Path, cwd: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "digitnet", "train", str(data), *words]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "long"),
    [
        (signal.SIGINT, "--hidden 8 --epochs 150 --batch-size 16 --dropout 0.1 --optimizer adam"),
        (signal.SIGTERM, "--hidden 8 --epochs 150 --batch-size 16 --dropout 0.1"),
        (
            signal.SIGINT,
            "--conv 2C5-MP2-3C5-MP2 --batch-norm --activation relu --hidden 8 --epochs 25 "
            "--batch-size 24 --learning-rate 0.1 --augment ink --ema-decay 0.9",
        ),
    ],
    ids=["Ctrl-C", "SIGTERM", "convolutions and variations"],
)
def test_stopped_and_resumed_it_reaches_the_very_same_weights(
    tmp_path: Path, data: Path, number: signal.Signals, long: str
) -> None:
    words = long.split()
    assert digitnet("train", data, *words, "--out", "whole", cwd=tmp_path).returncode == 0
    child = start(data, tmp_path, *words, "--out", "model")
    while not (tmp_path / "model.checkpoint.npz").exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(number)  # at once: the run is short where nothing else computes
    _, told = child.communicate(timeout=60)
    assert child.returncode == 128 + number, told
    assert "digitnet train --resume --out model" in told
    assert "Traceback" not in told
    assert not (tmp_path / "model").exists()
    done = digitnet("train", "--resume", "--out", "model", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert weights_hash(tmp_path / "model") == weights_hash(tmp_path / "whole")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_killed_at_any_moment_it_resumes_to_the_very_same_weights(
    tmp_path: Path, data: Path
) -> None:
    """Four kills of one run, at moments drawn at random; benchmarks/kill.py does fifty."""
    words = ("--hidden", "8", "--epochs", "60", "--batch-size", "16")
    assert digitnet("train", data, *words, "--out", "whole", cwd=tmp_path).returncode == 0
    moments = random.Random(5)
    for _ in range(4):
        child = start(data, tmp_path, *words, "--resume")
        time.sleep(0.3 + moments.random())
        child.kill()
        child.communicate()
    done = digitnet("train", data, *words, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert weights_hash(tmp_path / "model") == weights_hash(tmp_path / "whole")
    again = digitnet("train", data, *words, "--resume", cwd=tmp_path)
    assert "already finished" in again.stdout


def checkpoint_of(data: Path, cwd: Path, *words: str) -> Path:
    """The checkpoint of a run that was stopped in its first moments."""
    child = start(data, cwd, *words)
    path = cwd / "model.checkpoint.npz"
    while not path.exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.kill()
    child.communicate()
    return path


def test_resuming_with_other_settings_data_or_a_damaged_checkpoint(
    tmp_path: Path, data: Path
) -> None:
    path = checkpoint_of(data, tmp_path, "--epochs", "9999")
    done = digitnet("train", data, "--resume", "--hidden", "32", cwd=tmp_path)
    assert_one_sentence(done, "hidden neurons 64, not 32", "without --hidden", "without --resume")
    dataset = bars(400, np.random.default_rng(2))
    np.savez(data, images=dataset.images, labels=dataset.labels)
    assert_one_sentence(digitnet("train", "--resume", cwd=tmp_path), "digits have changed")
    path.write_bytes(path.read_bytes()[:1000])
    assert_one_sentence(digitnet("train", "--resume", cwd=tmp_path), "damaged")
    assert path.exists()  # it is the user's to delete


def test_resuming_never_begins_anew_over_a_finished_model(tmp_path: Path, data: Path) -> None:
    assert digitnet("train", data, *SMALL, cwd=tmp_path).returncode == 0
    before = weights_hash(tmp_path / "model")
    longer = (*SMALL[:-4], "--epochs", "12", *SMALL[-2:])
    done = digitnet("train", data, *longer, "--resume", cwd=tmp_path)
    assert_one_sentence(done, "model in model is finished", "--from model", "without --resume")
    (tmp_path / "model" / "model.json").write_text("{}")
    assert_one_sentence(digitnet("train", data, *SMALL, "--resume", cwd=tmp_path), "model.json")
    assert weights_hash(tmp_path / "model") == before


def test_evaluating_what_was_learnt_from_says_so(tmp_path: Path, data: Path) -> None:
    """The very digits, through a model that went on learning from them too; not other digits."""
    assert digitnet("train", data, *SMALL, cwd=tmp_path).returncode == 0
    dataset = bars(100, np.random.default_rng(7))
    np.savez(tmp_path / "others.npz", images=dataset.images, labels=dataset.labels)
    words = ("--from", "model", "--mix", "bars.npz", "--epochs", "1", "--out", "further")
    done = digitnet("train", "others.npz", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.savez(tmp_path / "new.npz", images=dataset.images[::-1], labels=dataset.labels[::-1])
    for model, source, learnt in [
        ("model", "bars.npz", True),
        ("model", "others.npz", False),
        ("further", "bars.npz", True),
        ("further", "others.npz", True),
        ("further", "new.npz", False),
    ]:
        done = digitnet("evaluate", source, "--model", model, "--json", cwd=tmp_path)
        assert json.loads(done.stdout)["learnt_from"] is learnt, (model, source)
        assert ("has learnt from these very digits" in done.stderr) is learnt


def test_finetuning_says_each_figure_once(tmp_path: Path, data: Path) -> None:
    assert digitnet("train", data, *SMALL, cwd=tmp_path).returncode == 0
    words = ("--from", "model", "--mix", data, "--epochs", "1", "--validation", "0.3")
    done = digitnet("train", data, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "set aside" in done.stdout
    assert "of the validation images right" not in done.stdout


def test_a_run_that_learnt_nothing_says_so_and_keeps_what_was_there(
    tmp_path: Path, data: Path
) -> None:
    assert digitnet("train", data, *SMALL, cwd=tmp_path).returncode == 0
    before = weights_hash(tmp_path / "model")
    dataset = bars(1000, np.random.default_rng(1))
    labels = np.random.default_rng(2).permutation(dataset.labels)
    np.savez(data, images=dataset.images, labels=labels)
    done = digitnet("train", data, *SMALL, "--learning-rate", "0.001", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "digitnet: Nothing was learnt" in done.stderr
    assert "training loss" in done.stderr
    assert "--learning-rate" in done.stderr
    assert "Done" not in done.stdout
    assert "Try it" not in done.stdout
    assert weights_hash(tmp_path / "model") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bars.npz", "model"]


def test_a_resumed_run_reads_its_source_as_at_first(tmp_path: Path, data: Path) -> None:
    path = checkpoint_of(data, tmp_path, "--epochs", "3", "--hidden", "4", "--transpose", "--as-is")
    done = digitnet("train", "--resume", "--invert", cwd=tmp_path)
    assert_one_sentence(done, "in another way", "without --invert", "without --resume")
    done = digitnet("train", "--resume", cwd=tmp_path)  # else its digits had changed
    assert done.returncode == 0, done.stderr
    assert not path.exists()
    record = json.loads((tmp_path / "model" / "model.json").read_text())["training"]
    assert record["understood"] == {"as_is": True, "transpose": True}


def test_fast_is_a_recipe_that_takes_no_word_on_its_source(tmp_path: Path, data: Path) -> None:
    done = digitnet("train", data, "--fast", "--transpose", cwd=tmp_path)
    assert_one_sentence(done, "takes no --transpose")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--epochs", "0"), "epochs"),
        (("--batch-size", "-1"), "batch size"),
        (("--learning-rate", "0"), "learning rate"),
        (("--learning-rate", "nan"), "learning rate"),
        (("--hidden", "0"), "hidden"),
        (("--hidden", "64,-2"), "hidden"),
        (("--validation", "1"), "validation"),
        (("--optimizer", "magic"), "optimiser"),
        (("--seed", "-4"), "seed"),
        (("--out", "bars.npz"), "is a file"),
        (("--per-class", "3"), "--per-class"),
    ],
)
def test_settings_that_make_no_sense(
    tmp_path: Path, data: Path, words: tuple[str, str], part: str
) -> None:
    assert_one_sentence(digitnet("train", data, *words, cwd=tmp_path), part)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("words", [("--epochs", "ten"), ("--hidden", "a,b"), ("--no-such", "1")])
def test_words_that_do_not_parse(tmp_path: Path, data: Path, words: tuple[str, str]) -> None:
    done = digitnet("train", data, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_diverging_run_names_the_learning_rate_and_keeps_the_old_model(
    tmp_path: Path, data: Path
) -> None:
    digitnet("train", data, *SMALL, cwd=tmp_path)
    before = weights_hash(tmp_path / "model")
    words = ("--activation", "relu", "--hidden", "16,16", "--learning-rate", "1e9")
    done = digitnet("train", data, *words, cwd=tmp_path)
    assert_one_sentence(done, "learning rate 1e+09")
    assert weights_hash(tmp_path / "model") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bars.npz", "model"]


def test_a_folder_with_the_users_own_files_is_refused_before_training(
    tmp_path: Path, data: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    assert_one_sentence(
        digitnet("train", data, *SMALL, cwd=tmp_path), "notes.txt", "choose another folder"
    )
    assert (tmp_path / "model" / "notes.txt").read_text() == "mine"


def test_live_without_a_display_says_so_and_goes_on(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    done = digitnet("train", data, *SMALL, "--live", cwd=tmp_path)
    if sys.platform.startswith("linux"):
        assert "no display" in done.stderr
    assert done.returncode == 0, done.stderr


def test_without_validation_the_last_epoch_is_kept(tmp_path: Path, data: Path) -> None:
    done = digitnet("train", data, *SMALL, "--validation", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "model").training["best_epoch"] == 6
