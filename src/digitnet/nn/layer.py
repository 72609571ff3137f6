"""Layer: what every layer is and can do.

A layer holds no numbers. Its parameters are handed in, and what the backward pass needs to know
of the forward pass (the cache) is handed back, so prediction is pure and safe between threads.
In training, the arrays that a layer writes to come out of its `Room`, so that none is made anew in
every step; without a room they are new.

Shapes: N is the number of images in the batch. `dy` is dL/dy, the gradient of the loss with
respect to what the layer gave; `backward` returns dL/dx by the chain rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

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


Parameters = Sequence[FloatArray]
Shape = tuple[int, ...]


class Layer(Protocol):
    """What every layer can do."""

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The name of each parameter, without its number: W and b, or none."""

    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each parameter, in the order `forward` takes them."""

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of what it gives for an input of this shape, both without N.

        Raises:
            ValueError: it takes no such input.
        """

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, Any]:
        """Return (y, cache). A generator means training; without one, prediction."""

    def backward(
        self,
        params: Parameters,
        cache: Any,
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """Write dL/dparameter into `grads`; return dL/dx, or None where nobody needs it."""


@dataclass(frozen=True)
class Parameterless:
    """What layers without parameters share; those without settings are equal to their like."""

    parameter_names: ClassVar[tuple[str, ...]] = ()

    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        """None."""
        return ()

    def output_shape(self, shape: Shape) -> Shape:
        """The input's own."""
        return shape
