"""The neural network, from scratch: NumPy and nothing else."""

from digitnet.nn.gradient_check import GradientCheck, check_gradients
from digitnet.nn.layers import Dense, Dropout, Flatten, Layer, ReLU, Sigmoid, Tanh
from digitnet.nn.losses import cross_entropy, log_softmax, one_hot, softmax
from digitnet.nn.network import ACTIVATIONS, Network, multilayer_perceptron
from digitnet.nn.optimizers import (
    SGD,
    Adam,
    Constant,
    Cosine,
    Momentum,
    OneCycle,
    Optimizer,
    Schedule,
)

__all__ = [
    "ACTIVATIONS",
    "SGD",
    "Adam",
    "Constant",
    "Cosine",
    "Dense",
    "Dropout",
    "Flatten",
    "GradientCheck",
    "Layer",
    "Momentum",
    "Network",
    "OneCycle",
    "Optimizer",
    "ReLU",
    "Schedule",
    "Sigmoid",
    "Tanh",
    "check_gradients",
    "cross_entropy",
    "log_softmax",
    "multilayer_perceptron",
    "one_hot",
    "softmax",
]
