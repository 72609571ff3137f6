"""--risk and digitnet calibrate, as typed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model, save_model
from digitnet.models.risk import RiskTable, Row
from support.helpers import digitnet, small_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that is never sure, with a table; digits; and one that promises nothing."""
    rows = (Row(0.99, 0.001, 0.2), Row(0.9, 0.02, 0.5), Row(0.0, 0.3, 1.0))
    kept = Calibration(risks=RiskTable(rows, "a test", 900)).at(0.02)
    model = small_model(np.random.default_rng(0), "stretch")
    save_model(replace(model, calibration=kept), tmp_path / "model")
    save_model(model, tmp_path / "bare")
    dataset = synthesize(400, np.random.default_rng(1))
    np.savez(tmp_path / "digits.npz", images=dataset.images, labels=dataset.labels)
    return tmp_path


def figures(folder: Path, *words: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(
        digitnet("evaluate", "digits.npz", "--json", *words, cwd=folder).stdout
    )
    return told


def test_a_risk_decides_how_many_get_an_answer(folder: Path) -> None:
    own, loose, always = (figures(folder, *w) for w in ((), ("--risk", "30%"), ("--risk", "0")))
    assert (own["risk_asked"], own["risk_promised"], own["coverage"]) == (0.02, 0.02, 0.0)
    assert own["risk"] == 0.0
    assert (loose["risk_promised"], loose["coverage"]) == (0.3, 1.0)
    assert (always["risk_asked"], always["risk_promised"], always["coverage"]) == (0.0, None, 1.0)
    assert always["risk"] == pytest.approx(1 - float(str(always["accuracy"])))


def test_a_risk_that_cannot_be_promised_is_said(folder: Path) -> None:
    done = digitnet("evaluate", "digits.npz", "--risk", "0.0005", cwd=folder)
    assert done.returncode == 0
    assert "No threshold is sure to keep wrong answers below 0.05%" in done.stderr
    assert "which promises 0.10%" in done.stderr


@pytest.mark.parametrize("command", ["predict", "read", "evaluate"])
@pytest.mark.parametrize("risk", ["much", "5", "100%", "-1", "nan"])
def test_what_is_no_risk_is_one_sentence(folder: Path, command: str, risk: str) -> None:
    done = digitnet(command, "digits.npz", f"--risk={risk}", cwd=folder)
    assert done.returncode == 2
    assert "must be a share of the answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_without_a_table_promises_nothing_but_may_answer_always(folder: Path) -> None:
    done = digitnet("evaluate", "digits.npz", "--model", "bare", "--risk", "1%", cwd=folder)
    assert done.returncode == 2
    assert "never counted" in done.stderr
    assert "--risk 0" in done.stderr
    assert figures(folder, "--model", "bare", "--risk", "0")["coverage"] == 1.0


def test_calibrate_on_digits_of_one_s_own(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in (folder / "bare").iterdir()}
    done = digitnet("calibrate", "bare", "digits.npz", "--risk", "2%", "--out", "new", cwd=folder)
    assert done.returncode == 0
    assert "Kept in new" in done.stdout
    assert {path.name: path.read_bytes() for path in (folder / "bare").iterdir()} == before
    model = load_model(folder / "new")
    assert model.sealed
    assert model.calibration.risk == 0.02
    assert model.calibration.risks is not None
    assert model.calibration.risks.counted_on == "digits of digits.npz"
    assert model.calibration.risks.n == 266
    assert model.network.vector.tobytes() == load_model(folder / "bare").network.vector.tobytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bare",), "How bare was trained is not on record"),
        (("bare", "digits.npz", "--risk", "0"), "above 0"),
        (("bare", "digits.npz", "--risk", "x"), "share of the answers"),
        (("cnn", "digits.npz"), "is in the box and stays as it is"),
        (("bare", "few.npz"), "can promise nothing"),
        (("nowhere", "digits.npz"), "does not exist"),
    ],
)  # fmt: skip
def test_what_calibrate_cannot_do_is_one_sentence(
    folder: Path, words: tuple[str, ...], says: str
) -> None:
    few = synthesize(149, np.random.default_rng(1))
    np.savez(folder / "few.npz", images=few.images, labels=few.labels)
    done = digitnet("calibrate", *words, cwd=folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
