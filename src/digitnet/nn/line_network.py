"""Line network: a network over a whole line of writing, of any width.

Fully convolutional: convolutions and poolings bring the height down to one, and the width to a
quarter, so that there is a column of logits for each four pixels of a line. Which columns a
character stands in, CTC finds out by itself (ctc.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.convolution import Conv2D
from digitnet.nn.ctc import LineLabels, ctc_loss
from digitnet.nn.layer import Buffers, Context, FloatArray, Layer, Shape
from digitnet.nn.layers import ReLU
from digitnet.nn.network import Stack
from digitnet.nn.normalization import BatchNorm
from digitnet.nn.pooling import MaxPool2D

STRIDE = 4
"""Pixels of a line's width to a column."""
SHRINK = 8
"""Pixels of a line's height to a row of the last convolution."""
REACH = 5
"""Columns that the layer before the last looks at: itself and two on each side."""
WIDTHS = (16, 32, 32, 64, 64, 96, 128)
"""Channels of the five convolutions, of the columns, and of the columns with their neighbours."""


class LineNetwork(Stack):
    """Layers that map lines (N, H, W) to logits (N, T, K), T = W / STRIDE.

    Args:
        height: of the lines; SHRINK must divide it.
        n_classes: K, the blank among them.
        widths: channels of the layers, see WIDTHS.
        dtype: of the parameters.

    Raises:
        ValueError: another number of widths, or a height that SHRINK does not divide.
    """

    def __init__(
        self,
        height: int,
        n_classes: int,
        widths: Sequence[int] = WIDTHS,
        dtype: Any = np.float32,
    ) -> None:
        if height % SHRINK or height < SHRINK:
            raise ValueError(f"A line's height is a multiple of {SHRINK}, not {height}.")
        if len(widths) != len(WIDTHS):
            raise ValueError(f"A line network has {len(WIDTHS)} widths, not {len(widths)}.")
        self.height = height
        self.n_classes = n_classes
        self.widths = tuple(widths)
        super().__init__(_layers(height, n_classes, self.widths), dtype)

    def loss_and_gradient(
        self,
        x: FloatArray,
        targets: LineLabels,
        gradient: FloatArray | Buffers,
        rng: np.random.Generator | None = None,
        sample_weights: FloatArray | None = None,
        skip: int = 0,
        loss_function: Any = ctc_loss,
    ) -> tuple[float, FloatArray]:
        """As `Stack.loss_and_gradient`, for lines x (N, H, W) and what they say."""
        return super().loss_and_gradient(
            x, targets, gradient, rng, sample_weights, skip, loss_function
        )


def as_batch(
    images: Sequence[NDArray[np.uint8]], dtype: Any = np.float32
) -> tuple[FloatArray, list[int]]:
    """Lines of one height as one array (N, H, W) in 0 to 1, and the columns of each.

    Each image (H, W) has its ink 255 on 0. All are filled up with ground to the widest.
    """
    columns = [max(1, -(-image.shape[1] // STRIDE)) for image in images]
    x = np.zeros((len(images), len(images[0]), STRIDE * max(columns)), dtype)
    for row, image in zip(x, images, strict=True):
        np.multiply(image, 1.0 / 255.0, out=row[:, : image.shape[1]], casting="same_kind")
    return x, columns


def _layers(height: int, n_classes: int, widths: Sequence[int]) -> list[Layer]:
    a, b, c, d, e, f, g = widths

    def block(n_in: int, n_out: int, size: int) -> list[Layer]:
        conv = Conv2D(n_in, n_out, size, padding=size // 2)
        return [conv, BatchNorm(n_out), ReLU()]

    return [
        _LinesIn(),
        *block(1, a, 3), MaxPool2D(2),
        *block(a, b, 3), *block(b, c, 3), MaxPool2D(2),
        *block(c, d, 3), _MaxPoolRows(2),
        *block(d, e, 3), _Columns(1),
        *block(e * height // SHRINK, f, 1), _Columns(REACH),
        *block(f * REACH, g, 1),
        Conv2D(g, n_classes, 1),
        _LogitsOut(),
    ]  # fmt: skip


@dataclass(frozen=True)
class _LinesIn(Layer):
    """Lines (N, H, W) to images (1, H, W, N); the first layer, so nothing goes back."""

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        y = ctx.array("y", (1, *x.shape[1:], len(x)), x.dtype)
        y[0] = x.transpose(1, 2, 0)
        return y


@dataclass(frozen=True)
class _LogitsOut(Layer):
    """Images (K, 1, T, N) to logits (N, T, K); backward the same way back."""

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        return x[:, 0].transpose(2, 1, 0)

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        return np.ascontiguousarray(dy.transpose(2, 1, 0)[:, None])


class _MaxPoolRows(MaxPool2D):
    """The largest of each window of `size` rows and one column."""

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        return channels, height // self.size, width

    def _places(self, x: FloatArray) -> Any:
        return (x[:, top :: self.size] for top in range(self.size))


@dataclass(frozen=True)
class _Columns(Layer):
    """Each column of an image as one place, with its neighbours: (C, H, W, N) to (C H n, 1, W, N).

    The n columns are the place's own and as many on each side, zeros beyond the edges. A
    convolution of size 1 behind it is one of the whole height, n columns wide.

    Backward: a column stands at n places; what comes back from each of them adds up.
    """

    n: int

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        C, H, W, N = ctx.cache = x.shape
        if self.n == 1:
            return x.reshape(C * H, 1, W, N)
        y = ctx.array("y", (self.n, C * H, W, N), x.dtype)
        flat = x.reshape(C * H, W, N)
        for shift, part in zip(self._shifts(), y, strict=True):
            part[...] = 0.0
            if abs(shift) < W:
                part[:, max(-shift, 0) : W - max(shift, 0)] = flat[
                    :, max(shift, 0) : W - max(-shift, 0)
                ]
        return y.reshape(self.n * C * H, 1, W, N)

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        C, H, W, N = ctx.cache
        if self.n == 1:
            return dy.reshape(C, H, W, N)
        dx = ctx.array("dx", (C * H, W, N), dy.dtype)
        dx[...] = 0.0
        for shift, part in zip(self._shifts(), dy.reshape(self.n, C * H, W, N), strict=True):
            if abs(shift) < W:
                dx[:, max(shift, 0) : W - max(-shift, 0)] += part[
                    :, max(-shift, 0) : W - max(shift, 0)
                ]
        return dx.reshape(C, H, W, N)

    def _shifts(self) -> range:
        return range(-(self.n // 2), self.n // 2 + 1)
