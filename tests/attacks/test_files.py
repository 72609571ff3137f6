"""Special files: a pipe, a device or a file without end in the place of what is read."""

from __future__ import annotations

import ast
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import digitnet as package
from attacks.conftest import Attack
from digitnet.data.sources import open_source
from digitnet.errors import DigitnetError, ModelError
from digitnet.files import open_regular, read_regular
from digitnet.imaging.pictures import open_picture, page_names, read_head
from digitnet.models.folder import load_model, model_files, save_model
from digitnet.training.checkpoints import load_checkpoint
from digitnet.training.config import read_recipe
from digitnet.web.limits import Limits
from digitnet.web.model_store import ModelStore
from support.helpers import assert_one_sentence, digitnet, small_model

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with pipes")

KINDS = ("pipe", "device", "sparse", "circle", "folder")


def _put(path: Path, kind: str) -> None:
    """Something that is no file to read, where a file should be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(2**40)  # a hole: no disk is taken


@pytest.mark.promise("only ordinary files are read")
@pytest.mark.parametrize("kind", KINDS)
def test_readers_of_one_file(kind: str, tmp_path: Path, attack: Attack) -> None:
    """None of these tests would come to an end if a pipe or a device were read."""
    for name in (
        "a.csv", "a.tsv", "a.csv.gz", "a.csv.zip", "a.npz", "a.npy", "a.mat", "a.parquet",
        "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz",
    ):  # fmt: skip
        path = tmp_path / kind / name
        _put(path, kind)
        with pytest.raises(DigitnetError) as caught:
            open_source(path)
        assert len(str(caught.value).splitlines()) == 1
        attack.tried()
    for name in ("a.png", "a.pdf", "a.tif"):
        path = tmp_path / kind / name
        _put(path, kind)
        with pytest.raises(DigitnetError):
            open_picture(path)
        assert page_names(str(path)) == [str(path)]
        assert read_head(path) is None
        attack.tried()
    path = tmp_path / kind / "a.checkpoint.npz"
    _put(path, kind)
    with pytest.raises(ModelError):
        load_checkpoint(path)
    _put(recipe := tmp_path / kind / "a.toml", kind)
    with pytest.raises(DigitnetError):
        read_recipe(str(recipe))
    attack.tried(2)


@pytest.mark.promise("only ordinary files are read")
@pytest.mark.parametrize("kind", KINDS)
def test_readers_of_folders(
    kind: str, tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    for name in ("train-images-idx3-ubyte", "labels.csv", "labels.txt", "images.npy", "3.png"):
        folder = tmp_path / f"{kind} {name}"
        _put(folder / name, kind)
        with pytest.raises(DigitnetError):
            open_source(folder)
        attack.tried()
    for name in ("model.json", "W1.npy", "b2.npy"):
        save_model(small_model(rng), tmp_path / "models" / "m")
        _put(tmp_path / "models" / "m" / name, kind)
        with pytest.raises(ModelError):
            load_model(tmp_path / "models" / "m")
        listed = ModelStore(tmp_path, Limits()).listed()[0]
        assert [entry["name"] for entry in listed if entry["kind"] == "box"] == ["cnn", "mlp"]
        attack.tried(2)
        shutil.rmtree(tmp_path / "models" / "m")


@pytest.mark.promise("only ordinary files are read")
@pytest.mark.parametrize("kind", ["pipe", "device", "sparse"])
def test_the_command_line(
    kind: str, tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    save_model(small_model(rng), tmp_path / "m")
    _put(tmp_path / "m" / "model.json", kind)
    assert_one_sentence(digitnet("predict", "--model", "m", "x.png", cwd=tmp_path), "model.json")
    _put(tmp_path / "a.npz", kind)
    assert_one_sentence(digitnet("evaluate", "a.npz", "--model", "mlp", cwd=tmp_path), "a.npz")
    attack.tried(2)


@pytest.mark.promise("links lead nowhere")
def test_links_in_a_model_are_not_followed(
    tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    """Not where it is loaded, not where it is listed, and not where it is packed to be sent."""
    (secret := tmp_path / "secret").write_text("secret")
    for name in ("model.json", "W1.npy", "history.json", "training_loss.png"):
        save_model(small_model(rng), tmp_path / "models" / "m")
        inside = tmp_path / "models" / "m" / name
        store = ModelStore(tmp_path, Limits())
        stored = store.get("m")
        inside.unlink(missing_ok=True)
        inside.symlink_to(secret)
        assert inside not in model_files(tmp_path / "models" / "m")
        assert b"secret" not in stored.as_zip(store.places)
        if not name.startswith(("history", "training")):
            with pytest.raises(ModelError, match="symbolic link"):
                load_model(tmp_path / "models" / "m")
        shutil.rmtree(tmp_path / "models" / "m")
        attack.tried()
    save_model(small_model(rng), tmp_path / "real")
    (tmp_path / "named").symlink_to(tmp_path / "real")
    load_model(tmp_path / "named")  # the user's own link to a folder is the user's business


def test_a_bound_is_kept_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="5 bytes, more than the 4 that are read"):
        open_regular(path, 4)


def test_nothing_else_opens_files() -> None:
    """Every reader goes through files.py, but for those who read what comes with the package."""
    ours = {
        "files.py", "threads.py",  # the system's own tables
        "export/bundle.py", "export/html.py",  # the page's files
    }  # fmt: skip
    root = Path(package.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).as_posix() in ours:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            mode = ast.unparse(node.args[0]) if node.args else ""
            reads = called.endswith((".read_bytes", ".read_text", ".fromfile"))
            if called == "target.read_bytes":  # what was just written into a folder of our own
                continue
            if reads or called == "open" or (called.endswith(".open") and mode in ("'rb'", "'r'")):
                found.append(f"{path}: {called}")
    assert found == []
