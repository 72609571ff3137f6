"""The neural network, from scratch: NumPy and nothing else.

Each name is imported when it is first used: predicting needs no optimiser.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from digitnet.nn.kinds import LAYERS

if TYPE_CHECKING:  # what type checkers and editors read; a test holds it to the table below
    from digitnet.nn.convolution import Conv2D as Conv2D
    from digitnet.nn.deskew import Deskew as Deskew
    from digitnet.nn.ensemble import Ensemble as Ensemble
    from digitnet.nn.folding import fold as fold
    from digitnet.nn.gradient_check import GradientCheck as GradientCheck
    from digitnet.nn.gradient_check import check_gradients as check_gradients
    from digitnet.nn.images import ToImages as ToImages
    from digitnet.nn.images import ToRows as ToRows
    from digitnet.nn.kinds import UnknownLayerError as UnknownLayerError
    from digitnet.nn.kinds import register_layer as register_layer
    from digitnet.nn.layer import Affine as Affine
    from digitnet.nn.layer import Buffers as Buffers
    from digitnet.nn.layer import Context as Context
    from digitnet.nn.layer import Layer as Layer
    from digitnet.nn.layers import ACTIVATIONS as ACTIVATIONS
    from digitnet.nn.layers import Activation as Activation
    from digitnet.nn.layers import Dense as Dense
    from digitnet.nn.layers import Dropout as Dropout
    from digitnet.nn.layers import Flatten as Flatten
    from digitnet.nn.layers import ReLU as ReLU
    from digitnet.nn.layers import Sigmoid as Sigmoid
    from digitnet.nn.layers import Tanh as Tanh
    from digitnet.nn.losses import Distillation as Distillation
    from digitnet.nn.losses import cross_entropy as cross_entropy
    from digitnet.nn.losses import log_softmax as log_softmax
    from digitnet.nn.losses import one_hot as one_hot
    from digitnet.nn.losses import softmax as softmax
    from digitnet.nn.network import Network as Network
    from digitnet.nn.network import multilayer_perceptron as multilayer_perceptron
    from digitnet.nn.normalization import BatchNorm as BatchNorm
    from digitnet.nn.notation import in_words as in_words
    from digitnet.nn.optimizers import SGD as SGD
    from digitnet.nn.optimizers import Adam as Adam
    from digitnet.nn.optimizers import Momentum as Momentum
    from digitnet.nn.optimizers import Optimizer as Optimizer
    from digitnet.nn.pooling import AveragePool2D as AveragePool2D
    from digitnet.nn.pooling import GlobalAveragePool2D as GlobalAveragePool2D
    from digitnet.nn.pooling import MaxPool2D as MaxPool2D
    from digitnet.nn.schedules import Constant as Constant
    from digitnet.nn.schedules import Cosine as Cosine
    from digitnet.nn.schedules import Linear as Linear
    from digitnet.nn.schedules import OneCycle as OneCycle
    from digitnet.nn.schedules import Schedule as Schedule

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

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.nn' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.nn.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
