"""Images: rows of pixels made images for the layers that look at neighbours, and back.

Images lie with the batch innermost, (channels, height, width, N): a shift by a pixel is then a
shift by N numbers, and everything that layers do to images runs along long contiguous rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from digitnet.nn.layer import FloatArray, Parameterless, Parameters, Room, Shape, array


@dataclass(frozen=True)
class OfPixels(Parameterless):
    """What layers that take rows of height * width pixels share."""

    height: int
    width: int

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
    """Pixels (N, height * width), row by row, to images (1, height, width, N)."""

    def output_shape(self, shape: Shape) -> Shape:
        super().output_shape(shape)
        return 1, self.height, self.width

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, None]:
        y = array(room, "y", (1, self.height, self.width, len(x)), x.dtype)
        y.reshape(self.n_in, len(x))[...] = x.T
        return y, None

    def backward(
        self,
        params: Parameters,
        cache: None,
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dx is dy in the order x had."""
        return dy.reshape(self.n_in, dy.shape[-1]).T


class ToRows(Parameterless):
    """Images (channels, height, width, N) to rows (N, channels * height * width)."""

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[int, ...]]:
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).T  # a view: products take it so
        return rows, x.shape

    def backward(
        self,
        params: Parameters,
        cache: tuple[int, ...],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """dL/dx is dy in the shape x had."""
        return dy.T.reshape(cache)
