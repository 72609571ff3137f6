"""`digitnet quantize`, from the command line to a folder that the other commands know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from digitnet.cli.quantize import bounds_in_words
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork
from support.helpers import assert_one_sentence, bars, digitnet
from support.integers import some_network


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantize")
    for name, seed, n in (("bars", 1, 400), ("more", 2, 400), ("few", 3, 200)):
        dataset = bars(n, np.random.default_rng(seed))
        np.savez(folder / f"{name}.npz", images=dataset.images, labels=dataset.labels)
    for name, words in (("m", ("--activation", "relu")), ("sigmoids", ())):
        done = digitnet(
            "train", "bars.npz", "--hidden", "12", "--epochs", "4", "--learning-rate", "0.1",
            "--validation", "0", "--out", name, *words, cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return folder


def test_a_model_becomes_whole_numbers_and_answers(place: Path) -> None:
    done = digitnet("quantize", "m", "more.npz", "--bits", "3", "--out", "q", cwd=place)
    assert done.returncode == 0, done.stderr
    model = load_model(place / "q")
    assert isinstance(model.network, IntegerNetwork)
    bound = model.network.bounds()[0]
    for said in (
        f"784-12-10 at 3 bits: {model.network.packed_bytes():,} bytes of weights and constants.",
        "Right of 400 digits:",
        f"layer 1 (dense): no sum beyond {bound.sum:,}, no product beyond {bound.product:,}",
        "layer 2 (dense): no sum beyond",
        "Kept in q.",
    ):
        assert said in done.stdout
    assert model.training["start"] == load_model(place / "m").training
    assert model.training["quantized"] == "3"
    done = digitnet("evaluate", "more.npz", "--model", "q", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    with np.load(place / "more.npz") as more:
        reading = model.network.read(more["images"])
        right = float(np.mean(reading.labels == more["labels"]))
    assert figures["accuracy"] == pytest.approx(right)
    assert figures["coverage"] == pytest.approx(1 - reading.refused.mean())
    assert not figures["learnt_from"]
    done = digitnet("evaluate", "bars.npz", "--model", "q", "--json", cwd=place)
    assert json.loads(done.stdout)["learnt_from"]  # the first model did


def test_bits_are_4_where_nothing_is_said(place: Path) -> None:
    done = digitnet("quantize", "m", "more.npz", "--out", "four", cwd=place)
    assert "at 4 bits" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sigmoids", "more.npz"), ("ReLU", "Sigmoid")),
        (("m", "few.npz"), ("200 digits", "at least 300")),
        (("m",), ("none were set aside", "SOURCE")),
        (("m", "more.npz", "--bits", "5"), ("5", "ternary")),
        (("nowhere", "more.npz"), ("nowhere does not exist",)),
        (("q2", "more.npz"), ("q2 computes in whole numbers",)),
    ],
)
def test_what_cannot_be_is_one_sentence_and_no_folder(
    place: Path, words: tuple[str, ...], said: tuple[str, ...]
) -> None:
    if words[0] == "q2":
        assert digitnet("quantize", "m", "more.npz", "--out", "q2", cwd=place).returncode == 0
    done = digitnet("quantize", *words, "--out", "none", cwd=place)
    assert_one_sentence(done, *said)
    assert not (place / "none").exists()


def test_other_commands_that_need_floats_say_so(place: Path) -> None:
    assert digitnet("quantize", "m", "more.npz", "--out", "q3", cwd=place).returncode == 0
    for words in (
        ("calibrate", "q3", "more.npz"),
        ("train", "more.npz", "--from", "q3", "--out", "t"),
        ("train", "more.npz", "--teacher", "q3", "--out", "t"),
        ("export", "html", "--model", "q3", "-o", "digit.html"),
        ("ensemble", "m", "q3", "--out", "t"),
    ):
        assert_one_sentence(digitnet(*words, cwd=place), "q3 computes in whole numbers")


def test_bounds_in_words_leave_pools_out() -> None:
    network = some_network("4", np.random.default_rng(0))
    assert [line.split(":")[0] for line in bounds_in_words(network)] == [
        "layer 1 (conv)", "layer 3 (conv)", "layer 5 (dense)", "layer 6 (dense)",
    ]  # fmt: skip
