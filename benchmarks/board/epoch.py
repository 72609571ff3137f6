"""Epoch: seconds per epoch of 784-64-10 over 60,000 images, for each batch size and optimiser."""

from __future__ import annotations

from benchmarks.board.contestants import OURS, TITLES, Contestant, Peers, ratio, show, spread
from benchmarks.board.product import product_rate
from benchmarks.sides.work import Work
from digitnet.threads import n_cores

BATCH_SIZES = (32, 128, 512)
RATES = {"sgd": 0.1, "adam": 0.001}
# Each library with one thread and with all, where it matters; the better one counts.
SIDES = ("pytorch", "pytorch_loader", "pytorch_by_hand", "jax_scan", "sklearn_mlp", "keras_jax")
FLOP = 60_000 * (2 * 2 * 784 * 64 + 3 * 2 * 64 * 10)
"""Of an epoch: two products of the first layer, three of the second, a multiply-add being two."""


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    cores = n_cores()
    rates = {n: product_rate(n) for n in (1, cores)}
    contestants = [Contestant(OURS, cores, peers)]
    for side in SIDES:
        if peers.has(side):
            contestants += [Contestant(side, n, peers) for n in sorted({1, cores})]
    print("epoch: seconds per epoch, 784-64-10, sigmoid, float32, 60,000 images")
    print(f"medians (min to max) of {repeats} rounds; ratio: digitnet / peer, median of the rounds")
    print(f"an epoch is {FLOP / 1e9:.1f} GFLOP; the machine multiplies at " + ", ".join(
        f"{rate / 1e9:.0f} GFLOP/s on {n} core{'s' * (n > 1)}" for n, rate in rates.items()
    ))  # fmt: skip
    widths = [6, 5, 22, 7, 24, 9]
    show(["optim.", "batch", "", "threads", "seconds", "ratio"], widths)
    for optimizer, rate in RATES.items():
        for batch_size in BATCH_SIZES:
            work = Work(folder, batch_size, optimizer, rate)
            for contestant in contestants:
                contestant.prepare("epoch", work)
            seconds: list[list[float]] = [[] for _ in contestants]
            for _ in range(repeats):
                for contestant, measured in zip(contestants, seconds, strict=True):
                    measured += contestant.run()
            for contestant, measured in zip(contestants, seconds, strict=True):
                ours = contestant is contestants[0]
                cells = [optimizer, str(batch_size), TITLES[contestant.side]]
                cells += ["auto" if ours else str(contestant.threads), spread(measured)]
                floor = FLOP / rates[cores]
                median = sorted(measured)[len(measured) // 2]
                last = (
                    f"{median / floor:.2f} floor" if ours else f"{ratio(seconds[0], measured):.2f}"
                )
                show([*cells, last], widths)
    for contestant in contestants:
        contestant.end()
