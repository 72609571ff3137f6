"""Clients that send slowly, nothing, or all at once: the others are answered meanwhile."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from attacks.conftest import Attack
from digitnet.web.server import ACCEPTED, SPARE, Server
from support.served import NINE, running

pytestmark = pytest.mark.promise("slow clients hold up nobody")

HOST = b"Host: localhost\r\n"
POST = b"POST /api/predict HTTP/1.1\r\n" + HOST
GET = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
PATIENT = 120.0
"""Seconds after which a test gives up; none of them waits so long on a working server."""


def connected(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A connection from one of this machine's own addresses."""
    one = socket.socket()
    one.settimeout(PATIENT)
    one.bind((address, 0))
    one.connect(("127.0.0.1", port))
    return one


def all_of(one: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    try:
        while part := one.recv(2**16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def asked(port: int, address: str = "127.0.0.1", request: bytes = GET) -> bytes:
    """The status of an honest request on a connection of its own."""
    with connected(port, address) as one:
        one.sendall(request)
        return all_of(one).split(b"\r\n")[0]


def predict() -> bytes:
    """An honest request with a picture."""
    content = NINE.read_bytes()
    head = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(content)
    return head + content


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


@contextmanager
def opened(port: int, n: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections that have sent only that."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connected(port)) for _ in range(n)]
        for one in connections:
            if sent:
                one.sendall(sent)
        yield connections


def n_open(server: Server) -> int:
    return len(server.server_state.connections)


@pytest.mark.parametrize(
    "head",
    [
        POST + b"Content-Length: 1000\r\n\r\n",
        POST + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"POST /api/train HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{",
        b"GET /api/train/events HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{",
    ],
)
def test_bodies_that_do_not_come_take_nobody_s_turn(
    tmp_path: Path, attack: Attack, head: bytes
) -> None:
    """There is one turn, and a wait for it of an hour: one held turn would hold up everybody."""
    limits = {"at_once": 1, "wait_seconds": 3600.0, "upload_seconds": 3600.0}
    with running(tmp_path, grace_seconds=3600.0, **limits) as (server, port):
        n = len(list(attack.times(200)))
        with opened(port, n, head):
            until(lambda: n_open(server) >= n)
            for _ in range(3):
                assert asked(port, request=predict()) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("address", ["/api/predict", "/api/read", "/api/train", "/healthz"])
def test_bodies_below_the_least_rate_are_given_up(
    tmp_path: Path, attack: Attack, address: str
) -> None:
    with running(tmp_path, grace_seconds=0.2, upload_seconds=3600.0, least_rate=1_000_000) as (
        _,
        port,
    ):
        n = len(list(attack.times(100)))
        head = b"POST %s HTTP/1.1\r\n" % address.encode() + HOST + b"Content-Length: 60000\r\n\r\n"
        with opened(port, n, head + bytes(5000)) as slow:
            for one in slow:
                answer = all_of(one)
                assert answer.startswith(b"HTTP/1.1 408 "), answer
                assert b"slower than 1,000,000 bytes a second" in answer
                assert b"content-security-policy" in answer


def test_a_body_that_comes_as_fast_as_it_must_is_read_however_long_it_takes(tmp_path: Path) -> None:
    """The rate is one of all that has come: a fast beginning pays for a pause."""
    content = NINE.read_bytes()
    head = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(content)
    with running(tmp_path, grace_seconds=0.0, least_rate=1) as (_, port), connected(port) as one:
        one.sendall(head + content[:-1])
        time.sleep(0.3)
        one.sendall(content[-1:])
        assert all_of(one).startswith(b"HTTP/1.1 200 ")


def test_past_the_budget_bodies_wait_and_all_are_read(tmp_path: Path, attack: Attack) -> None:
    """The budget is one byte: they are read one after the other, none is lost or stuck."""
    with running(tmp_path, bodies=1) as (_, port):
        n = len(list(attack.times(200)))
        request = predict()
        with opened(port, n, request[:-1]) as several:  # each but the first waits unread
            for one in reversed(several):
                one.sendall(request[-1:])
            for one in several:
                assert all_of(one).startswith(b"HTTP/1.1 200 ")


def test_who_waits_for_the_budget_too_long_is_told_to_come_back(tmp_path: Path) -> None:
    limits = {"grace_seconds": 3600.0, "upload_seconds": 3600.0, "wait_seconds": 0.2}
    with running(tmp_path, bodies=1, **limits) as (server, port):
        head = POST + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
        with opened(port, 1, head) as (first,):
            assert first.recv(2**16).startswith(b"HTTP/1.1 100 ")  # it has begun
            first.sendall(b"abc")
            assert b" 503 " in asked(port, request=predict())
        until(lambda: n_open(server) == 0)
        assert asked(port, request=predict()) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", b""),
        (b"G", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: local", b"HTTP/1.1 408 "),
        (GET[:-2] + b"X: ", b"HTTP/1.1 408 "),
        (GET.replace(b"Connection: close\r\n", b"") + b"GET ", b"HTTP/1.1 200 OK"),
    ],
)
def test_heads_that_do_not_come_are_not_waited_for(
    tmp_path: Path, attack: Attack, sent: bytes, told: bytes
) -> None:
    guard = {"token": "a-token-for-tests"}  # nobody had to know it to be waited for
    with running(tmp_path, guard=guard, head_seconds=0.2) as (server, port):
        n = len(list(attack.times(200)))
        with opened(port, n, sent) as silent:
            for one in silent:
                answer = all_of(one)
                assert answer.startswith(told), answer
                assert bool(answer) == (b"x-content-type-options" in answer)
        until(lambda: n_open(server) == 0)


def test_a_head_that_comes_a_byte_at_a_time_is_given_up(tmp_path: Path) -> None:
    """Each byte must not begin the time anew."""
    with running(tmp_path, head_seconds=0.3) as (_, port), connected(port) as slow:
        slow.settimeout(0.02)
        ends, answer = time.monotonic() + PATIENT, b""
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        while not answer:
            assert time.monotonic() < ends
            try:
                slow.sendall(b"x")
                answer = slow.recv(2**16)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_silent_connections_keep_nobody_out(tmp_path: Path, attack: Attack) -> None:
    """Not even somebody of their own address, and no stream that is under way."""
    hour = 3600.0
    with (
        running(tmp_path, connections=8, head_seconds=hour, stream_seconds=hour) as (server, port),
        connected(port, "127.0.0.3") as stream,
    ):
        stream.sendall(b"GET /api/train/events HTTP/1.1\r\n" + HOST + b"\r\n")
        assert stream.recv(2**16).startswith(b"HTTP/1.1 200 ")
        n = len(list(attack.times(400)))
        with opened(port, n, b""):
            for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
                for _ in range(3):
                    assert asked(port, address) == b"HTTP/1.1 200 OK", address
            until(lambda: n_open(server) <= 8)
        for _ in range(3):
            assert stream.recv(2**16)  # its heartbeat: it was not closed


def test_who_has_most_connections_gives_one_up(tmp_path: Path) -> None:
    """Another address's few stay, though they have been waited for longer."""
    with running(tmp_path, connections=6, head_seconds=3600.0) as (server, port), ExitStack() as s:
        few = [s.enter_context(connected(port, "127.0.0.2")) for _ in range(2)]
        until(lambda: n_open(server) == 2)
        with opened(port, 20, b"") as many:
            for one in many[:16]:  # the last ones have the four places that are left
                assert all_of(one) == b""
            for one in few:
                one.sendall(GET)
                assert all_of(one).startswith(b"HTTP/1.1 200 ")


def test_where_all_places_are_at_work_the_next_is_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path, connections=3, stream_seconds=3600.0) as (_, port):
        events = b"GET /api/train/events HTTP/1.1\r\n" + HOST + b"\r\n"
        with opened(port, 3, events) as streams:
            for one in streams:
                assert one.recv(2**16).startswith(b"HTTP/1.1 200 ")
            with connected(port) as late:
                answer = all_of(late)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"content-security-policy" in answer
            assert "connections" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


FEW = 256
"""File descriptors."""


def test_more_connections_than_descriptors_leave_the_server_in_reach(
    tmp_path: Path, attack: Attack
) -> None:
    """Its log stays short too: asyncio alone writes a megabyte a second."""

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))

    command = [sys.executable, "-m", "digitnet", "serve", "--port", "0", "--folder", str(tmp_path)]
    log = tmp_path / "log.txt"
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, preexec_fn=few
        ) as process,
    ):
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2].split()[0])
            for _ in attack.times(10):
                with opened(port, FEW + 64, b"GET /"):
                    for _ in range(5):
                        assert asked(port) == b"HTTP/1.1 200 OK"
                        assert asked(port, request=predict()) == b"HTTP/1.1 200 OK"
                    held = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
                    assert held < FEW - ACCEPTED, held
            process.terminate()
            assert process.wait(PATIENT) == 143
        finally:
            process.kill()
    text = log.read_text()
    assert f"{FEW} files: {FEW - SPARE} connections" in text
    assert len(text) < 2000, text
