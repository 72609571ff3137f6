"""Malformed requests over raw sockets: one sentence each, never a bug, and never the token."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest

from attacks.conftest import Attack
from support.served import NINE, running

pytestmark = pytest.mark.promise("no request is a bug")

AT_ONCE = 400
"""Requests; many are not whole, and the server waits for the rest until their time is over."""
TOKEN = "a-token-for-tests"
BEARER = b"Authorization: Bearer " + TOKEN.encode()


def parts_of(text: str, by: str = " ") -> list[str]:
    """The parts of requests that are drawn from."""
    return text.split(by)


METHODS = parts_of(
    "GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT get G\u00c4T PROPFIND A " + "X" * 3000
)
PATHS = parts_of(
    "/ // /docs /docs/ /healthz /healthz/ /openapi.json /static /static/ /static/main.js "
    "/static/../../app.py /static/%2e%2e/app.py /static/..%2f..%2fapp.py /static/%00 "
    "/static/a%00b /static/%ff /static/CON /static//etc/passwd /api /api/models /api/models/ "
    "/api/model /api/models/..zip /api/models/%2e%2e.zip /api/models/%00.zip "
    "/api/models/none.zip /api/models/%ff.zip /api/models/a%2fb.zip /api/model?name=none "
    "/api/models/none /api/models/mlp /api/models/%2e%2e /api/models?name=%ff "
    "/api/models?name=../x /api/compare /api/compare?first=%ff&second=mlp "
    "/api/compare?first=none&second=none&on=%00 /api/compare?first=mlp&second=mlp&on=../x "
    "/api/model?name=%ff /api/model?name=../../x /api/model?name= /api/model?name=%00 "
    "/api/predict /api/predict?stages=2 /api/predict?model=%ff /api/predict?model=none "
    "/api/read /api/read?model=\u00e4 /api/corrections /api/corrections?label=9 "
    "/api/corrections?label=99999999999999999999 /api/corrections?label=NaN "
    "/api/corrections?label=%ff /api/corrections/000000000000 "
    "/api/corrections/..%2f..%2f000000 /api/sources /api/train /api/train/form /api/train/ "
    "/api/train/events?after=%ff /api/train/events?after=a-9999999999999999999999 * x "
    "http://evil.example/ http://localhost/api/train /%ed%a0%80 /%c0%ae%c0%ae/ /%%%% /? /?& "
    "/?token /?token=%ff /?token=wrong&token= /api/train?%74oken=wrong /;token=x /#token"
)
PATHS += ["/static/" + "a" * 5000, "/" + "a/" * 4000, "/api/models/" + "a" * 300 + ".zip"]
HEADERS = parts_of(
    "Host: [|Host: [::1|Host: |Host: a, b|Host: localhost:99999999|Host: \u00e4|"
    "Host: localhost@x|Host: localhost\x00|Origin: http://[|Origin: null|Origin: http://[::1|"
    "Origin: http://localhost|Origin: \u00ff|Origin: //|Origin: http://\u2100|"
    "Origin: http://a]b|Sec-Fetch-Site: same-origin|Sec-Fetch-Site: x|Referer: http://[|"
    "Referer: \u00ff\u00fe|Cookie: digitnet_token|Cookie: =;;=;|"
    "Cookie: digitnet_token=\u00ff|Cookie: digitnet_token=\x01|Authorization: Bearer|"
    "Authorization: Bearer \u00ff|Authorization: \u00ff|Authorization: Basic x|"
    "Content-Length: -1|Content-Length: +1|Content-Length: 1, 2|Content-Length: 0x10|"
    "Content-Length: 99999999999|Content-Length: 9999999999999999999|Content-Length: \u00b2|"
    "Content-Length: |Content-Length: 1e3|Content-Length: 3|Transfer-Encoding: chunked|"
    "Transfer-Encoding: gzip|Transfer-Encoding: chunked, chunked|Transfer-Encoding: identity|"
    "Transfer-Encoding: \u00ff|Content-Encoding: gzip|Expect: 100-continue|Expect: x|"
    "Content-Type: application/json|Content-Type: Application/JSON|Content-Type: \u00ff|"
    "Content-Type: multipart/form-data|Content-Type: Multipart/Form-Data; boundary=x|"
    "Content-Type: multipart/form-data; boundary=|"
    "Content-Type: multipart/form-data; boundary=\u00ff|"
    "Content-Type: multipart/form-data; boundary=x; charset=none|"
    "Content-Type: application/json; x=|Content-Type: application/x-www-form-urlencoded|"
    "Content-Type: ;|Content-Type: multipart/|If-None-Match: \u00ff|If-None-Match: |"
    "If-Modified-Since: x|If-Modified-Since: \u00ff|"
    "If-Modified-Since: Mon, 32 Foo 99999 99:99:99 GMT|If-Range: x|Range: bytes=0-|"
    "Range: bytes=-|Range: bytes=9-1|Range: bytes=a-b|Range: x|"
    "Range: bytes=99999999999999999999-|Range: \u00ff|Range: bytes=0-1,0-1,0-1|"
    "Last-Event-ID: \u00ff|Last-Event-ID: none-1|Last-Event-ID: -|Upgrade: websocket|"
    "Upgrade: h2c|Connection: upgrade|Connection: \u00ff|Connection: close|"
    "Accept-Encoding: \u00ff|X-Forwarded-For: \u00ff|X-Forwarded-Proto: \u00ff|"
    "Forwarded: for=|X: |: x| X: y|X : y|X|X\u00ff: y|X: a\rb|X: \x00",
    by="|",
)
FORM = b'--x\r\nContent-Disposition: form-data; name="pictures"'
BODIES = [
    b"",
    b"x",
    b"{",
    b"[]",
    b"null",
    b"[" * 3000,
    b"1e999",
    b"NaN",
    b'{"source": 1}',
    b'{"a":"\\ud800"}',
    b'{"source": "nothing", "epochs": 1' + b"0" * 400 + b"}",
    b'{"resume": true, "name": "\xff"}',
    b'{"source": "nothing", "hidden": ' + b"[" * 500 + b"]" * 500 + b"}",
    b'{"name": "../x"}',
    b'{"pictures": [1]}',
    b'{"pictures": "data:"}',
    b'{"pictures": ["data:image/png;base64,\xff"]}',
    b"data:",
    b"data:image/png;base64,====",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"fffffffffffffffffff\r\nx",
    b"-1\r\nx\r\n",
    b"3;x=\xff\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"0\r\n\r\n",
    b"3\r\nabcdef\r\n",
    b"--x--",
    b"--x\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n",
    FORM + b"\r\n\r\n\xff\r\n--x--\r\n",
    FORM + b'; filename="\xff\x00"\r\n\r\n1\r\n--x--\r\n',
    FORM + b"; filename*=x''%ff\r\n\r\n1\r\n--x--\r\n",
]


def drawn(rng: np.random.Generator) -> bytes:
    """A request put together of good and bad parts; of every fifth, some bytes are changed."""

    def one_of(parts: list[str]) -> bytes:
        return parts[rng.integers(len(parts))].encode(
            "utf-8" if rng.integers(2) else "latin-1", "replace"
        )

    body = BODIES[rng.integers(len(BODIES))]
    if rng.integers(10) == 0:
        body = NINE.read_bytes()
    method = one_of(METHODS[:5] if rng.integers(3) else METHODS)
    version = (
        b"HTTP/1.1" if rng.integers(20) else (b"HTTP/1.0", b"HTTP/2", b"HTTP/1.1 ")[rng.integers(3)]
    )
    lines = [method + b" " + one_of(PATHS) + b" " + version]
    lines += [b"Host: localhost"] * bool(rng.integers(20))
    lines += [BEARER] * bool(rng.integers(4))
    lines += [b"Content-Length: %d" % len(body)] * bool(rng.integers(4))
    lines += [one_of(HEADERS) for _ in range(rng.integers(4))]
    lines += [b"X-Long: " + b"x" * 70_000] * (not rng.integers(200))
    lines += [b"X%d: y" % i for i in range(500)] * (not rng.integers(200))
    request = bytearray(b"\r\n".join([*lines, b"", body]))
    if rng.integers(5) == 0:
        for place in rng.integers(0, len(request), rng.integers(1, 5)):
            request[place] = rng.integers(256)
    return bytes(request)


def answers_to(port: int, requests: list[bytes]) -> list[bytes]:
    """What comes back to each, sent all at once, until the server closes; b"" for a bare close."""
    with ExitStack() as stack:
        connections = []
        for request in requests:
            address = ("127.0.0.1", port)
            raw = stack.enter_context(socket.create_connection(address, timeout=120))
            with suppress(ConnectionError):  # closed while there was still something to send
                raw.sendall(request)
            connections.append(raw)
        return [all_of(raw) for raw in connections]


def answer_to(port: int, request: bytes) -> bytes:
    """What comes back to one request."""
    return answers_to(port, [request])[0]


def all_of(raw: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionError):
        while part := raw.recv(2**16):
            parts.append(part)
    return b"".join(parts)


def check(answer: bytes, request: bytes) -> int:
    """The status of an answer that is as every answer must be."""
    head, _, body = answer.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100 "):
        head, _, body = body.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    assert status < 500, (request, answer)
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    for name in (b"content-security-policy", b"x-content-type-options", b"cache-control"):
        assert name in headers, (request, answer)
    headers.pop(b"set-cookie", None)  # the way in, for who knew it
    assert TOKEN.encode() not in b"".join(headers.values()) + body, (request, answer)
    if status >= 400 and not request.upper().startswith(b"HEAD"):
        assert body.startswith((b'{"error":"', b'{"error": "')), (request, answer)
    return status


@pytest.fixture
def port(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[int]:
    """Of a server that wants its token, and at whose end the log was short and without it."""
    limits = {"json_body": 20_000, "body": 200_000, "head_seconds": 1.0, "upload_seconds": 1.0}
    with running(tmp_path, guard={"token": TOKEN}, **limits) as (_, of_server):
        yield of_server
    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err
    assert "Traceback" not in said.err
    assert len(said.err) < 1000, said.err


def test_malformed_requests_are_refused_in_a_sentence(port: int, attack: Attack) -> None:
    rng = np.random.default_rng(13)
    statuses: Counter[int] = Counter()
    requests = [drawn(rng) for _ in attack.times(20_000)]
    for first in range(0, len(requests), AT_ONCE):
        several = requests[first : first + AT_ONCE]
        for request, answer in zip(several, answers_to(port, several), strict=True):
            statuses[check(answer, request) if answer else 0] += 1
    assert {200, 400, 401, 403, 404, 405, 421, 422} <= set(statuses), statuses
    assert statuses[0] < statuses.total() / 3, statuses


def good(method: str, path: str, *lines: str, body: bytes = b"") -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", BEARER.decode()]
    return (
        "\r\n".join([*head, f"Content-Length: {len(body)}", *lines, "", ""]).encode("latin-1")
        + body
    )


def test_the_token_of_an_address_never_comes_back(port: int, attack: Attack) -> None:
    """Some addresses are answered with a redirect, which repeats the query."""
    for path in PATHS:
        if path.startswith("/"):
            bare = path.partition("?")[0].partition("#")[0]
            for query in (f"?token={TOKEN}", f"?a=b&token={TOKEN}", f"?%74oke%6e={TOKEN}&b=%ff"):
                request = good("GET", bare.encode("ascii", "replace").decode() + query)
                answer = answer_to(port, request)
                check(answer, request)
                attack.tried()


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "text/plain", ""])
def test_how_large_a_body_may_be_goes_by_the_address(port: int, kind: str) -> None:
    lines = [f"Content-Type: {kind}"] if kind else []
    for path, most in (("/api/train", 20_000), ("/api/predict", 200_000), ("/healthz", 20_000)):
        for n, refused in ((most, False), (most + 1, True)):
            answer = answer_to(port, good("POST", path, *lines, body=b" " * n))
            assert (b" 413 " in answer.split(b"\r\n")[0]) == refused, (path, n, answer)


@pytest.mark.parametrize("origin", ["http://[", "http://a]b", "http://[::1", "\u00ff", "null"])
def test_an_origin_that_is_none_is_foreign(port: int, origin: str) -> None:
    request = good("POST", "/api/predict", f"Origin: {origin}", body=NINE.read_bytes())
    assert check(answer_to(port, request), request) == 403
