"""Digitnet by its public functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.sides.work import Work
from digitnet.data.dataset import Dataset
from digitnet.models.model import classify
from digitnet.nn import SGD, Adam, Constant, Network, Optimizer, multilayer_perceptron
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.loop import train


def network(work: Work) -> Network:
    """784-64-10 with the start's parameters."""
    built = Network(multilayer_perceptron(784, [64], 10))
    for view, start in zip(built.parameters.values(), work.start(), strict=True):
        view[:] = start
    return built


def epoch(work: Work) -> Callable[[], object]:
    """`train()` for an epoch, every event consumed."""
    optimizer: Optimizer = SGD() if work.optimizer == "sgd" else Adam()
    settings = Settings(
        epochs=1,
        batch_size=work.batch_size,
        learning_rate=work.learning_rate,
        optimizer=optimizer,
        schedule=Constant(),
    )
    net, dataset = network(work), Dataset(np.array(work.images()), work.labels())

    def run() -> None:
        for _ in train(net, dataset, None, settings, begin(net, settings, np.random.default_rng())):
            pass

    return run


def single(work: Work) -> Callable[[], object]:
    """`Network.forward` on one image."""
    net, x = network(work), work.flat()[:1]
    return lambda: net.forward(x)


def bulk(work: Work) -> Callable[[], object]:
    """`classify` on uint8 images."""
    net, images = network(work), np.array(work.images())
    return lambda: classify(net, images)


def convolution(work: Work) -> Callable[[], object]:
    """An epoch of the reference convolutional network (see board/conv.py)."""
    plan = TrainingConfig(
        conv="16C5-MP2-32C5-MP2",
        hidden=(128,),
        activation="relu",
        input_dropout=0.0,
        epochs=1,
        batch_size=work.batch_size,
        learning_rate=work.learning_rate,
        schedule="constant",
    )
    rng = np.random.default_rng(0)
    net = Network(plan.layers(784, 10))
    net.initialize(rng)
    settings, dataset = plan.settings(), Dataset(np.array(work.images()), work.labels())

    def run() -> None:
        for _ in train(net, dataset, None, settings, begin(net, settings, rng)):
            pass

    return run
