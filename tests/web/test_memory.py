"""What a server frees goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from digitnet.web.memory import give_back

HOLES = """
import ctypes, re, sys
from pathlib import Path
from digitnet.web.memory import give_back

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
libc.malloc.argtypes = [ctypes.c_size_t]

def mebibytes():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]) / 1024

def taken(size):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    return block

told = give_back() if sys.argv[1] == "told" else None
libc.free(taken(2**21))  # after it glibc by itself keeps as large ones in its heap
before = mebibytes()
large, small = zip(*[(taken(2**20), taken(2**14)) for _ in range(100)])
for block in large:
    libc.free(block)  # each leaves a hole before a small one that is still in use
print(told, mebibytes() - before)
"""


def glibc() -> bool:
    import platform

    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def kept(how: str) -> tuple[str, float]:
    """Whether the library could be told, and the MiB that stay of 100 that were freed."""
    done = subprocess.run(
        [sys.executable, "-c", HOLES, how], capture_output=True, text=True, check=True
    )
    told, left = done.stdout.split()
    return told, float(left)


@pytest.mark.skipif(not glibc(), reason="only glibc keeps what is freed, and can be told")
def test_what_is_freed_goes_back() -> None:
    told, left = kept("told")
    assert told == "True"
    assert left < 5
    _, left = kept("untold")
    assert left > 50  # else this test says nothing


@pytest.mark.skipif(glibc(), reason="glibc can be told")
def test_another_library_is_left_alone() -> None:
    assert not give_back()
