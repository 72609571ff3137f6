"""Requests of odd kinds, made by hand: a 4xx in one sentence or a right answer, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.conftest import Attack
from attacks.test_requests import AT_ONCE, TOKEN, answer_to, answers_to, check
from support.served import NINE, running

pytestmark = pytest.mark.promise("no request is a bug")

PICTURE = NINE.read_bytes()
JSON = "Content-Type: application/json"
FORM = "Content-Type: multipart/form-data; boundary=x"


def request(
    method: str, path: str, *lines: str, body: bytes = b"", version: str = "HTTP/1.1"
) -> bytes:
    """A whole request with the token; `lines` go before those that it needs."""
    own = [f"Authorization: Bearer {TOKEN}", "Connection: close"]
    if not any(line.lower().startswith("host:") for line in lines):
        own.append("Host: localhost")
    if not any(line.lower().startswith(("content-length:", "transfer-enc")) for line in lines):
        own.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"{method} {path} {version}", *lines, *own, "", ""])
    return head.encode("latin-1") + body


def train(body: bytes | str, *lines: str) -> bytes:
    content = body if isinstance(body, bytes) else body.encode()
    return request("POST", "/api/train", *(lines or (JSON,)), body=content)


def part(
    content: bytes = b"x", disposition: str = 'form-data; name="pictures"; filename="a.png"'
) -> bytes:
    return b"--x\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (disposition.encode(), content)


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    return request("POST", "/api/predict", FORM, body=b"".join(parts) + end)


def chunked(*chunks: bytes, path: str = "/api/predict", lines: tuple[str, ...] = ()) -> bytes:
    return request("POST", path, "Transfer-Encoding: chunked", *lines, body=b"".join(chunks))


WHOLE = b"%x\r\n%s\r\n" % (len(PICTURE), PICTURE)
NAMES = [
    "..", ".", "%2e%2e", "..%2f..%2fetc", "a%2fb", "a%5cb", "%00", "a%00b", "cnn%00", "cnn%2f..",
    "%2fetc%2fpasswd", "%c0%ae%c0%ae", "%ff", "%u002e", "cnn%0d%0aX:y", "cnn%0a", "CON", "cnn.",
    "cnn%20", "%20cnn", "-cnn", "_", "a" * 41, "a" * 5000, "%", "%zz", "%252e%252e", "~", "*", "$x",
    "%e4%b8%83", "%ed%a0%80", "cnn;x", "cnn%3f", "cnn%23", ".cnn.old", ".begun.json", "models",
]  # fmt: skip
SETTINGS = [
    "epochs", "learning_rate", "batch_size", "hidden", "seed", "validation", "momentum", "dropout",
    "weight_decay", "label_smoothing", "source", "name", "start", "resume", "patience", "optimizer",
]  # fmt: skip
VALUES = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-" + "9" * 400, "1e-400",
    "true", "[]", "{}", '""', '"\\u0000"', '"\\ud800"', '"\\u001b[31m"', "[" * 500 + "]" * 500,
    "[NaN]",
    "[1e999]", "[-1]", '["x"]', "[[1]]", '"' + "x" * 10_000 + '"', "-0", "0.5", "1" + "0" * 30,
]  # fmt: skip


def attacks() -> Iterator[bytes]:
    """Each as the bytes that a client sends."""
    for method in ("OPTIONS", "HEAD", "TRACE", "PATCH", "PUT", "DELETE", "PRI", "M-SEARCH", "get"):
        for path in ("/", "/api/models", "/api/predict", "/static/main.js", "/healthz", "/docs"):
            yield request(method, path)
    for path in ("/api/predict", "/api/train", "/api/corrections/000000000000"):
        yield request(
            "OPTIONS", path, "Origin: http://evil.example", "Access-Control-Request-Method: DELETE",
            "Access-Control-Request-Headers: authorization",
            "Access-Control-Request-Private-Network: true",
        )  # fmt: skip
    for name in NAMES:
        yield request("GET", f"/api/models/{name}.zip")
        yield request("GET", f"/api/models/{name}.html")
        yield request("GET", f"/api/model?name={name}")
        yield request("GET", f"/static/{name}")
        yield request("POST", f"/api/predict?model={name}", body=PICTURE)
        yield request("DELETE", f"/api/corrections/{name}")
    for label in ("-1", "10", "1.5", "%00", "9" * 5000, "1e0", "", "%d9%a3", "1&label=2", "[1]"):
        yield request("POST", f"/api/corrections?label={label}", body=b"no picture")
    for target in (
        "//evil.example/", "///", "http://evil.example/", "http://localhost/api/models", "*",
        "https://localhost/", "localhost:80", "/\\evil.example", "/%2f%2fevil.example", "/./",
        "/../", "/api/../api/models", "/api//models", "/api/models/", "/api/models?", "/?/?/?",
        "/;jsessionid=x", "/api/models;x", "/%61pi/models", "/API/MODELS", "/api/models%20",
    ):  # fmt: skip
        yield request("GET", target)
        yield request("POST", target, body=PICTURE)
    for lines in (
        ("Host: localhost", "Host: evil.example"), ("Host: evil.example",), ("Host: ",),
        ("Host: localhost:80:80",), ("Host: localhost.",), ("Host: LOCALHOST",), ("Host: [::1]",),
        ("Host: 127.0.0.1.evil.example",), ("Host: localhost@evil",), ("Host: 0x7f.1",),
        ("Host: evil.example", "X-Forwarded-Host: localhost"), ("Host: localhost, evil.example",),
        ("Content-Length: 0", "Content-Length: 5"), ("Content-Length: 0", "Content-Length: 0"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"), ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked\r\n , identity",), ("Transfer-Encoding:\tchunked",),
        ("Cookie: " + "a=b; " * 5000,), ("Cookie: " + "x" * 100_000,), ("X: " + "y" * 100_000,),
        *((f"X{i}: y" for i in range(300)),), ("Cookie: digitnet_token=" + "a;" * 1000,),
        ("Authorization: Bearer",), ("Authorization: Bearer " + "x" * 10_000,),
        ("Authorization: Bearer wrong", "Cookie: digitnet_token=wrong"), ("Expect: 200-ok",),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQ"),
        ("Range: bytes=0-0",), ("Range: bytes=5-1",), ("Range: bytes=" + "0-1," * 2000 + "0-1",),
        ("Range: bytes=" + "9" * 5000 + "-",), ("Range: bytes=--1",), ("Range: lines=1-2",),
        ("Range: bytes=0-", "If-Range: x"), ("If-None-Match: *",), ('If-None-Match: W/"x"',),
        ("If-None-Match: " + '"x",' * 5000,), ("If-Modified-Since: 0",), ("If-Match: x",),
        ("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",), ("Accept: " + "*/*," * 3000,),
        ("If-Modified-Since: Fri, 31 Dec 99999 23:59:59 GMT",), ("TE: trailers",), ("Via: \xff",),
        ("Last-Event-ID: " + "x" * 5000,), ("Connection: \x7f",), ("X: a\x0bb",), ("X: \x01",),
        ("\x00: x",), ("X\x00: x",), (" X: y",), ("X : y",), (":",), ("X",), ("",),
    ):  # fmt: skip
        for path in ("/", "/static/main.js", "/api/model", "/api/train/events"):
            yield request("GET", path, *lines)
    for query in ("token", "Token", "TOKEN", "token[]", "token%00", "%74oken", "a[token]"):
        yield request("GET", f"/api/models?{query}={TOKEN}")
        yield request("GET", f"/api/models?{query}=x&{query}={TOKEN}")
    for path in (f"/{TOKEN}", f"/static/{TOKEN}", f"//{TOKEN}/.."):
        yield request("GET", path)
    yield request("GET", "/", f"Referer: http://localhost/?token={TOKEN}")
    for name in SETTINGS:
        for value in VALUES:
            yield train(f'{{"source": "nothing", "{name}": {value}}}')
    for text in (
        "", " ", "\ufeff[]", "{", "[]", "null", "1", '"x"', "{}x", "{'a': 1}", '{"a": 1,}',
        "[" * 100_000, "[" * 9_000 + "]" * 9_000, '{"a":' * 9_000 + "1" + "}" * 9_000,
        '{"source": "nothing", "source": "synthetic2"}', '{"source": null}', '{"": 1}',
        '{"__proto__": {}}', '{"source": "../../etc"}', '{"source": "/etc"}', '{"\\ud800": 1}',
        '{"source": "nothing\\u0000"}', '{"resume": true, "name": "nothing"}',
        '{"resume": true, "name": "../x"}', '{"start": "../x"}', "{" + '"a": 1,' * 2000 + '"b": 1}',
    ):  # fmt: skip
        yield train(text)
        yield request("POST", "/api/predict", JSON, body=text.encode())
        yield request("POST", "/api/read", JSON, body=text.encode())
    nothing = '{"source": "nothing"}'
    for content in (*map(nothing.encode, ("utf-16", "utf-32")), b"\xff\xfe", b"{\x00}", b"\x80"):
        yield train(content)
        yield train(content, "Content-Type: application/json; charset=utf-16")
    for pictures in (
        '"x"',
        "[]",
        "{}",
        "null",
        '["data:"]',
        '["data:,x"]',
        '["data:;base64,%"]',
        '["data:image/png;base64,\\ud800"]',
        "[null]",
        '["http://localhost/"]',
        '["file:///etc/passwd"]',
        "[[]]",
        "[" + '"data:,x",' * 1000 + '"data:,x"]',
    ):
        body = f'{{"pictures": {pictures}}}'.encode()
        yield request("POST", "/api/predict", JSON, body=body)
        yield request("POST", "/api/read", JSON, body=body)
    for kind in (
        "Content-Type: text/plain",
        "Content-Type: ",
        "Content-Type: application/xml",
        "Content-Type: application/json\r\nContent-Type: text/plain",
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-MD5: x",
    ):
        yield train('{"source": "nothing"}', kind)
        yield request("POST", "/api/predict", kind, body=PICTURE)
    yield form(*[part(b"")] * 2_000)
    yield form(*[part(b"", f'form-data; name="f{i}"') for i in range(2_000)])
    yield form(part(), end=b"")
    yield form(end=b"--x--")
    for disposition in (
        "form-data", 'form-data; name=""', 'form-data; name="pictures"; filename=""', "attachment",
        'form-data; name="pictures"; filename="../../x.png"', 'form-data; name="pictures',
        'form-data; name="pictures"; filename="a\x00b"', "form-data; name=" + "x" * 9_000,
        "form-data; name*=UTF-8''pictures", "form-data; name*=x''%ff; name=pictures", "",
        'form-data; name="pictures"; filename*=UTF-8\'\'%00%ff', 'form-data; name="_charset_"',
        'form-data; name="pictures"; name="x"', "form-data" + "; a=b" * 3_000,
    ):  # fmt: skip
        yield form(part(b"x", disposition))
    yield form(b"--x\r\n" + b"X: y\r\n" * 2_000 + b"\r\nx\r\n")
    yield form(b"--x\r\n" + b"X" * 50_000 + b"\r\n\r\nx\r\n")
    yield form(b"\r\n" * 20_000)
    yield form(b"--x\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n")
    for boundary in ("", "x" * 5_000, "\xff", '"', '"x', "x; boundary=y", "--", " "):
        kind = f"Content-Type: multipart/form-data; boundary={boundary}"
        yield request("POST", "/api/predict", kind, body=part(PICTURE) + b"--x--\r\n")
    yield chunked(WHOLE, b"0\r\n\r\n")
    yield chunked(WHOLE, b"0\r\nX: y\r\nContent-Length: 5\r\n\r\n")  # trailers
    yield chunked(WHOLE, b"0\r\nAuthorization: x\r\nHost: evil\r\n\r\n")
    yield chunked(*[b"1\r\nx\r\n"] * 5_000, b"0\r\n\r\n")
    yield chunked(b"1;" + b"x" * 60_000 + b"\r\nx\r\n0\r\n\r\n")
    for size in (b"-1", b"0x1", b"g", b"", b" 1", b"1 ", b"f" * 17, b"f" * 5_000, b"1_0", b"+1"):
        yield chunked(size + b"\r\nx\r\n0\r\n\r\n")
    yield chunked(b"3\r\nabcdef\r\n0\r\n\r\n")
    yield chunked(WHOLE, b"0\r\n" + b"X: y\r\n" * 5_000 + b"\r\n")
    yield request("POST", "/api/predict", "Expect: 100-continue", body=PICTURE)
    yield request("POST", "/api/train", "Expect: 100-continue", JSON, body=b"{")
    yield request("GET", "/", "Expect: 100-continue")
    for version in ("HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/11", "X", ""):
        yield request("GET", "/healthz", version=version)
    yield b"GET /\r\n"
    yield b"GET /\r\n\r\n"
    yield b"\r\n\r\n\r\n" + request("GET", "/healthz")
    yield b"\n\n" + request("GET", "/healthz").replace(b"\r\n", b"\n")
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)  # TLS
    yield b"SSH-2.0-x\r\n"
    yield b"\x00" * 1000
    yield bytes(range(256)) * 300
    yield b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n"


@pytest.fixture
def port(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[int]:
    """Of a server that wants its token; at its end nothing was trained, kept or met as a bug."""
    limits = {"head_seconds": 1.0, "upload_seconds": 2.0, "grace_seconds": 1.0, "pictures": 50}
    with running(tmp_path, guard={"token": TOKEN}, **limits) as (_, of_server):
        yield of_server
    said = capfd.readouterr()
    assert "Traceback" not in said.err, said.err
    assert TOKEN not in said.out + said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_odd_requests_are_refused_in_a_sentence_or_answered_rightly(
    port: int, attack: Attack
) -> None:
    several = list(attacks())
    step = max(1, round(len(several) / len(list(attack.times(len(several))))))
    silent = 0
    chosen = several[::step]
    answers = [
        one
        for i in range(0, len(chosen), AT_ONCE)
        for one in answers_to(port, chosen[i : i + AT_ONCE])
    ]
    for content, answer in zip(chosen, answers, strict=True):
        silent += not answer
        if answer:
            status = check(answer, content)
            assert b"evil" not in answer.partition(b"\r\n\r\n")[0], (content, answer)
            head = answer.partition(b"\r\n\r\n")[0].lower()
            assert b"access-control-allow" not in head, (content, answer)
            assert status != 202, content
            assert status < 300 or status == 304 or status >= 400 or b"\nlocation: " in head
    assert silent < len(chosen) / 10


def test_what_follows_in_the_same_connection_is_a_request_of_its_own(port: int) -> None:
    """Neither a body's rest nor a trailer is taken for the next request, and none is lost."""
    ask = request("GET", "/healthz").replace(b"Connection: close\r\n", b"")
    last = request("GET", "/api/models")
    assert answer_to(port, ask * 20 + last).count(b"HTTP/1.1 200 ") == 21
    body = ask.replace(b"/healthz", b"/hidden")
    whole = request("POST", "/api/predict", body=body).replace(b"Connection: close\r\n", b"")
    answer = answer_to(port, whole + last)
    assert (answer.count(b"HTTP/1.1 422 "), answer.count(b"HTTP/1.1 200 ")) == (1, 1)
    both = request(
        "POST", "/api/predict", "Content-Length: 5", "Transfer-Encoding: chunked",
        body=b"0\r\n\r\n" + body,
    )  # fmt: skip
    assert answer_to(port, both).count(b"HTTP/1.1 ") == 1


def test_the_right_answers_among_odd_requests(port: int) -> None:
    for content, status in (
        (chunked(WHOLE, b"0\r\nX: y\r\n\r\n"), 200),
        (request("POST", "/api/predict", "Expect: 100-continue", body=PICTURE), 200),
        (request("POST", "/api/predict", "Content-Type: text/plain", body=PICTURE), 200),
        (request("GET", "/static/main.js", "Range: bytes=0-3"), 200),
        (request("GET", "/api/models", "Upgrade: websocket", "Connection: Upgrade"), 200),
        (request("GET", "//evil.example/"), 404),
        (request("GET", "/api/models", "Host: evil.example"), 421),
        (request("TRACE", "/healthz"), 405),
    ):
        answer = answer_to(port, content)
        while answer.startswith(b"HTTP/1.1 100 "):
            answer = answer.partition(b"\r\n\r\n")[2]
        assert answer.split(b" ")[1] == b"%d" % status, (content[:200], answer[:500])
        if b"/api/predict" in content:
            said = json.loads(answer.partition(b"\r\n\r\n")[2])
            assert said["answers"][0]["label"] == 9
