"""Lines: a model that reads lines, written and read again; models of other kinds refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.imaging.line_frame import LINE_HEIGHT
from digitnet.models.box import LINES, box_names, in_box
from digitnet.models.calibration import Calibration
from digitnet.models.description import sealed
from digitnet.models.find import find_model
from digitnet.models.folder import load_model, save_model
from digitnet.models.line_calibration import LineCalibration
from digitnet.models.lines import (
    CHARACTERS,
    LineModel,
    line_model_beside,
    load_line_model,
    save_line_model,
)
from digitnet.models.model import Model
from digitnet.models.risk import RiskTable, Row
from digitnet.nn import Dense, Network
from digitnet.nn.line_network import LineNetwork
from support.helpers import assert_one_sentence, digitnet


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


def test_what_it_promises_comes_back(model: LineModel, tmp_path: Path) -> None:
    rows = (Row(0.99, 0.001, 0.2), Row(0.9, 0.02, 0.5))
    characters = Calibration(1.5, risks=RiskTable(rows, "a test", 900)).at(0.02)
    kept = replace(model, calibration=LineCalibration(characters, characters.at(0.001)))
    save_line_model(kept, tmp_path / "m")
    again = load_line_model(tmp_path / "m").calibration
    assert (again.characters.temperature, again.characters.least_probability) == (1.5, 0.9)
    assert (again.lines.least_probability, again.lines.promised) == (0.99, 0.001)
    assert again.characters.risks == characters.risks
    assert load_line_model(tmp_path / "m").at_risk("2%").calibration.lines.promised == 0.02
    description = json.loads((tmp_path / "m" / "model.json").read_text())
    del description["calibration"]["lines"]["risk"]
    description["calibration"]["lines"]["risks"] = None
    for odd in ({}, {"characters": 3, "lines": 3}, description["calibration"] | {"words": {}}):
        changed = sealed(
            {k: v for k, v in description.items() if k != "seal"} | {"calibration": odd}
        )
        (tmp_path / "m" / "model.json").write_text(json.dumps(changed))
        with pytest.raises(ModelError, match="damaged"):
            load_line_model(tmp_path / "m")
    changed = {k: v for k, v in description.items() if k not in ("seal", "calibration")}
    (tmp_path / "m" / "model.json").write_text(json.dumps(sealed(changed)))
    assert load_line_model(tmp_path / "m").calibration.lines.promised is None


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


def test_beside_the_ten_digits_stands_the_one_in_the_box() -> None:
    model = line_model_beside(DIGITS)
    assert model is not None
    assert model.characters == CHARACTERS
    assert model.network.height == LINE_HEIGHT
    assert model.network.n_classes == len(CHARACTERS) + 1
    assert line_model_beside(list("0123456789")) is not None


@pytest.mark.parametrize(
    "names", [DIGITS[:9], [*DIGITS, "A"], DIGITS[::-1], list("ABCDEFGHIJ"), ["zero"], []]
)
def test_beside_other_classes_stands_none(names: list[str]) -> None:
    assert line_model_beside(names) is None


def test_the_box_s_reader_of_lines_is_no_model_of_single_digits(tmp_path: Path) -> None:
    """Found by nobody who asks for such a model by name, and listed nowhere among them."""
    assert LINES == "lines"
    assert (in_box(LINES) / "model.json").is_file()
    assert LINES not in box_names()
    with pytest.raises(ModelError, match="lines does not exist"):
        find_model(LINES)
    picture = Path(__file__).parents[2] / "test_images" / "digi_9.png"
    named = digitnet("predict", picture, "--model", LINES, cwd=tmp_path)
    assert_one_sentence(named, "lines does not exist", "cnn or mcu or mlp")
    folder = digitnet("predict", picture, "--model", in_box(LINES), cwd=tmp_path)
    assert_one_sentence(folder, "reads lines, not single digits")
    assert named.stdout == folder.stdout == ""


def test_the_box_s_reader_of_lines_is_whole_small_and_has_a_card() -> None:
    model = load_line_model(in_box(LINES))  # checks every SHA-256
    parameters = model.network.vector.size
    files = list(in_box(LINES).iterdir())
    assert sum(path.stat().st_size for path in files) < 700_000
    card = in_box(LINES).with_suffix(".md").read_text()
    assert f"{parameters:,} parameters" in card
    assert "/" not in json.dumps(model.training)  # no path of the machine it was made on
    last = model.training["scores"][-1]
    wrong = f"{100 * (1 - last['characters']):.2f} % of the characters"
    assert wrong in card
    assert f"{100 * (1 - last['lines']):.2f} % of the lines" in card
