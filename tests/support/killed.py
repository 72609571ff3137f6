"""A program that is killed at the n-th thing it does to the file system, as a lost power would.

Python says beforehand what it opens, renames, makes and removes (PEP 578), so each moment between
two such steps can be tried, with no luck and no clock.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, signal, sys
place, last, n_steps = os.path.realpath(os.curdir), int(sys.argv.pop(1)), 0
STEPS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR

def hear(event, arguments):
    global n_steps
    if event not in STEPS and not (event == "open" and arguments[2] & WRITING):
        return
    path = arguments[0]
    if isinstance(path, int) or not os.path.realpath(os.fsdecode(path)).startswith(place):
        return
    n_steps += 1
    if n_steps == last:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hear)
sys.path.insert(0, os.curdir)
if sys.argv[1] == "-c":
    exec(sys.argv[2])
else:
    from digitnet.__main__ import main
    sys.argv[0] = "digitnet"
    assert main() == 0
if last == 0:
    print(n_steps)
"""


def run_killed(step: int, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line, or `-c PROGRAM`, in `cwd`, killed at so many steps in there.

    With 0 it comes to its end, and its last line on standard output is how many steps it took.
    """
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(step), *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
