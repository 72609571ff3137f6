"""Processes: programs that the board starts: they end when it ends, and say why they failed."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GROUPS = os.name == "posix"


class ProgramError(Exception):
    """A program ended by itself; the message is one sentence that says why."""


class Watchdog:
    """A process that kills what it was told of as soon as nobody holds the pipe to it.

    The board holds the pipe: however it ends, by SIGKILL too, the system closes it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", __file__], stdin=subprocess.PIPE, text=True, **_own_group()
        )
        atexit.register(self._process.communicate)  # closes the pipe, and waits

    def tell(self, word: str, number: int) -> None:
        """Let `kill` or `spare` be done with the process of that number in the end."""
        assert self._process.stdin is not None
        print(word, number, file=self._process.stdin, flush=True)


@cache
def _watchdog() -> Watchdog:
    """The one of this process, started when it is first needed."""
    return Watchdog()


class Program:
    """A program that is running: `with Program(command, threads=2) as program: ...`.

    Args:
        command: the program and its arguments.
        threads: for BLAS and the like.
        more: of `subprocess.Popen`.
    """

    def __init__(self, command: list[str], threads: int, **more: Any) -> None:
        self.command = command
        self.errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by end)
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(threads), stderr=self.errors, text=True,
            **_own_group(), **more,
        )  # fmt: skip
        _watchdog().tell("kill", self.process.pid)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self.process.poll() is None:
            kill(self.process.pid)
        self.process.wait()
        _watchdog().tell("spare", self.process.pid)
        for file in (self.process.stdin, self.process.stdout, self.errors):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()

    def failure(self, name: str) -> ProgramError:
        """What to raise when it has ended: its traceback's last line."""
        code = self.process.wait()
        self.errors.seek(0)
        said = [line.strip() for line in self.errors if line.strip()] or [f"exit code {code}"]
        return ProgramError(f"{name} ended: {said[-1]}")


def _own_group() -> dict[str, Any]:
    """A group of its own, so that its children are killed with it."""
    return {"process_group": 0} if GROUPS else {}


def kill(number: int) -> None:
    """Kill a process and its children; one that has ended is left alone."""
    with contextlib.suppress(OSError):
        if GROUPS:
            os.killpg(number, signal.SIGKILL)
        else:
            os.kill(number, signal.SIGTERM)


def environment(threads: int) -> dict[str, str]:
    """The environment of a measured process: bytecode is kept, as on any user's machine."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**kept, **limits, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}


def run_once(command: list[str], threads: int) -> tuple[float, str]:
    """Seconds of a whole process, and what it printed.

    Raises:
        ProgramError: its exit code is not 0.
    """
    started = time.perf_counter()
    with Program(command, threads, stdout=subprocess.PIPE) as program:
        said = program.process.communicate()[0]
        seconds = time.perf_counter() - started
        if program.process.returncode:
            raise program.failure(" ".join(command[1:5]))
    return seconds, said


def peak_memory(command: list[str], threads: int) -> float:
    """The most resident memory of a process in bytes, asked for every millisecond; 0 off Linux.

    What the system says of a process that has ended counts its parent's memory, too.
    """
    peak = 0
    with Program(command, threads, stdout=subprocess.DEVNULL) as program:
        status = Path(f"/proc/{program.process.pid}/status")
        while program.process.poll() is None:
            with contextlib.suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
                peak = max(peak, int(found[1]) * 1024 if found else 0)
            time.sleep(0.001)
        if program.process.returncode:
            raise program.failure(" ".join(command[1:5]))
    return peak


def watch() -> None:
    """The watchdog's own program: read the pipe to its end, then kill."""
    alive: set[int] = set()
    for line in sys.stdin:
        word, number = line.split()
        (alive.add if word == "kill" else alive.discard)(int(number))
    for number in alive:
        kill(number)


if __name__ == "__main__":
    watch()
