"""Convolution: a small window of weights moved over every place of an image.

Written as matrix products: the pixels under the window at every place become the columns of one
matrix (im2col; K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural
networks for document processing", 2006). With the batch innermost (see images.py) each row of it
is copied in long contiguous runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitnet.nn.layer import Affine, Context, FloatArray, Shape
from digitnet.nn.winograd import LEAST_CHANNELS, Winograd, best_side

MOST_COLUMNS = 1 << 20
"""Numbers in the matrix of columns at a time (4 MB in float32), but one row of the image at least:
large images are worked on in strips of rows, so memory stays bounded and the columns are still in
the cache when they are multiplied."""


@dataclass(frozen=True)
class Conv2D(Affine):
    """y[o] = b[o] + sum over c, i, j of W[c, i, j, o] x[c, row stride + i, column stride + j].

    Images (channels_in, H, W, N) to (channels_out, H', W', N), H' = (H + 2 padding - size) //
    stride + 1. W is (channels_in * size * size, channels_out), b (channels_out,).

    Backward: with the columns it is Dense's y = W^T columns + b at every place at once, so
    dL/dW = columns dy^T, dL/db is the sum of dy, and dL/dcolumns = W dy. A pixel stands in several
    columns; by the chain rule what comes back from each of them adds up in dL/dx.
    """

    channels_in: int
    channels_out: int
    size: int
    stride: int = 1
    padding: int = 0

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        W, b = ctx.params
        y = ctx.array("y", (*self.output_shape(x.shape[:3]), x.shape[3]), x.dtype)
        winograd = self._winograd(y.shape, ctx)
        padded = self._pad(x, ctx) if winograd is None else self._cover(x, winograd, y.shape, ctx)
        ctx.cache = padded, x.shape
        if winograd is not None:
            winograd.forward(padded, y, ctx)
            return y
        for rows, columns in self._strips(padded, y.shape, ctx):
            part = y[:, rows]  # (channels_out, rows, W', N), each channel contiguous
            product = ctx.array("product", (self.channels_out, columns.shape[1]), x.dtype)
            np.matmul(W.T, columns, product)
            np.add(product.reshape(part.shape), b[:, None, None, None], part)
        return y

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        padded, (_, height, width, _) = ctx.cache
        np.add.reduce(dy, axis=(1, 2, 3), out=ctx.grads[1])
        dpadded = ctx.array("dpadded", padded.shape, dy.dtype) if ctx.need_dx else None
        if dpadded is not None:
            dpadded[...] = 0.0
        winograd = self._winograd(dy.shape, ctx)
        if winograd is None:
            self._backward(padded, dy, dpadded, ctx)
        else:
            winograd.backward(padded, dy, dpadded, ctx)
        p = self.padding
        return None if dpadded is None else dpadded[:, p : p + height, p : p + width]

    def _backward(
        self, padded: FloatArray, dy: FloatArray, dpadded: FloatArray | None, ctx: Context
    ) -> None:
        """dL/dW into its gradient, and dL/dpadded, where anybody needs it."""
        W, dW = ctx.params[0], ctx.grads[0]
        dW[...] = 0.0
        for rows, columns in self._strips(padded, dy.shape, ctx):
            part = dy[:, rows].reshape(self.channels_out, -1)
            dW += columns @ part.T
            if dpadded is not None:
                dcolumns = np.matmul(W, part, columns)  # they are not needed any more
                shape = (self.channels_in, self.size, self.size, *dy[:1, rows].shape[1:])
                windows = dcolumns.reshape(shape)
                for i in range(self.size):
                    for j in range(self.size):
                        self._window(dpadded, rows, dy.shape[2], i, j)[...] += windows[:, i, j]

    def _winograd(self, y_shape: Shape, ctx: Context) -> Winograd | None:
        """The quicker way to the same sums, where there is one and it pays.

        In training alone: what a model answers does not depend on how its sums were rounded.
        """
        few = min(self.channels_in, self.channels_out) < LEAST_CHANNELS
        if not ctx.keep or few or (self.size, self.stride) != (3, 1):
            return None
        return Winograd(best_side(*y_shape[1:3]), self.channels_in, self.channels_out)

    def _pad(self, x: FloatArray, ctx: Context) -> FloatArray:
        """The image with a border of zeros."""
        p = self.padding
        _, height, width, _ = x.shape
        return _bordered(x, p, (height + 2 * p, width + 2 * p), ctx)

    def _cover(self, x: FloatArray, winograd: Winograd, y_shape: Shape, ctx: Context) -> FloatArray:
        """The same, with as many more zeros below and right as make the tiles whole."""
        return _bordered(x, self.padding, winograd.covered(*y_shape[1:3]), ctx)

    def _strips(
        self, padded: FloatArray, y_shape: Shape, ctx: Context
    ) -> Iterator[tuple[slice, FloatArray]]:
        """Output rows a few at a time, with the columns (n_in, rows * W' * N) they are made of."""
        _, height, width, n = y_shape
        at_once = max(1, MOST_COLUMNS // max(1, self.n_in * width * n))
        for start in range(0, height, at_once):
            rows = slice(start, min(start + at_once, height))
            n_rows = rows.stop - rows.start
            shape = (self.channels_in, self.size, self.size, n_rows, width, n)
            columns = ctx.array("columns", shape, padded.dtype)
            for i in range(self.size):
                for j in range(self.size):
                    columns[:, i, j] = self._window(padded, rows, width, i, j)
            yield rows, columns.reshape(self.n_in, -1)

    def _window(self, padded: FloatArray, rows: slice, width: int, i: int, j: int) -> FloatArray:
        """What the window's place (i, j) sees from the given output rows: (C, rows, W', N)."""
        s = self.stride
        top, bottom = rows.start * s + i, (rows.stop - 1) * s + i + 1
        return padded[:, top:bottom:s, j : j + (width - 1) * s + 1 : s]

    notation = "{channels_out}C{size}[S{stride}][P{padding}]"
    needs = "images"
    convolves = True

    def __post_init__(self) -> None:
        least = min(self.channels_in, self.channels_out, self.size, self.stride)
        if least < 1 or not 0 <= self.padding < self.size:
            raise ValueError(
                f"Conv2D needs channels, size and stride of at least 1 and a padding below its "
                f"size, not {self}."
            )

    @property
    def n_in(self) -> int:
        """Numbers that each output is made of."""
        return self.channels_in * self.size**2

    @property
    def n_out(self) -> int:
        """Outputs at each place."""
        return self.channels_out

    def parameter_shapes(self) -> tuple[Shape, ...]:
        return (self.n_in, self.channels_out), (self.channels_out,)

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = shape
        rows = (height + 2 * self.padding - self.size) // self.stride + 1
        columns = (width + 2 * self.padding - self.size) // self.stride + 1
        if channels != self.channels_in or min(rows, columns) < 1:
            raise ValueError(f"{self} does not fit images of {channels} x {height} x {width}.")
        return self.channels_out, rows, columns


def _bordered(x: FloatArray, border: int, shape: tuple[int, int], ctx: Context) -> FloatArray:
    """An image of zeros of that height and width, with x in it, `border` from above and left."""
    channels, height, width, n = x.shape
    if shape == (height, width):
        return x
    padded = ctx.array("padded", (channels, *shape, n), x.dtype)
    padded[...] = 0.0
    padded[:, border : border + height, border : border + width] = x
    return padded
