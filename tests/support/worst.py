"""Worst: frames that drive integer networks to their bounds, and networks of every order."""

from __future__ import annotations

import numpy as np

from digitnet.imaging.arrays import Bytes
from digitnet.models.integer_network import IntegerLayer, IntegerNetwork
from support.integers import POOL, some_layer


def worst_frames(network: IntegerNetwork) -> Bytes:
    """Frames that bring a first sum to its highest and lowest, one channel after the other."""
    first = next(layer for layer in network.layers if layer.channels)
    frames = []
    for weights in first.weights:
        side = weights.shape[-1] if first.kind == "conv" else 28
        pattern = weights.reshape(-1)[: side * side].reshape(side, side) > 0
        tiled = np.tile(pattern, (-(-28 // side), -(-28 // side)))[:28, :28]
        frames += [tiled, ~tiled]
    return 255 * np.array(frames, np.uint8)


def networks_in_every_order(rng: np.random.Generator) -> dict[str, tuple[IntegerLayer, ...]]:
    """Layers in every order that there may be."""

    def conv(n: int, before: int, size: int = 3, bits: str = "3") -> IntegerLayer:
        return some_layer("conv", bits, (n, before, size, size), rng)

    def last(n: int, before: int, bits: str = "4") -> IntegerLayer:
        return some_layer("dense", bits, (n, before), rng, last=True)

    return {
        "one layer": (last(10, 784),),
        "a perceptron": (some_layer("dense", "ternary", (33, 784), rng), last(10, 33)),
        "pooled at the head": (POOL, last(10, 196, "ternary")),
        "pooled twice": (POOL, POOL, conv(3, 1, 5), last(10, 27, "8")),
        "the recipe small": (
            conv(10, 1), conv(12, 10), POOL, conv(16, 12), conv(18, 16), POOL, conv(20, 18),
            last(10, 80, "2"),
        ),
        "pooled twice behind a convolution": (conv(3, 1, 5), POOL, POOL, last(10, 108)),
        "windows of five": (conv(2, 1, 5, "8"), conv(3, 2, 5, "8"), POOL, last(10, 300)),
        "deep and thin": (*(conv(2, 1 + (i > 0), 3, "2") for i in range(12)), last(10, 32)),
    }  # fmt: skip
