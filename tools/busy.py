"""Busy: the tests, or any other command, while four processes beside it compute.

    python tools/busy.py [--loops 4] [COMMAND ...]

Without a command it runs the suite as `make test` does. The loops end with it, whatever happens:
when it fails, on Ctrl-C, and when this program is killed. Exit code and time are the command's.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time

SUITE = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]
# A thread waits for the end of standard input, which comes when nobody holds its other end.
LOOP = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()
while True:
    sum(range(100_000))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    reading, writing = os.pipe()
    loops = [subprocess.Popen([sys.executable, "-c", LOOP], stdin=reading)
             for _ in range(args.loops)]  # fmt: skip
    os.close(reading)
    started = time.monotonic()
    try:
        code = subprocess.run(args.command or SUITE).returncode
    except KeyboardInterrupt:
        code = 130
    finally:
        os.close(writing)
        for loop in loops:
            loop.wait()
    print(f"{time.monotonic() - started:.0f} s beside {args.loops} busy loops")
    return code


if __name__ == "__main__":
    sys.exit(main())
