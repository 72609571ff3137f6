"""Images: rows of pixels made images for the layers that look at neighbours, and back.

Images lie with the batch innermost, (channels, height, width, N): a shift by a pixel is then a
shift by N numbers, and everything that layers do to images runs along long contiguous rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from digitnet.nn.layer import Context, FloatArray, Layer, Shape


@dataclass(frozen=True)
class OfPixels(Layer):
    """What layers that take rows of height * width pixels share."""

    height: int
    width: int

    needs = "pixels"

    @property
    def n_in(self) -> int:
        """Numbers per input."""
        return self.height * self.width

    def output_shape(self, shape: Shape) -> Shape:
        if shape != (self.n_in,):
            raise ValueError(
                f"{self} takes {self.n_in} pixels, but what is before it gives {shape}."
            )
        return shape


class ToImages(OfPixels):
    """Pixels (N, height * width), row by row, to images (1, height, width, N).

    Backward: dL/dx is dy in the order x had.
    """

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        y = ctx.array("y", (1, self.height, self.width, len(x)), x.dtype)
        y.reshape(self.n_in, len(x))[...] = x.T
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        return dy.reshape(self.n_in, dy.shape[-1]).T

    def output_shape(self, shape: Shape) -> Shape:
        super().output_shape(shape)
        return 1, self.height, self.width


class ToRows(Layer):
    """Images (channels, height, width, N) to rows (N, channels * height * width).

    Backward: dL/dx is dy in the shape x had.
    """

    needs = "images"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = x.shape
        return x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).T  # a view: products take it so

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        return dy.T.reshape(ctx.cache)

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)
