"""Quantization: layers that compute as if weights and activations were small whole numbers.

Quantisation-aware training (B. Jacob et al., CVPR 2018) with learnt step sizes: S. K. Esser et
al., "Learned step size quantization" (LSQ), ICLR 2020. A number v is kept as step q, q the nearest
whole number that the format has, halves up: q = floor(v / step + 1/2). Rounding has the slope 0
almost everywhere, so backward takes it as if it were not there (the straight-through gradient,
Bengio et al. 2013): dL/dv = dL/d(step q) where v lies within the format, 0 outside. The slope of
step q with respect to the step is then q - v / step inside and q outside (LSQ, equation 3), so

    dL/dstep = (sum of dy y - sum of dv v) / step,   y = step q,

which the layers multiply by 1 / sqrt(n largest) as LSQ does (section 2.2). A worked example by
hand stands in tests/nn/test_quantization.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from digitnet.nn.convolution import Conv2D
from digitnet.nn.layer import Affine, Context, FloatArray, Layer, Parameters, Shape
from digitnet.nn.layers import Activation, Dense, ReLU

LEVELS = 255
"""The largest activation: they are bytes."""

FIRST_TOP = 6.0
"""What 255 stands for at the start of a training: normalised sums hardly ever pass it."""

LEAST_STEP = 1e-8
"""A step is taken as no smaller than this, so that it never divides by 0."""


class Format(NamedTuple):
    """The whole numbers that a weight may be: -largest to largest, `step` from one to the next."""

    largest: int
    step: int = 1


FORMATS = {
    "ternary": Format(1),
    "2": Format(3, 2),
    "3": Format(3),
    "4": Format(7),
    "8": Format(127),
}
"""By the bits of a weight. Ternary takes 1.6, five to a byte; two bits are -3, -1, 1 and 3."""


def rounded(v: FloatArray, form: Format) -> FloatArray:
    """The nearest number of a format for each v, halves up; a new array.

    In steps of 2 (two bits: the odd numbers) halves lie at the even numbers.
    """
    q: FloatArray
    q = np.floor(v + 0.5) if form.step == 1 else 2.0 * np.floor(0.5 * v) + 1.0
    return np.clip(q, -form.largest, form.largest, out=q)


class QuantizedAffine(Affine):
    """What QuantizedDense and QuantizedConv2D share: W is rounded on its way into the layer.

    Parameters: W and b as without quantisation, step (n_out,), or (1,) where it is shared.
    """

    parameter_names = ("W", "b", "step")
    bits: str
    shared: bool

    def parameter_shapes(self) -> tuple[Shape, ...]:
        W, b = super().parameter_shapes()
        return W, b, (1,) if self.shared else b

    def initialize(self, params: Parameters, rng: np.random.Generator, start: str) -> None:
        """W and b as ever; the step is 2 mean|W| / sqrt(largest) (LSQ, section 2.1)."""
        W, b, step = params
        super().initialize((W, b), rng, start)
        form = FORMATS[self.bits]
        step[...] = 2.0 * np.abs(W).mean() / (math.sqrt(form.largest) * form.step)

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        W, b, step = params = ctx.params
        step = np.maximum(np.abs(step), W.dtype.type(LEAST_STEP))
        Wq = rounded(W / step, FORMATS[self.bits])
        Wq *= step
        ctx.params = (Wq, b)
        y = super().forward(x, ctx)
        ctx.params, ctx.cache = params, (ctx.cache, Wq)
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        (W, b, step), (dW, db, dstep) = params, grads = ctx.params, ctx.grads
        ctx.cache, Wq = ctx.cache
        ctx.params, ctx.grads = (Wq, b), (dW, db)
        dx = super().backward(dy, ctx)  # dW is dL/dWq now
        ctx.params, ctx.grads = params, grads
        form = FORMATS[self.bits]
        through = np.einsum("io,io->o", dW, Wq)
        dW *= np.abs(W) <= form.largest * np.abs(step)
        through -= np.einsum("io,io->o", dW, W)
        if self.shared:
            through = through.sum(keepdims=True)
        n = W.size / step.size
        least = np.maximum(np.abs(step), W.dtype.type(LEAST_STEP))
        dstep[...] = through * np.sign(step) / (least * math.sqrt(n * form.largest))
        return dx


@dataclass(frozen=True)
class QuantizedDense(QuantizedAffine, Dense):
    """Dense whose weights are rounded to `bits`, with a step per output or one for all."""

    bits: str = "4"
    shared: bool = False


@dataclass(frozen=True)
class QuantizedConv2D(QuantizedAffine, Conv2D):
    """Conv2D whose weights are rounded to `bits`, with a step per output channel."""

    bits: str = "4"
    shared: bool = False


@dataclass(frozen=True)
class QuantizedReLU(Layer):
    """y = step q, q the nearest whole number to x / step in 0..255; the parameter is top, 255 step.

    Backward: dx = dy where 0 <= x <= top, else 0; dtop as the file's head says of a step.
    """

    parameter_names = ("top",)

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        step = self._top(ctx) / x.dtype.type(LEVELS)
        y = ctx.array("y", x.shape, x.dtype)
        np.multiply(x, 1.0 / step, y)
        y += x.dtype.type(0.5)
        np.floor(y, y)
        np.clip(y, 0.0, LEVELS, out=y)
        y *= step
        ctx.cache = x, y
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        (top,), (dtop,), (x, y) = ctx.params, ctx.grads, ctx.cache
        dx = ctx.array("dx", dy.shape, dy.dtype)
        # inside: where y is neither of its ends, but for the half step that rounds to them
        np.multiply(dy, (x >= 0.0) & (x <= np.abs(top)), dx)
        through = np.vdot(dy, y) - np.vdot(dx, x)
        n = x.size / (len(x) if x.ndim == 2 else x.shape[3])  # numbers per image
        dtop[...] = through * np.sign(top) * LEVELS / (self._top(ctx) * math.sqrt(n * LEVELS))
        return dx

    def _top(self, ctx: Context) -> FloatArray:
        (top,) = ctx.params
        least: FloatArray = np.maximum(np.abs(top), top.dtype.type(LEAST_STEP))
        return least

    def parameter_shapes(self) -> tuple[Shape, ...]:
        return ((1,),)

    def initialize(self, params: Parameters, rng: np.random.Generator, start: str) -> None:
        """What 255 stands for: `FIRST_TOP`."""
        params[0][...] = FIRST_TOP


def quantized_layers(layers: Sequence[Layer], bits: str) -> list[Layer]:
    """The same layers with rounded weights and activations; the last has one step for all classes.

    Raises:
        ValueError: a layer that whole numbers cannot do, or no such bits.
    """
    if bits not in FORMATS:
        raise ValueError(f"Weights have {', '.join(FORMATS)} bits, not {bits}.")
    last = max(i for i, layer in enumerate(layers) if isinstance(layer, Affine))
    quantized: list[Layer] = []
    for i, layer in enumerate(layers):
        settings = {**vars(layer), "bits": bits, "shared": i == last}
        if type(layer) is Dense:
            quantized.append(QuantizedDense(**settings))
        elif type(layer) is Conv2D:
            quantized.append(QuantizedConv2D(**settings))
        elif type(layer) is ReLU:
            quantized.append(QuantizedReLU())
        elif isinstance(layer, Activation):
            raise ValueError(f"Between whole numbers stands a ReLU, not {type(layer).__name__}.")
        else:
            quantized.append(layer)
    return quantized
