"""Lines: a model that reads lines, written and read again; models of other kinds refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.models.description import sealed
from digitnet.models.folder import load_model, save_model
from digitnet.models.lines import CHARACTERS, LineModel, load_line_model, save_line_model
from digitnet.models.model import Model
from digitnet.nn import Dense, Network
from digitnet.nn.line_network import LineNetwork


@pytest.fixture
def model() -> LineModel:
    network = LineNetwork(32, len(CHARACTERS) + 1, (1, 2, 1, 2, 1, 2, 3))
    network.initialize(np.random.default_rng(0))
    return LineModel(network, training={"steps": 7})


def test_it_comes_back_as_it_was(model: LineModel, tmp_path: Path) -> None:
    save_line_model(model, tmp_path / "m")
    save_line_model(model, tmp_path / "m")  # takes the place of the first
    again = load_line_model(tmp_path / "m")
    np.testing.assert_array_equal(again.network.vector, model.network.vector)
    assert again.network.widths == model.network.widths
    assert (again.characters, again.training) == (CHARACTERS, {"steps": 7})


def test_text_and_classes(model: LineModel) -> None:
    assert model.classes_of("09.?") == [1, 10, 11, 16]
    assert model.text_of((1, 10, 11, 16)) == "09.?"


def test_models_of_the_other_kind_are_refused(model: LineModel, tmp_path: Path) -> None:
    save_line_model(model, tmp_path / "lines")
    with pytest.raises(ModelError, match="reads lines, not single digits"):
        load_model(tmp_path / "lines")
    save_model(Model(Network([Dense(784, 10)])), tmp_path / "digits")
    with pytest.raises(ModelError, match="single digits, not one that reads lines"):
        load_line_model(tmp_path / "digits")


def test_what_is_missing_or_damaged_is_told(model: LineModel, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with pytest.raises(ModelError, match="no folder"):
        load_line_model(folder)
    save_line_model(model, folder)
    description = json.loads((folder / "model.json").read_text())
    (folder / "W1.npy").write_bytes((folder / "W1.npy").read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        load_line_model(folder)
    (folder / "W1.npy").unlink()
    with pytest.raises(ModelError, match=r"lacks W1\.npy"):
        load_line_model(folder)
    for change, sentence in (
        ({"version": 2}, "format version 2"),
        ({"widths": [1]}, "damaged"),
        ({"arrays": 3}, "damaged"),
    ):
        (folder / "model.json").write_text(json.dumps(sealed(description | change)))
        with pytest.raises(ModelError, match=sentence):
            load_line_model(folder)
    (folder / "model.json").write_text("[]")
    with pytest.raises(ModelError, match="damaged"):
        load_line_model(folder)
