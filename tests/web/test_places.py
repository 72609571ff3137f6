"""No answer of the server says where its folder lies."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from digitnet.models.description import SEAL
from digitnet.models.folder import load_model, save_model
from digitnet.web.places import Places
from support.helpers import small_model
from support.served import NINE, small_source, wait_for


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/srv/digits/models/mine is damaged.", "models/mine is damaged."),
        ("The model /srv/digits/a b/c; /srv/digits/d.csv", "The model a b/c; d.csv"),
        ("Nothing in /srv/digits.", "Nothing in the server's folder."),
        ("/srv/digits-2/x, /old/srv/digits/x", "/srv/digits-2/x, /old/srv/digits/x"),
        (
            {"a": ["/srv/digits/x", 3, None], "/srv/digits/k": True},
            {"a": ["x", 3, None], "k": True},
        ),
    ],
)
def test_paths_are_told_as_they_are_called_in_the_folder(text: Any, told: Any) -> None:
    assert Places(Path("/srv/digits")).told(text) == told


def test_of_the_root_and_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitnet.web.places.cache_folder", lambda: Path("/home/me/.cache/mnist"))
    places = Places(Path("/"))
    assert places.told("/etc/x") == "/etc/x"
    assert places.told("/home/me/.cache/mnist/t10k is damaged") == "cache/t10k is damaged"


def answers(web: httpx.Client) -> dict[str, bytes]:
    """What every address that is read says, with each name there is in the folder."""
    found = {}
    models = web.get("/api/models").json()
    names = [each["name"] for each in (*models["models"], *models["unreadable"])]
    for path, methods in web.get("/openapi.json").json()["paths"].items():
        if "get" not in methods:
            continue
        for name in names if "{name}" in path else [""]:
            address = path.replace("{name}", name)
            found[address] = web.get(address).content
    for name in [*names, "gone"]:
        found[f"weights of {name}"] = web.get("/api/model", params={"name": name}).content
        answered = web.post(f"/api/predict?model={name}", content=NINE.read_bytes())
        found[f"prediction by {name}"] = answered.content
    return found


def test_no_answer_says_where_the_servers_folder_lies(
    web: httpx.Client, tmp_path: Path, rng: np.random.Generator
) -> None:
    small_source(tmp_path)
    for name in ("good", "bad", "short", "empty"):
        save_model(small_model(rng), tmp_path / "models" / name)
    (tmp_path / "models/bad/model.json").write_text("{")
    (tmp_path / "models/short/W1.npy").write_bytes(b"no")
    (tmp_path / "models/empty/W1.npy").unlink()
    (tmp_path / "models/linked").symlink_to(tmp_path / "models/good")
    (tmp_path / "torn.npz").write_bytes(b"PK no")
    (tmp_path / "pictures/3").mkdir(parents=True)
    (tmp_path / "pictures/3/a.png").write_bytes(b"no")
    (tmp_path / "pictures/3/b.png").write_bytes(NINE.read_bytes())
    (tmp_path / "pictures/4").mkdir()
    (tmp_path / "pictures/4/c.png").write_bytes(NINE.read_bytes())
    (tmp_path / "models/half.checkpoint.npz").write_bytes(b"no")
    said: dict[str, bytes] = {}
    for body in (
        {"source": "torn.npz"},
        {"source": "pictures", "hidden": [8], "epochs": 2},
        {"source": "bars.npz", "hidden": [8], "epochs": 2, "name": "from-bars"},
        {"name": "half", "resume": True},
        {"source": "bars.npz", "start": "bad"},
    ):
        answered = web.post("/api/train", json=body)
        said[f"training {body}"] = answered.content
        if answered.status_code == 202:
            while web.get("/api/train").json()["state"] == "running":
                pass
            said[f"state of {body}"] = web.get("/api/train").content
            said[f"events of {body}"] = web.get("/api/train/events").content
    assert wait_for("finished", web.get)["name"] == "from-bars"
    said |= answers(web)
    assert len(said) > 40
    for address, content in said.items():
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = b"".join(archive.read(each) for each in archive.namelist())
        assert str(tmp_path).encode() not in content, (address, content[:500])
    told = json.loads(said["/api/models"])["unreadable"]
    assert {each["name"] for each in told} == {"bad", "short", "empty", "linked"}
    assert any("models/short/W1.npy" in each["reason"] for each in told)


def test_a_model_taken_along_names_its_source_without_the_way_and_is_sealed(
    web: httpx.Client, tmp_path: Path
) -> None:
    small_source(tmp_path)
    web.post("/api/train", json={"source": "bars.npz", "hidden": [8], "epochs": 1, "name": "m"})
    wait_for("finished", web.get)
    packed = web.get("/api/models/m.zip").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "taken")
    here, there = load_model(tmp_path / "models/m"), load_model(tmp_path / "taken/m")
    assert here.training["plan"]["source"] == str(tmp_path / "bars.npz")
    assert there.training["plan"]["source"] == "bars.npz"
    assert SEAL in json.loads((tmp_path / "taken/m/model.json").read_text())
    assert np.array_equal(here.network.vector, there.network.vector)
