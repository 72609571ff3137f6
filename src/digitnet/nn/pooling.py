"""Pooling: images made smaller, each window of pixels one number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitnet.nn.layer import Context, FloatArray, Layer, Shape


@dataclass(frozen=True)
class _Pool2D(Layer):
    """Windows of `size` x `size` that do not overlap; `size` must divide height and width."""

    size: int

    needs = "images"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"A pooling window has at least one pixel a side, not {self.size}.")

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        if height % self.size or width % self.size:
            raise ValueError(f"Windows of {self.size} do not divide images of {height} x {width}.")
        return channels, height // self.size, width // self.size

    def _places(self, x: FloatArray) -> Iterator[FloatArray]:
        """For each place in the window, the pixels that stand there: (C, H / size, W / size, N)."""
        for top in range(self.size):
            for left in range(self.size):
                yield x[:, top :: self.size, left :: self.size]


class AveragePool2D(_Pool2D):
    """The mean of each `size` x `size` window: (C, H, W, N) to (C, H / size, W / size, N).

    Backward: each pixel of a window had the same share, so dL/dx = dy / size^2.
    """

    notation = "AP{size}"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        y = ctx.array("y", (*self.output_shape(x.shape[:3]), x.shape[3]), x.dtype)
        y[...] = 0.0
        for pixels in self._places(x):
            y += pixels
        y *= 1.0 / self.size**2
        ctx.cache = x.shape
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        dx = ctx.array("dx", ctx.cache, dy.dtype)
        for pixels in self._places(dx):
            np.multiply(dy, 1.0 / self.size**2, pixels)
        return dx


class MaxPool2D(_Pool2D):
    """The largest of each `size` x `size` window: (C, H, W, N) to (C, H / size, W / size, N).

    Backward: all of dy goes to the pixel that was the largest, of equal ones to the first.
    """

    notation = "MP{size}"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        y = ctx.array("y", (*self.output_shape(x.shape[:3]), x.shape[3]), x.dtype)
        y[...] = -np.inf
        for pixels in self._places(x):
            np.maximum(y, pixels, out=y)
        ctx.cache = x, y
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        x, y = ctx.cache
        dx = ctx.array("dx", x.shape, dy.dtype)
        left = ctx.array("left", dy.shape, dy.dtype)  # what no pixel has taken yet
        left[...] = dy
        is_it = ctx.array("is_it", dy.shape, np.bool_)
        for pixels, share in zip(self._places(x), self._places(dx), strict=True):
            np.equal(pixels, y, is_it)
            np.multiply(left, is_it, share)
            left -= share
        return dx


class GlobalAveragePool2D(Layer):
    """The mean of each channel: images (C, H, W, N) to rows (N, C).

    Backward: each of the H W pixels had the same share, so dL/dx = dy / (H W).
    """

    notation = "GAP"
    needs = "images"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = x.shape
        y: FloatArray = x.mean(axis=(1, 2)).T
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        shape = ctx.cache
        dx = ctx.array("dx", shape, dy.dtype)
        np.multiply(dy.T[:, None, None], 1.0 / (shape[1] * shape[2]), dx)
        return dx

    def output_shape(self, shape: Shape) -> Shape:
        return shape[:1]
