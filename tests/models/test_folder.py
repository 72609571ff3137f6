"""The model folder: bytes on disk, damage of every kind, and writers that die half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitnet.data.dataset import as_input
from digitnet.errors import ModelError, OutputError
from digitnet.files import being_replaced
from digitnet.models import folder as folder_module
from digitnet.models.description import sealed
from digitnet.models.folder import COMPANIONS, check_place, load_model, model_files, save_model
from digitnet.models.model import Model, classify
from digitnet.nn import Network
from digitnet.training.config import TrainingConfig
from support.helpers import small_model


@pytest.fixture
def model(rng: np.random.Generator) -> Model:
    return small_model(rng)


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "model", {"history.json": b"{}"})
    return tmp_path / "model"


def test_a_model_comes_back_as_it_was(model: Model, folder: Path) -> None:
    back = load_model(folder)
    assert back.network.vector.tobytes() == model.network.vector.tobytes()
    assert back.network.layers == model.network.layers
    assert (back.class_names, back.framing, back.training) == (
        model.class_names,
        model.framing,
        model.training,
    )


def test_the_files_are_the_ones_promised(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir())
    assert names == ["W1.npy", "W2.npy", "b1.npy", "b2.npy", "history.json", "model.json"]
    shapes = {name: np.load(folder / f"{name}.npy").shape for name in ("W1", "b1", "W2", "b2")}
    assert shapes == {"W1": (784, 5), "b1": (5,), "W2": (5, 10), "b2": (10,)}
    for name in shapes:
        assert np.load(folder / f"{name}.npy").dtype == np.float32
        assert (folder / f"{name}.npy").read_bytes()[:8] == b"\x93NUMPY\x01\x00"


def test_running_statistics_are_kept_and_folded_where_it_predicts(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    layers = TrainingConfig(conv="3C5-MP2", batch_norm=True, hidden=(), activation="relu").layers(
        784, 10
    )
    network = Network(layers)
    network.vector[:] = rng.normal(0, 0.1, network.vector.size)
    network.parameters["variance1"][:] = 0.5
    save_model(Model(network), tmp_path / "m")
    names = {path.stem for path in (tmp_path / "m").glob("*.npy")}
    assert names == {"W1", "b1", "gamma1", "beta1", "mean1", "variance1", "W2", "b2"}
    back = load_model(tmp_path / "m")
    assert back.network.vector.tobytes() == network.vector.tobytes()
    images = rng.integers(0, 256, (9, 28, 28)).astype(np.uint8)
    np.testing.assert_allclose(
        classify(back.network, images), network.forward(as_input(images)), rtol=1e-4, atol=1e-4
    )
    assert back.n_parameters == network.vector.size - 4 * 3


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(content[:-7])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "one bit":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "NaN":
        array = np.load(path)
        array.flat[0] = np.nan
        np.save(path, array)
    elif how == "pickle":
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


KINDS = ["missing", "truncated", "empty", "one bit", "NaN", "pickle"]


@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("name", ["W1.npy", "b2.npy"])
def test_a_damaged_array_is_named(folder: Path, name: str, how: str) -> None:
    spoil(folder / name, how)
    with pytest.raises(ModelError, match=name):
        load_model(folder)


def test_swapped_arrays_are_noticed_though_their_shapes_agree(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    other = small_model(rng)
    save_model(small_model(rng), tmp_path / "a")
    save_model(other, tmp_path / "b")
    (tmp_path / "a" / "W1.npy").write_bytes((tmp_path / "b" / "W1.npy").read_bytes())
    with pytest.raises(ModelError, match=r"W1\.npy is not the array"):
        load_model(tmp_path / "a")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 1}', '{"version": 99}', "\x00\xff"]
)
def test_a_damaged_description_is_one_sentence(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(folder)


def test_a_description_of_other_layers_is_noticed(folder: Path) -> None:
    description = json.loads((folder / "model.json").read_text())
    description["layers"][0]["n_out"] = description["layers"][2]["n_in"] = 7
    (folder / "model.json").write_text(json.dumps(sealed(description)))
    with pytest.raises(ModelError):
        load_model(folder)


def test_arrays_and_their_list_must_be_the_same(folder: Path) -> None:
    whole = (folder / "model.json").read_text()
    for missing in ("b2.npy", "W1.npy"):
        description = json.loads(whole)
        del description["arrays"][missing]
        (folder / "model.json").write_text(json.dumps(sealed(description)))
        with pytest.raises(ModelError, match=rf"{missing} is not the array"):
            load_model(folder)
    description = json.loads(whole)
    description["arrays"] |= {"b9.npy": {"sha256": "x"}, "W9.npy": {"sha256": "x"}}
    (folder / "model.json").write_text(json.dumps(sealed(description)))
    with pytest.raises(ModelError, match=r"model\.json lists W9\.npy, which its layers have no"):
        load_model(folder)


def test_what_lies_in_a_models_folder_is_the_models(model: Model, folder: Path) -> None:
    ours = [
        "W1.npy", "W12.npy", "b2.npy", "beta3.npy", "gamma3.npy", "history.json", "mean3.npy",
        "model.json", "novelty_axes.npy", "novelty_centres.npy", "novelty_hidden.npy",
        "novelty_readout.npy", "novelty_whitening.npy", "training_loss.png", "variance3.npy",
    ]  # fmt: skip
    for name in ours:
        (folder / name).touch()
    assert [path.name for path in model_files(folder)] == sorted({*ours, "b1.npy", "W2.npy"})
    save_model(model, folder)  # and may be replaced
    for foreign in (
        "W.npy",
        "w1.npy",
        "W1.npz",
        "xW1.npy",
        "novelty_axes",
        "novelty_x.npy",
        "a.png",
    ):
        (folder / foreign).touch()
        assert foreign not in [path.name for path in model_files(folder)]
        with pytest.raises(OutputError, match=foreign):
            check_place(folder)
        (folder / foreign).unlink()
    (folder / "b7.npy").mkdir()  # a folder is never ours
    with pytest.raises(OutputError, match=r"b7\.npy"):
        check_place(folder)


def test_three_foreign_files_are_named_and_more_are_hinted_at(folder: Path) -> None:
    for name in "cab":
        (folder / name).touch()
    with pytest.raises(OutputError, match=r"\(a, b, c\)"):
        check_place(folder)
    (folder / "d").touch()
    with pytest.raises(OutputError, match=r"\(a, b, c, \.\.\.\)"):
        check_place(folder)


def test_a_training_runs_companions_are_kept_beside_the_arrays(
    model: Model, tmp_path: Path
) -> None:
    companions = {"history.json": b"[1]", "training_loss.png": b"png"}
    assert tuple(companions) == COMPANIONS
    save_model(model, tmp_path / "deep" / "er" / "m", companions)
    for name, content in companions.items():
        assert (tmp_path / "deep" / "er" / "m" / name).read_bytes() == content
    text = (tmp_path / "deep" / "er" / "m" / "model.json").read_text()
    assert text.startswith('{\n  "format": "digitnet model",\n  "version": 1,')
    assert text.endswith("}\n")


def test_names_of_classes_are_written_as_they_are(model: Model, tmp_path: Path) -> None:
    named = replace(model, class_names=tuple("äöü3456789"))
    save_model(named, tmp_path / "m")
    assert '"ä"' in (tmp_path / "m" / "model.json").read_text(encoding="utf-8")
    assert load_model(tmp_path / "m").class_names == named.class_names


def test_a_place_that_cannot_be_written_to(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", denied)
    with pytest.raises(OutputError, match=rf"Nothing can be written in {tmp_path}: Permission"):
        save_model(model, tmp_path / "closed" / "m")


def test_a_disk_that_is_full_leaves_what_stood_there(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"model cannot be written: No space left on device"):
        save_model(small_model(rng), folder)
    assert load_model(folder).network.vector.tobytes() == model.network.vector.tobytes()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_swap_that_fails_puts_the_old_model_back(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    rename = Path.rename
    for last in (".model.new", ".model.old", "model"):

        def failing(self: Path, target: Path, last: str = last) -> Path:
            if target.name == last and self.name != ".model.old":
                raise OSError(5, "Input/output error")
            return rename(self, target)

        with monkeypatch.context() as broken:
            broken.setattr(Path, "rename", failing)
            with pytest.raises(OutputError, match="Input/output error"):
                save_model(small_model(rng), folder)
        assert [path.name for path in folder.parent.iterdir()] == ["model"]
        assert load_model(folder).network.vector.tobytes() == model.network.vector.tobytes()


def test_a_model_swapped_in_while_one_reads_is_read_whole(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    new = small_model(rng)
    calls = []

    def swapping(path: Path) -> bytes:
        if not calls:
            calls.append(path)
            save_model(new, folder)
        return path.read_bytes()

    monkeypatch.setattr(folder_module, "read_content", swapping)
    assert load_model(folder).network.vector.tobytes() == new.network.vector.tobytes()


def test_a_folder_that_cannot_be_read_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder_module, "read_content", denied)
    with pytest.raises(ModelError, match=r"cannot be read: Permission denied \(W1\.npy\)"):
        load_model(folder)


def test_no_folder_and_a_file_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_model(tmp_path / "no")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="is a file"):
        load_model(tmp_path / "file")


def original(folder: Path, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What the original program keeps: float64, biases as rows."""
    arrays = {
        "W1": rng.normal(0, 0.1, (784, 64)),
        "b1": rng.normal(0, 0.1, (1, 64)),
        "W2": rng.normal(0, 0.1, (64, 10)),
        "b2": rng.normal(0, 0.1, (1, 10)),
    }
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return arrays


def test_the_original_programs_weights_give_its_probabilities(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    a = original(tmp_path / "old", rng)
    images = rng.integers(0, 256, (6, 28, 28)).astype(np.uint8)
    x = images.reshape(6, 784) / 255.0
    hidden = 1 / (1 + np.exp(-(x @ a["W1"] + a["b1"])))
    e = np.exp(hidden @ a["W2"] + a["b2"])
    model = load_model(tmp_path / "old")
    np.testing.assert_allclose(
        model.probabilities(images), e / e.sum(axis=1, keepdims=True), rtol=1e-12
    )
    assert model.framing == "stretch"


@pytest.mark.parametrize("how", [k for k in KINDS if k != "one bit"])
def test_damaged_original_weights_are_named(
    tmp_path: Path, rng: np.random.Generator, how: str
) -> None:
    original(tmp_path / "old", rng)
    spoil(tmp_path / "old" / "b1.npy", how)
    with pytest.raises(ModelError, match=r"b1\.npy"):
        load_model(tmp_path / "old")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 127), st.integers(0, 255))
def test_any_changed_byte_of_a_bare_arrays_header_is_one_sentence_or_harmless(
    tmp_path: Path, place: int, value: int
) -> None:
    if not (tmp_path / "old").exists():
        original(tmp_path / "old", np.random.default_rng(0))
    path = tmp_path / "old" / "b1.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
    try:
        load_model(tmp_path / "old")
    except ModelError as error:
        assert "b1" in str(error)  # noqa: PT017 (most changes are refused, some are harmless)
    finally:
        path.write_bytes(whole)


def test_swapped_original_weights_are_noticed(tmp_path: Path, rng: np.random.Generator) -> None:
    a = original(tmp_path / "old", rng)
    np.save(tmp_path / "old" / "W1.npy", a["W2"])
    np.save(tmp_path / "old" / "W2.npy", a["W1"])
    with pytest.raises(ModelError, match="784"):
        load_model(tmp_path / "old")


def test_saving_again_replaces_the_whole_folder(folder: Path, rng: np.random.Generator) -> None:
    new = small_model(rng)
    save_model(new, folder)
    assert load_model(folder).network.vector.tobytes() == new.network.vector.tobytes()
    assert not (folder / "history.json").exists()  # the old run's, not this model's
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_foreign_files_are_never_replaced(model: Model, folder: Path) -> None:
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        save_model(model, folder)
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_a_file_in_the_way(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(OutputError, match="is a file"):
            save_model(model, place)


def test_a_reader_between_the_two_renames_finds_the_new_model(
    model: Model, folder: Path, rng: np.random.Generator
) -> None:
    new, old = being_replaced(folder)
    save_model(small_model(rng), new)
    whole = load_model(new).network.vector.tobytes()
    folder.rename(old)
    assert load_model(folder).network.vector.tobytes() == whole
    check_place(folder)  # and the next writer finishes
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
    assert load_model(folder).network.vector.tobytes() == whole


def test_what_is_left_of_a_replacement_is_cleared_away_and_said(
    model: Model, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    new, old = being_replaced(folder)
    new.mkdir()
    check_place(folder)
    assert f"Removed {new}: it was to take the place of model" in caplog.text
    old.mkdir()
    check_place(folder)
    assert f"Removed {old}: model has taken its place" in caplog.text
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
    folder.rename(old)
    check_place(folder)  # it may be all that is left of a model
    assert [p.name for p in folder.parent.iterdir()] == [".model.old"]


KILLED_WRITER = """
import os, shutil, signal, sys
from pathlib import Path
from digitnet.models.folder import load_model, save_model
calls = 0
def dying(original):
    def wrapped(*args, **kwargs):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    return wrapped
Path.rename = dying(Path.rename)
Path.write_bytes = dying(Path.write_bytes)
shutil.rmtree = dying(shutil.rmtree)
model = load_model(sys.argv[1])
model.network.vector[:] += 1
save_model(model, sys.argv[1])
"""


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_writer_killed_at_any_moment_leaves_the_old_model_or_the_new(
    model: Model, folder: Path, moment: int
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_WRITER, str(folder), str(moment)])
    assert done.returncode in (-signal.SIGKILL, 0)
    if moment <= 5:
        assert done.returncode != 0, "the kill came too late to test anything"
    found = load_model(folder).network.vector
    old = model.network.vector
    assert found.tobytes() in (old.tobytes(), (old + 1).tobytes())
    save_model(model, folder)
    assert load_model(folder).network.vector.tobytes() == old.tobytes()


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
def test_the_folder_can_be_read_by_others(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o755
