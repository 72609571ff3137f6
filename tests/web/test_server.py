"""`digitnet serve` in a process of its own: how it starts, what it survives, and how it ends."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from benchmarks.heavy_pictures import children, mebibytes
from PIL import Image

from digitnet.models.folder import load_model, save_model
from digitnet.web.server import GRACE
from support.helpers import assert_one_sentence, digitnet_process, small_model
from support.served import NINE, Events, served, small_source, wait_for

LONG = {"source": "bars.npz", "hidden": [8], "epochs": 1000, "batch_size": 1}


def test_it_says_where_it_is_answers_and_ends_quietly(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert server.address.startswith("http://127.0.0.1:")
        assert server.answering == "Model: cnn, in the box.\n"
        with server.client() as web:
            assert web.get("/healthz").json() == {"status": "ok"}
            sent = web.post("/api/predict", content=NINE.read_bytes())
            assert sent.json()["answers"][0]["label"] == 9
        assert server.end(signal.SIGTERM) == (128 + signal.SIGTERM, "")
    with served(tmp_path) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.end(signal.SIGTERM) == (128 + signal.SIGTERM, "")  # impatient
    save_model(small_model(np.random.default_rng(0)), tmp_path / "model")
    with served(tmp_path) as server:
        assert server.answering == f"Model: {tmp_path / 'model'}, since it is there.\n"
        assert server.end(signal.SIGINT) == (128 + signal.SIGINT, "")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_processes_that_decode_end_with_it(number: int, tmp_path: Path) -> None:
    content = io.BytesIO()
    with Image.open(NINE) as nine:
        nine.save(content, "TIFF")
    with served(tmp_path) as server:
        with server.client() as web:
            sent = web.post("/api/predict", content=content.getvalue())
        assert sent.json()["answers"][0]["label"] == 9
        _, *decoding = children(server.process.pid)
        assert len(decoding) == 1
        server.end(number)
    until = time.monotonic() + 120
    while mebibytes(decoding):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_behind_a_proxy_it_goes_by_the_name_that_was_given_and_asks_for_a_token(
    tmp_path: Path,
) -> None:
    with served(tmp_path, "--name", "Digits.example.org") as server, server.client() as web:
        token = server.address.partition("?token=")[2]
        proxied = {"host": "digits.example.org", "authorization": f"Bearer {token}"}
        assert web.get("/api/models", headers=proxied).status_code == 200
        assert web.get("/api/models", headers={"host": proxied["host"]}).status_code == 401
        other = web.get("/api/models", headers={**proxied, "host": "example.org"})
        assert other.status_code == 421
        assert "'example.org'" in other.json()["error"]
        server.end()
    for name in ("https://digits.example.org", "digits.example.org:443", ""):
        done = digitnet_process("serve", "--name", name, cwd=tmp_path)
        assert_one_sentence(done)
        assert "--name" in done.stderr


def test_sigterm_leaves_a_checkpoint_and_the_run_goes_on_after_a_restart(tmp_path: Path) -> None:
    small_source(tmp_path)
    with served(tmp_path) as server, server.client() as web:
        assert web.post("/api/train", json=LONG).status_code == 202
        with web.stream("GET", "/api/train/events") as stream:  # a listener does not hold it up
            events = iter(Events(stream))
            while next(events)[1] != "epoch":
                pass
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            list(events)
        assert server.end(None) == (143, "")
        assert time.monotonic() - started < GRACE
    assert (tmp_path / "models" / "my-model.checkpoint.npz").is_file()
    with served(tmp_path) as server, server.client() as web:
        state = web.get("/api/train").json()
        assert state["state"] == "idle"
        done = state["resumable"]["epoch"]
        assert done >= 1
        answered = web.post("/api/train", json={"name": "my-model", "resume": True})
        assert answered.status_code == 202, answered.text
        while len(web.get("/api/train").json()["epochs"]) <= done:
            time.sleep(0.02)
        end = web.delete("/api/train").json()
        assert end["model"] == "my-model"
        assert load_model(tmp_path / "models" / "my-model").training["epochs_done"] > done
        server.end()


def test_sigterm_lets_a_running_request_be_answered(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    photo = io.BytesIO()
    Image.fromarray(rng.integers(180, 200, (3000, 4000), np.uint8)).save(photo, "JPEG", quality=20)
    files = [("pictures", (f"{i}.jpg", photo.getvalue())) for i in range(4)]
    form = httpx.Request("POST", "http://localhost", files=files)
    body, kind = form.read(), {"content-type": form.headers["content-type"]}
    statuses: list[int] = []
    sent = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield body[:-1]
        sent.set()
        yield body[-1:]

    with served(tmp_path) as server, server.client() as web:
        web.post("/api/predict", content=NINE.read_bytes())  # all is imported

        def ask() -> None:
            statuses.append(web.post("/api/predict", content=pieces(), headers=kind).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        assert sent.wait(60)
        assert not statuses
        code, said = server.end()
        asking.join()
    assert (statuses, code, said) == ([200], 143, "")


def test_a_killed_server_s_run_can_go_on(tmp_path: Path) -> None:
    small_source(tmp_path)
    with served(tmp_path) as server, server.client() as web:
        web.post("/api/train", json=LONG)
        while len(web.get("/api/train").json()["epochs"]) < 2:
            time.sleep(0.02)
        server.end(signal.SIGKILL)
    with served(tmp_path) as server, server.client() as web:
        assert web.get("/api/train").json()["resumable"]["epoch"] >= 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_a_server_ended_with_before_its_first_checkpoint_is_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    with served(tmp_path) as server, server.client() as web:
        assert web.post("/api/train", json={"source": "synthetic"}).status_code == 202
        while not web.get("/api/train").json()["preparing"]:
            time.sleep(0.02)
        server.end(number)
    small_source(tmp_path)
    for _ in range(2):  # until another run begins
        with served(tmp_path) as server, server.client() as web:
            told = web.get("/api/train").json()
            assert (told["state"], told["name"], told["resumable"]) == ("failed", "my-model", None)
            assert "begin this training again" in told["end"]["reason"]
            with web.stream("GET", "/api/train/events") as stream:
                assert next(iter(Events(stream)))[1:] == ("end", told["end"])
            server.end()
    with served(tmp_path) as server, server.client() as web:
        web.post("/api/train", json={"source": "bars.npz", "epochs": 1, "hidden": [8]})
        assert wait_for("finished", web.get)["name"] == "my-model"
        server.end()
    with served(tmp_path) as server, server.client() as web:
        assert web.get("/api/train").json()["state"] == "idle"
        server.end()


def test_events_go_on_over_one_stream_and_from_where_another_broke_off(tmp_path: Path) -> None:
    small_source(tmp_path)
    quick = {"source": "bars.npz", "epochs": 2, "hidden": [8]}
    with served(tmp_path) as server, server.client() as web:
        with web.stream("GET", "/api/train/events") as stream:  # opened before there is a run
            events = iter(Events(stream))
            first = web.post("/api/train", json=quick).json()["run"]
            received = [next(events)]
            while received[-1][1] != "end":
                received.append(next(events))
            assert {identity.partition("-")[0] for identity, _, _ in received} == {first}
            wait_for("finished", web.get)
            second = web.post("/api/train", json=quick).json()["run"]
            assert next(events)[0].startswith(second)  # the next run comes on the same stream
            wait_for("finished", web.get)
        epoch = next(i for i, (_, kind, _) in enumerate(received) if kind == "epoch")
        assert epoch > 0
        state = web.get("/api/train").json()
        number = int(state["last_event_id"].rpartition("-")[2])
        last = {"last-event-id": f"{second}-{number - 1}"}
        with web.stream("GET", "/api/train/events", headers=last) as stream:
            identity, kind, data = next(iter(Events(stream)))
        assert (identity, kind, data) == (state["last_event_id"], "end", state["end"])


def test_browsers_that_are_killed_or_stop_reading_cost_nothing(tmp_path: Path) -> None:
    small_source(tmp_path)
    with served(tmp_path) as server, server.client() as web:
        port = int(server.address.rpartition(":")[2])
        ask = b"GET /api/train/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        settings = {**LONG, "hidden": [100], "batch_size": 100, "epochs": 60}
        assert web.post("/api/train", json=settings).status_code == 202
        before = server.megabytes()
        stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        for connection in stalled:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(ask)  # and never a byte is read
        for _ in range(60):  # more than may listen at once: each must be let go of
            with socket.create_connection(("127.0.0.1", port)) as killed:
                killed.sendall(ask)
                killed.recv(1)
        wait_for("finished", web.get)
        started = time.monotonic()
        assert web.get("/healthz").status_code == 200
        with web.stream("GET", "/api/train/events") as stream:
            assert stream.status_code == 200
            assert next(iter(Events(stream)))[1] in ("preparing", "start")
        grown = server.megabytes() - before
        assert grown < 100, f"{grown:.0f} MB"
        assert server.end() == (143, "")
        assert time.monotonic() - started < GRACE  # nobody waits for those that do not read
        for connection in stalled:
            connection.close()


def test_an_address_for_others_draws_a_token_and_prints_it(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "0.0.0.0") as server:
        address, _, token = server.address.partition("/?token=")
        assert len(token) >= 32
        port = address.rpartition(":")[2]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web:
            assert web.get("/api/models").status_code == 401
            headers = {"authorization": f"Bearer {token}"}
            assert web.get("/api/models", headers=headers).status_code == 200
            opened = web.get("/", params={"token": token}, headers={"host": socket.gethostname()})
            assert opened.status_code == 200
            assert token in opened.headers["set-cookie"]
        _, said = server.end()
        assert token not in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--port", "70000"), "0 to 65535"),
        (("--token", "short"), "8 to 200"),
        (("--token", "with blanks in it"), "8 to 200"),
        (("--folder", "nowhere"), "no folder nowhere"),
        (("--host", "no.such.host.invalid"), "cannot listen on no.such.host.invalid"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    assert_one_sentence(digitnet_process("serve", *words, cwd=tmp_path), sentence)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = digitnet_process("serve", "--port", str(port), cwd=tmp_path)
    assert_one_sentence(done, f"port {port}", "--port")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    block = (
        "import sys; sys.modules['fastapi'] = None;"
        "from digitnet.cli.main import main; sys.exit(main(['serve']))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block], capture_output=True, text=True, cwd=tmp_path
    )
    assert_one_sentence(done, "pip install 'digitnet[web]'")


def test_no_other_command_loads_the_web(tmp_path: Path) -> None:
    code = (
        "import sys; from digitnet.cli.main import main; main(['predict', sys.argv[1]]);"
        "print(sorted({'fastapi', 'uvicorn', 'starlette', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(NINE)], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
