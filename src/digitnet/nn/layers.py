"""Layers: Dense, the activations, Dropout and Flatten, each with its forward and backward pass.

What a layer is, and the words used here, are in `digitnet.nn.layer`; how to write one of one's
own is in docs/extending.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layer import Affine, Context, FloatArray, Layer, Shape

NARROW = 32
"""A layer with fewer outputs keeps them column by column in memory (Fortran order): softmax's
sums and maxima then run along columns as long as the batch, not along rows of ten."""


@dataclass(frozen=True)
class Dense(Affine):
    """y = x W + b: rows x (N, n_in) to rows y (N, n_out), with W (n_in, n_out) and b (n_out,).

    Backward, by the chain rule: W[i, j] takes x[n, i] into y[n, j] for every image n, so
    dL/dW[i, j] is the sum over n of x[n, i] dy[n, j], which is x^T dy. b[j] is added to every
    y[n, j], so dL/db is the sum of dy over the batch. x[n, i] went into all of y[n], each time
    multiplied by a weight, so dL/dx[n, i] is the sum over j of dy[n, j] W[i, j], which is dy W^T.
    """

    n_in: int
    n_out: int

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        W, b = ctx.params
        y = ctx.array("y", (len(x), self.n_out), x.dtype, "F" if self.n_out < NARROW else "C")
        np.matmul(x, W, y)  # (N, n_in) @ (n_in, n_out)
        y += b
        ctx.cache = x
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        (W, _), (dW, db), x = ctx.params, ctx.grads, ctx.cache
        np.matmul(x.T, dy, dW)  # (n_in, N) @ (N, n_out)
        np.add.reduce(dy, axis=0, out=db)
        if not ctx.need_dx:
            return None
        return np.matmul(dy, W.T, ctx.array("dx", x.shape, x.dtype))  # (N, n_out) @ (n_out, n_in)

    notation = "{n_out}"
    needs = "rows"

    def __post_init__(self) -> None:
        if self.n_in < 1 or self.n_out < 1:
            raise ValueError(f"Dense needs at least one input and output, not {self}.")

    def parameter_shapes(self) -> tuple[Shape, ...]:
        return (self.n_in, self.n_out), (self.n_out,)

    def output_shape(self, shape: Shape) -> Shape:
        if shape != (self.n_in,):
            raise ValueError(
                f"{self} takes {self.n_in} numbers, but what is before it gives {shape}."
            )
        return (self.n_out,)


class Activation(Layer):
    """An elementwise y = f(x) whose slope dy/dx can be told from y alone; the base of one's own.

    Backward, by the chain rule: dL/dx = dL/dy dy/dx, element by element.

    Attributes:
        start: how the weights before it begin: "he" suits what is 0 or nearly so for half of its
            inputs, as a ReLU is, "glorot" the others; see `Affine.initialize`.
    """

    start: ClassVar[Literal["he", "glorot"]] = "glorot"

    def value(self, x: FloatArray, y: FloatArray) -> None:
        """Write f(x) into y; x stays as it is."""
        raise NotImplementedError

    def slope(self, y: FloatArray) -> FloatArray:
        """dy/dx where the value is y, a new array."""
        raise NotImplementedError

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = y = ctx.array("y", x.shape, x.dtype)
        self.value(x, y)
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        dx = self.slope(ctx.cache)
        dx *= dy
        return dx


class Sigmoid(Activation):
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


class Tanh(Activation):
    """y = tanh(x); dy/dx = 1 - y^2."""

    def value(self, x: FloatArray, y: FloatArray) -> None:
        np.tanh(x, y)

    def slope(self, y: FloatArray) -> FloatArray:
        return 1.0 - y * y


class ReLU(Activation):
    """y = max(x, 0); dy/dx = 1 where y > 0, else 0."""

    start = "he"

    def value(self, x: FloatArray, y: FloatArray) -> None:
        row = np.zeros(x.shape[-1], x.dtype)  # against one number it takes three times as long
        np.maximum(x, row, out=y)

    def slope(self, y: FloatArray) -> FloatArray:
        return (y > 0.0).astype(y.dtype)


ACTIVATIONS: dict[str, type[Activation]] = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU}
"""Those that a setting can name."""


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, zero each value with probability `rate` and scale the rest by 1 / (1 - rate).

    In prediction it passes everything on unchanged. Srivastava et al. 2014, "Dropout: a simple
    way to prevent neural networks from overfitting", in the inverted form.

    Backward: dL/dx is dy, zeroed and scaled exactly as x was.
    """

    rate: float

    draws = True

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = None
        if ctx.rng is None or self.rate == 0.0:
            return x
        # 16 random bits decide for each value, at a fraction of the work of a random float.
        drawn = np.frombuffer(ctx.rng.bytes(2 * x.size), dtype="<u2").reshape(x.shape)
        ctx.cache = keep = ctx.array("keep", x.shape, np.bool_)
        np.greater_equal(drawn, round(self.rate * (1 << 16)), keep)
        return self._pass(x, keep, ctx.array("y", x.shape, x.dtype))

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        if ctx.cache is None:
            return dy
        return self._pass(dy, ctx.cache, ctx.array("dx", dy.shape, dy.dtype))

    def _pass(self, values: FloatArray, keep: NDArray[np.bool_], passed: FloatArray) -> FloatArray:
        """Into `passed` what is kept, scaled up; zero elsewhere."""
        np.multiply(values, keep, passed)
        passed *= 1.0 / (1.0 - self.rate)
        return passed

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"A dropout rate lies in [0, 1), not at {self.rate}.")


class Flatten(Layer):
    """(N, ...) to (N, product of the rest), row-major; dL/dx is dy in the shape x had."""

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        return dy.reshape(ctx.cache)

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)
