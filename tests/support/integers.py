"""Integer networks at random, small or with every kind of layer, for tests."""

from __future__ import annotations

import numpy as np

from digitnet.models.integer_network import IntegerLayer, IntegerNetwork, Limits
from digitnet.nn.quantization import FORMATS

POOL = IntegerLayer("pool")


def some_layer(
    kind: str, bits: str, shape: tuple[int, ...], rng: np.random.Generator, *, last: bool = False
) -> IntegerLayer:
    """A layer with random weights, and a shift that keeps most of its bytes between 0 and 255."""
    form = FORMATS[bits]
    codes = rng.integers(0, 2 * form.largest // form.step + 1, shape)
    weights = (codes * form.step - form.largest).astype(np.int8)
    spread = 128 * form.largest * np.sqrt(weights[0].size)
    bias = rng.integers(-int(spread), int(spread), shape[0]).astype(np.int32)
    if last:
        return IntegerLayer(kind, bits, weights, bias)
    multiplier = rng.integers(100, 256, shape[0]).astype(np.uint8)
    return IntegerLayer(kind, bits, weights, bias, multiplier, max(1, int(np.log2(spread))))


def some_network(bits: str, rng: np.random.Generator) -> IntegerNetwork:
    """28 x 28 - 3C5 - pool - 4C3 - pool - 6 - 10, random."""
    return IntegerNetwork(
        (
            some_layer("conv", bits, (3, 1, 5, 5), rng),
            POOL,
            some_layer("conv", bits, (4, 3, 3, 3), rng),
            POOL,
            some_layer("dense", bits, (6, 100), rng),
            some_layer("dense", bits, (10, 6), rng, last=True),
        ),
        limits=Limits(37, 9, 700),
    )
