"""Fine-tuning a model to someone's own digits: they are learnt, and the others not forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import Dataset
from digitnet.data.report import Report
from digitnet.errors import ModelError, SettingsError
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify
from digitnet.nn import Ensemble
from digitnet.training.finetune import (
    N_MIXED,
    as_finetuning,
    mixed,
    n_others,
    network_to_finetune,
    others,
    repeated,
)
from support.helpers import assert_one_sentence, bars, digitnet, small_model


def odd_hand(n: int, rng: np.random.Generator) -> Dataset:
    """The bars of `bars`, but drawn upright: a hand that a network has not met."""
    dataset = bars(n, rng)
    return Dataset(np.swapaxes(dataset.images, 1, 2).copy(), dataset.labels, source="odd hand")


@pytest.fixture(scope="module")
def with_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    rng = np.random.default_rng(3)
    for name, dataset in (
        ("bars", bars(900, rng)),
        ("own", odd_hand(20, rng)),
        ("new", odd_hand(200, rng)),
    ):
        np.savez(folder / f"{name}.npz", images=dataset.images, labels=dataset.labels)
    words = ("--hidden", "24", "--activation", "relu", "--learning-rate", "0.1", "--epochs", "12")
    done = digitnet("train", "bars.npz", *words, "--out", "base", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def place(with_base: Path, tmp_path: Path) -> Path:
    """Digits, a model that has learnt bars, and all that a test may change."""
    return Path(shutil.copytree(with_base, tmp_path / "place"))


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
    for share, n_more in ((0.5, len(many)), (0.25, round(len(many) / 3)), (0.9, 5000)):
        mix = mixed(many, rest, share, rng)
        more = {image.tobytes() for image in mix.images[len(many) :]}
        assert len(mix) - len(many) == len(more) == n_more
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


@pytest.mark.parametrize(
    ("n_own", "times"), [(1, 3000), (7, 429), (1000, 3), (1001, 3), (2999, 2), (3000, 1), (3001, 1)]
)
def test_how_often_each_of_one_s_own_is_taken(
    n_own: int, times: int, rng: np.random.Generator
) -> None:
    """So often that together they are half of 6,000 at least, in order, each as often."""
    own = Dataset(rng.integers(0, 256, (n_own, 28, 28), np.uint8), np.arange(n_own) % 10)
    many = repeated(own)
    np.testing.assert_array_equal(many.labels, np.tile(own.labels, times))
    np.testing.assert_array_equal(many.images[-n_own:], own.images)


def test_how_many_others_make_a_share() -> None:
    cases = [(10, 0.5), (10, 0.25), (10, 0.2), (9, 0.9), (3, 0.1), (5, 0.1), (1, 0.99)]
    assert [n_others(*case) for case in cases] == [10, 3, 2, 81, 0, 1, 99]


def test_a_mixture_is_one_s_own_and_then_others_drawn_without_repeating(
    rng: np.random.Generator,
) -> None:
    own, rest = odd_hand(6, rng).reported(Report("own")), bars(40, rng)
    mix = mixed(own, rest, 0.75, np.random.default_rng(3))
    chosen = np.random.default_rng(3).choice(40, 18, replace=False)
    np.testing.assert_array_equal(mix.images, np.vstack([own.images, rest.images[chosen]]))
    np.testing.assert_array_equal(mix.labels, np.hstack([own.labels, rest.labels[chosen]]))
    assert (mix.source, mix.class_names) == ("odd hand and bars", own.class_names)
    assert mix.report is own.report
    assert len(mixed(own, rest, 0.95, rng)) == 6 + 40  # all that there are, and no more
    with pytest.raises(SettingsError) as raised:
        mixed(own, Dataset(rest.images, rest.labels, tuple("abcdefghij"), "letters"), 0.5, rng)
    assert str(raised.value) == (
        "letters has other classes than odd hand; mix with digits of the same."
    )


def test_an_ensemble_cannot_be_learnt_on_and_a_network_is_taken_as_it_is(
    rng: np.random.Generator,
) -> None:
    model, own = small_model(rng), odd_hand(10, rng)
    assert network_to_finetune("mine", model, own) is model.network
    several = Model(Ensemble([model.network, small_model(rng).network]))
    with pytest.raises(ModelError) as raised:
        network_to_finetune("both", several, own)
    assert str(raised.value) == (
        "both is an ensemble, which cannot learn; start from one of its members."
    )


@pytest.mark.parametrize(("there", "name"), [(True, "mnist"), (False, "synthetic")])
def test_mnist_is_learnt_beside_where_it_is(
    there: bool, name: str, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr("digitnet.training.finetune.has_mnist", lambda: there)
    assert others() == as_finetuning({"start": "mine"}, small_model(rng))["mix"] == name


def test_of_several_settings_that_the_model_decides_the_first_is_named(
    rng: np.random.Generator,
) -> None:
    with pytest.raises(SettingsError, match="leave out `hidden` or `start`"):
        as_finetuning({"framing": "stretch", "conv": "4C5", "hidden": (3,)}, small_model(rng))
