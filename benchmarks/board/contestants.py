"""Contestants: each side of the board in a process of its own, asked in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.sides.work import Work

ROOT = Path(__file__).resolve().parents[2]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
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
        self._process = subprocess.Popen(
            [sys.executable if side == OURS else peers.python, "-m", "benchmarks.sides.worker",
             side],
            cwd=ROOT,
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        # Some libraries know no other way to be kept to one thread.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self._process.pid, sorted(os.sched_getaffinity(0))[:threads])

    def prepare(self, part: str, work: Work) -> None:
        """Get ready for a part and run it once, unmeasured."""
        self._ask({"part": part, "work": asdict(work)})

    def run(self, times: int = 1) -> list[float]:
        """Seconds of each of so many runs."""
        return self._ask({"times": times})

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _ask(self, what: dict[str, object]) -> list[float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"benchmarks/sides/{self.side}.py ended; run its worker by hand.")
        answer: list[float] = json.loads(line)
        return answer


def environment(threads: int) -> dict[str, str]:
    """The environment of a measured process: bytecode is kept, as on any user's machine."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**kept, **limits, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}


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
