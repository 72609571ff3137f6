"""Threads: how many threads BLAS takes, by the size of the products, for one block of code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

ENOUGH_FOR_ALL = 4_000_000
"""Multiply-adds of a product from which on the other cores pay (docs/lab-notes.md): below, the
second thread waits longer to be woken than it works."""


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
    """BLAS computes on the calling thread alone while the block runs."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        yield
