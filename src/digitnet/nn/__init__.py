"""The neural network, from scratch: NumPy and nothing else.

Each name is imported when it is first used: predicting needs no optimiser.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitnet.nn.convolution import Conv2D
    from digitnet.nn.deskew import Deskew
    from digitnet.nn.ensemble import Ensemble
    from digitnet.nn.folding import fold
    from digitnet.nn.gradient_check import GradientCheck, check_gradients
    from digitnet.nn.images import ToImages, ToRows
    from digitnet.nn.layer import Layer
    from digitnet.nn.layers import Dense, Dropout, Flatten, ReLU, Sigmoid, Tanh
    from digitnet.nn.losses import Distillation, cross_entropy, log_softmax, one_hot, softmax
    from digitnet.nn.network import ACTIVATIONS, Network, multilayer_perceptron
    from digitnet.nn.normalization import BatchNorm
    from digitnet.nn.notation import in_words
    from digitnet.nn.optimizers import (
        SGD,
        Adam,
        Constant,
        Cosine,
        Linear,
        Momentum,
        OneCycle,
        Optimizer,
        Schedule,
    )
    from digitnet.nn.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D

_HOMES = {
    "ACTIVATIONS": "network",
    "Adam": "optimizers",
    "AveragePool2D": "pooling",
    "BatchNorm": "normalization",
    "check_gradients": "gradient_check",
    "Constant": "optimizers",
    "Cosine": "optimizers",
    "Conv2D": "convolution",
    "cross_entropy": "losses",
    "Dense": "layers",
    "Deskew": "deskew",
    "Distillation": "losses",
    "Dropout": "layers",
    "Ensemble": "ensemble",
    "Flatten": "layers",
    "fold": "folding",
    "GlobalAveragePool2D": "pooling",
    "GradientCheck": "gradient_check",
    "in_words": "notation",
    "Layer": "layer",
    "Linear": "optimizers",
    "log_softmax": "losses",
    "MaxPool2D": "pooling",
    "Momentum": "optimizers",
    "multilayer_perceptron": "network",
    "Network": "network",
    "one_hot": "losses",
    "OneCycle": "optimizers",
    "Optimizer": "optimizers",
    "ReLU": "layers",
    "Schedule": "optimizers",
    "SGD": "optimizers",
    "Sigmoid": "layers",
    "softmax": "losses",
    "Tanh": "layers",
    "ToImages": "images",
    "ToRows": "images",
}

__all__ = [
    "ACTIVATIONS",
    "SGD",
    "Adam",
    "AveragePool2D",
    "BatchNorm",
    "Constant",
    "Conv2D",
    "Cosine",
    "Dense",
    "Deskew",
    "Distillation",
    "Dropout",
    "Ensemble",
    "Flatten",
    "GlobalAveragePool2D",
    "GradientCheck",
    "Layer",
    "Linear",
    "MaxPool2D",
    "Momentum",
    "Network",
    "OneCycle",
    "Optimizer",
    "ReLU",
    "Schedule",
    "Sigmoid",
    "Tanh",
    "ToImages",
    "ToRows",
    "check_gradients",
    "cross_entropy",
    "fold",
    "in_words",
    "log_softmax",
    "multilayer_perceptron",
    "one_hot",
    "softmax",
]


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.nn' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.nn.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
