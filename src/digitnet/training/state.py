"""State: where a training stands, whole between any two of its steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from digitnet.nn import Network
from digitnet.nn.optimizers import State
from digitnet.nn.workspace import FloatArray
from digitnet.training.events import History
from digitnet.training.settings import Settings


@dataclass
class TrainingState:
    """Where a run stands: all that the next step depends on, whole whenever an event is out.

    Attributes:
        vector: the network's own parameters (n_parameters,), not a copy.
        optimizer_state: see `Optimizer.start`.
        average: the moving average of the parameters, where the settings ask for one; without it
            the parameters themselves.
        rng: shuffles and draws dropout masks.
        epoch: epochs done.
        step: steps done in the running epoch.
        order: the running epoch's order of the images (N,).
        loss_sum: sum over images of the running epoch's loss.
        n_right: right answers of the running epoch.
        best_vector: the parameters of the best epoch; before the first, the start.
        best_accuracy: its validation accuracy; -1 before the first epoch.
        best_loss: its validation loss.
        history: the epochs done.
    """

    vector: FloatArray
    optimizer_state: State
    rng: np.random.Generator
    best_vector: FloatArray
    average: FloatArray
    order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    n_right: int = 0
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    history: History = field(default_factory=History)


def begin(network: Network, settings: Settings, rng: np.random.Generator) -> TrainingState:
    """The state before the first step, from the network's parameters as they are."""
    return TrainingState(
        vector=network.vector,
        optimizer_state=settings.optimizer.start(network.vector),
        rng=rng,
        best_vector=network.vector.copy(),
        average=network.vector.copy() if settings.ema_decay else network.vector,
    )
