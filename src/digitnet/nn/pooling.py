"""Pooling: images made smaller, each window of pixels one number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitnet.nn.layer import FloatArray, Parameterless, Parameters, Room, Shape, array


@dataclass(frozen=True)
class _Pool2D(Parameterless):
    """Windows of `size` x `size` that do not overlap; `size` must divide height and width."""

    size: int

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
    """The mean of each `size` x `size` window: (C, H, W, N) to (C, H / size, W / size, N)."""

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[tuple[int, ...], Room | None]]:
        y = array(room, "y", (*self.output_shape(x.shape[:3]), x.shape[3]), x.dtype)
        y[...] = 0.0
        for pixels in self._places(x):
            y += pixels
        y *= 1.0 / self.size**2
        return y, (x.shape, room)

    def backward(
        self,
        params: Parameters,
        cache: tuple[tuple[int, ...], Room | None],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """Each pixel of a window had the same share: dL/dx = dy / size^2."""
        shape, room = cache
        dx = array(room, "dx", shape, dy.dtype)
        for pixels in self._places(dx):
            np.multiply(dy, 1.0 / self.size**2, pixels)
        return dx


class MaxPool2D(_Pool2D):
    """The largest of each `size` x `size` window: (C, H, W, N) to (C, H / size, W / size, N)."""

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[FloatArray, FloatArray, Room | None]]:
        y = array(room, "y", (*self.output_shape(x.shape[:3]), x.shape[3]), x.dtype)
        y[...] = -np.inf
        for pixels in self._places(x):
            np.maximum(y, pixels, out=y)
        return y, (x, y, room)

    def backward(
        self,
        params: Parameters,
        cache: tuple[FloatArray, FloatArray, Room | None],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """All of dy goes to the pixel that was the largest, of equal ones to the first."""
        x, y, room = cache
        dx = array(room, "dx", x.shape, dy.dtype)
        left = array(room, "left", dy.shape, dy.dtype)  # what no pixel has taken yet
        left[...] = dy
        is_it = array(room, "is_it", dy.shape, np.bool_)
        for pixels, share in zip(self._places(x), self._places(dx), strict=True):
            np.equal(pixels, y, is_it)
            np.multiply(left, is_it, share)
            left -= share
        return dx


class GlobalAveragePool2D(Parameterless):
    """The mean of each channel: images (C, H, W, N) to rows (N, C)."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape[:1]

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[tuple[int, ...], Room | None]]:
        return x.mean(axis=(1, 2)).T, (x.shape, room)

    def backward(
        self,
        params: Parameters,
        cache: tuple[tuple[int, ...], Room | None],
        dy: FloatArray,
        grads: Parameters,
        need_dx: bool = True,
    ) -> FloatArray | None:
        """Each of the H W pixels had the same share: dL/dx = dy / (H W)."""
        shape, room = cache
        dx = array(room, "dx", shape, dy.dtype)
        np.multiply(dy.T[:, None, None], 1.0 / (shape[1] * shape[2]), dx)
        return dx
