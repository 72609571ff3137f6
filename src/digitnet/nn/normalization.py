"""Normalization: every channel brought to mean 0 and variance 1 over the batch (BatchNorm).

S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
internal covariate shift", ICML 2015. Prediction uses running statistics instead of the batch's,
and is then a plain affine map, which `fold` puts into the weights before it (folding.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitnet.nn.layer import Context, FloatArray, Layer, Parameters, Shape

EPSILON = 1e-5
"""Added to the variance, so that a channel that is always the same does no harm."""


@dataclass(frozen=True)
class BatchNorm(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.

    In training, mean and variance are the batch's; in prediction the running ones. Takes images
    (channels, H, W, N), whose H W N pixels count alike, or rows (N, channels). The variance is the
    mean square (divided by n, not by n - 1), in the running one too.

    The running statistics lie among the parameters, so a checkpoint, an average of weights and a
    model folder keep them like all others, but nothing is learnt about them: where other
    parameters have their gradient, `backward` leaves batch minus running, and
    `Network.absorb_statistics` moves the running ones a tenth of that way. So `forward` stays
    pure, and two threads with half a batch each agree on what is kept.

    Backward, with x^ = (x - mean) / deviation: dL/dgamma = sum of dy x^, dL/dbeta = sum of dy. The
    batch's mean and variance depend on every x, so in training the chain rule goes through them
    too (Ioffe and Szegedy, section 3): dL/dx = gamma / deviation (dy - mean(dy) - x^ mean(dy x^)).
    """

    channels: int

    parameter_names = ("gamma", "beta", "mean", "variance")
    statistics = ("mean", "variance")

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        gamma, beta, mean, variance = ctx.params
        flat = self._by_channel(x)
        centred = ctx.array("centred", flat.shape, x.dtype)
        batch = None
        if ctx.rng is not None:
            mean = flat.mean(axis=1)
        np.subtract(flat, mean[:, None], centred)
        if ctx.rng is not None:
            variance = np.einsum("cm,cm->c", centred, centred) / x.dtype.type(flat.shape[1])
            batch = mean, variance
        scale = 1.0 / np.sqrt(variance + x.dtype.type(EPSILON))
        y = ctx.array("y", x.shape, x.dtype)
        out = self._by_channel(y)
        np.multiply(centred, (gamma * scale)[:, None], out)
        out += beta[:, None]
        ctx.cache = centred, scale, batch
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        gamma, _, running_mean, running_variance = ctx.params
        dgamma, dbeta, to_mean, to_variance = ctx.grads
        centred, scale, batch = ctx.cache
        flat = self._by_channel(dy)
        np.add.reduce(flat, axis=1, out=dbeta)
        dgamma[:] = np.einsum("cm,cm->c", flat, centred) * scale
        to_mean[:] = 0.0 if batch is None else batch[0] - running_mean
        to_variance[:] = 0.0 if batch is None else batch[1] - running_variance
        if not ctx.need_dx:
            return None
        dx = ctx.array("dx", dy.shape, dy.dtype)
        out = self._by_channel(dx)
        if batch is None:
            np.multiply(flat, (gamma * scale)[:, None], out)
            return dx
        n = dy.dtype.type(flat.shape[1])
        np.multiply(centred, (scale * dgamma / -n)[:, None], out)
        out += flat
        out -= (dbeta / n)[:, None]
        out *= (gamma * scale)[:, None]
        return dx

    def _by_channel(self, x: FloatArray) -> FloatArray:
        """A view (channels, everything else)."""
        return x.reshape(self.channels, -1) if x.ndim == 4 else x.T

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise ValueError(f"BatchNorm needs at least one channel, not {self.channels}.")

    def parameter_shapes(self) -> tuple[Shape, ...]:
        return ((self.channels,),) * 4

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (1, 3) or shape[0] != self.channels:
            raise ValueError(f"{self} does not fit what is before it, which gives {shape}.")
        return shape

    def initialize(self, params: Parameters, rng: np.random.Generator, start: str) -> None:
        """Scales and variances 1, shifts and means 0: for the time being it changes little."""
        for name, param in zip(self.parameter_names, params, strict=True):
            param[...] = name in ("gamma", "variance")
