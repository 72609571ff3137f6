"""Integer layer: one layer as a microcontroller has it: what it sums, scales and packs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.models.packing import in_format, pack
from digitnet.nn.quantization import FORMATS

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]

EXACT_SINGLE = 2**24
"""Whole numbers up to here are exact in float32, whose matrix products are the fastest."""


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """A layer as a microcontroller has it.

    Attributes:
        kind: "conv" (each place of the picture where the window fits; not mirrored, so
            y[o, r, c] is the sum of weights[o, i, a, b] x[i, r + a, c + b]), "pool" (the largest
            of 2 x 2) or "dense" (takes pictures as rows: channel, row, column).
        bits: of the weights, a word of `FORMATS`: ternary, 2, 3, 4 or 8; "" of a pool.
        weights: int8, conv (out, in, k, k), dense (out, in); empty of a pool.
        bias: int32 (out,).
        multiplier: uint8 (out,); empty of a pool and of the last layer.
        shift: 1 to 31, one for all channels; 0 of a pool and of the last layer.
    """

    kind: str
    bits: str = ""
    weights: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    bias: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    multiplier: Bytes = field(default_factory=lambda: np.empty(0, np.uint8))
    shift: int = 0

    @property
    def channels(self) -> int:
        """Outputs at each place; 0 of a pool."""
        return len(self.bias)

    @property
    def scales(self) -> bool:
        """Whether sums become bytes again here; not of a pool nor of the last layer."""
        return self.shift > 0

    @property
    def bias_bytes(self) -> int:
        """Bytes that one bias takes on the device: 2 where all fit into int16, else 4."""
        fits = not self.channels or int(np.abs(self.bias.astype(np.int64)).max()) < 2**15
        return 2 if fits else 4

    def packed(self) -> bytes:
        """The weights as they lie in flash, in the order of their array; see `pack`."""
        return pack(self.weights, self.bits) if self.channels else b""

    def packed_bytes(self) -> int:
        """Of the weights at their bits, the biases, multipliers and the shift."""
        constants = self.channels * self.bias_bytes + len(self.multiplier) + int(self.scales)
        return len(self.packed()) + constants

    def largest_sum(self) -> int:
        """No sum of these weights, in whatever order it is added up, is larger in size than this.

        |bias| + 255 times the sum of |weight|, of the worst channel: inputs are bytes.
        """
        if not self.channels:
            return 0
        rows = np.abs(self.weights.astype(np.int64)).reshape(self.channels, -1)
        return int((np.abs(self.bias.astype(np.int64)) + 255 * rows.sum(axis=1)).max())

    def largest_product(self) -> int:
        """No sum times its multiplier, with the half that rounds it, is larger than this."""
        if not self.scales:
            return 0
        rows = np.maximum(self.weights.astype(np.int64), 0).reshape(self.channels, -1)
        highest = np.maximum(self.bias.astype(np.int64) + 255 * rows.sum(axis=1), 0)
        return int((highest * self.multiplier).max()) + (1 << (self.shift - 1))


def shape_after(
    layer: IntegerLayer, shape: tuple[int, ...], *, last: bool
) -> tuple[int, ...] | None:
    """What a layer gives for an input of a shape; None where it does not fit."""
    if layer.kind == "pool":
        if len(shape) != 3 or shape[1] % 2 or shape[2] % 2 or last or layer.channels:
            return None
        return shape[0], shape[1] // 2, shape[2] // 2
    weights = layer.weights
    n_scales = 0 if last else layer.channels
    if (
        layer.bits not in FORMATS
        or not layer.channels
        or (weights.dtype, layer.bias.dtype, layer.multiplier.dtype) != TYPES
        or layer.bias.shape != weights.shape[:1]
        or layer.multiplier.shape != (n_scales,)
        or not (layer.shift == 0 if last else 1 <= layer.shift <= 31)
        or not in_format(weights, layer.bits)
    ):
        return None
    if layer.kind == "dense":
        fits = weights.ndim == 2 and weights.shape[1] == int(np.prod(shape))
        return (layer.channels,) if fits else None
    if layer.kind != "conv" or weights.ndim != 4 or last:
        return None
    size = weights.shape[2]
    fits = len(shape) == 3 and weights.shape[1:] == (shape[0], size, size) and size in (3, 5)
    if not fits or min(shape[1:]) < size:
        return None
    return layer.channels, shape[1] - size + 1, shape[2] - size + 1


TYPES = (np.dtype(np.int8), np.dtype(np.int32), np.dtype(np.uint8))


def sums_of(layer: IntegerLayer, x: NDArray[Any]) -> Ints:
    """Weights times bytes and the bias: (n, out, rows, columns) or (n, out) int32."""
    kind: Any = np.float32 if layer.largest_sum() < EXACT_SINGLE else np.float64
    weights = layer.weights.reshape(layer.channels, -1).astype(kind)
    if layer.kind == "dense":
        rows = np.matmul(x.reshape(len(x), -1).astype(kind), weights.T)
        dense: Ints = np.add(rows.astype(np.int32), layer.bias)
        return dense
    size = layer.weights.shape[2]
    n, channels, height, width = x.shape
    high, wide = height - size + 1, width - size + 1
    under = np.empty((channels, size, size, n, high, wide), kind)
    for a in range(size):
        for b in range(size):
            window = x[:, :, a : a + high, b : b + wide]
            under[:, a, b] = window.transpose(1, 0, 2, 3)
    products = np.matmul(weights, under.reshape(channels * size**2, -1))
    sums: Ints = np.add(products.astype(np.int32), layer.bias[:, None])
    return sums.reshape(layer.channels, n, high, wide).transpose(1, 0, 2, 3)


def scaled(layer: IntegerLayer, sums: Ints) -> Bytes:
    """Sums (n, out, ...) as bytes: 0 below 0, times the multiplier, shifted, at most 255."""
    m = layer.multiplier.astype(np.int32).reshape(-1, *[1] * (sums.ndim - 2))
    scaled = (np.maximum(sums, 0) * m + np.int32(1 << (layer.shift - 1))) >> layer.shift
    cut: Bytes = np.minimum(scaled, 255).astype(np.uint8)
    return cut
