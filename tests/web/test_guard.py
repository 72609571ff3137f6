"""The guard and the limits: names, tokens, origins, sizes, times and numbers of requests."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from digitnet.web.app import make_app
from digitnet.web.limits import Limits
from digitnet.web.server import Server
from digitnet.web.services import Services
from support.served import NINE, client, png, running

TOKEN = "a-token-for-tests"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[httpx.Client]:
    with client(tmp_path, guard={"token": TOKEN}) as web_client:
        yield web_client


def test_every_answer_carries_the_security_headers(web: httpx.Client) -> None:
    answers = [
        web.get("/"), web.get("/static/common/style.css"), web.get("/docs"), web.get("/healthz"),
        web.get("/nowhere"), web.post("/api/predict"), web.get("/", headers={"host": "evil.com"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404, 422, 421]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "cache-control" in answer.headers
        assert "server" not in answer.headers


def test_the_pages_hold_no_inline_scripts_and_fetch_nothing_from_elsewhere(
    web: httpx.Client,
) -> None:
    for path in ("/", "/docs"):
        page = web.get(path).text
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        for address in ('src="http', 'href="http', "src='http", 'src="//', 'href="//'):
            assert address not in page, path
    for line in ("/api/predict", "/api/train/events", "ListedModel", "above 0"):
        assert line in web.get("/docs").text


def test_files_have_their_types_and_are_sent_again_only_if_they_changed(
    web: httpx.Client,
) -> None:
    kinds = {
        "/": "text/html",
        "/static/common/style.css": "text/css",
        "/static/main.js": "text/javascript",
    }
    for path, kind in kinds.items():
        first = web.get(path)
        assert first.headers["content-type"].startswith(kind), path
        assert first.headers["cache-control"] == "no-cache"
        again = web.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
    assert web.head("/").status_code == 200
    assert web.post("/static/main.js").status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200), ("localhost", 200), ("LocalHost:1", 200), ("[::1]:8000", 200),
        ("127.9.9.9", 200), ("evil.example", 421), ("evil.example:8000", 421), ("10.0.0.7", 421),
        ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421), ("", 421), ("[", 421),
    ],
)  # fmt: skip
def test_only_names_of_this_machine_are_answered(web: httpx.Client, host: str, status: int) -> None:
    answered = web.get("/healthz", headers={"host": host})
    assert answered.status_code == status
    assert ("error" in answered.json()) == (status == 421)


def test_other_names_are_answered_where_they_were_given(tmp_path: Path) -> None:
    guard = {"token": TOKEN, "hosts": ["Desk.local"], "addresses": True}
    with client(tmp_path, guard=guard) as web:
        for host, status in (
            ("desk.local:80", 200), ("192.168.1.7", 200), ("[fe80::1]", 200), ("evil.example", 421),
        ):  # fmt: skip
            assert web.get("/healthz", headers={"host": host}).status_code == status, host


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),  # a program, not a browser
        ({"sec-fetch-site": "same-origin", "origin": "null"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://127.0.0.1:1"}, True),
    ],
)
def test_only_the_page_itself_may_write(
    web: httpx.Client, headers: dict[str, str], refused: bool, tmp_path: Path
) -> None:
    for send in (
        lambda: web.post("/api/corrections?label=9", content=NINE.read_bytes(), headers=headers),
        lambda: web.post("/api/train", json={"source": "none"}, headers=headers),
        lambda: web.delete("/api/train", headers=headers),
    ):
        answered = send()
        assert (answered.status_code == 403) == refused, answered.text
    assert bool(list(tmp_path.rglob("*.png"))) != refused
    assert web.get("/healthz", headers=headers).status_code == 200


def test_the_own_origin_may_write(web: httpx.Client) -> None:
    origin = str(web.base_url).rstrip("/")
    answered = web.post("/api/predict", content=NINE.read_bytes(), headers={"origin": origin})
    assert answered.status_code == 200


def test_without_the_token_only_the_sign_of_life_is_given(guarded: httpx.Client) -> None:
    assert guarded.get("/healthz").status_code == 200
    wrong: list[dict[str, Any]] = [
        {},
        {"headers": {"authorization": "Bearer wrong-token"}},
        {"headers": {"authorization": TOKEN}},
        {"headers": {"authorization": "Basic " + TOKEN}},
        {"headers": {"cookie": "digitnet_token=wrong"}},
        {"headers": {"cookie": f"other={TOKEN}"}},
        {"params": {"token": "wrong"}},
        {"params": {"token": ""}},
        {"params": {"token": "\u00e4\u00f6"}},
    ]
    for path in ("/", "/static/main.js", "/docs", "/openapi.json", "/api/models", "/api/train"):
        for options in wrong:
            answered = guarded.get(path, **options)
            assert answered.status_code == 401, (path, options)
            assert answered.headers["www-authenticate"] == "Bearer"
            assert "token" in answered.json()["error"]
            assert TOKEN not in answered.text
            assert "set-cookie" not in answered.headers
    assert guarded.post("/api/predict", content=NINE.read_bytes()).status_code == 401


def test_programs_send_the_token_as_bearer(guarded: httpx.Client) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/api/models", headers=headers).status_code == 200
    sent = guarded.post("/api/predict", content=NINE.read_bytes(), headers=headers)
    assert sent.json()["answers"][0]["label"] == 9
    assert "set-cookie" not in sent.headers


def test_the_address_with_the_token_opens_the_page_once_and_for_all(
    guarded: httpx.Client,
) -> None:
    opened = guarded.get("/", params={"token": TOKEN})
    cookie = opened.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert 'url=/"' in opened.text  # on to the address without the token
    assert TOKEN not in opened.text
    page = guarded.get("/")  # with the cookie
    assert page.status_code == 200
    assert "<h1" in page.text
    assert guarded.get("/static/main.js").status_code == 200
    assert "set-cookie" not in page.headers


def test_a_body_that_is_too_large_is_refused_before_and_while_it_comes(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1000)

    with client(tmp_path, body=20_000, json_body=1000) as web:
        for content in (bytes(20_001), pieces()):
            answered = web.post("/api/predict", content=content)
            assert answered.status_code == 413
            assert "20,000 bytes" in answered.json()["error"]
        form = web.post("/api/predict", files={"pictures": bytes(30_000)})
        assert form.status_code == 413
        settings = web.post("/api/train", json={"source": "x" * 2000})
        assert settings.status_code == 413
        assert "1,000 bytes" in settings.json()["error"]
        kind = {"content-type": "application/json"}
        settings = web.post("/api/train", content=pieces(), headers=kind)
        assert settings.status_code == 413, settings.text
        assert web.post("/api/predict", content=NINE.read_bytes()).status_code == 200


def test_too_many_pixels_and_too_many_pictures_are_refused(tmp_path: Path) -> None:
    with client(tmp_path, pixels=10_000, pictures=3) as web:
        large = web.post("/api/predict", content=png(np.zeros((101, 100), np.uint8)))
        assert large.status_code == 422
        assert "limit of 10,000" in large.json()["error"]
        small = png(np.full((30, 30), 255, np.uint8))
        for n, status in ((3, 200), (4, 413), (9, 413)):
            files = [("pictures", (f"{i}.png", small)) for i in range(n)]
            answered = web.post("/api/predict", files=files)
            assert answered.status_code == status, answered.text
        assert "more than 3 pictures" in answered.json()["error"]


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with client(tmp_path, upload_seconds=0.3) as web:
        for kind in ("image/png", "multipart/form-data; boundary=x"):
            with socket.create_connection(("127.0.0.1", web.base_url.port or 0)) as slow:
                head = f"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                slow.sendall(head.encode() + b"Content-Length: 100\r\n\r\n--x\r\n")
                slow.settimeout(120)
                answered = b"".join(iter(lambda: slow.recv(10_000), b""))
            assert b" 408 " in answered.split(b"\r\n")[0], kind
            assert b"did not come within 0.3 seconds" in answered


def held_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Pictures are read only once this has been set."""
    from digitnet.web.routes import reading

    ends, real = threading.Event(), reading.answer_pictures

    def slow(*words: Any, **named: Any) -> Any:
        ends.wait(300)
        return real(*words, **named)

    monkeypatch.setattr(reading, "answer_pictures", slow)
    return ends


def test_work_that_takes_too_long_is_answered_and_then_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two requests that wait get 504 and 503; when the work is over, all is as before."""
    ends = held_up(monkeypatch)
    with client(tmp_path, work_seconds=1.0, wait_seconds=0.5, at_once=1) as web:
        late = web.post("/api/predict", content=NINE.read_bytes())
        assert late.status_code == 504
        assert "the 1 seconds" in late.json()["error"]
        assert web.get("/healthz").status_code == 200  # the loop is free
        busy = web.post("/api/predict", content=NINE.read_bytes())  # the late work has the turn
        assert busy.status_code == 503
        assert busy.headers["retry-after"]
        ends.set()
        until = time.monotonic() + 120
        while web.post("/api/predict", content=NINE.read_bytes()).status_code != 200:
            assert time.monotonic() < until


def test_more_requests_than_may_wait_are_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = held_up(monkeypatch)
    statuses: list[int] = []
    with client(tmp_path, at_once=1, waiting=1, wait_seconds=300, work_seconds=300) as web:

        def ask() -> None:
            statuses.append(web.post("/api/predict", content=NINE.read_bytes()).status_code)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 120
        while len(statuses) < 4 and time.monotonic() < until:
            time.sleep(0.01)
        assert statuses == [503] * 4
        ends.set()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200, 200, 503, 503, 503, 503]


def test_a_light_picture_does_not_wait_for_a_heavy_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread of the queue of heavy pictures waits for a process that decodes."""
    from digitnet.imaging.decoders import _Process

    begun, ends, real = threading.Event(), threading.Event(), _Process.open

    def slow(*words: Any) -> Any:
        begun.set()
        ends.wait(300)
        return real(*words)

    monkeypatch.setattr(_Process, "open", slow)
    content = io.BytesIO()
    with Image.open(NINE) as nine:
        nine.save(content, "TIFF")
    answers: list[httpx.Response] = []
    with client(tmp_path, at_once=1, workers=1, wait_seconds=300, work_seconds=300) as web:

        def ask() -> None:
            answers.append(web.post("/api/predict", content=content.getvalue()))

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert begun.wait(120)
        for path in ("/api/predict", "/api/read", "/api/corrections?label=9"):
            assert web.post(path, content=NINE.read_bytes()).status_code in (200, 201)
        assert not answers
        ends.set()
        for thread in threads:
            thread.join()
    labels = [answer.json()["answers"][0]["label"] for answer in answers]
    assert labels == [9, 9]


def test_a_bug_is_one_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from digitnet.web.routes import reading

    def broken(*words: Any, **named: Any) -> Any:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(reading, "answer_pictures", broken)
    with client(tmp_path) as web:
        answered = web.post("/api/predict", content=NINE.read_bytes())
        assert answered.status_code == 500
        assert "secret" not in answered.text
        assert "Traceback" not in answered.text
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert web.get("/healthz").status_code == 200


ASK = b"GET /api/model?name=cnn HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""Is answered with 320 kB."""


def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    """Otherwise its answer would wait in memory for as long as it likes."""
    with (
        running(tmp_path, stalled_seconds=0.5) as (server, port),
        socket.create_connection(("127.0.0.1", port)) as stalled,
    ):
        stalled.sendall(ASK * 60)  # 20 MB, more than the system takes on the way
        until = time.monotonic() + 120
        while not server.server_state.connections:
            assert time.monotonic() < until
        while server.server_state.connections:
            assert time.monotonic() < until
            time.sleep(0.01)
        stalled.settimeout(120)
        n_read = 0
        with suppress(ConnectionResetError):
            while part := stalled.recv(2**20):
                n_read += len(part)
    assert n_read < 19_000_000


class FakeConnection:
    """So many bytes wait to be read by its client."""

    def __init__(self, size: int) -> None:
        self.size, self.is_open, self.transport = size, True, self

    def get_write_buffer_size(self) -> int:
        return self.size

    def abort(self) -> None:
        self.is_open = False


def test_only_a_client_that_reads_nothing_for_too_long_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=lambda: seconds)
    monkeypatch.setattr("digitnet.web.server.time", clock)
    services = Services(tmp_path, Limits(stalled_seconds=10))
    server = Server(make_app(services), services, "a test")
    stalled, growing, slow, idle = (FakeConnection(size) for size in (1000, 1000, 1000, 0))
    server.server_state.connections |= {stalled, growing, slow, idle}  # type: ignore[arg-type]
    for seconds in range(100, 111):  # ten seconds and the beginning of the first
        asyncio.run(server.on_tick(0))
        assert stalled.is_open, seconds
        growing.size += 1
        slow.size -= 1
    seconds = 111
    asyncio.run(server.on_tick(7))
    assert stalled.is_open, "looked at in every tenth tick only"
    asyncio.run(server.on_tick(10))
    assert (stalled.is_open, growing.is_open, slow.is_open, idle.is_open) == (
        False,
        False,
        True,
        True,
    )
    services.close()
