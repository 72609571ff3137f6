"""Gradient check: what backward computed against central differences of the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitnet.nn.losses import cross_entropy
from digitnet.nn.network import Network
from digitnet.nn.workspace import FloatArray


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
    network: Network, x: FloatArray, targets: FloatArray, step: float = 1e-5
) -> GradientCheck:
    """Compare every parameter's gradient with (L(p + step) - L(p - step)) / (2 step).

    Args:
        network: in float64, or rounding drowns the difference; dropout is off while it checks.
        x: inputs (N, n_in), float64.
        targets: (N, n_classes).
        step: how far each parameter is moved either way.

    Returns:
        The worst parameter; with a right backward pass its error is below 1e-6.

    Raises:
        ValueError: the network is not in float64.
    """
    if network.vector.dtype != np.float64:
        raise ValueError("A gradient check needs Network(layers, dtype=np.float64).")
    analytic = np.empty_like(network.vector)
    network.loss_and_gradient(x, targets, analytic)
    numeric = np.empty_like(analytic)
    for i, value in enumerate(network.vector.copy()):
        losses = []
        for moved in (value + step, value - step):
            network.vector[i] = moved
            losses.append(cross_entropy(network.forward(x), targets)[0])
        network.vector[i] = value
        numeric[i] = (losses[0] - losses[1]) / (2.0 * step)
    errors = np.abs(analytic - numeric) / np.maximum(1e-4, np.abs(analytic) + np.abs(numeric))
    i = int(np.argmax(errors))
    return GradientCheck(
        _name(network, i), float(analytic[i]), float(numeric[i]), float(errors[i]), len(errors)
    )


def _name(network: Network, position: int) -> str:
    """The parameter at a position of the flat vector, as "W1[3, 7]"."""
    for name, view in network.parameters.items():
        if position < view.size:
            index = ", ".join(str(int(i)) for i in np.unravel_index(position, view.shape))
            return f"{name}[{index}]"
        position -= view.size
    raise IndexError(position)
