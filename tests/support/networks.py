"""Small networks with every kind of layer, whose every parameter says something."""

from __future__ import annotations

from typing import NamedTuple

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


class Example(NamedTuple):
    """A kind of layer, for tests that walk the table of kinds.

    Attributes:
        layer: one of the kind.
        layers: a small network with it, of four inputs or images of 2 x 2, and three classes;
            where it has a backward pass, behind a Dense layer, whose gradient goes through it.
        word: it in the notation.
        described: it in model.json.
    """

    layer: Layer
    layers: list[Layer]
    word: str
    described: str


def _on_images(layer: Layer, *behind: Layer) -> list[Layer]:
    """It behind images of 6 x 6 that a Dense layer draws."""
    return [Dense(4, 36), Tanh(), ToImages(6, 6), layer, *behind]


def _on_rows(layer: Layer) -> list[Layer]:
    return [Dense(4, 5), layer, Dense(5, 3)]


EXAMPLES = {
    "AveragePool2D": Example(
        AveragePool2D(3), _on_images(AveragePool2D(3), ToRows(), Dense(4, 3)),
        "AP3", '{"kind": "AveragePool2D", "size": 3}',
    ),
    "BatchNorm": Example(
        BatchNorm(5), _on_rows(BatchNorm(5)), "", '{"kind": "BatchNorm", "channels": 5}',
    ),
    "Conv2D": Example(
        Conv2D(1, 2, 3, 2, 1), _on_images(Conv2D(1, 2, 3, 2, 1), ToRows(), Dense(18, 3)),
        "2C3S2P1",
        '{"kind": "Conv2D", "channels_in": 1, "channels_out": 2, "size": 3, "stride": 2, '
        '"padding": 1}',
    ),
    "Dense": Example(
        Dense(5, 3), [Dense(4, 5), Dense(5, 3)], "3", '{"kind": "Dense", "n_in": 5, "n_out": 3}',
    ),
    "Deskew": Example(
        Deskew(2, 2), [Deskew(2, 2), Dense(4, 3)],
        "deskewed", '{"kind": "Deskew", "height": 2, "width": 2}',
    ),
    "Dropout": Example(
        Dropout(0.4), _on_rows(Dropout(0.4)), "", '{"kind": "Dropout", "rate": 0.4}',
    ),
    "Flatten": Example(
        Flatten(), [Dense(4, 5), Flatten(), Dense(5, 3)], "", '{"kind": "Flatten"}',
    ),
    "GlobalAveragePool2D": Example(
        GlobalAveragePool2D(),
        _on_images(Conv2D(1, 4, 3), GlobalAveragePool2D(), Dense(4, 3)),
        "GAP", '{"kind": "GlobalAveragePool2D"}',
    ),
    "MaxPool2D": Example(
        MaxPool2D(2), _on_images(MaxPool2D(2), ToRows(), Dense(9, 3)),
        "MP2", '{"kind": "MaxPool2D", "size": 2}',
    ),
    "ReLU": Example(ReLU(), _on_rows(ReLU()), "", '{"kind": "ReLU"}'),
    "Sigmoid": Example(Sigmoid(), _on_rows(Sigmoid()), "", '{"kind": "Sigmoid"}'),
    "Tanh": Example(Tanh(), _on_rows(Tanh()), "", '{"kind": "Tanh"}'),
    "ToImages": Example(
        ToImages(6, 6), _on_images(Conv2D(1, 2, 5), ToRows(), Dense(8, 3)),
        "", '{"kind": "ToImages", "height": 6, "width": 6}',
    ),
    "ToRows": Example(
        ToRows(), _on_images(Conv2D(1, 2, 5), ToRows(), Dense(8, 3)), "", '{"kind": "ToRows"}',
    ),
}  # fmt: skip
