"""Optimizers: how the parameters move against the gradient.

An optimiser is a frozen description with two verbs: `start` makes its state (a dictionary of
arrays, so a checkpoint can keep it), `step` moves the parameter vector IN PLACE against the
gradient, and uses the gradient's own memory up on the way, so that no step makes an array. Each
takes a decoupled weight decay (Loshchilov and Hutter 2019): before the step,
vector -= learning_rate * weight_decay * vector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layer import FloatArray

State = dict[str, NDArray[Any]]


class Optimizer(Protocol):
    """What every optimiser can do."""

    def start(self, vector: FloatArray) -> State:
        """Fresh state for a parameter vector (n_parameters,)."""

    def step(
        self, vector: FloatArray, gradient: FloatArray, state: State, learning_rate: float
    ) -> None:
        """Move `vector` one step, in place; `state` is updated and `gradient` overwritten."""


@dataclass(frozen=True)
class SGD:
    """Gradient descent: vector -= learning_rate * gradient."""

    weight_decay: float = 0.0

    def start(self, vector: FloatArray) -> State:
        return {}

    def step(
        self, vector: FloatArray, gradient: FloatArray, state: State, learning_rate: float
    ) -> None:
        _decay(vector, learning_rate * self.weight_decay)
        gradient *= learning_rate
        vector -= gradient


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with a velocity (Polyak 1964; Nesterov's form after Sutskever et al. 2013).

    velocity = momentum * velocity + gradient; vector -= learning_rate * velocity,
    with Nesterov: vector -= learning_rate * (gradient + momentum * velocity).
    """

    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    def start(self, vector: FloatArray) -> State:
        return {"velocity": np.zeros_like(vector)}

    def step(
        self, vector: FloatArray, gradient: FloatArray, state: State, learning_rate: float
    ) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        _decay(vector, learning_rate * self.weight_decay)
        if self.nesterov:
            gradient *= learning_rate
            vector -= gradient
        rate = learning_rate * (self.momentum if self.nesterov else 1.0)
        np.multiply(velocity, rate, gradient)
        vector -= gradient


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1).

    vector -= learning_rate * m_hat / (sqrt(v_hat) + epsilon), m_hat and v_hat being the running
    means of the gradient and of its square, corrected for their start at zero. The state keeps
    running sums, sum = beta sum + gradient; the factors that make them means, (1 - beta) /
    (1 - beta^t), go into two scalars instead of two more passes over the vector.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def start(self, vector: FloatArray) -> State:
        return {
            "sum": np.zeros_like(vector),
            "square_sum": np.zeros_like(vector),
            "steps": np.zeros((), dtype=np.int64),
        }

    def step(
        self, vector: FloatArray, gradient: FloatArray, state: State, learning_rate: float
    ) -> None:
        total, square_total, steps = state["sum"], state["square_sum"], state["steps"]
        steps += 1
        t = int(steps)
        to_mean = (1.0 - self.beta1) / (1.0 - self.beta1**t)
        to_root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**t))
        total *= self.beta1
        total += gradient
        square_total *= self.beta2
        gradient *= gradient
        square_total += gradient
        update = np.sqrt(square_total, gradient)  # sqrt(v_hat) / to_root
        update += self.epsilon / to_root
        np.divide(total, update, update)
        update *= learning_rate * to_mean / to_root
        _decay(vector, learning_rate * self.weight_decay)
        vector -= update


def _decay(vector: FloatArray, share: float) -> None:
    """Shrink every parameter by a share of itself."""
    if share:
        vector *= 1.0 - share
