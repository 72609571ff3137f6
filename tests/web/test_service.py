"""The server as a service: several workers behind one port, figures, log, probes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from digitnet.errors import SettingsError
from digitnet.web.metrics import Metrics, as_label
from digitnet.web.observation import HEADER
from digitnet.web.supervisor import Supervisor
from support.helpers import assert_one_sentence, digitnet_process
from support.served import NINE, Served, client, served

several = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
TOKEN = "a-token-for-tests"


def workers_of(server: Served) -> set[int]:
    """The processes below a server's."""
    process = server.process.pid
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return {int(each) for each in found}


def gone(process: int, seconds: float = 60.0) -> bool:
    """Whether a process ends in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def figure(text: str, name: str, **labels: str) -> float:
    """One figure of a page of metrics; 0 where it is not there."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:{{(.*)}})? ([0-9.e+]+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
            return float(found[2])
    return 0.0


@several
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_a_worker_that_dies_is_replaced_and_all_end_with_the_server(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as server, server.client() as web:
        before = workers_of(server)
        assert len(before) == 2
        assert web.post("/api/predict", content=NINE.read_bytes()).status_code == 200
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until = time.monotonic() + 120
        while time.monotonic() < until and len(workers_of(server) - {victim}) < 2:
            time.sleep(0.05)
        after = workers_of(server)
        assert len(after) == 2
        assert victim not in after
        with server.client() as another:  # its port was listened on all the time
            answered = another.post("/api/predict", content=NINE.read_bytes())
        assert answered.json()["answers"][0]["label"] == 9
        assert web.post("/api/train", json={"source": "synthetic"}).status_code == 409
        code, said = server.end()
        assert code == 143
        assert f"Worker {victim} has died (SIGKILL); another takes its place." in said
        assert "Traceback" not in said
        assert all(gone(process) for process in after)


@several
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as server:
        workers = workers_of(server)
        server.end(signal.SIGKILL)
        assert all(gone(process) for process in workers)


@several
def test_the_figures_of_all_workers_are_added_up(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client", reason="needs prometheus-client")
    with served(tmp_path, "--workers", "2") as server:

        def ask(number: int) -> int:
            with server.client() as web:  # a connection each, so that both workers have some
                content = NINE.read_bytes() if number else b"no picture"
                return web.post("/api/predict", content=content).status_code

        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(ask, range(12)))
        assert sorted(statuses) == [200] * 11 + [422]
        with server.client() as web:
            text = web.get("/metrics").text
        assert figure(text, "digitnet_answers_total", path="/api/predict", kind="answered") == 11
        assert figure(text, "digitnet_answers_total", path="/api/predict", kind="unreadable") == 1
        assert figure(text, "digitnet_request_seconds_count", path="/api/predict") == 12
        for state in ("waiting", "working"):
            assert figure(text, "digitnet_queue", queue="light", state=state) == 0
        server.end()


def test_figures_count_requests_answers_and_refusals(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client", reason="needs prometheus-client")
    with client(tmp_path, guard={"token": TOKEN}) as web:
        assert web.get("/metrics").status_code == 401  # the figures are for those who run it
        web.headers["authorization"] = f"Bearer {TOKEN}"
        assert web.post("/api/predict", content=NINE.read_bytes()).status_code == 200
        web.get("/static/none-such"), web.get("/none-such/" + "x" * 50)
        answer = web.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    assert figure(text, "digitnet_refusals_total", status="401") == 1
    asked = {"path": "/api/predict", "method": "POST", "status": "200"}
    assert figure(text, "digitnet_requests_total", **asked) == 1
    assert figure(text, "digitnet_request_seconds_bucket", path="/api/predict", le="+Inf") == 1
    other = {"path": "other", "method": "GET", "status": "404"}
    assert figure(text, "digitnet_requests_total", **other) == 1
    assert figure(text, "digitnet_connections") == 1


def test_clients_cannot_make_labels() -> None:
    paths = ("/", "/x", "/static/a", "/static/b", "/api/models/m.zip", "/api/predict/../x")
    assert {as_label(path) for path in paths} == {"/", "other", "/static/*", "/api/models/*"}


def test_without_prometheus_client_the_page_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    metrics = Metrics()
    metrics.request("/", "GET", 200, 0.1)
    metrics.answers("/", {"answered": 1})
    metrics.queue("light", 1, 1)
    metrics.connections(1)
    with client(tmp_path) as web:
        answer = web.get("/metrics")
        assert web.post("/api/predict", content=NINE.read_bytes()).status_code == 200
    assert answer.status_code == 404
    assert "pip install 'digitnet[metrics]'" in answer.json()["error"]


def test_live_and_ready_are_two_things(tmp_path: Path) -> None:
    with client(tmp_path, guard={"token": TOKEN}) as web:  # neither asks for the token
        assert web.get("/live").json() == web.get("/ready").json() == {"status": "ok"}
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "model.json").write_text("damaged")
        not_ready = web.get("/ready")
        assert not_ready.status_code == 503
        assert "model" in not_ready.json()["error"]
        assert str(tmp_path) not in not_ready.json()["error"]
        assert web.get("/live").status_code == 200


def test_the_log_has_a_line_of_json_for_each_request(tmp_path: Path) -> None:
    log = tmp_path / "requests.log"
    with (
        served(tmp_path, "--log", str(log), "--token", TOKEN) as server,
        server.client(headers={"authorization": f"Bearer {TOKEN}"}) as web,
    ):
        mine = web.post("/api/predict", content=NINE.read_bytes(), headers={HEADER: "mine-1"})
        assert mine.headers[HEADER] == "mine-1"
        drawn = web.get(f"/api/models?token={TOKEN}", headers={HEADER: 'no "identity"\x7f'})
        assert re.fullmatch(r"[0-9a-f]{16}", drawn.headers[HEADER])
        assert server.end() == (143, "")
    text = log.read_text()
    assert TOKEN not in text
    assert text.isascii()
    first, second = (json.loads(line) for line in text.splitlines())
    told = ("event", "request", "method", "path", "status", "answers")
    assert [first[name] for name in told] == [
        "request", "mine-1", "POST", "/api/predict", 200, {"answered": 1},
    ]  # fmt: skip
    assert 0 < first["seconds"] < 60
    assert (second["request"], second["path"]) == (drawn.headers[HEADER], "/api/models")


def test_the_token_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITNET_TOKEN", TOKEN)
    with served(tmp_path) as server:
        assert server.address.endswith(f"/?token={TOKEN}")
        port = int(server.address.partition("/?")[0].rpartition(":")[2])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web:
            assert web.get("/api/models").status_code == 401
        server.end()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--workers", "0"), "1 to 64 workers"),
        (("--workers", "65"), "1 to 64 workers"),
        (("--log", "none/such/x.log"), "The log none/such/x.log cannot be written"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    assert_one_sentence(digitnet_process("serve", "--port", "0", *words, cwd=tmp_path), sentence)


@several
def test_workers_that_die_at_once_are_not_begun_for_ever() -> None:
    def dies(ready: object, alive: int) -> None:
        raise SystemExit(3)

    with pytest.raises(SettingsError, match="ended before it could answer"):
        Supervisor(2, dies).run(lambda: False, lambda: None)


@several
def test_a_port_that_is_taken_is_named_before_any_worker_begins(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = digitnet_process("serve", "--port", port, "--workers", "2", cwd=tmp_path)
    assert_one_sentence(done, f"port {port}")
