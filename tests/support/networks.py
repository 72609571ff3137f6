"""Small networks with every kind of layer, whose every parameter says something."""

from __future__ import annotations

import numpy as np

from digitnet.nn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Deskew,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    Network,
    ReLU,
    Sigmoid,
    Tanh,
    ToImages,
    ToRows,
    multilayer_perceptron,
)


def alive(layers: list[Layer], rng: np.random.Generator) -> Network:
    """A network whose every parameter says something, variances positive."""
    network = Network(layers)
    network.initialize(rng)
    for name, view in network.parameters.items():
        if not name.startswith("W"):
            view[:] = rng.normal(0, 0.2, view.shape)
        if name.startswith(("gamma", "variance")):
            view[:] = rng.uniform(0.5, 1.5, view.shape)
        if name.startswith("variance"):
            view[0] = 1e-4  # so small that what is added to it tells
        if name.startswith("gamma"):
            view[0] = 1e-2
    return network


SMALL: dict[str, list[Layer]] = {
    "deskewed, several hidden layers": [
        Deskew(28, 28), *multilayer_perceptron(784, [30, 20], 10, "tanh"),
    ],
    "pooled at the head": [
        ToImages(28, 28), AveragePool2D(2), ToRows(), Dropout(0.3), Dense(196, 10),
    ],
    "stride, padding and the mean of channels": [
        ToImages(28, 28), Conv2D(1, 5, 5, stride=2, padding=2), ReLU(),
        Conv2D(5, 7, 3, stride=3, padding=1), Sigmoid(), GlobalAveragePool2D(), Dense(7, 10),
    ],
    "normalised where it cannot be folded": [
        Flatten(), Dense(784, 12), ReLU(), BatchNorm(12), Dense(12, 10), BatchNorm(10),
    ],
    "images normalised behind the activation": [
        ToImages(28, 28), Conv2D(1, 6, 5), Tanh(), BatchNorm(6), MaxPool2D(3),
        Conv2D(6, 4, 3, padding=1), BatchNorm(4), MaxPool2D(2), ToRows(), Dense(64, 10),
    ],
    "a scale for each pixel": [BatchNorm(784), ReLU(), Dense(784, 10)],
    "three classes": multilayer_perceptron(784, [9], 3),
}  # fmt: skip
