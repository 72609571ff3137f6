"""Contestants: each side of the board in a process of its own, asked in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

from benchmarks.board.processes import Program, ProgramError
from benchmarks.sides.work import Work

OURS = "ours"
PACKAGES = {
    "pytorch": "torch",
    "pytorch_loader": "torch",
    "pytorch_by_hand": "torch",
    "jax_scan": "jax",
    "sklearn_mlp": "sklearn",
    "keras_jax": "keras",
    "onnx_session": "onnxruntime",
}
TITLES = {
    OURS: "digitnet",
    "pytorch": "PyTorch",
    "pytorch_loader": "PyTorch, DataLoader",
    "pytorch_by_hand": "PyTorch, no autograd",
    "jax_scan": "JAX, lax.scan",
    "sklearn_mlp": "scikit-learn",
    "keras_jax": "Keras on JAX",
    "onnx_session": "ONNX Runtime",
}


@dataclass(frozen=True)
class Peers:
    """Where the peers are installed, and which of them are there.

    Attributes:
        python: the interpreter of their environment.
        versions: package to version; a package that is missing is not in it.
    """

    python: str
    versions: dict[str, str]

    def has(self, side: str) -> bool:
        """Whether a side can take part."""
        return side == OURS or PACKAGES[side] in self.versions


def find_peers(python: str) -> Peers:
    """Ask the peers' interpreter what it has; nothing where there is no such interpreter."""
    names = {"sklearn": "scikit-learn"}
    program = (
        "import json, importlib.metadata as m\n"
        f"names = {[names.get(p, p) for p in sorted(set(PACKAGES.values()))]!r}\n"
        "found = {}\n"
        "for name in names:\n"
        "    try: found[name] = m.version(name)\n"
        "    except m.PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return Peers(python, {})
    back = {there: here for here, there in names.items()}
    return Peers(python, {back.get(n, n): v for n, v in json.loads(done.stdout).items()})


class Contestant:
    """One side with a number of threads, waiting in its process to be asked.

    Args:
        side: a file in benchmarks/sides.
        threads: for BLAS and the like; also the number of cores it may use.
        peers: where the libraries are.
    """

    def __init__(self, side: str, threads: int, peers: Peers) -> None:
        self.side, self.threads = side, threads
        python = sys.executable if side == OURS else peers.python
        self.program = Program(
            [python, "-m", "benchmarks.sides.worker", side],
            threads,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        # Some libraries know no other way to be kept to one thread.
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))[:threads]
            os.sched_setaffinity(self.program.process.pid, cores)

    def prepare(self, part: str, work: Work) -> None:
        """Get ready for a part and run it once, unmeasured."""
        self._ask({"part": part, "work": asdict(work)})

    def run(self, times: int = 1) -> list[float]:
        """Seconds of each of so many runs."""
        return self._ask({"times": times})

    def _ask(self, what: dict[str, object]) -> list[float]:
        process = self.program.process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended, which the empty line says too
            print(json.dumps(what), file=process.stdin, flush=True)
        line = process.stdout.readline()
        if not line:
            raise self.program.failure(TITLES.get(self.side, self.side))
        answer: list[float] = json.loads(line)
        return answer


@contextmanager
def started(sides: Sequence[tuple[str, int]], peers: Peers) -> Iterator[list[Contestant]]:
    """Contestants for (side, threads), ended at the end, whatever happens."""
    contestants = [Contestant(side, threads, peers) for side, threads in sides]
    try:
        yield contestants
    finally:
        for contestant in contestants:
            contestant.program.end()


def prepared(contestants: list[Contestant], part: str, work: Work) -> list[Contestant]:
    """Those that are ready for a part; a peer that fails is left out, and its error is shown.

    Raises:
        ProgramError: digitnet itself fails.
    """
    ready = []
    for contestant in contestants:
        try:
            contestant.prepare(part, work)
            ready.append(contestant)
        except ProgramError as error:
            if contestant.side == OURS:
                raise
            print(f"left out: {error}", flush=True)
    return ready


def in_turns(contestants: list[Contestant], rounds: int, times: int = 1) -> list[list[float]]:
    """For each contestant the median of its runs in every round, all of them in each round."""
    seconds: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for contestant, measured in zip(contestants, seconds, strict=True):
            measured.append(statistics.median(contestant.run(times)))
    return seconds


def spread(seconds: list[float], digits: int = 3) -> str:
    """Median (min to max)."""
    low, middle, high = (
        f"{value:.{digits}f}" for value in (min(seconds), statistics.median(seconds), max(seconds))
    )
    return f"{middle} ({low} to {high})"


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median over the rounds of ours / theirs: both ran in the same minute."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def show(cells: list[str], widths: list[int]) -> None:
    """One row of a table, the first column to the left."""
    first, *rest = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    print("  ".join([first.strip().ljust(widths[0]), *rest]), flush=True)
