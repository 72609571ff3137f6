"""Threads: how many there are, how many of them BLAS takes, and work spread over all of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Part = TypeVar("Part")

_lock = threading.Lock()
_n_blocks = 0  # of `one_blas_thread`, that are open
_before: Any = None  # what the last of them gives back

ENOUGH_FOR_ALL = 4_000_000
"""Multiply-adds of a product from which on the other cores pay (docs/lab-notes.md): below, the
second thread waits longer to be woken than it works."""


def n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_all_cores(work: Callable[[Part], None], parts: Iterable[Part]) -> None:
    """Call `work` for every part, a thread per core; an error in one of them is raised here."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(n_cores()) as helpers:
        for _ in helpers.map(work, parts):
            pass


@contextmanager
def blas_threads(multiply_adds: int) -> Iterator[None]:
    """One thread while the block runs if its products are small; else as many as there were.

    Whatever the number was before, it is that again afterwards.

    Args:
        multiply_adds: of the largest product, such as batch_size * n_in * n_out.
    """
    if multiply_adds >= ENOUGH_FOR_ALL:
        yield
        return
    with one_blas_thread():
        yield


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS computes on the calling thread alone while the block runs.

    The number is one for the whole process. Where blocks of several threads overlap, the first
    sets it and the last gives it back: each for itself would give back what another has set.
    """
    from threadpoolctl import threadpool_limits

    global _n_blocks, _before
    with _lock:
        limits = threadpool_limits(1, "blas")  # in an inner block too: others may have set it since
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
