"""Worker: one side in a process of its own, told what to do line by line.

    python -m benchmarks.sides.worker SIDE

Reads JSON lines: {"part": "epoch", "work": {...}} prepares and runs once to warm up,
{"times": n} runs n times. Answers each with one JSON line: the seconds of every run.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable

from benchmarks.sides.work import Work


def main() -> None:
    side = importlib.import_module(f"benchmarks.sides.{sys.argv[1]}")
    run: Callable[[], object] = lambda: None  # noqa: E731
    for line in sys.stdin:
        asked = json.loads(line)
        if "part" in asked:
            run = getattr(side, asked["part"])(Work(**asked["work"]))
        seconds = []
        for _ in range(asked.get("times", 1)):
            started = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - started)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
