"""NumPy: the exported file computes digitnet's own answers, with NumPy and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.export.numpy import LINES, export
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.nn.kinds import LAYERS
from support.exported import NETWORKS, expected, frames_of_all_kinds, model_of

ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"numpy", "model", *sys.stdlib_module_names}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Blocked())
sys.path.insert(0, ".")
import numpy as np
try:
    import digitnet
except ImportError:
    import model
labels, probabilities, reasons = model.predict(np.load("frames.npy"))
np.savez("answers.npz", labels=labels, probabilities=probabilities, reasons=reasons)
"""


def answers(
    model: Model, frames: np.ndarray, folder: Path
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labels, probabilities and reasons, computed in a process that has NumPy alone."""
    export(model, "it", folder)
    np.save(folder / "frames.npy", frames)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    with np.load(folder / "answers.npz") as found:
        return found["labels"], found["probabilities"], found["reasons"].tolist()


def assert_same_answers(model: Model, frames: np.ndarray, folder: Path) -> None:
    labels, probabilities, reasons = answers(model, frames, folder)
    own, own_labels, own_reasons = expected(model, frames)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, own, atol=1e-5)
    assert (labels == own_labels).all()
    assert reasons == own_reasons


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_models_in_the_box_answer_as_here(name: str, tmp_path: Path) -> None:
    """Of more frames than are computed at a time."""
    frames = np.concatenate(
        [frames_of_all_kinds(), synthesize(500, np.random.default_rng(1)).images]
    )
    assert_same_answers(load_model(name), frames, tmp_path / "out")


@pytest.mark.parametrize("what", NETWORKS)
def test_every_layer_is_computed_as_here_in_under_100_lines(
    what: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    model = model_of(NETWORKS[what], rng)
    assert_same_answers(model, frames_of_all_kinds(), tmp_path / "out")
    code = (tmp_path / "out" / "model.py").read_text()
    assert len(code.splitlines()) < 100
    assert max(map(len, code.splitlines())) <= 100


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_models_in_the_box_take_under_100_lines(name: str, tmp_path: Path) -> None:
    export(load_model(name), name, tmp_path / "out")
    code = (tmp_path / "out" / "model.py").read_text()
    assert len(code.splitlines()) < 100
    assert ("def conv(" in code) is (name == "cnn"), "what is not needed is not there"
    assert ("def deskew(" in code) is (name == "mlp")


def test_every_kind_of_layer_has_its_line() -> None:
    assert LINES.keys() == LAYERS.keys()


def test_calibrations_refuse_as_here(rng: np.random.Generator, tmp_path: Path) -> None:
    model = model_of(NETWORKS["three classes"], rng)
    novelty = model.calibration.novelty
    assert novelty is not None
    alone = replace(novelty, hidden=None, readout=None)
    frames = frames_of_all_kinds()
    calibrations = [
        replace(model.calibration, novelty=None),
        replace(model.calibration, novelty=alone, most_novelty=12.0),
        replace(model.calibration, most_novelty=float("inf")),
        replace(model.calibration, least_probability=0.0, risk=0.0),
    ]
    for i, calibration in enumerate(calibrations):
        changed = replace(model, calibration=calibration)
        assert_same_answers(changed, frames, tmp_path / f"out{i}")


def test_it_reads_from_a_shell_and_refuses_what_is_no_frame(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(load_model("cnn"), "cnn", folder)
    digits = synthesize(30, np.random.default_rng(4))
    frames = np.concatenate([digits.images, np.zeros((1, 28, 28), np.uint8)])

    def shell(given: np.ndarray) -> subprocess.CompletedProcess[str]:
        np.save(tmp_path / "frames.npy", given)
        command = [sys.executable, "-W", "error", "-I", str(folder / "model.py"), "frames.npy"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    said = shell(frames).stdout.splitlines()
    own, labels, reasons = expected(load_model("cnn"), frames)
    for line, label, row, reason in zip(said, labels, own, reasons, strict=True):
        if reason:
            assert line == reason
        else:
            assert line.split()[0] == str(label)
            assert abs(float(line.split()[1]) - row[label]) < 1e-4
    assert said[-1] == "no digit"
    assert shell(frames[:0]).stdout == ""
    for wrong in (frames / 255, frames.reshape(-1, 784), frames[0]):
        assert "frames are (n, 28, 28) uint8" in shell(wrong).stderr


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    for folder in ("one", "two", "one"):
        export(load_model("mlp"), "mlp", tmp_path / folder)
    for name in ("model.py", "model.npz", "README.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
