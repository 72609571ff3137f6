"""Layers: frozen descriptions, each with a forward and a backward pass.

What a layer is, and the words used here, are in `digitnet.nn.layer`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layer import FloatArray, Parameterless, Parameters, Room, Shape, array

NARROW = 32
"""A layer with fewer outputs keeps them column by column in memory (Fortran order): softmax's
sums and maxima then run along columns as long as the batch, not along rows of ten."""


@dataclass(frozen=True)
class Dense:
    """Affine map y = x W + b, with W (n_in, n_out) and b (n_out,)."""

    n_in: int
    n_out: int

    parameter_names: ClassVar = ("W", "b")

    def __post_init__(self) -> None:
        if self.n_in < 1 or self.n_out < 1:
            raise ValueError(f"Dense needs at least one input and output, not {self}.")

    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        return (self.n_in, self.n_out), (self.n_out,)

    def output_shape(self, shape: Shape) -> Shape:
        if shape != (self.n_in,):
            raise ValueError(
                f"{self} takes {self.n_in} numbers, but what is before it gives {shape}."
            )
        return (self.n_out,)

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[FloatArray, Room | None]]:
        W, b = params
        y = array(room, "y", (len(x), self.n_out), x.dtype, "F" if self.n_out < NARROW else "C")
        np.matmul(x, W, y)  # (N, n_in) @ (n_in, n_out)
        y += b
        return y, (x, room)

    def backward(
        self,
        params: Parameters,
        cache: tuple[FloatArray, Room | None],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dW = x^T dy, dL/db = sum of dy over the batch, dL/dx = dy W^T."""
        W, _ = params
        dW, db = grads
        x, room = cache
        np.matmul(x.T, dy, dW)  # (n_in, N) @ (N, n_out)
        np.add.reduce(dy, axis=0, out=db)
        if not need_dx:
            return None
        return np.matmul(dy, W.T, array(room, "dx", x.shape, x.dtype))  # (N, n_out) @ (n_out, n_in)


class _Activation(Parameterless):
    """An elementwise y = f(x) whose slope dy/dx can be told from y alone."""

    def value(self, x: FloatArray, y: FloatArray) -> None:
        """Write f(x) into y."""
        raise NotImplementedError

    def slope(self, y: FloatArray) -> FloatArray:
        """dy/dx where the value is y, a new array."""
        raise NotImplementedError

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        y = array(room, "y", x.shape, x.dtype)
        self.value(x, y)
        return y, y

    def backward(
        self,
        params: Parameters,
        cache: FloatArray,
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dx = dL/dy dy/dx, element by element."""
        dx = self.slope(cache)
        dx *= dy
        return dx


class Sigmoid(_Activation):
    """y = 1 / (1 + exp(-x)); dy/dx = y (1 - y)."""

    def value(self, x: FloatArray, y: FloatArray) -> None:
        np.negative(x, y)
        with np.errstate(over="ignore"):  # exp(90) is inf in float32, and 1 / (1 + inf) is 0
            np.exp(y, y)
        y += 1.0
        np.reciprocal(y, y)

    def slope(self, y: FloatArray) -> FloatArray:
        slope = 1.0 - y
        slope *= y
        return slope


class Tanh(_Activation):
    """y = tanh(x); dy/dx = 1 - y^2."""

    def value(self, x: FloatArray, y: FloatArray) -> None:
        np.tanh(x, y)

    def slope(self, y: FloatArray) -> FloatArray:
        return 1.0 - y * y


class ReLU(_Activation):
    """y = max(x, 0); dy/dx = 1 where y > 0, else 0."""

    def value(self, x: FloatArray, y: FloatArray) -> None:
        row = np.zeros(x.shape[-1], x.dtype)  # against one number it takes three times as long
        np.maximum(x, row, out=y)

    def slope(self, y: FloatArray) -> FloatArray:
        return (y > 0.0).astype(y.dtype)


@dataclass(frozen=True)
class Dropout(Parameterless):
    """In training, zero each value with probability `rate` and scale the rest by 1 / (1 - rate).

    In prediction it passes everything on unchanged. Srivastava et al. 2014, "Dropout: a simple
    way to prevent neural networks from overfitting", in the inverted form.
    """

    rate: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"A dropout rate lies in [0, 1), not at {self.rate}.")

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[NDArray[np.bool_], Room | None] | None]:
        if rng is None or self.rate == 0.0:
            return x, None
        # 16 random bits decide for each value, at a fraction of the work of a random float.
        drawn = np.frombuffer(rng.bytes(2 * x.size), dtype="<u2").reshape(x.shape)
        keep = array(room, "keep", x.shape, np.bool_)
        np.greater_equal(drawn, round(self.rate * (1 << 16)), keep)
        return self._pass(x, keep, array(room, "y", x.shape, x.dtype)), (keep, room)

    def backward(
        self,
        params: Parameters,
        cache: tuple[NDArray[np.bool_], Room | None] | None,
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dx = dy, scaled or zeroed exactly as x was."""
        if cache is None:
            return dy
        keep, room = cache
        return self._pass(dy, keep, array(room, "dx", dy.shape, dy.dtype))

    def _pass(self, values: FloatArray, keep: NDArray[np.bool_], passed: FloatArray) -> FloatArray:
        """Into `passed` what is kept, scaled up; zero elsewhere."""
        np.multiply(values, keep, passed)
        passed *= 1.0 / (1.0 - self.rate)
        return passed


class Flatten(Parameterless):
    """(N, ...) to (N, product of the rest), row-major."""

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[int, ...]]:
        return x.reshape(len(x), -1), x.shape

    def backward(
        self,
        params: Parameters,
        cache: tuple[int, ...],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dx is dy in the shape x had."""
        return dy.reshape(cache)
