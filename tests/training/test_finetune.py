"""Fine-tuning a model to someone's own digits: they are learnt, and the others not forgotten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import Dataset
from digitnet.errors import ModelError, SettingsError
from digitnet.models.folder import load_model
from digitnet.models.model import classify
from digitnet.training.finetune import N_MIXED, as_finetuning, mixed, network_to_finetune, repeated
from support.helpers import assert_one_sentence, bars, digitnet, small_model


def odd_hand(n: int, rng: np.random.Generator) -> Dataset:
    """The bars of `bars`, but drawn upright: a hand that a network has not met."""
    dataset = bars(n, rng)
    return Dataset(np.swapaxes(dataset.images, 1, 2).copy(), dataset.labels, source="odd hand")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    for name, dataset in (
        ("bars", bars(900, rng)),
        ("own", odd_hand(20, rng)),
        ("new", odd_hand(200, rng)),
    ):
        np.savez(tmp_path / f"{name}.npz", images=dataset.images, labels=dataset.labels)
    words = ("--hidden", "24", "--activation", "relu", "--learning-rate", "0.1", "--epochs", "12")
    done = digitnet("train", "bars.npz", *words, "--out", "base", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def accuracy(model: Path, data: Path) -> float:
    arrays = np.load(data)
    answers = classify(load_model(model).network, arrays["images"]).argmax(axis=1)
    return float((answers == arrays["labels"]).mean())


def test_a_new_hand_is_learnt_and_the_old_ones_are_not_forgotten(place: Path) -> None:
    words = ("train", "own.npz", "--from", "base", "--mix", "bars.npz", "--out", "adapted")
    done = digitnet(*words, "--augment", "affine", "--learning-rate", "0.03", cwd=place)
    assert done.returncode == 0, done.stderr
    assert accuracy(place / "base", place / "new.npz") < 0.5
    assert accuracy(place / "adapted", place / "new.npz") > 0.9
    assert accuracy(place / "adapted", place / "bars.npz") > 0.97
    assert "Training 784-24-10 " in done.stderr  # the base's network, not a config's default
    table = done.stdout.splitlines()[-3:]
    assert table[0].split() == ["before", "after"]
    assert "own.npz, learnt from (20)" in table[1]
    assert "bars.npz (900)" in table[2]
    shown = [float(word.rstrip("%")) for word in table[2].split()[-2:]]
    assert shown[0] == pytest.approx(100 * accuracy(place / "base", place / "bars.npz"), abs=0.01)
    assert shown[1] == pytest.approx(
        100 * accuracy(place / "adapted", place / "bars.npz"), abs=0.01
    )
    adapted, base = load_model(place / "adapted"), load_model(place / "base")
    assert adapted.calibration.temperature == base.calibration.temperature
    assert adapted.training["plan"]["start"] == "base"
    assert adapted.training["start"] == base.training
    assert accuracy(place / "base", place / "new.npz") < 0.5  # the base is as it was


def test_a_model_may_be_replaced_by_its_adapted_self(place: Path) -> None:
    words = ("train", "own.npz", "--from", "base", "--mix", "bars.npz", "--out", "base")
    before = accuracy(place / "base", place / "own.npz")
    done = digitnet(*words, "--learning-rate", "0.03", cwd=place)
    assert done.returncode == 0, done.stderr
    shown = [float(word.rstrip("%")) / 100 for word in done.stdout.splitlines()[-2].split()[-2:]]
    assert shown == pytest.approx([before, accuracy(place / "base", place / "own.npz")], abs=1e-4)
    assert shown[0] < shown[1]


def test_one_s_own_are_repeated_and_others_added_once_each(rng: np.random.Generator) -> None:
    own, rest = odd_hand(7, rng), bars(5000, rng)
    many = repeated(own)
    assert N_MIXED // 2 <= len(many) < N_MIXED // 2 + len(own)
    assert {i.tobytes() for i in many.images} == {i.tobytes() for i in own.images}
    for share, n_others in ((0.5, len(many)), (0.25, round(len(many) / 3)), (0.9, 5000)):
        mix = mixed(many, rest, share, rng)
        others = {image.tobytes() for image in mix.images[len(many) :]}
        assert len(mix) - len(many) == len(others) == n_others
    with pytest.raises(SettingsError, match="other classes"):
        mixed(own, Dataset(rest.images, rest.labels, tuple("abcdefghij")), 0.5, rng)


def test_pictures_set_aside_are_what_is_measured(place: Path) -> None:
    words = ("train", "new.npz", "--from", "base", "--mix", "bars.npz", "--validation", "0.4")
    done = digitnet(*words, "--epochs", "2", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "new.npz, set aside (80)" in done.stdout


def test_what_cannot_be_adapted_is_one_sentence(place: Path) -> None:
    start = ("train", "own.npz", "--from")
    assert_one_sentence(digitnet(*start, "base", "--hidden", "9", cwd=place), "--hidden")
    assert_one_sentence(digitnet(*start, "gone", cwd=place), "gone", "cnn")
    mixing = ("train", "own.npz", "--mix", "bars.npz", "--mix-share", "1")
    assert_one_sentence(digitnet(*mixing, cwd=place), "share of other digits")


def test_other_classes_cannot_be_adapted_to(rng: np.random.Generator) -> None:
    letters = Dataset(bars(20, rng).images, np.arange(20) % 3, tuple("abc"), "letters")
    with pytest.raises(ModelError, match="classes 0, 1"):
        network_to_finetune("mine", small_model(rng), letters)


def test_a_run_that_starts_from_a_model_has_small_steps_and_the_model_s_framing(
    rng: np.random.Generator,
) -> None:
    given = as_finetuning({"start": "mine", "epochs": 3, "mix": None}, small_model(rng, "stretch"))
    assert given == {
        "start": "mine", "epochs": 3, "mix": None, "framing": "stretch", "optimizer": "nesterov",
        "learning_rate": 0.01, "batch_size": 64, "augment": "elastic", "label_smoothing": 0.05,
        "ema_decay": 0.99, "validation": 0.0,
    }  # fmt: skip
    usual = as_finetuning({"start": "mine"}, small_model(rng))
    assert usual["epochs"] == 10
    assert usual["mix"] in ("mnist", "synthetic")
    assert N_MIXED == 6_000
    for name in ("hidden", "activation", "pool", "deskew", "conv", "batch_norm", "framing"):
        with pytest.raises(SettingsError, match=f"leave out `{name}` or `start`"):
            as_finetuning({"start": "mine", name: "x"}, small_model(rng))
