"""PyTorch with a DataLoader over a TensorDataset, as most programs feed it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.sides.pytorch import network, optimizer
from benchmarks.sides.work import Work


def epoch(work: Work) -> Callable[[], object]:
    net = network(work)
    moves = optimizer(work, net.parameters())
    data = TensorDataset(torch.from_numpy(work.flat()), torch.from_numpy(work.labels()))
    loader = DataLoader(data, batch_size=work.batch_size, shuffle=True)

    def run() -> None:
        total = 0.0
        for x, y in loader:
            loss = cross_entropy(net(x), y)
            moves.zero_grad()
            loss.backward()
            moves.step()
            total += loss.item()

    return run
