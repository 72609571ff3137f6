"""Epoch: seconds per epoch of 784-64-10 over all images, for each batch size and optimiser."""

from __future__ import annotations

import statistics

from benchmarks.board.contestants import (
    OURS,
    TITLES,
    Peers,
    in_turns,
    prepared,
    ratio,
    show,
    spread,
    started,
)
from benchmarks.board.product import product_rate
from benchmarks.sides.work import Work
from digitnet.threads import n_cores

REPEATS = 5
BATCH_SIZES = (32, 128, 512)
RATES = {"sgd": 0.1, "adam": 0.001}
# Each library with one thread and with all, where it matters; the better one counts.
SIDES = ("pytorch", "pytorch_loader", "pytorch_by_hand", "jax_scan", "sklearn_mlp", "keras_jax")
FLOP = 2 * 2 * 784 * 64 + 3 * 2 * 64 * 10
"""Of an image: two products of the first layer, three of the second, a multiply-add being two."""


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    cores = n_cores()
    rates = {n: product_rate(n) for n in (1, cores)}
    n_images = len(Work(folder).images())
    sides = [(OURS, cores)]
    sides += [(side, n) for side in SIDES if peers.has(side) for n in sorted({1, cores})]
    print(f"epoch: seconds per epoch, 784-64-10, sigmoid, float32, {n_images:,} images")
    print(f"medians (min to max) of {repeats} rounds; ratio: digitnet / peer, median of the rounds")
    speeds = (f"{r / 1e9:.0f} GFLOP/s on {n} core{'s' * (n > 1)}" for n, r in rates.items())
    flop = n_images * FLOP
    print(f"an epoch is {flop / 1e9:.1f} GFLOP; the machine multiplies at {', '.join(speeds)}")
    widths = [6, 5, 22, 7, 24, 11]
    show(["optim.", "batch", "", "threads", "seconds", "ratio"], widths)
    with started(sides, peers) as contestants:
        for optimizer, rate in RATES.items():
            for batch_size in BATCH_SIZES:
                work = Work(folder, batch_size, optimizer, rate)
                contestants = prepared(contestants, "epoch", work)
                seconds = in_turns(contestants, repeats)
                for contestant, measured in zip(contestants, seconds, strict=True):
                    ours = contestant is contestants[0]
                    cells = [optimizer, str(batch_size), TITLES[contestant.side]]
                    cells += ["auto" if ours else str(contestant.threads), spread(measured)]
                    times = statistics.median(measured) * rates[cores] / flop
                    last = f"{times:.2f} floor" if ours else f"{ratio(seconds[0], measured):.2f}"
                    show([*cells, last], widths)
