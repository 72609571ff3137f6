"""Latency and bulk: one image in process, and the logits of many uint8 images."""

from __future__ import annotations

import statistics

from benchmarks.board.contestants import OURS, TITLES, Contestant, Peers, ratio, show
from benchmarks.sides.work import Work
from digitnet.threads import n_cores

SIDES = ("onnx_session", "pytorch", "jax_scan", "sklearn_mlp")
N_BULK = 10_000


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print one table."""
    cores = n_cores()
    sides = [OURS, *(side for side in SIDES if peers.has(side))]
    contestants = [Contestant(side, cores, peers) for side in sides]
    rounds = max(repeats, 9)
    work = Work(folder, n=N_BULK)
    found: dict[str, list[list[float]]] = {}
    for part, times in (("single", 2000), ("bulk", 5)):
        for contestant in contestants:
            contestant.prepare(part, work)
            contestant.run(times)
        found[part] = [[] for _ in contestants]
        for _ in range(rounds):
            for contestant, measured in zip(contestants, found[part], strict=True):
                measured.append(statistics.median(contestant.run(times)))
    print(f"latency and bulk: 784-64-10, logits; medians of {rounds} rounds; ratios of times")
    widths = [14, 20, 7, 26, 7]
    show(["", "microseconds, 1 image", "ratio", f"images/s, {N_BULK:,} uint8", "ratio"], widths)
    for i, side in enumerate(sides):
        single, bulk = found["single"][i], found["bulk"][i]
        cells = [TITLES[side], f"{1e6 * statistics.median(single):.1f}"]
        cells.append(f"{ratio(found['single'][0], single):.2f}")
        cells.append(f"{N_BULK / statistics.median(bulk):,.0f}")
        cells.append(f"{ratio(found['bulk'][0], bulk):.2f}")
        show(cells, widths)
    for contestant in contestants:
        contestant.end()
