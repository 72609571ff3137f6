"""Malformed uploads: hundreds of broken pictures and requests, and the server goes on."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from python_multipart import multipart
from python_multipart.exceptions import MultipartParseError

from support.served import NINE, client

N_PICTURES, N_REQUESTS = 240, 150
KINDS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with client(tmp_path_factory.mktemp("served"), body=200_000) as web_client:
        yield web_client


def originals() -> list[bytes]:
    contents = []
    with Image.open(NINE) as image:
        for kind in KINDS:
            content = io.BytesIO()
            image.convert("L").save(content, kind)
            contents.append(content.getvalue())
    return contents


def spoilt(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut off, bytes changed, a piece cut out, twice the same, or noise behind the right head."""
    data = bytearray(content)
    way = rng.integers(5)
    if way == 0:
        return bytes(data[: rng.integers(1, len(data))])
    if way == 1:
        for place in rng.integers(0, len(data), rng.integers(1, 30)):
            data[place] = rng.integers(256)
    elif way == 2:
        first, last = sorted(rng.integers(0, len(data), 2))
        del data[first:last]
    elif way == 3:
        return bytes(data + data)
    else:
        data[rng.integers(4, 40) :] = rng.bytes(int(rng.integers(1, 2000)))
    return bytes(data)


def test_spoilt_pictures_are_read_or_refused_never_a_bug(web: httpx.Client) -> None:
    rng, contents = np.random.default_rng(61), originals()
    refused = 0
    for i in range(N_PICTURES):
        content = spoilt(contents[i % len(contents)], rng)
        path = ("/api/predict", "/api/read", "/api/corrections?label=9")[i % 3]
        answered = web.post(path, content=content)
        assert answered.status_code in (200, 201, 422), (i, path, answered.text)
        if answered.status_code == 422:
            refused += 1
            sentence = answered.json()["error"]
            assert sentence.endswith("."), sentence
            assert "Traceback" not in sentence
    assert refused > N_PICTURES / 4  # the loop does spoil pictures
    assert web.post("/api/predict", content=NINE.read_bytes()).json()["answers"][0]["label"] == 9


def test_spoilt_requests_are_answered_or_closed_never_a_bug(web: httpx.Client) -> None:
    rng = np.random.default_rng(62)
    form = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\n'
    body = form + NINE.read_bytes() + b"\r\n--x--\r\n"
    head = (
        "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    whole = head.encode() + body
    statuses: list[bytes] = []
    for i in range(N_REQUESTS):
        data = bytearray(whole)
        within = len(head) if i % 2 else len(head) + len(form)  # of the head, or of the form too
        for place in rng.integers(0, within, rng.integers(1, 6)):
            data[place] = rng.integers(256)
        with socket.create_connection(("127.0.0.1", web.base_url.port or 0), timeout=120) as raw:
            raw.sendall(bytes(data))
            raw.shutdown(socket.SHUT_WR)
            try:
                answered = b"".join(iter(lambda: raw.recv(65536), b""))
            except ConnectionResetError:  # closed while we were still sending
                answered = b""
        statuses.append(answered.split(b" ")[1] if answered else b"closed")
    assert not {status for status in statuses if status.startswith(b"5")}, statuses
    assert statuses.count(b"200") < N_REQUESTS
    assert web.get("/healthz").status_code == 200


PART = b'--x\r\nContent-Disposition: form-data; name="pictures"'
BROKEN_FORMS = [
    b"", b"x", b"--x", b"--x\r\n", b"--x\r\n\r\n", b"--xx--", b"--x--x", PART, PART + b"\r\n\r\n",
    PART + b"\r\n\r\nabc", PART + b"\r\n\r\nabc\r\n--x", PART + b"\n\nabc\n--x--\n",
    b"--x\r\n: y\r\n", b"--x\r\nA\x00: b\r\n\r\n",
    b"--x\r\nA" + b"a" * 20_000, b"--x\r\nA: " + b"a" * 20_000,
    b"--x\r\n" + b"A: b\r\n" * 500, b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n",
    PART + b'; filename="\xff"\r\nContent-Transfer-Encoding: x\r\n\r\n1\r\n--x--\r\n',
]  # fmt: skip


@pytest.mark.parametrize("kind", ["x", "x; charset=none", '"', "", "x" * 300, "\u00ff"])
def test_broken_forms_are_refused_in_a_sentence(web: httpx.Client, kind: str) -> None:
    """Some versions of what parses them answered 500; pyproject.toml leaves those out."""
    headers = {"content-type": f"multipart/form-data; boundary={kind}".encode("latin-1")}
    for content in BROKEN_FORMS:
        answered = web.post("/api/predict", content=content, headers=headers)
        assert answered.status_code in (400, 422), (content, answered.text)
        assert set(answered.json()) == {"error"}


@pytest.mark.parametrize(
    "start", [b"", PART + b"\r\n\r\n", PART + b"\r\n\r\nb\r\n--x--", b"--x\r\nA:"]
)
@pytest.mark.parametrize("feed", [b"\n", b"\r\n", b"\r", b"\r\n-", b"-"])
def test_line_feeds_cost_no_work_for_each_of_them(start: bytes, feed: bytes) -> None:
    """Lines of the parser's own code that are run are counted: seconds are another machine's.

    Older parsers took them byte by byte: seconds for 31 MB, in which nobody was answered.
    """
    content, n_lines = start + feed * (200_000 // len(feed)), 0

    def traced(frame: FrameType, event: str, _: object) -> Any:
        nonlocal n_lines
        if frame.f_code.co_filename == multipart.__file__:
            n_lines += event == "line"
            return traced
        return None

    parser = multipart.MultipartParser(b"x", {})
    before = sys.gettrace()
    sys.settrace(traced)
    try:
        for first in range(0, len(content), 2**16):
            parser.write(content[first : first + 2**16])
    except MultipartParseError:
        pass  # refused at once
    finally:
        sys.settrace(before)
    assert 0 < n_lines < 100_000
