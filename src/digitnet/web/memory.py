"""Memory: what the server frees goes back to the system, however long it answers requests."""

from __future__ import annotations

import ctypes
import sys

ARENA_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD = -8, -3, -1
"""Names of glibc's settings (mallopt(3), malloc.h)."""
LARGE = 256 * 1024
"""Bytes from which an array has pages of its own, which go back as soon as it is freed."""
SPARE = 128 * 1024
"""Bytes at the heap's end that are kept for what comes next."""


def give_back() -> bool:
    """Let glibc keep one heap for all threads, and large arrays out of it.

    By itself it keeps a heap for each thread, and after the first large arrays puts such arrays
    into them, too; requests of all sizes then leave holes that grow for hours
    (docs/lab-notes.md). To be called before any thread is started.

    Returns:
        whether the C library is one that can be told so.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return False
    settings = {ARENA_MAX: 1, MMAP_THRESHOLD: LARGE, TRIM_THRESHOLD: SPARE}
    told = [mallopt(name, value) for name, value in settings.items()]  # 0 where it was not
    return all(told)
