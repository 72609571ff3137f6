"""Winograd's minimal filtering: a convolution of 3 x 3 with fewer multiplications.

S. Winograd, "Arithmetic complexity of computations", 1980, and A. Lavin and S. Gray, "Fast
algorithms for convolutional neural networks", CVPR 2016. A tile of m x m outputs y comes of a tile
d of m + 2 by m + 2 inputs and the window g:

    y = At ((G g G^T) * (Bt d Bt^T)) At^T        * number by number

Each of the (m + 2)^2 numbers in the middle is one multiplication where the sum over the window
takes 9 m^2: 16 for 36 with m = 2, 36 for 144 with m = 4. Over the channels it is a matrix product
for each of those places. The larger m, the larger the numbers in A, B and G, and so the rounding:
docs/lab-notes.md has both.

Backward, by the chain rule, is the same three steps in turn, each transposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from digitnet.nn.layer import Context, FloatArray

MOST_NUMBERS = 1 << 18
"""Numbers in the tiles at a time (1 MB in float32), but one row of tiles at least."""

LEAST_CHANNELS = 8
"""On both sides: below, the products are too thin to pay for the transforms."""


class Transforms(NamedTuple):
    """Bt (m + 2, m + 2) of the inputs, G (m + 2, 3) of the window, At (m, m + 2) of the outputs."""

    Bt: FloatArray
    G: FloatArray
    At: FloatArray


_TWO = (
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    [[1, 1, 1, 0], [0, 1, -1, -1]],
)
_FOUR = (
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
)


@cache
def transforms(m: int, dtype: np.dtype[np.floating]) -> Transforms:
    """Those of m = 2 (points 0, 1, -1 and infinity) or m = 4 (2 and -2 besides)."""
    return Transforms(*(np.array(numbers, dtype) for numbers in {2: _TWO, 4: _FOUR}[m]))


def best_side(height: int, width: int) -> int:
    """The m with which so many outputs take fewer multiplications; 2 where it is the same."""
    return min((2, 4), key=lambda m: -(-height // m) * -(-width // m) * (m + 2) ** 2)


@dataclass(frozen=True)
class Winograd:
    """One convolution of `channels_in` to `channels_out` channels in tiles of m x m outputs.

    Images are (channels, H, W, N); W (9 channels_in, channels_out), as Conv2D has it.
    """

    m: int
    channels_in: int
    channels_out: int

    def covered(self, height: int, width: int) -> tuple[int, int]:
        """The input's height and width that whole tiles of so many outputs look at."""
        m = self.m
        return -(-height // m) * m + 2, -(-width // m) * m + 2

    def forward(self, x: FloatArray, y: FloatArray, ctx: Context) -> None:
        """Convolve x, zeros around it up to what is `covered`, into y."""
        W, b = ctx.params
        Bt, G, At = transforms(self.m, x.dtype)
        window = W.reshape(self.channels_in, 3, 3, self.channels_out).transpose(1, 2, 3, 0)
        U = self._both_ways("U", G, np.ascontiguousarray(window), ctx)
        for rows, tiles in self._tiles(x, ctx):
            V = self._both_ways("V", Bt, tiles, ctx)
            shape = (*V.shape[:2], self.channels_out, *V.shape[3:])
            M = ctx.array("M", shape, x.dtype)
            np.matmul(U, _flat(V), _flat(M))
            Y = self._both_ways("Y", At, M, ctx)
            for part, of_tiles in self._outputs(y, rows, Y):
                np.add(of_tiles, b[:, None, None, None], part)

    def backward(self, x: FloatArray, dy: FloatArray, dx: FloatArray | None, ctx: Context) -> None:
        """dL/dW into its gradient, and dL/dx added to dx, where anybody needs it.

        x, and what `forward` made of W, must be those of the forward pass before.
        """
        dW = ctx.grads[0]
        Bt, G, At = transforms(self.m, x.dtype)
        a = self.m + 2
        U = ctx.array("U", (a, a, self.channels_out, self.channels_in), x.dtype)
        dU = ctx.array("dU", U.shape, x.dtype)
        dU[...] = 0.0
        for rows, tiles in self._tiles(x, ctx):
            V = self._both_ways("V", Bt, tiles, ctx)
            shape = (self.m, self.m, self.channels_out, *V.shape[3:])
            dY = ctx.array("Y", shape, x.dtype)
            dY[...] = 0.0
            for part, of_tiles in self._outputs(dy, rows, dY):
                of_tiles[...] = part
            dM = self._both_ways("M", At.T, dY, ctx)
            dU += _flat(dM) @ _flat(V).swapaxes(2, 3)
            if dx is not None:
                np.matmul(U.swapaxes(2, 3), _flat(dM), _flat(V))  # V is not needed any more
                dtiles = self._both_ways("tiles", Bt.T, V, ctx)
                for i in range(a):
                    for j in range(a):
                        self._seen(dx, rows, i, j)[...] += dtiles[i, j]
        window = self._both_ways("window", G.T, dU, ctx)
        dW.reshape(self.channels_in, 3, 3, -1)[...] = window.transpose(3, 0, 1, 2)

    def _tiles(self, x: FloatArray, ctx: Context) -> Iterator[tuple[slice, FloatArray]]:
        """Some rows of tiles at a time: (m + 2, m + 2, C, rows, columns, N), place by place."""
        m, a = self.m, self.m + 2
        channels, height, width, n = x.shape
        n_rows, n_columns = (height - 2) // m, (width - 2) // m
        at_once = max(1, MOST_NUMBERS // (a * a * channels * n_columns * n))
        for start in range(0, n_rows, at_once):
            rows = slice(start, min(start + at_once, n_rows))
            shape = (a, a, channels, rows.stop - rows.start, n_columns, n)
            tiles = ctx.array("tiles", shape, x.dtype)
            for i in range(a):
                for j in range(a):
                    tiles[i, j] = self._seen(x, rows, i, j)
            yield rows, tiles

    def _seen(self, x: FloatArray, rows: slice, i: int, j: int) -> FloatArray:
        """The pixels at place (i, j) of each tile of these rows: (C, rows, columns, N)."""
        m = self.m
        last = (x.shape[2] - 2) // m - 1
        top, bottom = rows.start * m + i, (rows.stop - 1) * m + i + 1
        return x[:, top:bottom:m, j : j + last * m + 1 : m]

    def _outputs(
        self, y: FloatArray, rows: slice, Y: FloatArray
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Each place of the tiles in y and the same in Y (m, m, C, rows, columns, N).

        The last tiles may reach over the edge of y; that part of Y is left out.
        """
        m = self.m
        inside = y[:, rows.start * m : rows.stop * m]
        for i in range(m):
            for j in range(m):
                part = inside[:, i::m, j::m]
                yield part, Y[i, j, :, : part.shape[1], : part.shape[2]]

    def _both_ways(self, name: str, T: FloatArray, X: FloatArray, ctx: Context) -> FloatArray:
        """T X T^T over the first two axes of X; T is (p, q), X (q, q, ...), what comes (p, p, ...).

        Few numbers a product, but two such passes take a quarter of one by the Kronecker product.
        """
        (p, q), beyond = T.shape, X.shape[2:]
        once = ctx.array("once", (q, p, X[0, 0].size), X.dtype)
        np.matmul(T, X.reshape(q, q, -1), once)
        twice = ctx.array(name, (p, p, *beyond), X.dtype)
        flat = twice.reshape(p, p, -1)
        np.matmul(T, once.transpose(1, 0, 2), flat.transpose(1, 0, 2))
        return twice


def _flat(tiles: FloatArray) -> FloatArray:
    """(., ., C, rows, columns, N) as a matrix for each place: (., ., C, rows * columns * N)."""
    return tiles.reshape(*tiles.shape[:3], -1)
