"""PyTorch, eager: autograd and a fused optimiser; the base of its other two ways."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.sides.work import Work


def network(work: Work) -> nn.Sequential:
    """784-64-10 with the start's parameters."""
    W1, b1, W2, b2 = map(torch.from_numpy, work.start())
    built = nn.Sequential(nn.Linear(784, 64), nn.Sigmoid(), nn.Linear(64, 10))
    with torch.no_grad():
        for parameter, value in zip(built.parameters(), (W1.T, b1, W2.T, b2), strict=True):
            parameter.copy_(value)
    return built


def optimizer(work: Work, parameters: object) -> torch.optim.Optimizer:
    """The fused form of the work's optimiser."""
    kind = torch.optim.SGD if work.optimizer == "sgd" else torch.optim.Adam
    return kind(parameters, lr=work.learning_rate, fused=True)


def epoch(work: Work) -> Callable[[], object]:
    """784-64-10."""
    return _loop(work, network(work), torch.from_numpy(work.flat()))


def convolution(work: Work) -> Callable[[], object]:
    """The reference convolutional network (see board/conv.py), images as (N, 1, 28, 28)."""
    net = nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    return _loop(work, net, torch.from_numpy(work.flat()).view(-1, 1, 28, 28))


def _loop(work: Work, net: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    """The loop a tutorial shows, without the parts that only cost time."""
    moves = optimizer(work, net.parameters())
    y = torch.from_numpy(work.labels())

    def run() -> None:
        total = torch.zeros(())
        for chosen in torch.randperm(len(x)).split(work.batch_size):
            loss = cross_entropy(net(x[chosen]), y[chosen])
            moves.zero_grad()
            loss.backward()
            moves.step()
            total += loss.detach()
        total.item()

    return run


def single(work: Work) -> Callable[[], object]:
    net, x = network(work).eval(), torch.from_numpy(work.flat()[:1])

    def run() -> object:
        with torch.inference_mode():
            return net(x)

    return run


def bulk(work: Work) -> Callable[[], object]:
    import numpy as np

    net, images = network(work).eval(), torch.from_numpy(np.array(work.images()))

    def run() -> object:
        with torch.inference_mode():
            return net(images.view(-1, 784).float().div_(255)).numpy()

    return run
