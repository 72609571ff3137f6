"""Web load: requests a second of the server's /api/predict, latencies, and memory under 64 clients.

python -m benchmarks.web_load                     the whole table, about two minutes
python -m benchmarks.web_load --seconds 5 --hold 60
python -m benchmarks.web_load --workers 1 2       one and two processes behind the port instead
python -m benchmarks.web_load --malformed 1000    broken uploads instead: statuses, and memory

The first table's clients each wait for their answer before they ask again, so a server that halts
is asked less meanwhile (coordinated omission). With --workers requests begin at fixed times, as of
people who do not wait for each other, and each latency counts from that time on.
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

    def __init__(self, folder: str, workers: int = 1) -> None:
        command = [sys.executable, "-m", "digitnet", "serve", "--port", "0", "--folder", folder]
        command += ["--workers", str(workers)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "the server did not start"
        self.address = found.group()

    def megabytes(self) -> float:
        """Resident memory, of its workers too; what they share is counted once."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        total = 0
        for process in (self.process.pid, *children.split()):
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
            found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
            assert found
            total += int(found.group(1))
        return total / 1024

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
                await self._ask(reader, writer, time.monotonic())
        finally:
            writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, since: float
    ) -> None:
        """One request; its latency counts from `since`."""
        writer.write(self._request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: (\d+)", head)
        assert length
        await reader.readexactly(int(length.group(1)))
        status = head.split(" ")[1]
        if status == "200":
            self.seconds.append(time.monotonic() - since)
        else:
            self.failed[status] += 1

    def row(self) -> str:
        """Requests a second, percentiles in milliseconds, errors."""
        if not self.seconds:
            return f"no answer: {dict(self.failed)}"
        p50, p95, p99 = np.percentile(self.seconds, [50, 95, 99]) * 1000
        rate = len(self.seconds) / self.lasted
        errors = dict(self.failed) or "none"
        return f"{rate:>8.1f} {p50:>9.1f} {p95:>9.1f} {p99:>9.1f}   {errors}"


class OpenLoad(Load):
    """Requests that begin at fixed times, whatever becomes of those before them.

    Each takes a free connection, or waits for one; the wait counts.
    """

    def __init__(
        self, address: str, content: bytes, model: str, n_clients: int, rate: float
    ) -> None:
        super().__init__(address, content, model, n_clients)
        self._rate = rate
        self._due: asyncio.Queue[float | None] = asyncio.Queue()

    async def run(self, seconds: float) -> None:
        """Begin `rate` requests a second for so long, and wait for the last answer."""
        clients = [asyncio.create_task(self._client(0.0)) for _ in range(self._n_clients)]
        started = time.monotonic()
        for number in range(max(1, int(seconds * self._rate))):
            due = started + number / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._due.put_nowait(due)
        for _ in clients:
            self._due.put_nowait(None)
        await asyncio.gather(*clients)
        self.lasted = time.monotonic() - started

    async def _client(self, until: float) -> None:
        reader, writer = await asyncio.open_connection(self._host, int(self._port))
        while (due := await self._due.get()) is not None:
            try:
                await self._ask(reader, writer, due)
            except (OSError, EOFError, asyncio.IncompleteReadError) as error:
                self.failed[type(error).__name__] += 1
                writer.close()
                reader, writer = await asyncio.open_connection(self._host, int(self._port))
        writer.close()


def by_workers(folder: str, counts: list[int], seconds: float, n_clients: int) -> None:
    """What one and more processes answer at most, and how late at half and four fifths of that."""
    print(f"{'':<40}{'a second':>8} {'p50 ms':>9} {'p95 ms':>9} {'p99 ms':>9}   errors")
    content = small_png()
    for n in counts:
        server = Server(folder, n)
        try:
            for model in MODELS:
                asyncio.run(
                    Load(server.address, content, model, n_clients).run(seconds / 2)
                )  # warm
                closed = Load(server.address, content, model, n_clients)
                asyncio.run(closed.run(seconds))
                most = len(closed.seconds) / closed.lasted
                name = f"{n} workers, {model}"
                print(f"{name:<18} {n_clients:>3} clients that wait   {closed.row()}", flush=True)
                for share in (0.5, 0.8):
                    one = OpenLoad(
                        server.address, content, model, n_clients, max(1.0, share * most)
                    )
                    asyncio.run(one.run(seconds))
                    print(f"{name:<18} {share * most:>7.1f} begun a second {one.row()}", flush=True)
            print(f"{n} workers: memory {server.megabytes():.0f} MB")
        finally:
            code = server.end()
        print(f"the server ended with exit code {code}")


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
    parser.add_argument("--workers", type=int, nargs="+", help="so many processes instead")
    parser.add_argument("--malformed", type=int, metavar="N", help="broken uploads instead")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.workers:
            by_workers(folder, args.workers, args.seconds, args.clients)
            return
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
