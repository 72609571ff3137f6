"""The web server for tests: the app called in this process, and the command in one of its own."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from digitnet.web.app import make_app
from digitnet.web.limits import Limits
from digitnet.web.server import Server, listen
from digitnet.web.services import Services
from support.helpers import bars

QUICK = Limits(n_synthetic=600, stream_seconds=0.3, heartbeat_seconds=0.1)
ROOT = Path(__file__).resolve().parents[2]
NINE = ROOT / "test_images" / "digi_9.png"


class TellingServer(Server):
    """A server that tells when it has printed what it prints at its start.

    A thread that prints while pytest changes the streams between two phases of a test finds them
    closed.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.begun = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


@contextmanager
def running(
    folder: Path, *, guard: dict[str, Any] | None = None, **limits: Any
) -> Iterator[tuple[Server, int]]:
    """The server over a folder in a thread of its own, its limits `QUICK` but for those given.

    Returns:
        it, and its port.
    """
    services = Services(folder, replace(QUICK, **limits))
    listening = listen("127.0.0.1", 0)
    server = TellingServer(make_app(services, **(guard or {})), services, "a test")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.begun.wait(0.1) and thread.is_alive():
        pass
    try:
        yield server, listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive()


@contextmanager
def client(folder: Path, **options: Any) -> Iterator[httpx.Client]:
    """A client of a server over a folder; the options are those of `running`."""
    with running(folder, **options) as (_, port):
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as web:
            yield web


def at_path(web: httpx.Client, path: str) -> tuple[int, bytes]:
    """Status and body of a path exactly as it is written, which clients would tidy up."""
    assert web.base_url.port
    connection = HTTPConnection(web.base_url.host, web.base_url.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def png(picture: np.ndarray | Image.Image) -> bytes:
    """A picture's bytes."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def small_source(folder: Path, n: int = 600) -> str:
    """Digits that are learnt in no time, in the server's folder; the name they are offered by."""
    digits = bars(n, np.random.default_rng(5))
    np.savez(folder / "bars.npz", images=digits.images, labels=digits.labels)
    return "bars.npz"


def wait_for(state: str, ask: Any, seconds: float = 300.0) -> dict[str, Any]:
    """Ask GET /api/train until the run is in that state; its answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer: dict[str, Any] = ask("/api/train").json()
        if answer["state"] == state:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not {state} in {seconds} seconds but {answer['state']}: {answer['end']}")


class Events:
    """Server-sent events, read one after the other from an open answer."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, str, Any]]:
        event: dict[str, str] = {}
        for line in self._lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event:
                yield event["id"], event["event"], json.loads(event["data"])
                event = {}


class Served:
    """`digitnet serve` in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-W", "error", "-m", "digitnet", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--folder", str(folder), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, (line, self.process.poll())
        self.address = found.group()
        self.answering = self.process.stderr.readline()

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            base_url=self.address.partition("/?")[0], timeout=60, trust_env=False, **options
        )

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found.group(1)) / 1024

    def end(self, number: int | None = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, or wait; the exit code and what else was said on standard error."""
        if number is not None:
            os.kill(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    """A server for the length of a block, which must end quietly."""
    server = Served(folder, *words)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()
