"""Networks written down in whole numbers: the same answers, honest limits, one way to disk."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from digitnet.data.dataset import Dataset, as_input
from digitnet.errors import ModelError
from digitnet.export import export_model
from digitnet.models.description import SEAL, sealed, to_json
from digitnet.models.ensembles import combine
from digitnet.models.folder import load_model, save_model
from digitnet.models.integer_network import IntegerNetwork, Limits
from digitnet.models.model import Model, classify
from digitnet.models.quantize import (
    as_integers,
    calibration_of,
    limits_of,
    quantized,
    scale_of,
    with_limits,
)
from digitnet.nn import Network, fold
from digitnet.nn.quantization import FORMATS
from digitnet.training.config import TrainingConfig
from support.helpers import bars
from support.integers import some_network

DIGITS = tuple("0123456789")


def some_quantized(bits: str, rng: np.random.Generator, conv: str = "4C3-MP2-5C5") -> Network:
    """A network of quantised layers, every parameter random but sensible."""
    config = TrainingConfig(
        conv=conv, bits=bits, hidden=(12,), batch_norm=bool(conv), activation="relu",
        input_dropout=0.0,
    )  # fmt: skip
    network = Network(config.layers(784, 10))
    network.initialize(rng)
    for name, view in network.parameters.items():
        if name.startswith("gamma"):
            view[:] = rng.uniform(0.4, 1.5, view.shape) * rng.choice([-1, 1], view.shape)
        if name.startswith(("beta", "b")):
            view[:] = rng.normal(0, 0.3, view.shape)
        if name.startswith("top"):
            view[:] = 2.0
    return network


def frames(n: int, rng: np.random.Generator) -> np.ndarray:
    dark = rng.random((n, 4, 4)).repeat(7, 1).repeat(7, 2)
    return (rng.integers(0, 256, (n, 28, 28)) * dark).astype(np.uint8)


@pytest.mark.parametrize("bits", FORMATS)
@pytest.mark.parametrize("conv", ["4C3-MP2-5C5", ""])
def test_whole_numbers_answer_as_the_quantised_floats_do(
    bits: str, conv: str, rng: np.random.Generator
) -> None:
    network = some_quantized(bits, rng, conv)
    integers = as_integers(network, DIGITS)
    images = frames(100, rng)
    near = integers.logits(images) * scale_of(integers.limits)
    exact = classify(network, images)
    assert np.corrcoef(near.ravel(), exact.ravel())[0, 1] > 0.995
    assert np.abs(near - exact).max() < 0.1 * np.abs(exact).max()


def test_a_layer_by_hand() -> None:
    """W = step q, inputs bytes of 1 / 255, tops 255: multiplier / 2^shift is step / 255."""
    config = TrainingConfig(bits="4", hidden=(1,), activation="relu", input_dropout=0.0)
    network = Network(config.layers(784, 10))
    W, b, step = network.views[0]
    W[:3, 0], b[0], step[0] = (0.5, -1.0, 1.3), 0.25, 0.5  # q is 1, -2, 3
    network.parameters["top1"][:] = 2.0
    W2, b2, step2 = network.views[2]
    W2[0], b2[:], step2[0] = np.arange(-4, 6), 1.0, 1.0
    first, last = as_integers(network, DIGITS).layers
    assert first.weights[0, :4].tolist() == [1, -2, 3, 0]
    # one unit of a sum is 0.5 / 255, one of the bytes behind it 2 / 255: 1 / 4 is 128 / 2^9
    assert (first.multiplier.tolist(), first.shift) == ([128], 9)
    assert first.bias.tolist() == [128]  # 0.25 of 0.5 / 255 is 127.5
    assert last.weights[:, 0].tolist() == list(range(-4, 6))
    assert set(last.bias.tolist()) == {128}  # 1 of 2 / 255 is 127.5


def test_a_channel_that_gives_nothing_keeps_its_bias_alone(rng: np.random.Generator) -> None:
    network = some_quantized("4", rng)
    network.parameters["gamma1"][0] = 0.0
    network.parameters["beta1"][0] = 1.0
    integers = as_integers(network, DIGITS)
    assert not integers.layers[0].weights[0].any()
    images = frames(50, rng)
    near = integers.logits(images) * scale_of(integers.limits)
    assert np.corrcoef(near.ravel(), classify(network, images).ravel())[0, 1] > 0.995


@pytest.mark.parametrize("bits", ["3", "4", "8"])
def test_a_network_in_floats_is_rounded_without_training(
    bits: str, rng: np.random.Generator
) -> None:
    config = TrainingConfig(conv="4C3-MP2-5C5", hidden=(12,), batch_norm=True, activation="relu")
    network = Network(config.layers(784, 10))
    network.initialize(rng)
    images = frames(200, rng)
    exact = classify(network, images)
    made = as_integers(quantized(network, bits, images[:100]), DIGITS)
    near = made.logits(images) * scale_of(made.limits)
    least = {"3": 0.95, "4": 0.98, "8": 0.9995}[bits]
    assert np.corrcoef(near.ravel(), exact.ravel())[0, 1] > least
    assert fold(network).parameters["W1"].shape == (9, 4)  # the network itself is as it was


def test_what_whole_numbers_cannot_do_is_one_sentence(rng: np.random.Generator) -> None:
    images = frames(10, rng)
    for settings, said in (
        ({"activation": "sigmoid"}, "ReLU, not Sigmoid"),
        ({"activation": "relu", "deskew": True}, "Deskew"),
        ({"activation": "relu", "pool": 2}, "AveragePool2D"),
        ({"activation": "relu", "conv": "4C3P1", "hidden": ()}, "padding=1"),
        ({"activation": "relu", "conv": "4C7", "hidden": ()}, "size=7"),
        ({"activation": "relu", "conv": "4C3S2", "hidden": ()}, "stride=2"),
        ({"activation": "relu", "conv": "4C3-GAP", "hidden": ()}, "GlobalAveragePool2D"),
    ):
        network = Network(TrainingConfig(**settings).layers(784, 10))
        network.initialize(rng)
        with pytest.raises(ModelError, match=said):
            as_integers(quantized(network, "4", images), DIGITS)


def test_limits_are_softmax_scales() -> None:
    for scale in (1e-4, 0.003, 0.02, 0.5):
        limits = limits_of(scale)
        assert 128 <= limits.multiplier <= 255
        assert scale_of(limits) == pytest.approx(scale, rel=0.005)
    assert limits_of(1e-9).shift == 22
    assert limits_of(100.0) == Limits(255, 1, 0)


def made_model(rng: np.random.Generator) -> tuple[Model, Dataset]:
    """Random weights and the labels that they give, some of them wrong."""
    network, images = some_network("3", rng), frames(900, rng)
    spread = network.logits(images).std(axis=1).mean()
    network = dataclasses.replace(network, limits=limits_of(2.0 / spread))
    reading = network.read(images)
    odds = network.powers(network.logits(images)).astype(float)
    odds /= odds.sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(10, p=row) for row in odds], np.int64)
    network = with_limits(network, Dataset(images, labels, DIGITS))
    assert reading.per_mille.std() > 20
    return Model(network, calibration=calibration_of(network)), Dataset(images, labels, DIGITS)


def test_python_refuses_what_the_device_refuses(rng: np.random.Generator) -> None:
    model, _ = made_model(rng)
    network = model.network
    assert isinstance(network, IntegerNetwork)
    images = frames(2000, rng)
    for least in (0, 300, network.limits.least, 700, 1000):
        same = dataclasses.replace(network, limits=network.limits._replace(least=least))
        model = Model(same, calibration=calibration_of(same))
        reading = same.read(images)
        probabilities = model.probabilities(images)
        assert_array_equal(probabilities.argmax(axis=1), reading.labels)
        assert_array_equal(~model.accepted(images, probabilities), reading.refused)
        best = probabilities.max(axis=1)
        assert np.abs(best - reading.per_mille / 1000).max() <= 0.0005 + 1e-9
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_ties_go_to_the_first_and_the_likelier_in_one_step_stays_ahead() -> None:
    network = dataclasses.replace(some_network("3", np.random.default_rng(0)), limits=Limits(1, 20))
    images = frames(300, np.random.default_rng(1))
    logits = network.logits(images)
    assert (network.powers(logits) == 32768).sum(axis=1).max() > 3  # many in one step
    assert_array_equal(network.forward(as_input(images)).argmax(axis=1), logits.argmax(axis=1))


def test_limits_follow_the_confidence(rng: np.random.Generator) -> None:
    images = frames(900, rng)
    network = dataclasses.replace(some_network("3", rng), limits=limits_of(2e-5))
    sure = with_limits(network, Dataset(images, network.read(images).labels.astype(np.int64)))
    assert sure.limits.least <= 400  # always right: hardly anything is refused
    noise = with_limits(network, Dataset(images, rng.integers(0, 10, 900)))
    assert scale_of(noise.limits) < scale_of(sure.limits)  # never sure


@pytest.mark.parametrize("bits", FORMATS)
def test_a_folder_keeps_every_number(bits: str, tmp_path: Path) -> None:
    network = some_network(bits, np.random.default_rng(4))
    model = Model(network, calibration=calibration_of(network), training={"plan": {}})
    save_model(model, tmp_path / "m")
    back = load_model(tmp_path / "m")
    assert isinstance(back.network, IntegerNetwork)
    assert back.network.limits == network.limits
    images = frames(20, np.random.default_rng(5))
    assert_array_equal(back.network.logits(images), network.logits(images))
    assert back.calibration.least_probability == model.calibration.least_probability
    assert np.load(tmp_path / "m" / "W1.npy").dtype == np.int8
    assert np.load(tmp_path / "m" / "b1.npy").dtype == np.int32
    assert np.load(tmp_path / "m" / "multiplier1.npy").dtype == np.uint8
    assert (back.n_parameters, repr(back)) == (model.n_parameters, repr(model))
    save_model(back, tmp_path / "m")  # its own files are known as its own


def changed(place: Path, change: object) -> None:
    """model.json with a change, sealed anew, as one who means harm would."""
    description = json.loads((place / "model.json").read_text())
    change(description)  # type: ignore[operator]
    del description[SEAL]
    (place / "model.json").write_bytes(to_json(sealed(description)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["integer"]["layers"][0].update(shift=0), "multiplier1"),
        (lambda d: d["integer"]["layers"][0].update(shift=40), "does not fit"),
        (lambda d: d["integer"]["layers"][0].update(bits="ternary"), "does not fit"),
        (lambda d: d["integer"]["layers"][0].update(bits="9"), "does not fit"),
        (lambda d: d["integer"]["layers"][0].update(shape=[2**20, 2**20]), "damaged"),
        (lambda d: d["integer"]["layers"][0].update(shape=[-1, 4]), "damaged"),
        (lambda d: d["integer"]["layers"][0].update(kind="attention"), "does not fit"),
        (lambda d: d["integer"]["layers"][0].update(extra=1), "damaged"),
        (lambda d: d["integer"]["layers"].pop(1), "does not fit"),
        (lambda d: d["integer"]["layers"].clear(), "W1|at least one layer"),
        (lambda d: d["integer"]["limits"].update(shift=31), "limits"),
        (lambda d: d["integer"]["limits"].pop("least"), "limits|damaged"),
        (lambda d: d["class_names"].pop(), "classes"),
        (lambda d: d.update(layers=[]), "damaged"),
    ],
)
def test_a_hostile_description_is_refused(change: object, said: str, tmp_path: Path) -> None:
    save_model(Model(some_network("3", np.random.default_rng(4))), tmp_path / "m")
    changed(tmp_path / "m", change)
    with pytest.raises(ModelError, match=said):
        load_model(tmp_path / "m")


def test_floats_in_the_place_of_whole_numbers_are_refused(tmp_path: Path) -> None:
    from digitnet.models.npy import sha256, to_npy

    save_model(Model(some_network("3", np.random.default_rng(4))), tmp_path / "m")
    for array, said in (
        (np.zeros((3, 1, 5, 5), np.float32), "no array of whole numbers"),
        (np.zeros((3, 1, 5, 5), np.int32), "the network needs"),
        (np.full((3, 1, 5, 5), 9, np.int8), "does not fit"),
    ):
        content = to_npy(array)
        (tmp_path / "m" / "W1.npy").write_bytes(content)
        changed(
            tmp_path / "m",
            lambda d, content=content: d["arrays"]["W1.npy"].update(sha256=sha256(content)),
        )
        with pytest.raises(ModelError, match=said):
            load_model(tmp_path / "m")


def test_what_is_made_for_floats_says_so(tmp_path: Path) -> None:
    model = Model(some_network("3", np.random.default_rng(4)))
    with pytest.raises(ModelError, match="a computes in whole numbers"):
        combine({"a": model, "b": model})
    with pytest.raises(ModelError, match="mine computes in whole numbers"):
        export_model(model, "html", "mine", tmp_path / "digit.html")
    assert not (tmp_path / "digit.html").exists()


def test_bars_are_read_after_a_training_in_whole_numbers(tmp_path: Path) -> None:
    """From the config to a model folder, by the way that the command line goes."""
    from digitnet.training.run import Run

    config = TrainingConfig(
        bits="ternary", conv="4C3-MP2-6C5", batch_norm=True, hidden=(), activation="relu",
        input_dropout=0.0, optimizer="nesterov", epochs=6, validation=0.2, seed=1,
    )  # fmt: skip
    run = Run(config, bars(400, np.random.default_rng(0)), tmp_path / "m")
    for _ in run.events():
        pass
    kept = run.keep()
    model = load_model(tmp_path / "m")
    assert isinstance(model.network, IntegerNetwork)
    assert model.network.bits == "ternary"
    assert run.validation is not None
    right = model.network.logits(run.validation.images).argmax(axis=1) == run.validation.labels
    assert model.training["validation_accuracy"] == right.mean() > 0.9
    assert kept.network.packed_bytes() == model.network.packed_bytes()  # type: ignore[union-attr]
