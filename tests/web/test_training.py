"""A training through the web server: begun, followed, stopped, resumed, and adapted."""

from __future__ import annotations

import base64
import itertools
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest

from digitnet.errors import DataError
from digitnet.models.folder import load_model
from digitnet.training.checkpoints import load_checkpoint
from digitnet.training.config import TrainingConfig
from digitnet.training.run import Run, checkpoint_path
from digitnet.web.errors import Problem
from digitnet.web.limits import Limits
from digitnet.web.model_store import ModelStore
from digitnet.web.payloads import epoch_of
from digitnet.web.trainer import Trainer
from support.helpers import bars
from support.served import NINE, Events, client, small_source, wait_for

LONG = {"hidden": [8], "epochs": 1000, "batch_size": 1}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[httpx.Client]:
    small_source(tmp_path)
    with client(tmp_path) as web_client:
        yield web_client


def begin(web: httpx.Client, **settings: Any) -> dict[str, str]:
    answered = web.post("/api/train", json={"source": "bars.npz", "epochs": 3, **settings})
    assert answered.status_code == 202, answered.text
    return answered.json()


def followed(web: httpx.Client, after: str = "") -> list[tuple[str, str, Any]]:
    """Events until `end`, coming back as a browser does whenever the stream ends."""
    events: list[tuple[str, str, Any]] = []
    until = time.monotonic() + 300
    while time.monotonic() < until:
        headers = {"last-event-id": events[-1][0] if events else after}
        with web.stream("GET", "/api/train/events", headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["x-content-type-options"] == "nosniff"
            for event in Events(response):
                events.append(event)
                if event[1] == "end":
                    return events
    raise AssertionError([event[:2] for event in events])


def test_before_any_run_all_is_idle(web: httpx.Client) -> None:
    state = web.get("/api/train").json()
    assert (state["state"], state["run"], state["epochs"]) == ("idle", None, [])
    assert state["resumable"] is None
    nothing = web.delete("/api/train")
    assert nothing.status_code == 404
    assert "No training" in nothing.json()["error"]
    assert web.get("/api/train/events").text.startswith("retry: ")


def test_sources_are_what_lies_there(web: httpx.Client, tmp_path: Path) -> None:
    for name in ("photos/3", "empty", "model", "models", ".hidden/1"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("no digits")
    offered = web.get("/api/sources").json()["sources"]
    assert [source["name"] for source in offered] == ["synthetic", "mnist", "bars.npz", "photos"]
    assert offered[0]["digits"] == 600
    web.post("/api/corrections?label=9", content=NINE.read_bytes())
    offered = web.get("/api/sources").json()["sources"]
    assert offered[2] == {"name": "corrections", "title": "Your corrections", "digits": 1}


def test_every_kind_of_table_is_offered_packed_or_not(web: httpx.Client, tmp_path: Path) -> None:
    row = ",".join(map(str, range(64)))
    tables = ["a.csv", "b.TSV", "c.npy", "d.mat", "e.parquet", "f-ubyte", "g.csv.gz", "h.npz"]
    for name in (
        *tables,
        "i.txt.bz2",
        "no.pkl",
        "no.pdf",
        "no.npz.xz",
        "no.gz",
        "no.png.gz",
        "no.zip",
    ):
        (tmp_path / name).write_text(row)
    (tmp_path / "j.txt").write_text(f"a header\n{row}\n")
    (tmp_path / "no.txt").write_text(f"{row.removesuffix(',63')}\n63\n")
    for name, inside in (
        ("k.zip", ["k.csv"]),
        ("no-2.zip", ["k.png"]),
        ("no-3.zip", ["k.csv"] * 2),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for i, each in enumerate(inside):
                archive.writestr(f"{i}{each}", row)
    os.mkfifo(tmp_path / "pipe.txt")
    offered = [source["name"] for source in web.get("/api/sources").json()["sources"]]
    assert set(offered) - {"synthetic", "mnist", "bars.npz"} == {
        *tables, "i.txt.bz2", "j.txt", "k.zip",
    }  # fmt: skip


def test_a_table_that_is_packed_is_learnt_from(web: httpx.Client, tmp_path: Path) -> None:
    with np.load(tmp_path / "bars.npz") as bars_file:
        images, labels = bars_file["images"], bars_file["labels"]
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    np.savetxt(tmp_path / "packed.csv.gz", rows, fmt="%d", delimiter=",")
    begin(web, source="packed.csv.gz", epochs=1, hidden=[8])
    end = followed(web)[-1][2]
    assert end["state"] == "finished", end


def test_a_run_tells_its_start_its_epochs_its_pictures_and_its_end(
    web: httpx.Client, tmp_path: Path
) -> None:
    begun = begin(web, hidden=[12], learning_rate=0.5, batch_size=16, name="first")
    assert begun["name"] == "first"
    events = followed(web)
    kinds = [kind for _, kind, _ in events]
    data: dict[str, list[Any]] = {kind: [d for _, k, d in events if k == kind] for kind in kinds}
    (start,) = data["start"]
    assert start["run"] == begun["run"]
    assert (start["network"], start["epochs"], start["resumed"]) == ("784-12-10", 3, False)
    assert (start["n_training"], start["n_validation"]) == (540, 60)
    settings = {"source": "bars.npz", "hidden": [12], "learning_rate": 0.5, "batch_size": 16}
    assert start["settings"].items() >= settings.items()
    assert [epoch["epoch"] for epoch in data["epoch"]] == [1, 2, 3]
    assert all(step["n_steps"] == 34 for step in data["step"])
    picture = data["picture"][-1]
    weights = np.frombuffer(base64.b64decode(picture["weights"]), np.uint8)
    assert (picture["n"], picture["n_hidden"], weights.size) == (12, 12, 12 * 784)
    confusion = np.array(picture["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum() == picture["n_validation"] == 60
    (end,) = data["end"]
    best = data["epoch"][end["best_epoch"] - 1]
    assert (end["state"], end["model"]) == ("finished", "first")
    assert end["validation_accuracy"] == best["validation_accuracy"]
    model = load_model(tmp_path / "models" / "first")
    assert model.training["validation_accuracy"] == end["validation_accuracy"]
    W1 = model.network.parameters["W1"]
    if picture["epoch"] == end["best_epoch"]:
        near = np.rint(127.5 + W1.T * (127.5 / np.abs(W1).max())).clip(0, 255)
        assert np.abs(weights.reshape(12, 784).astype(int) - near).max() <= 1
    answered = web.post("/api/predict?model=first", content=NINE.read_bytes())
    assert answered.status_code == 200
    assert web.get("/api/train").json()["end"] == end


def learns_nothing(folder: Path) -> str:
    """Digits in the server's folder whose labels have nothing to do with them."""
    rng = np.random.default_rng(6)
    images = bars(1500, rng).images
    np.savez(folder / "luck.npz", images=images, labels=rng.integers(0, 10, 1500))
    return "luck.npz"


def test_a_run_that_learnt_nothing_says_so_and_is_no_model(
    web: httpx.Client, tmp_path: Path
) -> None:
    begin(web, source=learns_nothing(tmp_path), hidden=[8], epochs=2, learning_rate=0.01)
    end = followed(web)[-1][2]
    assert (end["state"], end["model"]) == ("failed", None)
    assert end["reason"].startswith("Nothing was learnt, and nothing is kept: ")
    assert "% of the 150 validation images are right" in end["reason"]
    assert "try more epochs, learning rate: 0.001 or fewer layers." in end["reason"]
    assert list((tmp_path / "models").iterdir()) == []
    assert web.get("/api/train").json()["resumable"] is None
    names = [each["name"] for each in web.get("/api/models").json()["models"]]
    assert "my-model" not in names


def test_mistakes_are_the_surest_wrong_ones(web: httpx.Client) -> None:
    begin(web, epochs=1, learning_rate=0.001)  # learns next to nothing
    (picture,) = [data for _, kind, data in followed(web) if kind == "picture"]
    wrong = np.array(picture["confusion"])
    n_wrong = int(wrong.sum() - np.trace(wrong))
    assert len(picture["mistakes"]) == min(24, n_wrong) > 0
    sureness = [mistake["probability"] for mistake in picture["mistakes"]]
    assert sureness == sorted(sureness, reverse=True)
    for mistake in picture["mistakes"]:
        assert wrong[mistake["label"], mistake["read_as"]] > 0
        assert mistake["label"] != mistake["read_as"]
        assert base64.b64decode(mistake["frame"]).startswith(b"\x89PNG")


def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(
    web: httpx.Client,
) -> None:
    begin(web)
    events = followed(web)
    identities = [identity for identity, _, _ in events]
    assert len(set(identities)) == len(identities)
    middle = next(i for i, (_, kind, _) in enumerate(events) if kind == "epoch")
    missed = followed(web, after=identities[middle])
    assert [e for e in missed if e[1] == "epoch"] == [
        e for e in events[middle + 1 :] if e[1] == "epoch"
    ]
    assert missed[-1] == events[-1]
    assert all(identity not in identities[: middle + 1] for identity, _, _ in missed)
    by_address = web.get("/api/train/events", params={"after": identities[-1]}).text
    assert "data:" not in by_address
    for foreign in ("other-7", "nonsense", "-", "9" * 60, f"{identities[0][:8]}-x"):
        again = followed(web, after=foreign)
        assert [k for _, k, _ in again].count("start") == 1
        assert [d["epoch"] for _, k, d in again if k == "epoch"] == [1, 2, 3]


def test_one_run_at_a_time(web: httpx.Client) -> None:
    begin(web, **LONG)
    second = web.post("/api/train", json={"source": "bars.npz"})
    assert second.status_code == 409
    assert "my-model" in second.json()["error"]
    assert web.delete("/api/train").status_code == 200
    assert begin(web)["name"] == "my-model-2"  # what was kept is not replaced
    assert wait_for("finished", web.get)["name"] == "my-model-2"


def test_a_stopped_run_keeps_its_best_and_goes_on_to_the_very_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped twice, the second time across a restart, and equal to a run that never stopped."""
    source = small_source(tmp_path)
    settings = {"hidden": [8], "epochs": 60, "batch_size": 2}
    with client(tmp_path) as web, monkeypatch.context() as slowly:
        slowly.setattr("digitnet.web.trainer.epoch_of", slow_epoch)  # or it ends before the stop
        begin(web, **settings)
        while len(web.get("/api/train").json()["epochs"]) < 2:
            time.sleep(0.01)
        end = web.delete("/api/train").json()
        assert (end["state"], end["model"]) == ("stopped", "my-model")
        kept = load_model(tmp_path / "models" / "my-model")
        assert kept.training["best_epoch"] == end["best_epoch"]
        validation = _validation(tmp_path / source)
        accuracy = (kept.probabilities(validation.images).argmax(1) == validation.labels).mean()
        assert accuracy == pytest.approx(end["validation_accuracy"])
        state = web.get("/api/train").json()
        done = state["resumable"]["epoch"]
        assert state["resumable"]["name"] == "my-model"
        assert state["resumable"]["settings"].items() >= settings.items()
        assert 2 <= done < 60
    with client(tmp_path) as web:
        state = web.get("/api/train").json()
        assert state["state"] == "idle"
        assert state["resumable"]["epoch"] == done
        answered = web.post("/api/train", json={"name": "my-model", "resume": True})
        assert answered.json()["name"] == "my-model"
        events = followed(web)
        (start,) = [data for _, kind, data in events if kind == "start"]
        assert (start["resumed"], start["epochs_done"]) == (True, done)
        epochs = [data["epoch"] for _, kind, data in events if kind == "epoch"]
        assert epochs == list(range(1, 61))
        assert events[-1][2]["state"] == "finished"
        assert web.get("/api/train").json()["resumable"] is None
        gone = web.post("/api/train", json={"name": "my-model", "resume": True})
        assert gone.status_code == 404
    resumed = load_model(tmp_path / "models" / "my-model").network
    config = TrainingConfig(source=str(tmp_path / source), **{**settings, "hidden": (8,)})
    whole = Run(config, bars(600, np.random.default_rng(5)), tmp_path / "whole")
    for _ in whole.events():
        pass
    assert np.array_equal(resumed.vector, whole.network.vector)


def slow_epoch(event: Any, run: Run) -> dict[str, Any]:
    time.sleep(0.5)
    return epoch_of(event, run)


def _validation(source: Path) -> Any:
    from digitnet.data.sources import open_source

    config = TrainingConfig(source=str(source))
    dataset = open_source(source)
    return dataset.split(config.validation, np.random.default_rng(config.seed))[1]


def test_the_run_that_was_stopped_last_goes_on_where_none_is_named(web: httpx.Client) -> None:
    for name in ("first", "second"):
        begin(web, **LONG, name=name)
        while not web.get("/api/train").json()["epochs"]:
            time.sleep(0.01)
        web.delete("/api/train")
    assert web.get("/api/train").json()["resumable"]["name"] == "second"
    assert web.post("/api/train", json={"resume": True}).json()["name"] == "second"
    assert web.get("/api/train").json()["resumable"]["name"] == "first"
    web.delete("/api/train")
    named = web.post("/api/train", json={"resume": True, "name": "first"})
    assert named.json()["name"] == "first"
    web.delete("/api/train")


def test_a_run_stopped_before_its_first_epoch_leaves_no_model(web: httpx.Client) -> None:
    begin(web, hidden=[1024] * 4, batch_size=1, epochs=2)
    while web.get("/api/train").json()["start"] is None:
        time.sleep(0.01)
    end = web.delete("/api/train").json()
    assert (end["state"], end["model"], end["best_epoch"]) == ("stopped", None, None)
    assert web.get("/api/train").json()["resumable"]["epoch"] == 0
    assert [m["kind"] for m in web.get("/api/models").json()["models"]] == ["box", "box"]


def test_a_run_stopped_while_digits_are_drawn_ends_at_once(tmp_path: Path) -> None:
    with client(tmp_path, n_synthetic=300_000) as web:
        assert web.post("/api/train", json={}).status_code == 202
        while web.get("/api/train").json()["preparing"] is None:
            time.sleep(0.01)
        assert web.get("/api/train").json()["state"] == "running"
        end = web.delete("/api/train").json()
    assert (end["state"], end["model"]) == ("stopped", None)


def test_a_run_that_diverges_says_so_and_the_next_one_may_begin(web: httpx.Client) -> None:
    begin(web, activation="relu", hidden=[64, 64, 64], learning_rate=1000.0, name="wild")
    end = followed(web)[-1][2]
    assert end["state"] == "failed"
    assert "learning rate" in end["reason"]
    begin(web)
    assert wait_for("finished", web.get)["end"]["model"] == "my-model"


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"epochs": 0}, 422, "epochs: "),
        ({"epochs": "many"}, 422, "epochs: "),
        ({"hidden": [0]}, 422, "hidden.0: "),
        ({"hidden": []}, 422, "hidden: "),
        ({"hidden": [64] * 5}, 422, "hidden: "),
        ({"learning_rate": -1}, 422, "learning_rate: "),
        ({"activation": "step"}, 422, "activation: "),
        ({"name": "../../x"}, 422, "name: "),
        ({"name": "a/b"}, 422, "name: "),
        ({"surprise": 1}, 422, "surprise: "),
        ({"source": "../secret"}, 404, "no digits of that name"),
        ({"source": "/etc"}, 404, "no digits of that name"),
        ({"start": "nobody"}, 404, "no model nobody"),
        ({"name": "nobody", "resume": True}, 404, "no stopped run nobody"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    web: httpx.Client, settings: dict[str, Any], status: int, words: str
) -> None:
    answered = web.post("/api/train", json=settings)
    assert answered.status_code == status
    assert words in answered.json()["error"]
    assert web.get("/api/train").json()["state"] == "idle"


def test_a_body_that_is_not_json_is_refused(web: httpx.Client) -> None:
    for content in (b"{", b"\xff\xfe", b"[]", b"null", b'{"learning_rate": NaN}'):
        kind = {"content-type": "application/json"}
        answered = web.post("/api/train", content=content, headers=kind)
        assert answered.status_code in (400, 422), content
        assert list(answered.json()) == ["error"]


def test_a_place_that_cannot_be_written_is_said_before_the_run(
    web: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "models").write_text("a file in the way")
    answered = web.post("/api/train", json={"source": "bars.npz"})
    assert answered.status_code == 507
    assert "models" in answered.json()["error"]
    (tmp_path / "models").unlink()
    begin(web)
    wait_for("finished", web.get)


def test_a_source_that_is_damaged_ends_the_run_with_a_sentence(
    web: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "bars.npz").write_bytes(b"no archive")
    begin(web)
    end = wait_for("failed", web.get)["end"]
    assert "bars.npz" in end["reason"]
    assert end["model"] is None


def test_a_run_that_fails_names_options_as_the_page_has_them(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unclear(*words: Any, **named: Any) -> Any:
        raise DataError("Where the labels stand is unclear.", "say {labels:first} or {per_class}.")

    monkeypatch.setattr("digitnet.web.trainer.open_source", unclear)
    begin(web)
    reason = wait_for("failed", web.get)["end"]["reason"]
    assert reason == "Where the labels stand is unclear; say labels: first or per class."


def test_corrections_teach_a_model_in_the_box_one_s_own_hand(tmp_path: Path) -> None:
    with client(tmp_path) as web:
        for label in (7, 4):
            picture = NINE.with_name(f"digi_{label}.png").read_bytes()
            web.post(f"/api/corrections?label={label}", content=picture)
        answered = web.post(
            "/api/train",
            json={"source": "corrections", "start": "mlp", "epochs": 1, "name": "hand"},
        )
        assert answered.status_code == 202, answered.text
        state = wait_for("finished", web.get)
        assert state["end"]["model"] == "hand"
        assert state["start"]["settings"]["start"] == "mlp"
        assert state["start"]["settings"]["source"] == "corrections"
        read = web.post("/api/predict?model=hand", content=NINE.read_bytes()).json()
        assert read["answers"][0]["label"] == 9  # nothing is forgotten
        # And from the beginning, with other digits beside the few.
        answered = web.post("/api/train", json={"source": "corrections", "epochs": 1})
        state = wait_for("finished", web.get)
        assert state["start"]["n_training"] > 500
    made = load_model(tmp_path / "models" / "hand")
    assert made.training["plan"]["start"] == "mlp"


def test_corrections_of_one_digit_alone_are_said_to_be_too_few(tmp_path: Path) -> None:
    with client(tmp_path) as web:
        web.post("/api/corrections?label=9", content=NINE.read_bytes())
        web.post("/api/train", json={"source": "corrections"})
        end = wait_for("failed", web.get)["end"]
    assert "add pictures of another digit" in end["reason"]


def test_a_damaged_checkpoint_is_not_offered_and_refused(web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    path = checkpoint_path(tmp_path / "models" / "torn")
    path.write_bytes(b"PK\x03\x04 half a file")
    assert web.get("/api/train").json()["resumable"] is None
    answered = web.post("/api/train", json={"name": "torn", "resume": True})
    assert answered.status_code == 422
    assert "damaged" in answered.json()["error"]
    begun = begin(web, name="torn")  # its checkpoint is not written over
    assert begun["name"] == "torn-2"
    wait_for("finished", web.get)
    assert path.read_bytes().startswith(b"PK\x03\x04 half")


def test_more_listeners_than_there_may_be_are_refused(tmp_path: Path) -> None:
    with client(tmp_path, streams=2, stream_seconds=600.0) as web:
        opened = [web.stream("GET", "/api/train/events") for _ in range(2)]
        for stream in opened:
            stream.__enter__()
        refused = web.get("/api/train/events")
        assert refused.status_code == 503
        for stream in opened:
            stream.__exit__(None, None, None)
        until = time.monotonic() + 120
        while True:
            with web.stream("GET", "/api/train/events") as again:
                if again.status_code == 200:
                    break
            assert time.monotonic() < until


def test_steps_are_sent_at_most_five_times_a_second(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that goes a 64th of a second whenever it is read: 13 of them are 0.2 s or more."""
    readings = itertools.count(64)
    clock = SimpleNamespace(monotonic=lambda: next(readings) / 64)
    monkeypatch.setattr("digitnet.web.trainer.time", clock)
    begin(web, epochs=4, batch_size=2)  # 270 steps each
    sent = [270 * (d["epoch"] - 1) + d["step"] for _, kind, d in followed(web) if kind == "step"]
    gaps = np.diff(sent)
    assert np.median(gaps) == gaps.max() == 13
    assert gaps.min() >= 11  # the end of an epoch reads the clock too, up to twice
    assert sent[0] == 1
    assert sent[-1] > 4 * 270 - 13


def test_the_checkpoint_of_a_running_training_is_whole_at_any_time(
    web: httpx.Client, tmp_path: Path
) -> None:
    begin(web, **LONG)
    while not web.get("/api/train").json()["epochs"]:
        time.sleep(0.01)
    seen = [load_checkpoint(checkpoint_path(tmp_path / "models" / "my-model")) for _ in range(20)]
    assert seen[-1].epochs_done >= 1
    assert json.dumps(seen[-1].run)
    assert Limits().n_synthetic == 100_000
    assert web.get("/api/train").json()["resumable"] is None  # nobody may go on with it now
    web.delete("/api/train")


def test_one_odd_file_breaks_no_list(tmp_path: Path) -> None:
    """Names that are not UTF-8, pipes, links to nowhere, notes and checkpoints that are none."""
    small_source(tmp_path)
    folders = [os.fsencode(tmp_path) + b"/Fotos-M\xfcller", os.fsencode(tmp_path) + b"/\xff"]
    for folder in folders:
        Path(os.fsdecode(folder + b"/7")).mkdir(parents=True)
    for name in ("pipe.csv", "pipe.npz", "pipe.txt", "models/pipe.checkpoint.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        os.mkfifo(tmp_path / name)
    os.mkfifo(tmp_path / "models" / ".begun.json")
    (tmp_path / "digits" / "3").mkdir(parents=True)
    os.mkfifo(tmp_path / "digits" / "3" / "3.png")
    (tmp_path / "nowhere.npz").symlink_to(tmp_path / "is-not-there")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "models" / "link.checkpoint.npz").symlink_to(tmp_path / "bars.npz")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/models/\xff.checkpoint.npz")).write_bytes(b"")
    kept = tmp_path / "corrections" / "5"
    kept.mkdir(parents=True)
    os.mkfifo(kept / "pipe.png")
    (kept / "link.png").symlink_to(NINE)
    with client(tmp_path) as web:
        listed = web.get("/api/sources").json()["sources"]
        titles = {each["name"]: each["title"] for each in listed}
        assert list(titles) == [
            "synthetic",
            "mnist",
            r"Fotos-M\xfcller",
            "bars.npz",
            "digits",
            r"\xff",
        ]
        assert titles[r"Fotos-M\xfcller"] == r"Folder Fotos-M\xfcller (to be renamed first)"
        refused = web.post("/api/train", json={"source": r"Fotos-M\xfcller"})
        assert refused.status_code == 422
        assert r"Fotos-M\xfcller is not UTF-8" in refused.json()["error"]
        assert web.get("/api/corrections").json()["count"] == 0
        assert web.get("/api/train").json()["state"] == "idle"
        assert web.get("/api/train").json()["resumable"] is None


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": 5}',
        b'{"name": "../x"}',
        b'{"name": "cnn"}',
        b"\xff",
        b"[" * 999,
    ],
)
def test_a_note_of_a_run_that_makes_no_sense_says_nothing(tmp_path: Path, note: bytes) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".begun.json").write_bytes(note)
    with client(tmp_path) as web:
        assert web.get("/api/train").json()["state"] == "idle"


def test_whoever_stops_a_run_that_does_not_end_is_not_kept_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits()
    trainer = Trainer(ModelStore(tmp_path, limits), limits)
    monkeypatch.setattr("digitnet.web.trainer.LONGEST_STOP", 0.01)
    end = threading.Event()
    trainer._thread, trainer._state = threading.Thread(target=end.wait), "running"
    trainer._thread.start()
    try:
        with pytest.raises(Problem, match="not done"):
            trainer.stop()
    finally:
        end.set()
        trainer._thread.join(10)
