"""PyTorch without autograd: the gradient by hand, every tensor made once, one flat vector."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.sides.pytorch import optimizer
from benchmarks.sides.work import Work


def epoch(work: Work) -> Callable[[], object]:
    starts = [torch.from_numpy(array) for array in work.start()]
    vector = torch.cat([start.reshape(-1) for start in starts])
    gradient = torch.zeros_like(vector)
    sizes, shapes = [s.numel() for s in starts], [s.shape for s in starts]
    W1, b1, W2, b2 = (p.view(s) for p, s in zip(vector.split(sizes), shapes, strict=True))
    dW1, db1, dW2, db2 = (p.view(s) for p, s in zip(gradient.split(sizes), shapes, strict=True))
    vector.grad = gradient
    moves = optimizer(work, [vector])
    images, y = torch.from_numpy(work.flat()), torch.from_numpy(work.labels())
    targets = torch.eye(10)
    x = torch.empty(work.batch_size, 784)

    @torch.no_grad()
    def run() -> None:
        total = torch.zeros(())
        for chosen in torch.randperm(len(images)).split(work.batch_size):
            batch = torch.index_select(images, 0, chosen, out=x[: len(chosen)])
            t = targets.index_select(0, y.index_select(0, chosen))
            h = torch.addmm(b1, batch, W1).sigmoid_()
            log_p = torch.addmm(b2, h, W2).log_softmax(1)
            total -= torch.dot(log_p.view(-1), t.view(-1))
            dz = log_p.exp_().sub_(t).div_(len(chosen))
            torch.mm(h.T, dz, out=dW2)
            torch.sum(dz, 0, out=db2)
            dh = torch.mm(dz, W2.T).mul_(h).mul_(1 - h)
            torch.mm(batch.T, dh, out=dW1)
            torch.sum(dh, 0, out=db1)
            moves.step()
        total.item()

    return run
