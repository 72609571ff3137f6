"""Ensembles: the mean of the members' logits, kept and read like any other model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.models.calibration import Calibration
from digitnet.models.ensembles import combine
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, classify
from digitnet.models.novelty import fit_novelty
from digitnet.nn import BatchNorm, Dense, Ensemble, Network, ReLU, Sigmoid
from support.helpers import assert_one_sentence, bars, digitnet, small_model


def normalised(rng: np.random.Generator) -> Model:
    """784-6-10 with a BatchNorm, everything drawn, variances positive."""
    network = Network([Dense(784, 6), BatchNorm(6), ReLU(), Dense(6, 10)])
    network.vector[:] = rng.normal(0, 0.1, network.vector.size)
    network.parameters["variance1"][:] = rng.uniform(0.5, 2.0, 6)
    return Model(network)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (20, 28, 28)).astype(np.uint8)


def test_it_answers_with_the_mean_of_the_logits(
    images: np.ndarray, rng: np.random.Generator
) -> None:
    members = [small_model(rng), normalised(rng), small_model(rng)]
    whole = combine({str(i): member for i, member in enumerate(members)})
    logits = [classify(member.network, images) for member in members]
    np.testing.assert_allclose(classify(whole.network, images), sum(logits) / 3, atol=1e-5)
    assert whole.n_parameters == sum(member.n_parameters for member in members)


def test_a_folder_keeps_every_member(
    images: np.ndarray, rng: np.random.Generator, tmp_path: Path
) -> None:
    whole = combine({"a": small_model(rng), "b": normalised(rng)})
    save_model(whole, tmp_path / "both")
    names = {path.name for path in (tmp_path / "both").glob("*.npy")}
    assert {"W1.npy", "b2.npy", "W3.npy", "gamma3.npy", "variance3.npy", "b4.npy"} <= names
    back = load_model(tmp_path / "both")
    assert isinstance(back.network, Ensemble)
    np.testing.assert_array_equal(classify(back.network, images), classify(whole.network, images))
    save_model(back, tmp_path / "both")  # what stands there is known as a model


def test_limits_are_the_members_means_and_what_is_a_digit_the_first_ones(
    rng: np.random.Generator,
) -> None:
    dataset = bars(40, rng)
    knows = fit_novelty(dataset.images, dataset.labels)
    members = {
        name: replace(small_model(rng), calibration=calibration, training={"seed": name})
        for name, calibration in {
            "a": Calibration(1.0, 0.25, 90.0, knows),
            "b": Calibration(1.5, 0.5, 10.0),
            "c": Calibration(2.25, 0.875),
        }.items()
    }
    whole = combine(members)
    limits = whole.calibration
    assert limits.temperature == pytest.approx((1.0 + 1.5 + 2.25) / 3)
    assert limits.least_probability == pytest.approx((0.25 + 0.5 + 0.875) / 3)
    assert (limits.most_novelty, limits.novelty) == (90.0, knows)
    assert whole.training == {"members": {name: {"seed": name} for name in "abc"}}
    assert (whole.framing, whole.class_names) == ("mnist", tuple("0123456789"))


def test_members_of_members_count_alike(images: np.ndarray, rng: np.random.Generator) -> None:
    a, b, c = (small_model(rng) for _ in range(3))
    nested = combine({"ab": combine({"a": a, "b": b}), "c": c})
    flat = combine({"a": a, "b": b, "c": c})
    np.testing.assert_array_equal(classify(nested.network, images), classify(flat.network, images))


def test_what_does_not_fit_is_named(rng: np.random.Generator) -> None:
    one, other = small_model(rng), small_model(rng, framing="stretch")
    with pytest.raises(ModelError, match="one, which has another framing; combine"):
        combine({"one": one, "other": other})
    named = replace(small_model(rng), class_names=tuple("abcdefghij"))
    with pytest.raises(ModelError, match="b cannot be combined with a, which has other classes"):
        combine({"a": one, "b": named})
    with pytest.raises(ValueError, match="same inputs"):
        Ensemble([one.network, Network([Dense(784, 3)])])
    with pytest.raises(ValueError, match="same inputs"):
        Ensemble([])


def test_from_the_command_line(tmp_path: Path, rng: np.random.Generator) -> None:
    for name in ("a", "b"):
        save_model(small_model(rng), tmp_path / name)
    dataset = bars(40, rng)
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    done = digitnet("ensemble", "a", "b", "--out", "both", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = digitnet("compare", "a", "both", "--on", "bars.npz", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    a, both = json.loads(done.stdout)["models"]
    assert both["parameters"] == 2 * a["parameters"]
    assert_one_sentence(digitnet("ensemble", "a", "--out", "c", cwd=tmp_path), "two models")
    assert_one_sentence(digitnet("ensemble", "a", "x", "--out", "c", cwd=tmp_path), "x")
    done = digitnet("train", "bars.npz", "--from", "both", "--mix", "bars.npz", cwd=tmp_path)
    assert_one_sentence(done, "ensemble")


def test_a_damaged_description_is_one_sentence(tmp_path: Path, rng: np.random.Generator) -> None:
    save_model(combine({"a": small_model(rng), "b": small_model(rng)}), tmp_path / "m")
    where = tmp_path / "m" / "model.json"
    description = json.loads(where.read_text())
    for members in ([], [{"layers": []}], "none", [description["members"][0], {"x": 1}]):
        where.write_text(json.dumps({**description, "members": members}))
        with pytest.raises(ModelError, match="damaged"):
            load_model(tmp_path / "m")


def test_sigmoid_models_do_not_change_by_folding(rng: np.random.Generator) -> None:
    model = small_model(rng)
    assert any(isinstance(layer, Sigmoid) for layer in model.network.layers)
    assert model.n_parameters == model.network.vector.size
    assert normalised(rng).n_parameters == 784 * 6 + 6 + 60 + 10  # W1, b1, W2, b2
