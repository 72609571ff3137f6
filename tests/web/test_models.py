"""Models through the web server: listed, as numbers for the page, as a zip, and kept fresh."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest

from digitnet.models.box import in_box
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, predictor
from digitnet.nn import Network
from support.helpers import small_model
from support.served import NINE


def decoded(content: bytes) -> tuple[dict, list[np.ndarray]]:
    """Header and arrays of /api/model, read by the contract alone."""
    length = int.from_bytes(content[:4], "little")
    assert (4 + length) % 4 == 0
    header = json.loads(content[4 : 4 + length])
    numbers = np.frombuffer(content, "<f4", offset=4 + length)
    layers = [layer for member in header["members"] for layer in member["layers"]]
    described = [parameter for layer in layers for parameter in layer["parameters"]]
    described += (header["calibration"]["novelty"] or {"arrays": []})["arrays"]
    arrays = []
    for each in described:
        size, first = int(np.prod(each["shape"])), each["offset"]
        arrays.append(numbers[first : first + size].reshape(each["shape"]))
    assert sum(array.size for array in arrays) == numbers.size
    return header, arrays


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_bytes_decoded_are_the_models_own_arrays(web: httpx.Client, name: str) -> None:
    answered = web.get("/api/model", params={"name": name})
    assert answered.headers["content-type"] == "application/octet-stream"
    header, arrays = decoded(answered.content)
    model = load_model(in_box(name))
    network = predictor(model.network)
    assert isinstance(network, Network)
    own = list(network.parameters.values())
    assert model.calibration.novelty is not None
    own += list(model.calibration.novelty.arrays.values())
    assert len(arrays) == len(own)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, own, strict=True))
    assert header["name"] == name
    assert header["calibration"]["temperature"] == model.calibration.temperature
    assert header["calibration"]["novelty"]["most"] == model.calibration.most_novelty
    kinds = [layer["kind"] for layer in header["members"][0]["layers"]]
    assert kinds == [type(layer).__name__ for layer in network.layers]


def test_weights_are_sent_again_only_if_they_changed(web: httpx.Client, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    save_model(small_model(rng), tmp_path / "models" / "mine")
    first = web.get("/api/model?name=mine")
    etag = first.headers["etag"]
    again = web.get("/api/model?name=mine", headers={"if-none-match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    save_model(small_model(rng), tmp_path / "models" / "mine")
    changed = web.get("/api/model?name=mine", headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    (own,) = decoded(changed.content)[1][:1]
    kept = load_model(tmp_path / "models" / "mine").network
    assert np.array_equal(own, kept.parameters["W1"])


def test_the_list_has_the_box_and_ones_own_with_their_figures(
    web: httpx.Client, tmp_path: Path
) -> None:
    listed = {model["name"]: model for model in web.get("/api/models").json()["models"]}
    assert list(listed) == ["cnn", "mlp"]
    mlp = listed["mlp"]
    assert (mlp["kind"], mlp["parameters"]) == ("box", 50_890)
    assert mlp["network"].endswith("64-10")
    assert mlp["bytes"] > 4 * 50_890
    assert 0.9 < mlp["validation_accuracy"] < 1
    assert [name for name, model in listed.items() if model["default"]] == ["cnn"]

    rng = np.random.default_rng(1)
    save_model(small_model(rng), tmp_path / "models" / "mine")
    save_model(small_model(rng), tmp_path / "models" / "not one of ours")
    save_model(small_model(rng), tmp_path / "model")
    broken = tmp_path / "models" / "broken"
    save_model(small_model(rng), broken)
    (broken / "W1.npy").write_bytes(b"damaged")
    listed = {model["name"]: model for model in web.get("/api/models").json()["models"]}
    assert sorted(listed) == ["cnn", "mine", "mlp", "model"]
    assert [name for name, model in listed.items() if model["default"]] == ["model"]
    assert listed["mine"]["kind"] == "own"
    assert listed["mine"]["validation_accuracy"] is None
    damaged = web.get("/api/model?name=broken")
    assert damaged.status_code == 422
    assert "W1.npy" in damaged.json()["error"]
    header, _ = decoded(web.get("/api/model").content)
    assert header["name"] == "model"


def test_a_zip_holds_the_folder_and_loads(web: httpx.Client, tmp_path: Path) -> None:
    answered = web.get("/api/models/mlp.zip")
    assert answered.headers["content-type"] == "application/zip"
    assert answered.headers["content-disposition"] == 'attachment; filename="mlp.zip"'
    with zipfile.ZipFile(io.BytesIO(answered.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    again = load_model(tmp_path / "unpacked" / "mlp")
    assert again.predict(NINE).label == 9
    assert web.get("/api/models/mlp.zip").content == answered.content
    etag = {"if-none-match": answered.headers["etag"]}
    assert web.get("/api/models/mlp.zip", headers=etag).status_code == 304
    assert web.get("/api/models/nobody.zip").status_code == 404


def test_a_zip_leaves_out_what_is_not_a_models(web: httpx.Client, tmp_path: Path) -> None:
    mine = tmp_path / "models" / "mine"
    save_model(small_model(np.random.default_rng(1)), mine)
    (mine / "diary.txt").write_text("nobody's business")
    with zipfile.ZipFile(io.BytesIO(web.get("/api/models/mine.zip").content)) as archive:
        names = archive.namelist()
    assert sorted(names) == sorted(
        f"mine/{n}" for n in ("W1.npy", "b1.npy", "W2.npy", "b2.npy", "model.json")
    )


def test_a_model_of_other_classes_says_why_it_cannot_answer(
    web: httpx.Client, tmp_path: Path
) -> None:
    letters = small_model(np.random.default_rng(1))
    other = Model(letters.network, tuple("ABCDEFGHIJ"), training={"source": "a test"})
    save_model(other, tmp_path / "models" / "letters")
    answered = web.post("/api/predict?model=letters", content=NINE.read_bytes())
    assert answered.status_code == 422
    assert "other classes" in answered.json()["error"]


def test_a_model_that_stretches_cannot_read_pages(web: httpx.Client, tmp_path: Path) -> None:
    stretched = small_model(np.random.default_rng(1), framing="stretch")
    save_model(stretched, tmp_path / "models" / "wide")
    assert web.post("/api/predict?model=wide", content=NINE.read_bytes()).status_code == 200
    answered = web.post("/api/read?model=wide", content=NINE.read_bytes())
    assert answered.status_code == 422
    assert "stretch" in answered.json()["error"]


def test_a_model_that_goes_while_the_server_runs_is_gone(web: httpx.Client, tmp_path: Path) -> None:
    place = tmp_path / "models" / "mine"
    save_model(small_model(np.random.default_rng(1)), place)
    assert web.get("/api/model?name=mine").status_code == 200
    shutil.rmtree(place)
    assert web.get("/api/model?name=mine").status_code == 404


def test_the_one_page_export_is_offered(web: httpx.Client) -> None:
    assert "html" in web.get("/api/models").json()["exports"]
    answered = web.get("/api/models/mlp.html")
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-disposition"] == 'attachment; filename="mlp.html"'
    assert b"<html" in answered.content[:200]


def test_what_cannot_be_read_is_listed_with_its_reason(
    web: httpx.Client, tmp_path: Path, rng: np.random.Generator
) -> None:
    save_model(small_model(rng), tmp_path / "models" / "good")
    save_model(small_model(rng), tmp_path / "models" / "bad")
    (tmp_path / "models" / "bad" / "model.json").write_text('{"version": 1, "training": 5}')
    save_model(small_model(rng), tmp_path / "elsewhere")
    (tmp_path / "models" / "linked").symlink_to(tmp_path / "elsewhere")
    answered = web.get("/api/models").json()
    assert [model["name"] for model in answered["models"]] == ["cnn", "mlp", "good"]
    reasons = {each["name"]: each["reason"] for each in answered["unreadable"]}
    assert reasons.keys() == {"bad", "linked"}
    assert "model.json is damaged" in reasons["bad"]
    assert "symbolic link" in reasons["linked"]
    assert web.get("/api/models/linked.zip").status_code == 422
