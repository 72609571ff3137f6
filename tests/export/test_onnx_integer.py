"""ONNX of whole numbers: every logit, label and refusal is the NumPy twin's, to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.export.card import ANSWERED, NO_DIGIT, NO_FRAME, UNSURE
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerLayer, IntegerNetwork, Limits
from digitnet.models.model import Model
from digitnet.models.quantize import calibration_of
from support.exported import frames_of_all_kinds, mnist_digits
from support.helpers import digitnet
from support.integers import some_layer, some_network
from support.worst import networks_in_every_order, worst_frames

onnx = pytest.importorskip("onnx", reason="needs the package onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")

from digitnet.export.onnx import graph_of  # noqa: E402

Frames = NDArray[np.uint8]


def answers(model: Model, frames: Frames) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(graph_of(model, "it").SerializeToString())
    given = {"frames": np.float32(frames).reshape(-1, 1, 28, 28) / 255}
    return list(session.run(None, given))


def assert_equal(network: IntegerNetwork, frames: Frames) -> None:
    """Logits, label and refusal to the bit; probabilities are the shares of the powers."""
    model = Model(network, network.classes, calibration=calibration_of(network))
    logits, probabilities, labels, refusals = answers(model, frames)
    assert logits.dtype == np.int32
    own = network.logits(frames)
    assert np.array_equal(logits, own)
    reading = network.read_logits(own)
    reasons = np.where(reading.refused, UNSURE, ANSWERED)
    reasons[~frames.any(axis=(1, 2))] = NO_DIGIT
    assert np.array_equal(refusals, reasons)
    assert np.array_equal(labels, np.where(reasons == ANSWERED, reading.labels, -1))
    np.testing.assert_allclose(probabilities, model.probabilities(frames), atol=1e-6)


def noise(rng: np.random.Generator, n: int = 100) -> Frames:
    frames = rng.integers(0, 256, (n, 28, 28))
    frames[n // 2 :] *= rng.random((n - n // 2, 28, 28)) < 0.2
    return frames.astype(np.uint8)


@pytest.mark.parametrize("bits", ["ternary", "2", "3", "4", "8"])
def test_every_kind_of_weights(bits: str, rng: np.random.Generator) -> None:
    network = some_network(bits, rng)
    assert_equal(
        network, np.concatenate([frames_of_all_kinds(), noise(rng), worst_frames(network)])
    )


@pytest.mark.parametrize("name", networks_in_every_order(np.random.default_rng(0)))
def test_layers_in_every_order(name: str, rng: np.random.Generator) -> None:
    layers = networks_in_every_order(rng)[name]
    network = IntegerNetwork(layers, limits=Limits(255, 13, 500))
    assert_equal(network, np.concatenate([frames_of_all_kinds(20), noise(rng)]))


def test_large_biases_shifts_and_other_classes(rng: np.random.Generator) -> None:
    ends = np.array([2**29, -(2**29), 2**15, -(2**15), 0, -1], np.int32)
    layer = some_layer("dense", "8", (6, 784), rng, last=True)
    layer = IntegerLayer("dense", "8", layer.weights, ends)
    for limits in (Limits(1, 30, 0), Limits(255, 1, 1000)):
        assert_equal(IntegerNetwork((layer,), tuple("abcdef"), limits), noise(rng))


def test_the_model_in_the_box_on_digits_of_mnist(mnist_folder: Path) -> None:
    """They are only compared, and a tenth of them: benchmarks/exports.py asks about all."""
    network = load_model("mcu").network
    assert isinstance(network, IntegerNetwork)
    assert_equal(network, mnist_digits(mnist_folder))


def test_the_risk_that_was_asked_for_is_kept() -> None:
    """Also where it is not the one that the device refuses by."""
    model, frames = load_model("mcu"), frames_of_all_kinds()
    always = replace(model, calibration=Calibration())
    assert set(answers(always, frames)[3]) == {ANSWERED, NO_DIGIT}
    strict = replace(model, calibration=Calibration(least_probability=0.9995))
    assert (answers(strict, frames)[3] == UNSURE).sum() > (answers(model, frames)[3] == 1).sum()


@pytest.mark.parametrize("value", [1.01, 255.0, -0.01, np.nan, np.inf, -np.inf])
def test_what_is_no_frame_gets_no_label(value: float) -> None:
    model = replace(load_model("mcu"), calibration=Calibration())
    session = onnxruntime.InferenceSession(graph_of(model, "it").SerializeToString())
    frames = np.full((3, 1, 28, 28), 0.5, np.float32)
    frames[1, 0, 5, 5] = value
    _, _, labels, refusals = session.run(None, {"frames": frames})
    assert (labels[1], refusals[1]) == (-1, NO_FRAME)
    assert (refusals[[0, 2]] == ANSWERED).all()


def test_the_file_holds_unsigned_weights_and_says_what_it_gives(tmp_path: Path) -> None:
    done = digitnet("export", "onnx", "--model", "mcu", "-o", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "as integers; exact to the bit" in done.stdout
    proto = onnx.load(tmp_path / "out" / "model.onnx")
    onnx.checker.check_model(proto, full_check=True)
    kinds = {each.name: each.data_type for each in proto.graph.initializer}
    assert {kinds[f"W{number}"] for number in range(1, 7)} == {onnx.TensorProto.UINT8}
    assert kinds["b1"] == kinds["multiplier1"] == onnx.TensorProto.INT32
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| `logits` | int32 (n, classes) |" in card
