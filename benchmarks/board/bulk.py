"""Bulk: pictures a second by `digitnet predict FOLDER`, whole process and in the long run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.board.contestants import Peers, show, spread
from benchmarks.board.processes import peak_memory, run_once
from benchmarks.board.start import keep_models
from digitnet.threads import n_cores

REPEATS = 5
N_SHORT, N_LONG = 1_000, 10_000


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Write MNIST's digits as PNG files, then read them back."""
    place = Path(folder)
    keep_models(place)
    images = np.load(place / "images.npy", mmap_mode="r")
    commands = []
    sizes = (min(N_SHORT, len(images) // 2), min(N_LONG, len(images)))
    cores = n_cores()
    for n in sizes:
        pictures = place / f"png-{n}"
        pictures.mkdir()
        for i in range(n):
            Image.fromarray(np.asarray(images[i])).save(pictures / f"{i}.png")
        model = str(place / "model")
        commands.append(
            [sys.executable, "-m", "digitnet", "predict", "--model", model, str(pictures)]
        )
    peaks = [peak_memory(command, cores) / 1e6 for command in commands]  # and a warm-up
    short: list[float] = []
    long: list[float] = []
    measured = (short, long)
    for _ in range(repeats):
        for command, seconds in zip(commands, measured, strict=True):
            seconds.append(run_once(command, cores)[0])
    print("bulk: `digitnet predict FOLDER` on 28 x 28 PNG files")
    widths = [34, 26, 12, 10]
    show(["", "seconds", "files/s", "peak MB"], widths)
    for n, seconds, peak in zip(sizes, measured, peaks, strict=True):
        rate = n / sorted(seconds)[len(seconds) // 2]
        show(
            [f"{n:,} files, whole process", spread(seconds), f"{rate:,.0f}", f"{peak:.0f}"], widths
        )
    more = [b - a for a, b in zip(short, long, strict=True)]
    rate = (sizes[1] - sizes[0]) / sorted(more)[len(more) // 2]
    show([f"each file after the first {sizes[0]:,}", "", f"{rate:,.0f}", ""], widths)
