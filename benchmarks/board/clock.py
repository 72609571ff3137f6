"""Clock: seconds of whole processes, from a cold start to a network, and its test accuracy.

digitnet runs `digitnet train mnist --fast TARGET`, recipes of fixed length; the peers train the
very same recipe for 98 % in their own way.
"""

from __future__ import annotations

import re
import statistics
import sys
from pathlib import Path

from benchmarks.board.contestants import Peers, show, spread
from benchmarks.board.processes import run_once
from digitnet.threads import n_cores

TARGETS = ("97", "98", "99")
PEERS = ("pytorch", "jax_scan")
REPEATS = 5


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    mnist = Path(folder) / "mnist"
    if not mnist.exists():
        print("clock: skipped, there is no MNIST here")
        return
    out = str(Path(folder) / "fast")
    commands = {
        f"digitnet --fast {target}": [
            sys.executable, "-m", "digitnet", "train", str(mnist), "--fast", target, "--out", out,
        ]
        for target in TARGETS
    }  # fmt: skip
    for side in PEERS:
        if peers.has(side):
            program = "benchmarks.sides.clock"
            commands[f"{side}, recipe 98"] = [peers.python, "-m", program, side, str(mnist)]
    print(f"clock: whole process, cold start to a network with its test accuracy; {repeats} seeds")
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for seed in range(repeats):
        for name, command in commands.items():
            measured[name].append(_run([*command, "--seed", str(seed)]))
    widths = [24, 24, 10, 18]
    show(["", "seconds", "98: ratio", "test accuracy, %"], widths)
    best = statistics.median(seconds for seconds, _ in measured["digitnet --fast 98"])
    for name, figures in measured.items():
        seconds, right = [s for s, _ in figures], [a for _, a in figures]
        share = f"{best / statistics.median(seconds):.2f}" if "98" in name else ""
        deviation = statistics.stdev(right) if len(right) > 1 else 0.0
        accuracy = f"{statistics.mean(right):.2f} (sd {deviation:.2f})"
        show([name, spread(seconds, digits=2), share, accuracy], widths)


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds of the process, and the percentage it prints."""
    seconds, said = run_once(command, n_cores())
    found = re.findall(r"([\d.]+)% of [\d,]+ test digits", said)
    return seconds, float(found[-1])
