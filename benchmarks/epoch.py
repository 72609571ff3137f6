"""Epoch: seconds per epoch of digitnet's default training beside a plain PyTorch loop.

    python -m benchmarks.epoch [--data FOLDER] [--repeats 5] [--batch-sizes 32 128 512]

Both train the same network with the same optimiser on the same 60,000 images, each in a process
of its own, in turns. digitnet goes the public way: `train()`, every event consumed. The PyTorch
loop is the one a tutorial shows: eager, float32 tensors ready in memory, `randperm`, a batch by
index, `loss.item()`. Without PyTorch its columns stay empty.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.idx import load_idx_folder
from digitnet.data.mnist import find_mnist
from digitnet.errors import DigitnetError
from digitnet.nn import Dense, Dropout, Network
from digitnet.training.events import EpochDone
from digitnet.training.loop import begin, train
from digitnet.training.plan import Plan

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "mnist"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
N_IMAGES = 60_000
Timing = tuple[float, float]  # seconds of an epoch, its mean training loss


@cache  # once per process
def digits(folder: Path | None) -> Dataset:
    """MNIST's training images, or noise of the same shape: the time is the same."""
    if folder is not None:
        return load_idx_folder(folder)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N_IMAGES, 28, 28), dtype=np.uint8)
    return Dataset(images, rng.integers(0, 10, N_IMAGES), source="noise")


def time_digitnet(folder: Path | None, plan: Plan) -> Timing:
    dataset = digits(folder)
    rng = np.random.default_rng(plan.seed)
    network = Network(plan.layers(784, 10))
    network.initialize(rng)
    settings = plan.settings()
    state = begin(network, settings, rng)
    loss = 0.0
    started = time.perf_counter()
    for event in train(network, dataset, None, settings, state):
        if isinstance(event, EpochDone):
            loss = event.training_loss
    return time.perf_counter() - started, loss


@cache
def tensors(folder: Path | None) -> tuple[Any, Any]:
    """The same digits as PyTorch wants them, made before the clock runs."""
    import torch

    dataset = digits(folder)
    images = torch.from_numpy(dataset.images.reshape(-1, 784).astype(np.float32) / 255)
    return images, torch.from_numpy(dataset.labels.copy())


def time_torch(folder: Path | None, plan: Plan) -> Timing:
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(plan.seed)
    images, labels = tensors(folder)
    network, optimizer = torch_twin(plan)
    n, batch_size = len(images), plan.batch_size or len(images)
    total = 0.0
    started = time.perf_counter()
    order = torch.randperm(n)
    for start in range(0, n, batch_size):
        chosen = order[start : start + batch_size]
        loss = cross_entropy(network(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chosen)
    return time.perf_counter() - started, total / n


def torch_twin(plan: Plan) -> tuple[Any, Any]:
    """The plan's network in PyTorch's own layers, from the very same start, and its optimiser."""
    import torch
    from torch import nn

    ours = Network(plan.layers(784, 10))
    ours.initialize(np.random.default_rng(plan.seed))
    start = iter(ours.parameters.values())  # W1, b1, W2, b2
    layers: list[nn.Module] = []
    for layer in ours.layers:
        if isinstance(layer, Dense):
            twin = nn.Linear(layer.n_in, layer.n_out)
            twin.weight.data = torch.from_numpy(next(start).T.copy())
            twin.bias.data = torch.from_numpy(next(start).copy())
            layers.append(twin)
        elif isinstance(layer, Dropout):
            layers.append(nn.Dropout(layer.rate))
        else:
            layers.append(getattr(nn, type(layer).__name__)())  # Sigmoid, Tanh, ReLU
    network = nn.Sequential(*layers)
    rate, decay = plan.rate, plan.weight_decay
    optimizers: dict[str, Callable[..., Any]] = {
        "sgd": lambda p: torch.optim.SGD(p, rate, weight_decay=decay),
        "momentum": lambda p: torch.optim.SGD(p, rate, 0.9, weight_decay=decay),
        "nesterov": lambda p: torch.optim.SGD(p, rate, 0.9, weight_decay=decay, nesterov=True),
        "adam": lambda p: torch.optim.AdamW(p, rate, weight_decay=decay),
    }
    return network, optimizers[plan.optimizer](network.parameters())


def measure(
    folder: Path | None, plans: list[Plan], threads: int, repeats: int
) -> Iterator[list[str]]:
    """A table row per plan: both sides in turns, each in a process of its own with `threads`."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    sides = [time_digitnet, *([time_torch] if importlib.util.find_spec("torch") else [])]
    pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in sides]
    for plan in plans:
        results: list[list[Timing]] = [[] for _ in sides]
        for _ in range(repeats + 1):  # the first round only warms up
            for pool, side, result in zip(pools, sides, results, strict=True):
                result.append(pool.submit(side, folder, plan).result())
        row = [str(plan.batch_size), str(threads)]
        medians = []
        for result in results:
            seconds = [timing[0] for timing in result[1:]]
            medians.append(statistics.median(seconds))
            row.append(f"{medians[-1]:.2f} ({min(seconds):.2f} to {max(seconds):.2f})")
            row.append(f"{result[-1][1]:.3f}")
        yield [*row, f"{medians[1] / medians[0]:.2f}"] if len(sides) == 2 else row
    for pool in pools:
        pool.shutdown()


def find_digits(named: str | None) -> Path | None:
    """The folder named, in $DIGITNET_MNIST, in the cache, or beside the checkout; else None."""
    return find_mnist(named) or (BESIDE_THE_CHECKOUT if BESIDE_THE_CHECKOUT.is_dir() else None)


def main() -> None:
    default = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.epoch", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", metavar="FOLDER", help="with MNIST's IDX files")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 128, 512])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    parser.add_argument("--optimizer", default=default.optimizer)
    args = parser.parse_args()

    try:
        folder = find_digits(args.data)
        plans = [
            Plan(epochs=1, batch_size=size, optimizer=args.optimizer, schedule="constant")
            for size in args.batch_sizes
        ]
    except DigitnetError as error:
        parser.error(str(error))
    layers = ", ".join(map(str, default.layers(784, 10)))
    what = "MNIST's training images" if folder else "images of noise"
    torch = f"PyTorch {version('torch')}" if importlib.util.find_spec("torch") else "no PyTorch"
    print(f"{layers}; {args.optimizer}; {len(digits(folder)):,} {what}")
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {torch}, "
        f"{platform.machine()}, {os.cpu_count()} cores"
    )
    print(f"seconds per epoch: median (min to max) of {args.repeats}; ratio = PyTorch / digitnet")
    print(f"loss: of the first epoch, on the way; the default batch size is {default.batch_size}\n")
    show(["batch", "threads", "digitnet", "loss", "PyTorch", "loss", "ratio"])
    for threads in dict.fromkeys(args.threads):
        for row in measure(folder, plans, threads, args.repeats):
            show(row)
    if torch == "no PyTorch":
        print("\nPyTorch is not installed: pip install -r benchmarks/requirements.txt")


def show(row: list[str]) -> None:
    widths = (5, 7, 24, 6, 24, 6, 6)
    print(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), flush=True
    )


if __name__ == "__main__":
    main()
