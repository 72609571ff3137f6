"""Soak: many honest clients, a training, and slow and hostile clients, for an hour at one server.

    python -m benchmarks.soak                  an hour with the hostile ones, then one without
    python -m benchmarks.soak --minutes 1 --interval 10

A line for each interval: honest answers and errors, their latency in milliseconds, and memory and
open files of the server's processes. Exit code 1 where an honest client met an error, or where
memory or open files grew. Ctrl-C ends it with what there is so far.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmarks.fuzz_pictures import mutate, seeds
from benchmarks.web_load import MODELS, Server, small_png
from digitnet.data.synthetic import synthesize

HONEST, SLOW, HOSTILE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Addresses that they come from; each may use the connections that the others leave."""
N_SLOW, N_IDLE = 16, 200
MEMORY, FILES = 1.2, 1.2
"""What the last third of the intervals may have of what the second one had."""
SPARE_MEGABYTES, SPARE_FILES = 50, 100
TRAINING = {"source": "digits.npz", "hidden": [64], "epochs": 1000, "batch_size": 32}


class Interval:
    """What the honest clients saw in it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.errors: Counter[str] = Counter()


class Soak:
    """All clients of one server.

    Args:
        server: it.
        rng: of the hostile clients.
        rate: requests a second of an honest client.
    """

    def __init__(self, server: Server, rng: np.random.Generator, rate: float) -> None:
        self._server, self._rng, self._rate = server, rng, rate
        host, _, port = server.address.removeprefix("http://").partition(":")
        self._host, self._port = host, int(port)
        self._now = Interval()
        self.n_errors = 0
        self.n_hostile = 0
        self.n_slow = 0
        self.memory: list[float] = []
        self.files: list[int] = []

    async def run(self, seconds: float, interval: float, n_clients: int, hostile: bool) -> None:
        """Let them all ask for so long, and print a line for each interval."""
        clients = [self._honest(i) for i in range(n_clients)] + [self._train()]
        if hostile:
            clients += [self._hostile(), self._hold_idle()]
            clients += [self._slow() for _ in range(N_SLOW)]
        tasks = [asyncio.create_task(client) for client in clients]
        started = time.monotonic()
        try:
            while (done := time.monotonic() - started) < seconds:
                await asyncio.sleep(min(interval, seconds - done))
                self._tell(time.monotonic() - started)
                for task in tasks:
                    if task.done():
                        task.result()  # a mistake of this program is not hidden
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def grown(self) -> list[str]:
        """What grew from the second interval to the last third of them, in words."""
        found = []
        for name, values, times, spare in (
            ("memory", self.memory, MEMORY, SPARE_MEGABYTES),
            ("open files", self.files, FILES, SPARE_FILES),
        ):
            if len(values) < 4:
                continue
            before, after = values[1], float(np.median(values[-(len(values) // 3) :]))
            if after > before * times + spare:
                found.append(f"{name} from {before:.0f} to {after:.0f}")
        return found

    def _tell(self, after: float) -> None:
        seen, self._now = self._now, Interval()
        self.n_errors += seen.errors.total()
        processes = list(tree(self._server.process.pid))
        self.memory.append(sum(map(megabytes, processes)))
        self.files.append(sum(map(open_files, processes)))
        p50, p95 = np.percentile(seen.seconds or [0.0], [50, 95]) * 1000
        print(
            f"{after:>8.0f} {len(seen.seconds):>9} {p50:>8.1f} {p95:>8.1f} {self.memory[-1]:>8.0f} "
            f"{self.files[-1]:>6} {self.n_slow:>6} {self.n_hostile:>8}   "
            f"{dict(seen.errors) or 'none'}",
            flush=True,
        )

    async def _connect(self, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, local_addr=(address, 0))

    async def _honest(self, number: int) -> None:
        """Ask again and again, no oftener than the rate, on one connection while it holds."""
        content, model = small_png(), MODELS[number % len(MODELS)]
        requests = [request(f"POST /api/predict?model={model}", content)] * 9
        requests += [request(("GET /api/train", "GET /api/models", "GET /")[number % 3])]
        turn = number
        await asyncio.sleep(number % 16 / 16 / self._rate)
        while True:
            try:
                reader, writer = await self._connect(HONEST)
                try:
                    while True:
                        begun = time.monotonic()
                        async with asyncio.timeout(120):
                            status, _ = await asked(reader, writer, requests[turn % len(requests)])
                        turn += 1
                        if status == 200:
                            self._now.seconds.append(time.monotonic() - begun)
                        else:
                            self._now.errors[str(status)] += 1
                        await asyncio.sleep(max(0.0, begun + 1 / self._rate - time.monotonic()))
                finally:
                    writer.close()
            except (OSError, EOFError, TimeoutError) as error:
                self._now.errors[type(error).__name__] += 1
                await asyncio.sleep(1 / self._rate)

    async def _train(self) -> None:
        """See that a training goes on; the next one begins where one has ended."""
        begin = request("POST /api/train", json.dumps(TRAINING).encode()).replace(
            b"Host:", b"Content-Type: application/json\r\nHost:"
        )
        while True:
            try:
                reader, writer = await self._connect(HONEST)
                try:
                    status, content = await asked(reader, writer, request("GET /api/train"))
                    if status != 200 or json.loads(content)["state"] == "failed":
                        self._now.errors["training"] += 1
                    if json.loads(content)["state"] != "running":
                        status, _ = await asked(reader, writer, begin)
                        if status != 202:
                            self._now.errors[f"training {status}"] += 1
                finally:
                    writer.close()
            except (OSError, EOFError) as error:
                self._now.errors[f"training {type(error).__name__}"] += 1
            await asyncio.sleep(3)

    async def _slow(self) -> None:
        """A body that comes a byte a second, until the server gives it up; then another."""
        head = b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        while True:
            with suppress(OSError):
                reader, writer = await self._connect(SLOW)
                self.n_slow += 1
                try:
                    writer.write(head)
                    while not reader.at_eof() and not writer.is_closing():
                        writer.write(b"x")
                        await writer.drain()
                        with suppress(TimeoutError):  # wait_for would lose a cancel now and then
                            async with asyncio.timeout(1):
                                await reader.read(4096)
                finally:
                    writer.close()
            await asyncio.sleep(0.1)

    async def _hostile(self) -> None:
        """Spoilt pictures, forms that are none, and heads of noise, one after the other."""
        pictures = [one for several in seeds(self._rng).values() for one in several]
        form = request("POST /api/predict", b"\n" * 200_000).replace(
            b"Host:", b"Content-Type: multipart/form-data; boundary=x\r\nHost:"
        )
        while True:
            first, second = (pictures[i] for i in self._rng.integers(0, len(pictures), 2))
            spoilt = request("POST /api/read", mutate(first, second, self._rng))
            noise = b"GET / HTTP/1.1\r\n" + self._rng.bytes(200) + b"\r\n\r\n"
            for content in (spoilt, noise, form):
                with suppress(OSError, EOFError, TimeoutError):
                    reader, writer = await self._connect(HOSTILE)
                    self.n_hostile += 1
                    try:
                        writer.write(content)
                        async with asyncio.timeout(30):
                            await reader.readline()
                    finally:
                        writer.close()
                await asyncio.sleep(0.05)

    async def _hold_idle(self) -> None:
        """Connections that never say a word; those that the server closes are opened anew."""
        held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        try:
            while True:
                with suppress(OSError):
                    while len(held) < N_IDLE:
                        held.append(await self._connect(HOSTILE))
                        self.n_hostile += 1
                for reader, writer in held:
                    if reader.at_eof():
                        writer.close()
                held = [one for one in held if not one[0].at_eof()]
                await asyncio.sleep(0.5)
        finally:
            for _, writer in held:
                writer.close()


def request(line: str, body: bytes = b"") -> bytes:
    return (
        f"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


async def asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes
) -> tuple[int, bytes]:
    """Status and body of the answer to a request."""
    writer.write(content)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = re.search(r"content-length: (\d+)", head)
    assert length
    return int(head.split(" ")[1]), await reader.readexactly(int(length.group(1)))


def tree(process: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield process
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def megabytes(process: int) -> float:
    """Resident memory; 0 of a process that has ended."""
    with suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        return int(found.group(1)) / 1024 if found else 0.0
    return 0.0


def open_files(process: int) -> int:
    """File descriptors."""
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


def soak(args: argparse.Namespace, hostile: bool) -> list[str]:
    """One server's time; returns what was wrong with it, in words."""
    rng = np.random.default_rng(args.seed)
    digits = synthesize(2000, rng)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "digits.npz", images=digits.images, labels=digits.labels)
        server = Server(folder)
        all_of_them = Soak(server, rng, args.rate)
        who = "with slow and hostile clients" if hostile else "without them"
        print(f"\n{args.clients} honest clients and a training, {who}")
        print(
            f"{'seconds':>8} {'answers':>9} {'p50 ms':>8} {'p95 ms':>8} {'MB':>8} {'files':>6} "
            f"{'slow':>6} {'hostile':>8}   errors"
        )
        try:
            run = all_of_them.run(args.minutes * 60, args.interval, args.clients, hostile)
            asyncio.run(run)
        finally:
            server.end()
    wrong = [f"{each}, {who}" for each in all_of_them.grown()]
    if all_of_them.n_errors:
        wrong.append(f"{all_of_them.n_errors} errors of honest clients, {who}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="of each of the two parts")
    parser.add_argument("--interval", type=float, default=60.0, help="seconds of a line")
    parser.add_argument("--clients", type=int, default=64, help="honest ones (default: 64)")
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second of each of them")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wrong: list[str] = []
    try:
        for hostile in (True, False):
            wrong += soak(args, hostile)
    except KeyboardInterrupt:
        wrong.append("ended before its time")
    print("\n" + ("; ".join(wrong) if wrong else "no error of an honest client, nothing grew"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
