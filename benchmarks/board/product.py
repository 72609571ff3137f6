"""Product: how fast this machine multiplies large float32 matrices."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

SIDE = 1024


def product_rate(threads: int, repeats: int = 20) -> float:
    """FLOP per second of the best of some products, a multiply-add being two."""
    a = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(a)
    seconds = []
    with threadpool_limits(threads, "blas"):
        for _ in range(repeats + 1):
            started = time.perf_counter()
            np.matmul(a, a, out)
            seconds.append(time.perf_counter() - started)
    return 2 * SIDE**3 / min(seconds[1:])
