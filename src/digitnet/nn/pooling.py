"""Pooling: images made smaller, each window of pixels one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitnet.nn.layers import Parameterless, Parameters
from digitnet.nn.workspace import FloatArray, Room, array


@dataclass(frozen=True)
class AveragePool2D(Parameterless):
    """The mean of each `size` x `size` window: (C, H, W, N) to (C, H / size, W / size, N).

    Windows do not overlap, and `size` must divide H and W.
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"A pooling window has at least one pixel a side, not {self.size}.")

    def forward(
        self,
        params: Parameters,
        x: FloatArray,
        rng: np.random.Generator | None = None,
        room: Room | None = None,
    ) -> tuple[FloatArray, tuple[tuple[int, ...], Room | None]]:
        channels, height, width, n = x.shape
        if height % self.size or width % self.size:
            raise ValueError(f"Windows of {self.size} do not divide images of {height} x {width}.")
        shape = (channels, height // self.size, width // self.size, n)
        y = array(room, "y", shape, x.dtype)
        y[...] = 0.0
        for top in range(self.size):
            for left in range(self.size):
                y += x[:, top :: self.size, left :: self.size]
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
        channels, height, width, n = dy.shape
        dx = array(room, "dx", shape, dy.dtype)
        windows = dx.reshape(channels, height, self.size, width, self.size, n)
        np.multiply(dy[:, :, None, :, None, :], 1.0 / self.size**2, windows)
        return dx
