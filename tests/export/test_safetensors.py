"""Safetensors: its own loader gives the model's arrays, and config.json rebuilds the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import OutputError
from digitnet.export.safetensors import export, to_safetensors
from digitnet.models.description import arrays_of
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.nn import Dense, Ensemble, Network, ReLU
from digitnet.nn.kinds import rebuild_layer
from support.exported import frames_of_all_kinds
from support.helpers import small_model
from support.networks import alive


def test_the_bytes_are_those_of_the_format() -> None:
    """By hand, as the format is described."""
    content = to_safetensors(
        {"a": np.array([[1.0, 2.0]], "f4"), "b": np.array([3.0], "f8")}, {"made_by": "hand"}
    )
    header = (
        b'{"__metadata__":{"made_by":"hand"},'
        b'"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},'
        b'"b":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}'
    )
    padded = header + b" " * (-len(header) % 8)
    numbers = bytes.fromhex("0000803f 00000040 0000000000000840")
    assert content == len(padded).to_bytes(8, "little") + padded + numbers


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_its_own_loader_gives_the_arrays_to_the_bit(name: str, tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors", reason="needs safetensors")
    from safetensors.numpy import load_file

    model = load_model(name)
    written = export(model, name, tmp_path / "out")
    assert written.numbers == "float32"
    read = load_file(tmp_path / "out" / "model.safetensors")
    arrays = arrays_of(model)
    assert read.keys() == arrays.keys()
    for key, array in arrays.items():
        assert (read[key].dtype, read[key].shape) == (array.dtype, array.shape)
        assert read[key].tobytes() == array.tobytes()
    with library.safe_open(tmp_path / "out" / "model.safetensors", "numpy") as opened:
        about = opened.metadata()
    assert about["name"] == name
    assert about["made_by"].startswith("digitnet ")


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_two_files_are_enough_to_compute_with(name: str, tmp_path: Path) -> None:
    model = load_model(name)
    export(model, name, tmp_path / "out")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["class_names"] == list("0123456789")
    assert config["calibration"]["temperature"] == model.calibration.temperature
    assert "training" not in config, "it names the maker's folders"
    network = Network([rebuild_layer(layer) for layer in config["layers"]])
    content = (tmp_path / "out" / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    for key, view in network.parameters.items():
        first, last = header[key]["data_offsets"]
        view[:] = np.frombuffer(content[start + first : start + last], "<f4").reshape(view.shape)
    frames = frames_of_all_kinds()
    again = Model(network, calibration=model.calibration)
    assert np.array_equal(again.probabilities(frames), model.probabilities(frames))


def test_an_ensemble_keeps_all_its_members(rng: np.random.Generator, tmp_path: Path) -> None:
    members = [small_model(rng).network for _ in range(2)]
    model = Model(Ensemble(members))  # type: ignore[arg-type]
    export(model, "both", tmp_path / "out")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert [len(member["layers"]) for member in config["members"]] == [3, 3]
    header = (tmp_path / "out" / "model.safetensors").read_bytes()
    for name in model.network.parameters:
        assert f'"{name}":'.encode() in header


class Own(ReLU):
    """A layer without a name."""


def test_a_layer_without_a_name_is_refused(rng: np.random.Generator, tmp_path: Path) -> None:
    model = Model(alive([Dense(784, 5), Own(), Dense(5, 10)], rng))
    with pytest.raises(OutputError, match="no other program could know"):
        export(model, "it", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_float64_stays_float64(rng: np.random.Generator, tmp_path: Path) -> None:
    network = Network([Dense(784, 10)], np.float64)
    network.initialize(rng)
    assert export(Model(network), "old", tmp_path / "out").numbers == "float64"
    content = (tmp_path / "out" / "model.safetensors").read_bytes()
    assert network.vector[:7840].tobytes() in content
