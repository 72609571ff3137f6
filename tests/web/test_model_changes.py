"""Models taken in, renamed, deleted and compared through the web server."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from digitnet.models.box import in_box
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model
from digitnet.web.comparison import N_COMPARED
from support.helpers import small_model
from support.served import NINE, client, small_source, wait_for

ZIP = {"content-type": "application/zip"}


def contents(rng: np.random.Generator, folder: Path) -> dict[str, bytes]:
    """The files of a small model's folder."""
    save_model(small_model(rng), folder / "sent")
    return {path.name: path.read_bytes() for path in (folder / "sent").iterdir()}


def packed(files: dict[str, bytes], inside: str = "mine/") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(inside + name, each)
    return content.getvalue()


def names(web: httpx.Client) -> list[str]:
    return [each["name"] for each in web.get("/api/models").json()["models"]]


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("way", ["zip", "bare zip", "files"])
def test_a_model_is_taken_in_and_answers(
    way: str, web: httpx.Client, tmp_path: Path, elsewhere: Path, rng: np.random.Generator
) -> None:
    files = contents(rng, elsewhere)
    if way == "files":
        form = [("files", (f"mine/{name}", each)) for name, each in files.items()]
        sent = web.post("/api/models?name=mine", files=form)
    else:
        inside = "mine/" if way == "zip" else ""
        sent = web.post("/api/models?name=mine", content=packed(files, inside), headers=ZIP)
    assert (sent.status_code, sent.json()) == (201, {"name": "mine", "left_out": []})
    here = load_model(tmp_path / "models" / "mine")
    assert np.array_equal(here.network.vector, load_model(elsewhere / "sent").network.vector)
    assert web.post("/api/predict?model=mine", content=NINE.read_bytes()).status_code == 200
    again = web.post("/api/models?name=mine", content=packed(files), headers=ZIP)
    assert again.json()["name"] == "mine-2", "nothing that stands there is replaced"
    boxed = web.post("/api/models?name=cnn", content=packed(files), headers=ZIP)
    assert boxed.json()["name"] == "cnn-2"
    assert names(web) == ["cnn", "mlp", "cnn-2", "mine", "mine-2"]


def test_what_the_page_gives_away_it_takes_in(web: httpx.Client) -> None:
    given = web.get("/api/models/mlp.zip").content
    assert web.post("/api/models?name=copy", content=given, headers=ZIP).status_code == 201
    one, other = (web.get(f"/api/model?name={name}").content for name in ("mlp", "copy"))
    assert one[-4000:] == other[-4000:]
    for_devices = web.get("/api/models/mcu.zip").content
    assert web.post("/api/models?name=tiny", content=for_devices, headers=ZIP).status_code == 201
    devices = [each["name"] for each in web.get("/api/models").json()["devices"]]
    assert devices == ["mcu", "tiny"]


def test_other_files_are_left_out_and_named(
    web: httpx.Client, tmp_path: Path, elsewhere: Path, rng: np.random.Generator
) -> None:
    files = contents(rng, elsewhere)
    files |= {"diary.txt": b"dear", "deeper/W1.npy": b"no", "../../W9.npy": b"no"}
    sent = web.post("/api/models?name=mine", content=packed(files), headers=ZIP)
    assert sent.status_code == 201
    left_out = ["diary.txt", "mine/deeper/W1.npy", "mine/../../W9.npy"]
    assert sent.json()["left_out"] == left_out
    kept = {path.name for path in (tmp_path / "models" / "mine").iterdir()}
    assert kept == {"model.json", "W1.npy", "b1.npy", "W2.npy", "b2.npy"}
    assert {path.name for path in tmp_path.iterdir()} == {"models"}


def _bomb() -> bytes:
    return packed({"model.json": b"{}", "W1.npy": bytes(40 * 2**20)})


def _changed(files: dict[str, bytes], **changes: bytes | None) -> dict[str, bytes]:
    named = {name.replace("_", "."): content for name, content in changes.items()}
    merged = {**files, **named}
    return {name: content for name, content in merged.items() if content is not None}


def _pickle() -> bytes:
    content = io.BytesIO()
    np.save(content, np.array([print], dtype=object), allow_pickle=True)
    assert pickle.PROTO in content.getvalue()
    return content.getvalue()


@pytest.mark.parametrize(
    ("spoil", "status", "says"),
    [
        (lambda files: b"", 422, "no zip file"),
        (lambda files: b"PK\x03\x04" + bytes(100), 422, "no zip file"),
        (lambda files: packed(files)[:-100], 422, "no zip file"),
        (lambda files: packed(_changed(files, W1_npy=b"no")), 422, "W1.npy"),
        (lambda files: packed(_changed(files, W1_npy=_pickle())), 422, "W1.npy"),
        (lambda files: packed(_changed(files, W1_npy=None)), 422, "W1.npy"),
        (lambda files: packed(_changed(files, model_json=b"{}")), 422, "model.json"),
        (lambda files: packed({"a.txt": b"x"}), 422, "no model"),
        (lambda files: packed({"a/model.json": b"x", "b/model.json": b"x"}), 422, "several"),
        (lambda files: _bomb(), 413, "unpacks to more"),
        (lambda files: packed({f"{i}.txt": b"" for i in range(1001)}), 413, "1,000 files"),
    ],
    ids=[
        "empty", "torn", "cut short", "damaged", "pickled", "incomplete", "description", "no model",
        "two", "bomb", "many",
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused_in_a_sentence(
    spoil: Any,
    status: int,
    says: str,
    web: httpx.Client,
    tmp_path: Path,
    elsewhere: Path,
    rng: np.random.Generator,
) -> None:
    sent = web.post("/api/models?name=mine", content=spoil(contents(rng, elsewhere)), headers=ZIP)
    assert sent.status_code == status, sent.text
    said = sent.json()["error"]
    assert says in said
    assert len(said.splitlines()) == 1
    assert "/tmp" not in said
    assert list(tmp_path.rglob("*.npy")) == []
    assert names(web) == ["cnn", "mlp"]


def test_other_classes_and_too_many_are_refused(
    tmp_path: Path, elsewhere: Path, rng: np.random.Generator
) -> None:
    letters = Model(small_model(rng).network, tuple("ABCDEFGHIJ"), training={"source": "a test"})
    save_model(letters, elsewhere / "letters")
    files = {path.name: path.read_bytes() for path in (elsewhere / "letters").iterdir()}
    with client(tmp_path, own_models=1) as web:
        refused = web.post("/api/models?name=x", content=packed(files), headers=ZIP)
        assert (refused.status_code, "other classes" in refused.text) == (422, True)
        good = packed(contents(rng, elsewhere))
        assert web.post("/api/models?name=x", content=good, headers=ZIP).status_code == 201
        full = web.post("/api/models?name=y", content=good, headers=ZIP)
        assert (full.status_code, "delete one first" in full.text) == (409, True)
        no_name = web.post("/api/models?name=../y", content=good, headers=ZIP)
        assert no_name.status_code == 422


def test_a_model_is_renamed_with_its_stopped_run(
    web: httpx.Client, tmp_path: Path, rng: np.random.Generator
) -> None:
    own = tmp_path / "models"
    save_model(small_model(rng), own / "mine")
    save_model(small_model(rng), own / "other")
    (own / "mine.checkpoint.npz").write_bytes(b"where it stopped")
    assert web.get("/api/model?name=mine").status_code == 200
    renamed = web.patch("/api/model?name=mine", json={"name": "better"})
    assert (renamed.status_code, renamed.json()) == (200, {"name": "better"})
    assert names(web) == ["cnn", "mlp", "better", "other"]
    assert web.get("/api/model?name=mine").status_code == 404
    assert (own / "better.checkpoint.npz").read_bytes() == b"where it stopped"
    for name, new, status in (
        ("better", "other", 409), ("better", "mlp", 409), ("better", "mcu", 409),
        ("better", "model", 409), ("mlp", "mine", 409), ("none", "mine", 404),
        ("better", "../x", 422), ("better", "", 422),
    ):  # fmt: skip
        answered = web.patch(f"/api/model?name={name}", json={"name": new})
        assert answered.status_code == status, (name, new, answered.text)
    assert names(web) == ["cnn", "mlp", "better", "other"]
    save_model(small_model(rng), tmp_path / "model")
    assert web.patch("/api/model?name=model", json={"name": "first"}).status_code == 200
    assert names(web) == ["cnn", "mlp", "better", "first", "other"]


def test_a_model_is_deleted_but_nothing_else_with_it(
    web: httpx.Client, tmp_path: Path, rng: np.random.Generator
) -> None:
    own = tmp_path / "models"
    for name in ("mine", "torn", "diaries"):
        save_model(small_model(rng), own / name)
    (own / "torn" / "W1.npy").write_bytes(b"no")
    (own / "diaries" / "diary.txt").write_text("dear")
    save_model(small_model(rng), tmp_path / "elsewhere")
    (own / "linked").symlink_to(tmp_path / "elsewhere")
    for name in ("mine", "torn"):
        assert web.delete(f"/api/model?name={name}").json() == {"name": name}
        assert not (own / name).exists()
    for name, status in (
        ("mine", 404),
        ("mlp", 409),
        ("mcu", 409),
        ("diaries", 409),
        ("linked", 409),
    ):
        answered = web.delete(f"/api/model?name={name}")
        assert answered.status_code == status, (name, answered.text)
    assert "diary.txt" in web.delete("/api/model?name=diaries").json()["error"]
    assert (own / "diaries" / "diary.txt").read_text() == "dear"
    assert load_model(tmp_path / "elsewhere") is not None
    assert in_box("mlp").is_dir()
    assert [path.name for path in own.iterdir() if path.name.startswith(".")] == []


def test_the_model_of_a_training_is_left_alone(
    web: httpx.Client, tmp_path: Path, elsewhere: Path, rng: np.random.Generator
) -> None:
    name = small_source(tmp_path)
    settings = {"source": name, "hidden": [8], "epochs": 1000, "name": "busy"}
    assert web.post("/api/train", json=settings).status_code == 202
    save_model(small_model(rng), tmp_path / "models" / "mine")
    sent = web.post("/api/models?name=busy", content=packed(contents(rng, elsewhere)), headers=ZIP)
    renamed = web.patch("/api/model?name=mine", json={"name": "busy"})
    for answered in (sent, renamed, web.delete("/api/model?name=busy")):
        assert (answered.status_code, "being trained" in answered.text) == (409, True)
    while not web.get("/api/train").json()["epochs"]:
        pass
    web.delete("/api/train")
    wait_for("stopped", web.get)
    assert web.delete("/api/model?name=busy").status_code == 200
    assert (tmp_path / "models" / "busy.checkpoint.npz").is_file(), "the run can still go on"


def test_two_models_are_compared_on_the_same_digits(
    web: httpx.Client, tmp_path: Path, rng: np.random.Generator
) -> None:
    save_model(small_model(rng), tmp_path / "models" / "mine")
    told = web.get("/api/compare?first=mlp&second=mine").json()
    assert (told["n"], told["of"]) == (N_COMPARED, N_COMPARED)
    mlp, mine = told["models"]
    assert (mlp["name"], mine["name"]) == ("mlp", "mine")
    assert mlp["right"] > 900 > mine["right"]
    low, high = mlp["interval"]
    assert low < mlp["right"] / told["n"] < high
    assert told["sure"]
    assert told["only_first"] - told["only_second"] == mlp["right"] - mine["right"]
    assert told["n_differ"] >= len(told["differ"]) == 24
    assert all(each["read_as"][0] != each["read_as"][1] for each in told["differ"])
    same = web.get("/api/compare?first=mlp&second=mlp").json()
    assert (same["n_differ"], same["sure"], same["p_value"]) == (0, False, 1.0)
    device = web.get("/api/compare?first=mcu&second=mlp")
    assert device.json()["models"][0]["right"] > 900


def test_a_comparison_takes_digits_of_the_folder_spread_over_all(
    web: httpx.Client, tmp_path: Path
) -> None:
    labels = np.repeat(np.arange(10), 150)
    images = np.zeros((1500, 28, 28), np.uint8)
    images[:, 8:20, 13:15] = 255
    np.savez(tmp_path / "few.npz", images=images, labels=labels)
    told = web.get("/api/compare?first=mlp&second=cnn&on=few.npz").json()
    assert (told["n"], told["of"]) == (1000, 1500)
    assert told["models"][1]["right"] == 100, "a tenth of them are the 1 that all of them show"
    assert web.get("/api/compare?first=mlp&second=none").status_code == 404
    assert web.get("/api/compare?first=mlp&second=cnn&on=none").status_code == 404
    assert web.get("/api/compare?first=mlp").status_code == 422


def test_mnist_is_not_fetched_for_a_comparison(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitnet.web.comparison.has_mnist", lambda: False)
    answered = web.get("/api/compare?first=mlp&second=cnn&on=mnist")
    assert (answered.status_code, "a training on it" in answered.text) == (422, True)


def test_a_model_for_devices_says_what_it_is_for(web: httpx.Client) -> None:
    told = web.get("/api/models").json()
    (mcu,) = told["devices"]
    assert (mcu["name"], mcu["exports"]) == ("mcu", ["onnx", "c"])
    assert mcu["made_with"] == "the recipe mcu-4k"
    assert "microcontroller" in mcu["purpose"]
    assert "mcu" not in names(web), "what the page computes with"
    header = web.get("/api/models/mcu.h")
    assert (header.status_code, b"int8_t" in header.content) == (200, True)
    assert web.get("/api/models/mcu.onnx.zip").status_code == 200
    assert web.get("/api/models/mcu.safetensors.zip").status_code == 422
    asked = web.post("/api/predict?model=mcu", content=NINE.read_bytes())
    assert (asked.status_code, "whole numbers" in asked.json()["error"]) == (422, True)
    assert web.post("/api/train", json={"start": "mcu"}).status_code == 422
    assert json.loads(web.get("/openapi.json").text)["paths"]["/api/compare"]
