"""Web load: requests a second of the server's /api/predict, latencies, and memory under 64 clients.

python -m benchmarks.web_load                     the whole table, about two minutes
python -m benchmarks.web_load --seconds 5 --hold 60
python -m benchmarks.web_load --malformed 1000    broken uploads instead: statuses, and memory
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

MODELS = ("cnn", "mlp")


def small_png() -> bytes:
    """A 28 x 28 digit as MNIST has them."""
    from digitnet.data.synthetic import synthesize

    (digit,) = synthesize(1, np.random.default_rng(0)).images
    return written(Image.fromarray(digit), "PNG")


def photo() -> bytes:
    """4,000 x 3,000 pixels: a digit on grainy paper in uneven light."""
    rng = np.random.default_rng(0)
    light = np.linspace(235, 160, 4000, dtype=np.float32)[None].repeat(3000, axis=0)
    light += rng.normal(0, 4, light.shape).astype(np.float32)
    paper = Image.fromarray(light.clip(0, 255).astype(np.uint8))
    path = Path(__file__).resolve().parents[1] / "test_images" / "digi_9.png"
    with Image.open(path) as digit:
        ink = digit.convert("L").resize((900, 900))
    paper.paste(40, (1500, 1000), ink.point(lambda grey: 255 if grey < 128 else 0))
    return written(paper.convert("RGB"), "JPEG", quality=92)


def written(image: Image.Image, kind: str, **options: int) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


class Server:
    """`digitnet serve` in a process of its own."""

    def __init__(self, folder: str) -> None:
        command = [sys.executable, "-m", "digitnet", "serve", "--port", "0", "--folder", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "the server did not start"
        self.address = found.group()

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found.group(1)) / 1024

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(60)


class Load:
    """Clients that ask one after the other, each on a connection of its own, for some seconds.

    They speak HTTP by hand: a client library would take more of the two cores than the server.
    """

    def __init__(self, address: str, content: bytes, model: str, n_clients: int) -> None:
        self._host, _, self._port = address.removeprefix("http://").partition(":")
        self._request = (
            f"POST /api/predict?model={model} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: image/png\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode() + content
        self._n_clients = n_clients
        self.seconds: list[float] = []
        self.failed: Counter[str] = Counter()
        self.lasted = 0.0

    async def run(self, seconds: float) -> None:
        """Let all clients ask for so long."""
        started = time.monotonic()
        await asyncio.gather(*(self._client(started + seconds) for _ in range(self._n_clients)))
        self.lasted = time.monotonic() - started

    async def _client(self, until: float) -> None:
        while time.monotonic() < until:
            try:
                await self._connected(until)
            except (OSError, EOFError, asyncio.IncompleteReadError) as error:
                self.failed[type(error).__name__] += 1

    async def _connected(self, until: float) -> None:
        reader, writer = await asyncio.open_connection(self._host, int(self._port))
        try:
            while time.monotonic() < until:
                before = time.monotonic()
                writer.write(self._request)
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = re.search(r"content-length: (\d+)", head)
                assert length
                await reader.readexactly(int(length.group(1)))
                status = head.split(" ")[1]
                if status == "200":
                    self.seconds.append(time.monotonic() - before)
                else:
                    self.failed[status] += 1
        finally:
            writer.close()

    def row(self) -> str:
        """Requests a second, percentiles in milliseconds, errors."""
        if not self.seconds:
            return f"no answer: {dict(self.failed)}"
        p50, p95, p99 = np.percentile(self.seconds, [50, 95, 99]) * 1000
        rate = len(self.seconds) / self.lasted
        errors = dict(self.failed) or "none"
        return f"{rate:>8.1f} {p50:>9.1f} {p95:>9.1f} {p99:>9.1f}   {errors}"


def load(server: Server, seconds: float, hold: float, most: int) -> None:
    """Every picture and model with one client and with most; then most clients for a minute."""
    pictures = {"28 x 28 PNG": small_png(), "12-megapixel JPEG": photo()}
    print(f"{'':<34}{'a second':>8} {'p50 ms':>9} {'p95 ms':>9} {'p99 ms':>9}   errors")
    for name, content in pictures.items():
        for model in MODELS:
            for n_clients in (1, most):
                one = Load(server.address, content, model, n_clients)
                asyncio.run(
                    Load(server.address, content, model, 2).run(min(1.0, seconds))
                )  # warmed up
                asyncio.run(one.run(seconds))
                print(f"{name:<18} {model:<4} {n_clients:>2} clients {one.row()}", flush=True)
    for name, content in pictures.items():
        before = server.megabytes()
        held = Load(server.address, content, "cnn", most)
        asyncio.run(held.run(hold))
        after = server.megabytes()
        print(f"{name}, cnn, {most} clients for {hold:g} s:\n{'':<34}{held.row()}")
        print(f"memory {before:.0f} MB before, {after:.0f} MB after")


def malformed(server: Server, n: int) -> None:
    """Broken uploads one after the other; the server must answer each and stay as it was."""
    from benchmarks.fuzz_pictures import mutate, seeds

    rng = np.random.default_rng(0)
    contents = [content for several in seeds(rng).values() for content in several]
    statuses: Counter[int] = Counter()
    before = server.megabytes()
    with httpx.Client(base_url=server.address, timeout=60, trust_env=False) as web:
        for i in range(n):
            other = contents[rng.integers(len(contents))]
            content = mutate(contents[i % len(contents)], other, rng)
            path = ("/api/predict", "/api/read", "/api/corrections?label=1")[i % 3]
            statuses[web.post(path, content=content).status_code] += 1
        healthy = web.get("/healthz").status_code
    print(f"{n} malformed uploads: {dict(sorted(statuses.items()))}, then healthz {healthy}")
    print(f"memory {before:.0f} MB before, {server.megabytes():.0f} MB after")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each row")
    parser.add_argument("--hold", type=float, default=60.0, help="seconds of all at the end")
    parser.add_argument("--clients", type=int, default=64, help="at once (default: 64)")
    parser.add_argument("--malformed", type=int, metavar="N", help="broken uploads instead")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            if args.malformed:
                malformed(server, args.malformed)
            else:
                load(server, args.seconds, args.hold, args.clients)
        finally:
            code = server.end()
    print(f"the server ended with exit code {code}")


if __name__ == "__main__":
    main()
