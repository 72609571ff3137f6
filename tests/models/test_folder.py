"""The model folder: bytes on disk, damage of every kind, and writers that die half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitnet.data.dataset import as_input
from digitnet.errors import ModelError, OutputError
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, classify
from digitnet.nn import Network
from digitnet.training.plan import Plan
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
    layers = Plan(conv="3C5-MP2", batch_norm=True, hidden=(), activation="relu").layers(784, 10)
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
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(ModelError):
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


def test_a_reader_between_the_two_renames_finds_the_old_model(model: Model, folder: Path) -> None:
    folder.rename(folder.with_name(".model.old"))
    assert load_model(folder).network.vector.tobytes() == model.network.vector.tobytes()
    save_model(model, folder)  # and the next writer cleans up
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


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
