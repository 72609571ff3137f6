"""Gradient check: what backward computed against central differences of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from digitnet.nn.layer import FloatArray
from digitnet.nn.network import Stack


@dataclass(frozen=True)
class GradientCheck:
    """The parameter whose two gradients differ most.

    Attributes:
        worst: its name and index, such as "W1[3, 7]".
        analytic: dL/dparameter by the backward pass.
        numeric: dL/dparameter by central differences.
        error: |analytic - numeric| / max(1e-4, |analytic| + |numeric|).
        n_checked: how many parameters were compared.
    """

    worst: str
    analytic: float
    numeric: float
    error: float
    n_checked: int


def check_gradients(
    network: Stack,
    x: FloatArray,
    targets: Any,
    step: float = 1e-5,
    seed: int | None = None,
) -> GradientCheck:
    """Compare every parameter's gradient with (L(p + step) - L(p - step)) / (2 step).

    Args:
        network: in float64, or rounding drowns the difference.
        x: inputs (N, n_in), or what else the network takes, float64.
        targets: what its loss takes.
        step: how far each parameter is moved either way.
        seed: check the training pass, with the dropout masks of this seed, and a BatchNorm's
            statistics from the batch; None checks the prediction pass, which has neither.
            Running statistics are not learnt, and are left out.

    Returns:
        The worst parameter; with a right backward pass its error is below 1e-6.

    Raises:
        ValueError: the network is not in float64.
    """
    if network.vector.dtype != np.float64:
        raise ValueError("A gradient check needs Network(layers, dtype=np.float64).")
    analytic, scratch = np.empty_like(network.vector), np.empty_like(network.vector)

    def loss(gradient: FloatArray) -> float:
        rng = None if seed is None else np.random.default_rng(seed)
        return network.loss_and_gradient(x, targets, gradient, rng)[0]

    loss(analytic)
    learnt = np.ones(len(analytic), dtype=bool)
    for place in network.statistics:
        learnt[place] = False
    numeric = np.empty_like(analytic)
    for i, value in enumerate(network.vector.copy()):
        losses = []
        for moved in (value + step, value - step):
            network.vector[i] = moved
            losses.append(loss(scratch))
        network.vector[i] = value
        numeric[i] = (losses[0] - losses[1]) / (2.0 * step)
    errors = np.abs(analytic - numeric) / np.maximum(1e-4, np.abs(analytic) + np.abs(numeric))
    errors[~learnt] = 0.0
    i = int(np.argmax(errors))
    return GradientCheck(
        worst=_name(network, i),
        analytic=float(analytic[i]),
        numeric=float(numeric[i]),
        error=float(errors[i]),
        n_checked=int(np.count_nonzero(learnt)),
    )


def _name(network: Stack, position: int) -> str:
    """The parameter at a position of the flat vector, as "W1[3, 7]"."""
    for name, view in network.parameters.items():
        if position < view.size:
            index = ", ".join(str(int(i)) for i in np.unravel_index(position, view.shape))
            return f"{name}[{index}]"
        position -= view.size
    raise IndexError(position)
