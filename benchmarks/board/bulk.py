"""Bulk: pictures a second by `digitnet predict FOLDER`, whole process and in the long run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.board.contestants import Peers, show, spread
from benchmarks.board.start import keep_models, peak_memory, run_once

N_SHORT, N_LONG = 1_000, 10_000


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Write MNIST's digits as PNG files, then read them back."""
    place = Path(folder)
    keep_models(place)
    images = np.load(place / "images.npy", mmap_mode="r")
    commands = []
    for n in (N_SHORT, N_LONG):
        pictures = place / f"png-{n}"
        pictures.mkdir()
        for i in range(n):
            Image.fromarray(np.asarray(images[i])).save(pictures / f"{i}.png")
        model = str(place / "model")
        commands.append(
            [sys.executable, "-m", "digitnet", "predict", "--model", model, str(pictures)]
        )
    peaks = [peak_memory(command) / 1e6 for command in commands]  # and a warm-up
    short, long = measured = [], []
    for _ in range(repeats):
        for command, seconds in zip(commands, measured, strict=True):
            seconds.append(run_once(command))
    print("bulk: `digitnet predict FOLDER` on 28 x 28 PNG files")
    widths = [34, 26, 12, 10]
    show(["", "seconds", "files/s", "peak MB"], widths)
    for n, seconds, peak in ((N_SHORT, short, peaks[0]), (N_LONG, long, peaks[1])):
        rate = n / sorted(seconds)[len(seconds) // 2]
        show(
            [f"{n:,} files, whole process", spread(seconds), f"{rate:,.0f}", f"{peak:.0f}"], widths
        )
    more = [b - a for a, b in zip(short, long, strict=True)]
    rate = (N_LONG - N_SHORT) / sorted(more)[len(more) // 2]
    show(["each file after the first thousand", "", f"{rate:,.0f}", ""], widths)
