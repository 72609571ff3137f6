"""The model card, and the folder that it lies in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import OutputError
from digitnet.export import export_model
from digitnet.export.card import Card, figures, licence_of, write_card
from digitnet.export.folder import check_target, write_files
from digitnet.models.description import arrays_of
from digitnet.models.folder import load_model
from support.helpers import assert_one_sentence, digitnet, small_model

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "test_images" / "digi_9.png"
CARD = Card("a thing", "onnx", {"model.onnx": "the network"}, "Take it.")


def head_and_text(content: bytes) -> tuple[dict[str, Any], str]:
    """The YAML head, read by a YAML library, and the text below it."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    nothing, head, text = content.decode().split("---\n", 2)
    assert nothing == ""
    return yaml.safe_load(head), text


def test_the_head_is_what_the_hub_reads_and_the_figures_are_the_models_own() -> None:
    model = load_model("mlp")
    head, text = head_and_text(write_card(model, "mlp", CARD))
    accuracy = model.training["validation_accuracy"]
    assert head.pop("model-index") == [
        {
            "name": "mlp",
            "results": [
                {
                    "task": {"type": "image-classification"},
                    "dataset": {"name": "mnist, digits kept back while it learnt", "type": "mnist"},
                    "metrics": [{"type": "accuracy", "value": pytest.approx(accuracy, abs=1e-6)}],
                }
            ],
        }
    ]
    assert head == {
        "license": "mit",
        "library_name": "onnx",
        "pipeline_tag": "image-classification",
        "tags": ["onnx", "handwritten-digits", "digitnet"],
        "datasets": ["mnist"],
        "metrics": ["accuracy"],
    }
    n = model.training["n_validation"]
    assert f"**{100 * accuracy:.2f} % right** of {n:,} digits" in text
    assert model.calibration.promised is not None
    assert f"at most {100 * model.calibration.promised:.2g} % are wrong" in text
    for part in ("## Files", "## How to use it", "Take it.", "## Limits", "## Licence", "MIT"):
        assert part in text
    assert text.count("Licence**") == 0, "said once, at the end"


def test_a_model_of_ones_own_claims_nothing_that_was_not_recorded(
    rng: np.random.Generator,
) -> None:
    head, text = head_and_text(write_card(small_model(rng), "mine", CARD))
    assert head["license"] == "unknown"
    assert "model-index" not in head
    assert "datasets" not in head
    assert "Nothing was recorded" in text
    assert "own card" not in text
    assert figures(small_model(rng)) == {}


def test_only_the_very_model_in_the_box_has_its_licence(rng: np.random.Generator) -> None:
    model = load_model("mlp")
    assert licence_of(model, "mlp") == "MIT"
    assert licence_of(model, "renamed") is None
    assert licence_of(small_model(rng), "mlp") is None
    changed = load_model("mlp")
    changed.network.parameters["b2"][0] += 1
    assert licence_of(changed, "mlp") is None


def test_names_of_the_users_cannot_break_out_and_folders_are_not_told(
    rng: np.random.Generator,
) -> None:
    name = 'x"\n---\n# [a](b) <script>\udcff'
    training = {
        "plan": {"source": "/home/ann/secret/`digits`"}, "validation_accuracy": 0.5,
        "n_validation": 20, "n_training": 100,
    }  # fmt: skip
    classes = ("```", "\n# b", *"23456789")
    model = replace(small_model(rng), training=training, class_names=classes)
    head, text = head_and_text(write_card(model, name, CARD))
    assert head["model-index"][0]["results"][0]["dataset"]["type"] == "other"
    assert "/home" not in str(head) + text
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("# ")] == [
        r'# x"\\n\-\-\-\\n\# \[a\](b) \<script\>\\xff'
    ]
    assert [line for line in lines if line.startswith("```")] == ["```json", "```"]
    assert r'["```", "\n# b", "2"' in text
    assert r"from \`digits\`" in text


def test_a_model_that_answers_always_promises_nothing() -> None:
    model = load_model("cnn").at_risk(0)
    assert "promised_risk" not in figures(model)
    assert "**Promised**: " not in write_card(model, "other", CARD).decode()


@pytest.mark.parametrize("kind", ["onnx", "numpy"])
def test_a_card_names_the_models_own_framing(
    kind: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx", reason="needs the package onnx")
    export_model(small_model(rng, "stretch"), kind, "old", tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert 'frame_picture(open_picture("photo.png"), "stretch").image' in text
    assert "the whole picture stretched to the frame" in text
    assert "(`stretch`)" in text


FILES = {"model.onnx": b"net", "README.md": b"card"}


def test_a_folder_is_written_whole_and_replaced_by_the_next(tmp_path: Path) -> None:
    assert write_files(FILES, tmp_path / "out") == 7
    assert write_files({**FILES, "README.md": b"new card"}, tmp_path / "out") == 11
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        "model.onnx": b"net", "README.md": b"new card",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (tmp_path / "empty").mkdir()
    write_files(FILES, tmp_path / "empty")
    assert len(list((tmp_path / "empty").iterdir())) == 2


@pytest.mark.parametrize(
    "there", [["README.md"], ["README.md", "model.onnx", ".git"], ["notes.txt"]]
)
def test_nothing_of_the_users_is_replaced(there: list[str], tmp_path: Path) -> None:
    """A README.md alone may be anybody's."""
    (tmp_path / "out").mkdir()
    for name in there:
        (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputError, match="holds other files than such an export"):
        write_files(FILES, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(there)
    assert all(path.read_text() == "mine" for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", ["digit.onnx", "digit.ONNX", "no/such", "a_file"])
def test_a_place_that_cannot_be_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("mine")
    with pytest.raises(OutputError):
        check_target(tmp_path / name, set(FILES))
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]
    assert (tmp_path / "a_file").read_text() == "mine"


def test_a_name_with_a_point_is_a_folder_like_any_other(tmp_path: Path) -> None:
    write_files(FILES, tmp_path / "digits-v1.0")
    assert (tmp_path / "digits-v1.0" / "model.onnx").exists()


def test_the_command_says_what_to_name(tmp_path: Path) -> None:
    wrong = digitnet("export", "safetensors", "--model", "mlp", "-o", "a.safetensors", cwd=tmp_path)
    assert_one_sentence(wrong, "a.safetensors would be a folder", "such as --out a")
    assert not list(tmp_path.iterdir())
    done = digitnet("export", "safetensors", "--model", "mlp", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "is in digit-safetensors, " in done.stdout
    assert (tmp_path / "digit-safetensors" / "README.md").exists()


NEEDS = {"onnx": ("onnx", "onnxruntime"), "numpy": (), "safetensors": ("safetensors",)}


@pytest.mark.parametrize("kind", NEEDS)
def test_the_code_on_a_card_runs(kind: str, tmp_path: Path) -> None:
    for package in NEEDS[kind]:
        pytest.importorskip(package, reason=f"needs {package}")
    export_model(load_model("cnn"), kind, "cnn", tmp_path / "out")
    shutil.copy(PICTURE, tmp_path / "out" / "photo.png")
    np.save(tmp_path / "out" / "frames.npy", synthesize(3, np.random.default_rng(1)).images)
    (code,) = re.findall(r"```python\n(.*?)```", (tmp_path / "out" / "README.md").read_text(), re.S)
    code = f"import sys; sys.path.insert(0, '.')\n{code}"
    shown = {"onnx": "print(label)", "numpy": "", "safetensors": "print(len(arrays))"}[kind]
    done = python(code + shown, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    n_arrays = len(arrays_of(load_model("cnn")))
    expected = {"onnx": r"\[9\]", "safetensors": str(n_arrays), "numpy": r"\['\d', .*\]"}
    assert re.fullmatch(expected[kind], done.stdout.strip())


def test_the_code_in_the_document_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    for package in ("onnx", "onnxruntime", "safetensors"):
        pytest.importorskip(package, reason=f"needs {package}")
    text = (ROOT / "docs" / "export.md").read_text()
    exports = re.findall(r"^digitnet (export .*)$", text, re.MULTILINE)
    assert len(exports) == 3
    for words in exports:
        done = digitnet(*words.split(), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    (tmp_path / "test_images").symlink_to(ROOT / "test_images")
    code = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    done = python(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(re.findall(r"```text\n(.*?)```", text, re.DOTALL))


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
