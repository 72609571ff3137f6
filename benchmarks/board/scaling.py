"""Scaling: an epoch's time and the process's memory against images, hidden units, batch size.

Writes scaling.png into the current folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.board.contestants import Peers, show
from benchmarks.board.processes import run_once
from benchmarks.sides.work import Work

REPEATS = 2
HIDDEN, BATCH = 64, 128
SHARES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4)
"""Of the images that are there: 7,500 to 240,000 with MNIST."""
HIDDENS = (16, 32, 64, 128, 256, 512, 1024)
BATCHES = (1, 4, 16, 64, 256, 1024, 4096)

PROGRAM = """
import json, re, sys
from pathlib import Path
import numpy as np
from digitnet.data.dataset import Dataset
from digitnet.nn import SGD, Constant, Network, multilayer_perceptron
from digitnet.training.events import EpochDone
from digitnet.training.loop import train
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings
folder, images, hidden, batch, epochs = sys.argv[1], *map(int, sys.argv[2:])
pool = [np.load(f"{folder}/{name}.npy", mmap_mode="r") for name in ("images", "labels")]
taken = np.arange(images) % len(pool[0])
dataset = Dataset(pool[0][taken], pool[1][taken])
del pool
rng = np.random.default_rng(0)
network = Network(multilayer_perceptron(784, [hidden], 10))
network.initialize(rng)
settings = Settings(epochs, batch, 0.1, SGD(), Constant())
state = begin(network, settings, rng)
seconds = [e.seconds for e in train(network, dataset, None, settings, state)
           if isinstance(e, EpochDone)]
status = Path("/proc/self/status")
found = re.search(r"VmHWM:\\s+(\\d+)", status.read_text() if status.exists() else "")
print(json.dumps([min(seconds), int(found[1]) / 1024 if found else 0]))
"""


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table and draw it."""
    n = len(Work(folder).images())
    axes = {"images": [round(share * n) for share in SHARES], "hidden": HIDDENS, "batch": BATCHES}
    usual = {"images": n, "hidden": HIDDEN, "batch": BATCH}
    print(f"scaling: the best of {repeats} epochs of digitnet, SGD; one thing changed at a time")
    widths = [10, 10, 12, 16, 12]
    show(["", "", "seconds", "images/s", "peak MiB"], widths)
    found: dict[str, list[tuple[int, float, float]]] = {axis: [] for axis in axes}
    for axis, values in axes.items():
        for value in values:
            sizes = {**usual, axis: value}
            seconds, memory = _measure(folder, sizes, repeats)
            found[axis].append((value, seconds, memory))
            rate = f"{sizes['images'] / seconds:,.0f}"
            show([axis, f"{value:,}", f"{seconds:.3f}", rate, f"{memory:.0f}"], widths)
    _draw(found, n)
    print("drawn: scaling.png")


def _measure(folder: str, sizes: dict[str, int], epochs: int) -> tuple[float, float]:
    words = [folder, *map(str, sizes.values()), str(epochs)]
    _, said = run_once([sys.executable, "-c", PROGRAM, *words], 2)
    seconds, memory = json.loads(said)
    return seconds, memory


def _draw(found: dict[str, list[tuple[int, float, float]]], n: int) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.4), layout="constrained")
    axes = figure.subplots(2, 3, sharey="row")
    names = {"images": "images", "hidden": "hidden units", "batch": "batch size"}
    for column, (axis, points) in enumerate(found.items()):
        x, seconds, memory = zip(*points, strict=True)
        axes[0, column].loglog(x, seconds, "o-", color="#12355b")
        axes[1, column].semilogx(x, memory, "s--", color="#e0701a")
        axes[1, column].set_xlabel(names[axis])
        for row in (0, 1):
            axes[row, column].grid(alpha=0.3)
            axes[row, column].set_xticks(x, [f"{value:,}" for value in x], fontsize=8)
            axes[row, column].minorticks_off()
    axes[0, 0].set_ylabel("seconds per epoch")
    axes[1, 0].set_ylabel("peak memory, MiB")
    axes[1, 0].set_ylim(0, None)
    figure.suptitle(f"Training 784-64-10 on {n:,} images in batches of 128; one of them changed")
    figure.savefig(Path("scaling.png"), dpi=110)
