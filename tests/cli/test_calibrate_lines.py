"""`digitnet calibrate lines` and `digitnet read --risk`, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.cli import calibrate_lines, models
from digitnet.cli.main import main
from digitnet.data.dataset import Dataset
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model
from digitnet.models.line_calibration import ReadLine
from digitnet.models.lines import CHARACTERS, LineModel, load_line_model, save_line_model
from digitnet.models.model import Model
from digitnet.nn.line_network import LineNetwork
from digitnet.training import line_calibration_set


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a reader of lines that has learnt nothing, the working folder."""
    network = LineNetwork(32, len(CHARACTERS) + 1, (1, 2, 1, 2, 1, 2, 3))
    network.initialize(np.random.default_rng(0))
    save_line_model(LineModel(network, training={"digits": "drawn hands only"}), tmp_path / "own")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own"


def read_lines(
    model: Model, line_model: LineModel, digits: Dataset | None, n: int, seed: int
) -> Iterator[ReadLine]:
    """Lines of which one in a hundred is wrong, and no surer than the others."""
    for k in range(n):
        said = "12" if k % 100 else "13"
        yield ReadLine.of(said, [0.9, 0.99], "12")


def test_it_is_kept_and_said(
    reader: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibrate_lines, "read_lines", read_lines)
    words = ["calibrate", "lines", "--line-model", "own", "--lines", "600", "--risk", "5%"]
    assert main([*words, "--model", "mlp", "--out", "new"]) == 0
    said = capsys.readouterr().out
    assert "of the characters given are wrong, but for a chance of 5%, on made lines of" in said
    assert "read beside mlp (400 counted)" in said
    assert "Kept in new." in said
    calibration = load_line_model("new").calibration
    assert calibration.lines.risk == calibration.characters.risk == 0.05
    assert calibration.lines.promised is not None
    assert calibration.lines.promised < 0.05
    assert load_line_model("own").calibration.lines.promised is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "in the box stays as it is"),
        (["--line-model", "own", "--lines", "149"], "fewer than 150 lines"),
        (["--line-model", "own", "--risk", "0"], "above 0"),
        (["--line-model", "nowhere"], "no folder nowhere"),
        (["--line-model", "own", "--out", "own/model.json"], "model.json"),
    ],
)
def test_what_it_cannot_do_is_one_sentence(
    reader: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (reader / "model.json").read_bytes()
    assert main(["calibrate", "lines", *words]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert (reader / "model.json").read_bytes() == before


def test_lines_are_made_and_read_as_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_calibration_set, "N_WRITERS", 4)
    readers = load_model(in_box("mlp")), load_line_model(in_box(LINES))
    lines = list(calibrate_lines.read_lines(*readers, None, 1, seed=3))
    assert len(lines) == line_calibration_set.ROWS + line_calibration_set.PHOTOGRAPHED
    assert sum(line.is_right for line in lines) >= 3
    assert all(len(line.said) == len(line.probabilities) == len(line.right) for line in lines)
    assert all(0 <= p <= 1 for line in lines for p in line.probabilities)


def test_a_risk_that_was_never_counted_is_refused_and_0_is_not(
    reader: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (200, 100), 255).save(reader.parent / "blank.png")
    words = ["read", "blank.png", "--line-model", "own", "--model", "mlp", "--risk"]
    assert main([*words, "1%"]) == 2
    assert "never counted" in capsys.readouterr().err
    assert main([*words, "0"]) == 0
    assert main(["read", "blank.png", "--template", "x.toml", "--risk", "1%"]) == 2
    assert "a confidence and a status instead" in capsys.readouterr().err


def test_the_reader_in_the_box_makes_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    calibration = load_line_model(in_box(LINES)).calibration
    for part, risk in ((calibration.characters, 0.02), (calibration.lines, 0.05)):
        assert part.risk == risk  # the least that can be promised
        assert part.promised is not None
        assert part.promised < risk
    assert models.run(None) == 0  # type: ignore[arg-type]  # it takes no options
    said = capsys.readouterr().out
    assert "159,633" in said
    assert f"At most {calibration.lines.promised:.2%} of the lines given are wrong" in said
