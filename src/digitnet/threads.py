"""Threads: how many there are, how many of them BLAS takes, and work spread over all of them."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")

_lock = threading.Lock()
_n_blocks = 0  # of `at_most_blas_threads`, that are open
_before: Any = None  # what the last of them gives back

ENOUGH_FOR_ALL = 4_000_000
"""Multiply-adds of a product from which on the other cores pay (docs/lab-notes.md): below, the
second thread waits longer to be woken than it works."""

LOOK = 0.012
"""Seconds that all threads are tried for, a quarter of it one: several turns of a scheduler."""

QUICKER = 0.85
"""Of one thread's time, that several must stay below; on an idle machine two take 0.5 to 0.7."""

OWN_CORE = 0.9
"""Of a look's time, that this thread must have had a core for."""

TRIES = 2
"""Looks that must agree before the other cores are held to be taken."""

FIRST_LOOK = 0.25
"""Seconds of a training before the first look, which would cost a short one a fifth of its time."""

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 8.0
"""Seconds between two looks: doubled while they agree, so that looking costs a hundredth."""


def n_cores() -> int:
    """Cores that this process may use, a part of one counted as one.

    No more than OMP_NUM_THREADS, where that is set: joblib and Dask tell each of their workers so
    how many it may take.
    """
    said = os.environ.get("OMP_NUM_THREADS", "")
    most = int(said) if said.isascii() and said.isdecimal() and int(said) > 0 else math.inf
    return int(min(most, max(1, math.ceil(cores_granted()))))


def cores_granted(
    table: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> float:
    """Cores' worth of time this process is granted: by its affinity, and by CPU quotas.

    A quota is set on a control group, as containers and services have one, or on any group above
    it: `cpu.max` in version 2, `cpu.cfs_quota_us` in version 1. The affinity does not show it.

    Args:
        table: the control groups of this process.
        root: where their folders lie.
    """
    if hasattr(os, "sched_getaffinity"):
        granted = float(len(os.sched_getaffinity(0)))
    else:
        granted = float(os.cpu_count() or 1)
    try:
        groups = [line.split(":", 2) for line in table.read_text().splitlines()]
    except OSError:
        return granted  # another system, which has no such groups
    for _, controllers, group in groups:
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        folder = top / group.lstrip("/")
        while folder.is_relative_to(top):
            granted = min(granted, _quota(folder))
            folder = folder.parent
    return granted


def _quota(group: Path) -> float:
    """Cores' worth of time that one control group grants; infinite where it says nothing."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            words = " ".join((group / name).read_text() for name in names).split()
            quota, period = float(words[0].replace("max", "inf")), float(words[1])
        except (OSError, ValueError, IndexError):
            continue
        return quota / period if quota > 0 and period > 0 else math.inf  # -1 is no quota
    return math.inf


def on_all_cores(work: Callable[[Part], None], parts: Iterable[Part]) -> None:
    """Call `work` for every part, a thread per core; an error in one of them is raised here."""
    from concurrent.futures import ThreadPoolExecutor

    if n_cores() == 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(n_cores()) as helpers:
        for _ in helpers.map(work, parts):
            pass


class StepThreads:
    """How many threads BLAS takes in the steps of a training.

    One where the products are small; where they are large, as many as this process is granted
    cores. A thread of BLAS that waits for one that has no core spins, and on a busy machine a step
    then takes ten times its processor time; so a training that is `yielding` goes on with one
    thread while the other cores are taken. That is looked at after a moment and every few seconds,
    on a product of its own (`pays`).

    Results of one thread and of several differ in their last bits: a yielding training with large
    products does not repeat itself to the bit, every other does.

    Args:
        multiply_adds: of the largest product, such as batch_size * n_in * n_out.
        yielding: whether to give the cores up to others.
    """

    def __init__(self, multiply_adds: int, *, yielding: bool = False) -> None:
        self._yielding = yielding
        self._most = most_blas_threads() if multiply_adds >= ENOUGH_FOR_ALL else 1
        self._n = self._most
        self._side = round(multiply_adds ** (1 / 3))
        self._held = ExitStack()
        self._pause = SHORTEST_PAUSE
        self._next_look = time.perf_counter() + FIRST_LOOK

    @contextmanager
    def held(self) -> Iterator[None]:
        """Steps are made in the block; whatever the number was before, it is that again after."""
        with self._held:
            self._held.enter_context(at_most_blas_threads(self._n))
            yield

    def look(self) -> None:
        """Look at the machine where it is time to; call it before each step."""
        if not self._yielding or self._most == 1 or time.perf_counter() < self._next_look:
            return
        self._held.close()
        n = self._most if pays(self._most, self._side) else 1
        self._held.enter_context(at_most_blas_threads(n))
        self._pause = SHORTEST_PAUSE if n != self._n else min(2 * self._pause, LONGEST_PAUSE)
        self._n = n
        self._next_look = time.perf_counter() + self._pause


def most_blas_threads() -> int:
    """As many as BLAS has, and no more than whole cores are granted."""
    from threadpoolctl import threadpool_info

    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(1, min(max(pools, default=1), math.floor(cores_granted())))


def pays(n_threads: int, side: int) -> bool:
    """Whether a product is quicker by so many threads than by one, on this machine just now.

    It does where it is QUICKER and this thread was hardly kept off its core meanwhile: what runs
    beside it would keep the others off theirs, too. A moment's disturbance is not taken for a busy
    machine: only if that holds in none of TRIES looks, it does not pay.

    Args:
        n_threads: of BLAS.
        side: of the two square matrices.
    """
    matrix = np.ones((side, side), np.float32)
    for _ in range(TRIES):
        started, worked = time.perf_counter(), time.thread_time()
        with at_most_blas_threads(1):
            one = _seconds_each(matrix, LOOK / 4)
        with at_most_blas_threads(n_threads):
            several = _seconds_each(matrix, LOOK)
        undisturbed = time.thread_time() - worked >= OWN_CORE * (time.perf_counter() - started)
        if undisturbed and several < QUICKER * one:
            return True
    return False


def _seconds_each(matrix: NDArray[np.float32], least: float) -> float:
    """Seconds for a product, over as many as fill the least time."""
    product = matrix @ matrix  # wakes the threads
    started, n = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < least:
        np.matmul(matrix, matrix, out=product)
        n += 1
    return passed / n


def one_blas_thread() -> AbstractContextManager[None]:
    """BLAS computes on the calling thread alone while the block runs."""
    return at_most_blas_threads(1)


@contextmanager
def at_most_blas_threads(n: int) -> Iterator[None]:
    """BLAS computes on so many threads while the block runs.

    The number is one for the whole process. Where blocks of several threads overlap, the first
    sets it and the last gives it back: each for itself would give back what another has set.
    """
    from threadpoolctl import threadpool_limits

    global _n_blocks, _before
    with _lock:
        limits = threadpool_limits(n, "blas")  # in an inner block too: others may have set it since
        if _n_blocks == 0:
            _before = limits
        _n_blocks += 1
    try:
        yield
    finally:
        with _lock:
            _n_blocks -= 1
            if _n_blocks == 0:
                _before.restore_original_limits()


SAID_TO_WORKERS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_",
)  # fmt: skip
"""What Dask sets in this process's environment, for those that it begins to take over."""


@contextmanager
def environment_kept() -> Iterator[None]:
    """Behind the block the environment says of threads what it said before: see `n_cores`."""
    before = {name: os.environ.get(name) for name in SAID_TO_WORKERS}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
