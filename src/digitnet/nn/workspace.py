"""Workspace: what a training step writes into, made once and written again in every step.

Making an array costs more than filling a small one. So each layer has a `Room`, asks it by name
for the arrays it writes to, and gets the same ones in the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Order = Literal["C", "F"]


class Room:
    """The arrays of a layer, or of the loss, by name and shape; a short last batch has its own."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, tuple[int, ...]], NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any, order: Order) -> NDArray[Any]:
        """The array of that name and shape, with whatever the last step left in it."""
        key = (name, shape)
        found = self._arrays.get(key)
        if found is None:
            found = self._arrays[key] = np.empty(shape, dtype, order)
        return found


def array(
    room: Room | None, name: str, shape: tuple[int, ...], dtype: Any, order: Order = "C"
) -> NDArray[Any]:
    """An array to write into: the room's, or a new one where there is no room (in prediction)."""
    if room is None:
        return np.empty(shape, dtype, order)
    return room.array(name, shape, dtype, order)


class Workspace:
    """Room for the forward and backward passes of one network; see `Network.workspace`.

    Attributes:
        gradient: (n_parameters,), overwritten in every step with dL/dvector.
        grads: per layer, its parts of the gradient as views.
        rooms: per layer, its room.
        loss_room: the loss's room.
    """

    def __init__(self, gradient: FloatArray, grads: Sequence[Sequence[FloatArray]]) -> None:
        self.gradient = gradient
        self.grads = grads
        self.rooms = [Room() for _ in grads]
        self.loss_room = Room()
