"""Conv: seconds per epoch of a convolutional network over all images, batches of 128.

The reference network: convolution 5 x 5 to 16 channels, pool, convolution 5 x 5 to 32, pool, 128
hidden units, 10 classes; ReLU, SGD.
"""

from __future__ import annotations

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
FLOP = 2 * (2 * 24**2 * 25 * 16 + 3 * 8**2 * 400 * 32 + 3 * (512 * 128 + 128 * 10))
"""Of an image: the first layer has no gradient with respect to its input."""


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    cores = n_cores()
    rate = product_rate(cores)
    work = Work(folder, batch_size=128, learning_rate=0.05)
    flop = len(work.images()) * FLOP
    sides = [(side, cores) for side in (OURS, "pytorch") if peers.has(side)]
    with started(sides, peers) as contestants:
        contestants = prepared(contestants, "convolution", work)
        seconds = in_turns(contestants, repeats)
        print(
            f"conv: 5x5x16, pool, 5x5x32, pool, 128, 10; an epoch is {flop / 1e9:.0f} GFLOP, "
            f"{flop / rate:.2f} s at the {rate / 1e9:.0f} GFLOP/s of this machine's products"
        )
        widths = [14, 28, 7]
        show(["", "seconds per epoch", "ratio"], widths)
        for contestant, measured in zip(contestants, seconds, strict=True):
            cells = [TITLES[contestant.side], spread(measured, digits=2)]
            show([*cells, f"{ratio(seconds[0], measured):.2f}"], widths)
