"""Busy: a training with large products on an idle machine and beside loops, by BLAS threads.

    python -m benchmarks.busy [SOURCE] [--loops 4]

The recipe of `digitnet train --fast`, each run a process of its own; seconds and seconds of
processor time, medians. "all threads" is what was taken before the machine was looked at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

import numpy as np

from digitnet.data.sources import open_source
from digitnet.nn import Network
from digitnet.training.checkpoints import begin
from digitnet.training.config import TrainingConfig
from digitnet.training.loop import train
from digitnet.training.recipes import read_recipe

WAYS = ("one thread", "all threads", "digitnet's choice")
# A thread waits for the end of standard input, which comes when this program ends.
LOOP = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()
while True:
    sum(range(100_000))
"""


@contextmanager
def loops(n: int) -> Iterator[None]:
    """So many processes that compute while the block runs."""
    reading, writing = os.pipe()
    started = [subprocess.Popen([sys.executable, "-c", LOOP], stdin=reading) for _ in range(n)]
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        for each in started:
            each.wait()


def train_once(way: str, source: str, n_images: int, epochs: int) -> None:
    """What a process of its own does; it prints seconds and processor seconds of the steps."""
    config = TrainingConfig(**{**read_recipe("fast-98"), "source": source, "epochs": epochs})
    dataset = open_source(source, part="train", n_synthetic=n_images)
    rng = np.random.default_rng(0)
    network = Network(config.layers(dataset.images[0].size, len(dataset.class_names)))
    network.initialize(rng)
    settings = config.settings()
    answer = {"one thread": False, "all threads": True}.get(way)
    started, busy = time.perf_counter(), time.process_time()
    events = train(network, dataset, None, settings, begin(network, settings, rng), yielding=True)
    if answer is None:
        list(events)
    else:
        with patch("digitnet.threads.pays", lambda *_: answer):
            list(events)
    print(time.perf_counter() - started, time.process_time() - busy)


def measured(way: str, args: argparse.Namespace) -> tuple[float, float]:
    """Seconds and processor seconds of one process."""
    words = ["--way", way, "--images", str(args.images), "--epochs", str(args.epochs)]
    command = [sys.executable, "-m", "benchmarks.busy", args.source, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, processor = map(float, done.stdout.split())
    return seconds, processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", default="synthetic", help="default: synthetic")
    parser.add_argument("--images", type=int, default=60_000, help="drawn, of synthetic ones")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--loops", type=int, default=4, help="processes that compute beside")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--way", choices=WAYS, help="one run in this process")
    args = parser.parse_args()
    if args.way:
        train_once(args.way, args.source, args.images, args.epochs)
        return
    print("| | idle: s | processor s | busy: s | processor s | processor, busy to idle |")
    print("| --- | --- | --- | --- | --- | --- |")
    cells: dict[str, list[float]] = {way: [] for way in WAYS}
    for beside in (0, args.loops):
        with loops(beside):
            rounds = [[measured(way, args) for way in WAYS] for _ in range(args.repeats)]
        for way, runs in zip(WAYS, zip(*rounds, strict=True), strict=True):
            cells[way] += [median(column) for column in zip(*runs, strict=True)]
    for way, figures in cells.items():
        shown = " | ".join(f"{figure:.2f}" for figure in figures)
        print(f"| {way} | {shown} | {figures[3] / figures[1]:.2f} |")


if __name__ == "__main__":
    main()
