"""Latency and bulk: one image in process, and the logits of many uint8 images."""

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
    started,
)
from benchmarks.sides.work import Work
from digitnet.threads import n_cores

REPEATS = 9
SIDES = ("onnx_session", "pytorch", "jax_scan", "sklearn_mlp")
N_BULK = 10_000
TIMES = {"single": 2000, "bulk": 5}
"""Runs of each part in a round."""


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    sides = [(side, n_cores()) for side in (OURS, *SIDES) if peers.has(side)]
    work = Work(folder, n=N_BULK)
    n_bulk = len(work.images())
    with started(sides, peers) as contestants:
        for part in TIMES:  # whoever fails in one part is in no column
            contestants = prepared(contestants, part, work)
        found = {}
        for part, times in TIMES.items():
            prepared(contestants, part, work)
            in_turns(contestants, 1, times)
            found[part] = in_turns(contestants, repeats, times)
        print(f"latency and bulk: 784-64-10, logits; medians of {repeats} rounds; ratios of times")
        widths = [14, 20, 7, 26, 7]
        show(["", "microseconds, 1 image", "ratio", f"images/s, {n_bulk:,} uint8", "ratio"], widths)
        for i, contestant in enumerate(contestants):
            single, bulk = found["single"][i], found["bulk"][i]
            cells = [TITLES[contestant.side], f"{1e6 * statistics.median(single):.1f}"]
            cells.append(f"{ratio(found['single'][0], single):.2f}")
            cells.append(f"{n_bulk / statistics.median(bulk):,.0f}")
            cells.append(f"{ratio(found['bulk'][0], bulk):.2f}")
            show(cells, widths)
