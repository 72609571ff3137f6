"""ONNX: the graph gives digitnet's own answers in ONNX Runtime, refusals included."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import MissingExtraError, OutputError
from digitnet.export.card import NO_FRAME, REFUSALS
from digitnet.export.onnx_graph import WRITERS
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, classify
from digitnet.nn import Conv2D, Dense, Ensemble, Flatten, Network, ReLU, ToImages
from digitnet.nn.kinds import LAYERS
from digitnet.nn.layer import Layer
from support.exported import NETWORKS, expected, frames_of_all_kinds, mnist_digits, model_of
from support.helpers import assert_one_sentence, digitnet, small_model
from support.networks import alive

onnx = pytest.importorskip("onnx", reason="needs the package onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")

from digitnet.export.onnx import IR_VERSION, OPSET, export, graph_of  # noqa: E402


def session_of(model: Model) -> Any:
    return onnxruntime.InferenceSession(graph_of(model, "it").SerializeToString())


def as_given(frames: np.ndarray) -> np.ndarray:
    return np.float32(frames).reshape(-1, 1, 28, 28) / 255


def assert_same_answers(model: Model, frames: np.ndarray) -> None:
    """Probabilities within 1e-5; label and refusal of every frame."""
    given = {"frames": as_given(frames)}
    logits, probabilities, labels, refusals = session_of(model).run(None, given)
    own, own_labels, reasons = expected(model, frames)
    np.testing.assert_allclose(logits, classify(model.network, frames), atol=2e-5, rtol=1e-6)
    np.testing.assert_allclose(probabilities, own, atol=1e-5)
    assert (labels == own_labels).all()
    assert [REFUSALS.get(int(refusal), "") for refusal in refusals] == reasons


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_models_in_the_box_answer_as_here(name: str) -> None:
    frames = np.concatenate(
        [frames_of_all_kinds(), synthesize(400, np.random.default_rng(1)).images]
    )
    model = load_model(name)
    assert set(expected(model, frames)[2]) == {"", "unsure", "no digit"}, "a frame of each"
    assert_same_answers(model, frames)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_digits_of_mnist_get_the_same_answers(name: str, mnist_folder: Path) -> None:
    """They are only compared, and a tenth of them: benchmarks/exports.py asks about all."""
    assert_same_answers(load_model(name), mnist_digits(mnist_folder))


@pytest.mark.parametrize("what", NETWORKS)
def test_every_layer_is_computed_as_here(what: str, rng: np.random.Generator) -> None:
    model = model_of(NETWORKS[what], rng)
    assert_same_answers(model, frames_of_all_kinds())


def test_every_kind_of_layer_has_its_nodes() -> None:
    assert WRITERS.keys() == LAYERS.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"least_probability": 0.0},
        {"least_probability": 1.0},
        {"novelty": None},
        {"most_novelty": float("inf")},
        {"most_novelty": -1e9},
        {"risk": 0.0, "least_probability": 0.0},
    ],
)
def test_every_calibration_refuses_as_here(
    change: dict[str, Any], rng: np.random.Generator
) -> None:
    model = model_of(NETWORKS["three classes"], rng)
    changed = replace(model, calibration=replace(model.calibration, **change))
    assert_same_answers(changed, frames_of_all_kinds())


def test_a_novelty_of_gaussians_alone_refuses_as_here(rng: np.random.Generator) -> None:
    model = model_of(NETWORKS["three classes"], rng)
    novelty = model.calibration.novelty
    assert novelty is not None
    alone = replace(novelty, hidden=None, readout=None)
    calibration = replace(model.calibration, novelty=alone, most_novelty=12.0)
    frames = frames_of_all_kinds()
    refused = calibration.no_digit(frames)
    assert refused.any()
    assert not refused.all()
    assert_same_answers(replace(model, calibration=calibration), frames)


def test_any_number_of_frames_is_taken(rng: np.random.Generator) -> None:
    session = session_of(load_model("mlp"))
    frames = frames_of_all_kinds()
    whole = session.run(None, {"frames": as_given(frames)})
    for n in (0, 1, 7):
        part = session.run(None, {"frames": as_given(frames[:n])})
        for few, many in zip(part, whole, strict=True):
            assert few.shape == (n, *many.shape[1:])
            np.testing.assert_allclose(few, many[:n], atol=2e-5)


@pytest.mark.parametrize(
    ("value", "fits"),
    [(1.0, True), (1.0005, True), (1.01, False), (255.0, False), (-0.01, False), (np.nan, False)],
)
def test_what_is_no_frame_gets_no_label(value: float, fits: bool) -> None:
    """Above all bytes that nobody divided by 255."""
    model = replace(load_model("mlp"), calibration=Calibration())
    frames = as_given(synthesize(3, np.random.default_rng(2)).images)
    frames[1, 0, 5, 5] = value
    _, _, labels, refusals = session_of(model).run(None, {"frames": frames})
    assert (refusals[1] == 0) is np.bool_(fits)
    assert (labels[1] >= 0) is np.bool_(fits)
    assert fits or np.isnan(value) or refusals[1] == NO_FRAME
    assert (refusals[[0, 2]] == 0).all()


def test_the_file_says_what_it_holds_and_of_what_shape(tmp_path: Path) -> None:
    model = load_model("mlp")
    written = export(model, "mlp", tmp_path / "mlp-onnx")
    files = {path.name: path.stat().st_size for path in (tmp_path / "mlp-onnx").iterdir()}
    assert sorted(files) == ["README.md", "model.onnx"]
    assert written.n_bytes == sum(files.values())
    proto = onnx.load(tmp_path / "mlp-onnx" / "model.onnx")
    onnx.checker.check_model(proto, full_check=True)
    assert [(each.domain, each.version) for each in proto.opset_import] == [("", OPSET)]
    assert (OPSET, IR_VERSION, proto.ir_version) == (21, 10, 10), "what ONNX Runtime 1.18 reads"
    told = {each.key: each.value for each in proto.metadata_props}
    assert json.loads(told["class_names"]) == list("0123456789")
    assert (told["name"], told["framing"], told["licence"]) == ("mlp", "mnist", "MIT")
    assert json.loads(told["refusal"]) == {
        "0": "answered", "1": "unsure", "2": "no digit", "3": REFUSALS[NO_FRAME],
    }  # fmt: skip
    assert (
        json.loads(told["figures"])["validation_accuracy"] == model.training["validation_accuracy"]
    )

    def shapes(values: Any) -> dict[str, list[Any]]:
        return {
            each.name: [
                side.dim_param or side.dim_value for side in each.type.tensor_type.shape.dim
            ]
            for each in values
        }

    assert shapes(proto.graph.input) == {"frames": ["n", 1, 28, 28]}
    assert shapes(proto.graph.output) == {
        "logits": ["n", 10], "probabilities": ["n", 10], "label": ["n"], "refusal": ["n"],
    }  # fmt: skip
    known = shapes(proto.graph.value_info) | shapes(proto.graph.output)
    made = {name for node in proto.graph.node for name in node.output}
    assert made <= known.keys(), "every value's shape was inferred"
    names = {each.name for each in proto.graph.initializer}
    assert {"W1", "b1", "W2", "b2", "novelty_axes"} <= names


def test_the_file_is_the_same_every_time(tmp_path: Path) -> None:
    for folder in ("one", "two", "one"):
        export(load_model("mlp"), "mlp", tmp_path / folder)
    for name in ("model.onnx", "README.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


class Own(ReLU):
    """A layer that digitnet does not have."""


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([Dense(784, 5), Own(), Dense(5, 10)], "layer Own"),
        ([ToImages(28, 28), Conv2D(1, 2, 28), Flatten(), Dense(2, 10)], "layer Flatten"),
        ([Dense(16, 10)], "takes 16 numbers"),
    ],
)
@pytest.mark.parametrize("kind", ["onnx", "numpy"])
def test_a_layer_that_cannot_be_written_is_refused(
    kind: str, layers: list[Layer], said: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    from digitnet.export import export_model

    with pytest.raises(OutputError, match=said):
        export_model(Model(alive(layers, rng)), kind, "it", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["numpy", "safetensors"])
def test_a_model_of_whole_numbers_is_one_sentence_and_no_file(kind: str, tmp_path: Path) -> None:
    done = digitnet("export", kind, "--model", "mcu", "-o", "out", cwd=tmp_path)
    assert_one_sentence(done, "mcu computes in whole numbers", "export it to c or onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["onnx", "numpy"])
def test_what_cannot_be_exported_is_one_sentence_and_no_file(
    kind: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    members = Ensemble([small_model(rng).network for _ in range(2)])  # type: ignore[misc]
    save_model(Model(members), tmp_path / "both")
    done = digitnet("export", kind, "--model", "both", "-o", "out", cwd=tmp_path)
    assert_one_sentence(done, "both is an ensemble of 2 networks", "export one of its members")
    lines = digitnet("export", kind, "--model", "lines", "-o", "out", cwd=tmp_path)
    assert_one_sentence(lines, "lines")
    assert [path.name for path in tmp_path.iterdir()] == ["both"]


def test_weights_of_the_original_program_are_rounded_and_it_is_said(tmp_path: Path) -> None:
    network = Network(small_model(np.random.default_rng(3)).network.layers, np.float64)
    network.vector[:] = np.random.default_rng(4).normal(0, 0.1, network.vector.size)
    model = Model(network, framing="stretch")
    written = export(model, "old", tmp_path / "old")
    assert (written.numbers, written.note) == ("float32", "rounded from float64")
    assert_same_answers(model, frames_of_all_kinds())


def test_a_missing_package_is_asked_for_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'digitnet\[onnx\]'"):
        export(load_model("mlp"), "mlp", tmp_path / "out")
    assert not list(tmp_path.iterdir())
