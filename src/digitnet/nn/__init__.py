"""The neural network, from scratch: NumPy and nothing else.

Each name is imported when it is first used: predicting needs no optimiser.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from digitnet.nn.kinds import LAYERS

if TYPE_CHECKING:
    from digitnet.nn.convolution import Conv2D
    from digitnet.nn.deskew import Deskew
    from digitnet.nn.ensemble import Ensemble
    from digitnet.nn.folding import fold
    from digitnet.nn.gradient_check import GradientCheck, check_gradients
    from digitnet.nn.images import ToImages, ToRows
    from digitnet.nn.kinds import UnknownLayerError, register_layer
    from digitnet.nn.layer import Affine, Buffers, Context, Layer
    from digitnet.nn.layers import (
        ACTIVATIONS,
        Activation,
        Dense,
        Dropout,
        Flatten,
        ReLU,
        Sigmoid,
        Tanh,
    )
    from digitnet.nn.losses import Distillation, cross_entropy, log_softmax, one_hot, softmax
    from digitnet.nn.network import Network, multilayer_perceptron
    from digitnet.nn.normalization import BatchNorm
    from digitnet.nn.notation import in_words
    from digitnet.nn.optimizers import SGD, Adam, Momentum, Optimizer
    from digitnet.nn.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
    from digitnet.nn.schedules import Constant, Cosine, Linear, OneCycle, Schedule

_HOMES = {
    **LAYERS,
    "Activation": "layers",
    "ACTIVATIONS": "layers",
    "Adam": "optimizers",
    "Affine": "layer",
    "Buffers": "layer",
    "check_gradients": "gradient_check",
    "Constant": "schedules",
    "Context": "layer",
    "Cosine": "schedules",
    "cross_entropy": "losses",
    "Distillation": "losses",
    "Ensemble": "ensemble",
    "fold": "folding",
    "GradientCheck": "gradient_check",
    "in_words": "notation",
    "Layer": "layer",
    "Linear": "schedules",
    "log_softmax": "losses",
    "Momentum": "optimizers",
    "multilayer_perceptron": "network",
    "Network": "network",
    "one_hot": "losses",
    "OneCycle": "schedules",
    "Optimizer": "optimizers",
    "register_layer": "kinds",
    "Schedule": "schedules",
    "SGD": "optimizers",
    "softmax": "losses",
    "UnknownLayerError": "kinds",
}

__all__ = [
    "ACTIVATIONS",
    "SGD",
    "Activation",
    "Adam",
    "Affine",
    "AveragePool2D",
    "BatchNorm",
    "Buffers",
    "Constant",
    "Context",
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
    "UnknownLayerError",
    "check_gradients",
    "cross_entropy",
    "fold",
    "in_words",
    "log_softmax",
    "multilayer_perceptron",
    "one_hot",
    "register_layer",
    "softmax",
]


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.nn' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.nn.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
