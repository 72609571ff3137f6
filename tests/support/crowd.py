"""A cluster of Dask for tests: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Crowd:
    """A scheduler's address, and its workers, which a test may kill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        until = time.monotonic() + 240
        while time.monotonic() < until and not self._file.exists():
            time.sleep(0.1)
        self.address: str = json.loads(self._file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        """One more, of one thread; no nanny begins it anew."""
        self.workers.append(
            self._begin("worker", "--no-nanny", "--nthreads", "1", "--no-dashboard")
        )

    def _begin(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self._file), *words],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes = [*getattr(self, "processes", []), process]
        return process

    def end(self) -> None:
        """Kill all of it."""
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def crowd(folder: Path, n_workers: int) -> Iterator[Crowd]:
    """A scheduler with so many workers, for the length of a block."""
    running = Crowd(folder)
    try:
        for _ in range(n_workers):
            running.add_worker()
        yield running
    finally:
        running.end()
