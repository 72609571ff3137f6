"""Quiet: Pillow's warnings kept from the user, also when several threads open pictures."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_inside = 0
_filters = ExitStack()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Ignore warnings raised in Pillow: oversized pictures, odd EXIF, odd palettes.

    ``warnings.catch_warnings`` alone is not safe with threads: two that overlap may leave the
    filters of the first behind. Here the first thread in sets the filter, the last one out
    restores what was there.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module="PIL")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _filters.close()
