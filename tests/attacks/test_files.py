"""Special files: a pipe, a device or a file without end in the place of what is read."""

from __future__ import annotations

import ast
import os
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

import digitnet as package
from attacks.conftest import Attack
from digitnet.cli.growing_table import GrowingTable
from digitnet.cli.named_pictures import each_picture
from digitnet.data.sources import open_source
from digitnet.errors import DataError, DigitnetError, ModelError
from digitnet.files import MOST_TEXT, open_regular, read_regular
from digitnet.imaging.pictures import open_picture, page_names, read_head
from digitnet.models.folder import load_model, model_files, save_model
from digitnet.training.checkpoints import load_checkpoint
from digitnet.training.recipes import read_recipe
from digitnet.web.limits import Limits
from digitnet.web.model_store import ModelStore
from support.helpers import assert_one_sentence, digitnet_process, small_model
from support.served import NINE, client

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
        listed = ModelStore(tmp_path, Limits()).listed()["models"]
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
    assert_one_sentence(
        digitnet_process("predict", "--model", "m", "x.png", cwd=tmp_path), "model.json"
    )
    _put(tmp_path / "a.npz", kind)
    assert_one_sentence(
        digitnet_process("evaluate", "a.npz", "--model", "mlp", cwd=tmp_path), "a.npz"
    )
    attack.tried(2)


@pytest.mark.promise("only ordinary files are read")
@pytest.mark.parametrize("kind", KINDS)
def test_lists_and_rows_of_runs_that_go_on(kind: str, tmp_path: Path, attack: Attack) -> None:
    _put(tmp_path / "list.txt", kind)
    with pytest.raises(DigitnetError):
        list(each_picture([f"@{tmp_path / 'list.txt'}"]))
    if kind != "sparse":  # a hole is cut off, as what a run without power has left
        table = GrowingTable(tmp_path / "a.csv", ("path",), "mark")
        _put(tmp_path / "a.csv.part-mark", kind)
        with pytest.raises(DigitnetError):
            table.begin(resume=True)
    attack.tried(1 if kind == "sparse" else 2)


@pytest.mark.promise("only ordinary files are read")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_folder_of_parts_says_of_its_job(kind: str, tmp_path: Path, attack: Attack) -> None:
    pytest.importorskip("distributed", reason="needs Dask")
    from digitnet.distributed.results import JOB, Here

    _put(tmp_path / "out" / JOB, kind)
    with pytest.raises(DigitnetError):
        Here(str(tmp_path / "out")).read(JOB, MOST_TEXT)
    attack.tried()


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


@pytest.mark.promise("links lead nowhere")
@pytest.mark.parametrize("name", ["model", "models/m", "models/.m.new"])
def test_links_to_models_are_not_followed_by_the_server(
    tmp_path: Path, rng: np.random.Generator, attack: Attack, name: str
) -> None:
    save_model(small_model(rng), tmp_path / "elsewhere")
    (tmp_path / "models").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    if name == "models/.m.new":  # it answers where a replacement was stopped
        (tmp_path / "models" / ".m.old").mkdir()
    called = "model" if name == "model" else "m"
    with client(tmp_path) as web:
        listed = web.get("/api/models").json()
        assert [each["name"] for each in listed["unreadable"]] == [called]
        for answered in (
            web.get(f"/api/models/{called}.zip"),
            web.get(f"/api/model?name={called}"),
            web.post(f"/api/predict?model={called}", content=NINE.read_bytes()),
            web.post("/api/train", json={"source": "synthetic", "start": called}),
        ):
            assert answered.status_code == 422
            assert "symbolic link" in answered.json()["error"]
            attack.tried()
        unasked = web.post("/api/predict", content=NINE.read_bytes())
        assert unasked.status_code == (422 if name == "model" else 200)


@pytest.mark.promise("links lead nowhere")
def test_no_model_is_written_through_a_link(tmp_path: Path, attack: Attack) -> None:
    """A link to nowhere is a name that is taken."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "my-model").symlink_to(tmp_path / "elsewhere")
    store = ModelStore(tmp_path, Limits())
    assert not store.is_free("my-model")
    assert store.is_free("my-model-2")
    attack.tried()


@pytest.mark.promise("links lead nowhere")
@pytest.mark.parametrize("place", ["3", "3/a.png", "3/inner", "11", "labels.csv"])
def test_links_among_corrections_are_not_followed(
    tmp_path: Path, attack: Attack, place: str
) -> None:
    """Nothing is counted, written, removed or learnt from behind them."""
    (elsewhere := tmp_path / "elsewhere").mkdir()
    mark = "0" * 12
    (elsewhere / f"x-{mark}.png").write_bytes(NINE.read_bytes())
    with client(tmp_path) as web:
        picture = NINE.read_bytes()
        assert web.post("/api/corrections?label=9", content=picture).status_code == 201
        link = tmp_path / "corrections" / place
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(elsewhere if "." not in place else elsewhere / f"x-{mark}.png")
        assert web.get("/api/corrections").json()["count"] == 1
        assert web.delete(f"/api/corrections/{mark}").status_code == 404
        refused = web.post("/api/train", json={"source": "corrections"})
        assert refused.status_code == 422
        assert f"corrections/{place} is a symbolic link" in refused.json()["error"]
        moved = web.post("/api/corrections?label=3", content=picture)
        assert moved.status_code == (507 if place == "3" else 201)
    assert [path.name for path in elsewhere.iterdir()] == [f"x-{mark}.png"]
    attack.tried(4)


@pytest.mark.promise("links lead nowhere")
@pytest.mark.parametrize("name", ["../x.csv", "/etc/x.csv", "a/../../x.csv", "x..csv", "C:\\x.csv"])
@pytest.mark.parametrize("is_link", [False, True])
def test_a_zip_of_digits_leads_nowhere(
    tmp_path: Path, attack: Attack, name: str, is_link: bool
) -> None:
    """Its member is read in memory whatever its name says; a link's bytes are a path, no table."""
    (inside := tmp_path / "in").mkdir()
    header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    lines = [",".join(map(str, [i % 2, *([0, 200] * 392)])) for i in range(4)]
    table = "\n".join([header, *lines])
    (tmp_path / "secret.csv").write_text(table)
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16 if is_link else 0o644 << 16
    with zipfile.ZipFile(inside / "digits.csv.zip", "w") as archive:
        archive.writestr(entry, str(tmp_path / "secret.csv") if is_link else table)
    if is_link:
        with pytest.raises(DataError):
            open_source(str(inside / "digits.csv.zip"))
    else:
        assert len(open_source(str(inside / "digits.csv.zip"))) == 4
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "digits.csv.zip", "in", "secret.csv"
    ]  # fmt: skip
    attack.tried()


def test_a_bound_is_kept_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="5 bytes, more than the 4 that are read"):
        open_regular(path, 4)


@pytest.mark.promise("odd values are refused in a sentence")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", "[" * 100_000),
        ("labels.json", "[" * 100_000 + "\n1"),
        ("labels.json", '{"a.png": ' * 5_000),
        ("labels.jsonl", "1\n" + "[" * 100_000),
        ("labels.json", '{"a.png": ' + "9" * 5_000 + "}"),
        ("labels.json", '{"a.png": NaN, "b.png": 1e999, "c.png": [[]]}'),
        ("labels.json", '[{"file": {}, "label": []}, [[], {}], null]'),
        ("labels.json", '{"labels": {"a.png": {"a": 1}}}'),
        ("labels.csv", '"' + "x" * 200_000),
        ("labels.csv", "a.png," + "1" * 200_000),
        ("labels.csv", "a.png,\0"),
        ("labels.tsv", "\t\t\n\t"),
        ("a.txt", "[" * 199),
        ("labels.csv", None),
        ("labels.json", None),
        ("a.txt", None),
    ],
)
def test_an_odd_list_of_labels_is_none(
    tmp_path: Path, attack: Attack, name: str, content: str | None
) -> None:
    """Also a link to nowhere, for which the content is None."""
    for picture in ("a.png", "b.png", "c.png"):
        (tmp_path / picture).write_bytes(NINE.read_bytes())
    if content is None:
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / name).write_text(content)
    with pytest.raises(DigitnetError) as refused:  # nothing else tells what they show
        open_source(str(tmp_path))
    assert len(str(refused.value).splitlines()) == 1
    attack.tried()


READERS = (
    ".read_bytes", ".read_text", ".fromfile", ".memmap", ".genfromtxt",
    ".imread", "os.fdopen", "io.open", "codecs.open", "fileinput.input", "mmap.mmap",
)  # fmt: skip
"""What reads a file by its name."""


def test_nothing_else_opens_files() -> None:
    """Every reader goes through files.py, but for those who read what comes with the package."""
    ours = {
        "files.py", "threads.py",  # the system's own tables
        "export/bundle.py", "export/html.py",  # the page's files
        "export/c.py", "export/card.py", "export/numpy.py",  # their own parts, the box's cards
        "text.py", "cli/output.py", "imaging/decoders.py",  # standard streams and their own pipes
        "cli/growing_table.py", "web/supervisor.py",  # what they add to, and a pipe of their own
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
            if called in ("target.read_bytes", "written.read_bytes"):  # into a folder of our own
                continue
            opens = called == "open" or (called.endswith(".open") and mode in ("", "'rb'", "'r'"))
            if (
                opens
                or called.endswith(READERS)
                or any("O_RDONLY" in ast.unparse(argument) for argument in node.args)
            ):
                found.append(f"{path}: {called}")
    assert found == []
