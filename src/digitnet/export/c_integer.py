"""C integer: an integer network in C, its weights packed in flash; the same to the bit as NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from digitnet.errors import OutputError
from digitnet.export import c
from digitnet.export.c_float import LANES
from digitnet.imaging.device_frame import WORK
from digitnet.imaging.frame import SIDE
from digitnet.models.integer_layer import IntegerLayer
from digitnet.models.integer_network import OCTAVE, POWERS, IntegerNetwork

KINDS = {"conv": "DIGIT_CONV", "pool": "DIGIT_POOL", "dense": "DIGIT_DENSE"}
LEAST_FILTER = 60
"""Weights that are unpacked at a time, at least; as many as the largest filter has, else."""
MOST_CHANNELS = 65535
FLASH = """
#ifdef __AVR__
#include <avr/pgmspace.h>
#define DIGIT_FLASH PROGMEM
#else
#define DIGIT_FLASH
#endif
"""


class Placed(NamedTuple):
    """A layer in C: where it finds what it takes, and its constants.

    Attributes:
        layer: it.
        shape: what it takes, (channels, height, width).
        at: where in the work its rows lie; of the first, which has the frame, 0.
        rows: how many of them are kept.
        constants: where its weights, biases and multipliers begin.
        pooled: whether a pool right behind it is done with it.
    """

    layer: IntegerLayer
    shape: tuple[int, int, int]
    at: int
    rows: int
    constants: tuple[int, int, int]
    pooled: bool

    @property
    def n_bytes(self) -> int:
        """Of the rows that are kept."""
        return self.shape[0] * self.rows * self.shape[2]


def integer_body(network: IntegerNetwork, name: str) -> c.Body:
    """An integer network's part of the header.

    Raises:
        OutputError: more outputs than C's types hold.
    """
    if max(max(shape) for shape in network.shapes()) > MOST_CHANNELS:
        raise OutputError(f"{name} has a layer of more than {MOST_CHANNELS:,} outputs.")
    filter_size, content, placed = _place(network)
    work = max((one.at + one.n_bytes for one in placed[1:]), default=filter_size)
    powers = b"".join(power.to_bytes(2, "little") for power in POWERS)
    expected = network.logits(c.test_frames())
    cells, filters = _fast(network)
    arrays = [
        FLASH,
        _bytes("digit_weights", content),
        _bytes("digit_powers", powers),
        _bytes("digit_expected", expected.astype("<i4").tobytes()),
    ]
    layers = "static const digit_layer digit_layers[] DIGIT_FLASH = {\n"
    layers += "".join(f"    {{{', '.join(_numbers(one))}}},\n" for one in placed) + "};\n"
    code = "\n".join([*arrays, _code(layers), EXPECTED])
    multiplier, shift, least = network.limits
    work, most_work = max(work, filter_size), max(work, filter_size, WORK**2)
    defines = {
        "LAYERS": (f"{len(placed)}U", ""),
        "WORK": (f"{work}U", "bytes for the network"),
        "MOST_WORK": (f"{most_work}U", "of a buffer that does for both"),
        "FILTER": (f"{filter_size}U", "weights unpacked at a time"),
        "FAST_CELLS": (f"{cells}U", "where DIGIT_FAST is defined: numbers between two layers"),
        "FAST_FILTER": (f"{filters}U", "weights unpacked at a time"),
        "FAST_STACK": (f"{8 * cells + 5 * filters}U", "bytes of the stack that it takes"),
        "OCTAVE": (f"{OCTAVE}U", ""),
        "MULTIPLIER": (f"{multiplier}U", ""),
        "SHIFT": (f"{shift}U", ""),
        "FURTHEST": (f"{network.limits.furthest}U", ""),
        "LEAST": (f"{least}U", "per mille, else the answer is refused"),
        "WEIGHTS_HASH": (f"0x{c.fnv(words_of(content + powers)):08X}U", ""),
    }
    most = max(max(bound.sum, bound.product) for bound in network.bounds())
    words = {
        "network": f"{network.words}, {len(network.classes)} classes",
        "numbers": f"{network.packed_bytes():,} bytes of weights ({network.bits} bits) and "
        f"constants; no sum passes {most:,} of {2**31:,}",
        "memory": f"a buffer of {most_work:,} bytes for both, and the frame's {SIDE**2}",
        "refuses": f"what is less sure than {least} per mille, and a blank picture",
    }
    return c.Body(
        defines, "uint8_t", "int32_t", code, words, "integers", f"{network.packed_bytes():,} bytes"
    )


def _code(layers: str) -> str:
    """The functions, with what the fast ones share with networks of floats."""
    lanes = "\n".join(part.rstrip() + "\n" for part in c.sections("lanes").values())
    return c.part("integer").replace("@LAYERS@", layers).replace("@LANES@", lanes)


def _fast(network: IntegerNetwork) -> tuple[int, int]:
    """Numbers that two layers exchange, and weights of LANES outputs, at most."""
    most, filters = SIDE**2, 0
    for layer, after in zip(network.layers, network.shapes(), strict=True):
        most = max(most, math.prod(after))
        if layer.channels:
            filters = max(filters, LANES * layer.weights[0].size)
    return most, filters


def words_of(content: bytes) -> bytes:
    """Bytes as `digit_hash` takes them: one to a 32-bit word."""
    return np.frombuffer(content, np.uint8).astype("<u4").tobytes()


EXPECTED = """#define DIGIT_EXPECTED(number, i) \\
    digit_signed(digit_expected + (4U * (((number) * DIGIT_CLASSES) + (i))), 4U)
"""


def _place(network: IntegerNetwork) -> tuple[int, bytes, list[Placed]]:
    """Bytes of the filter, all constants, and each layer with its places.

    The filter lies first in the work, then the rows of each layer but the first, one behind the
    other.
    """
    filters = [layer.weights[0].size for layer in network.layers if layer.kind == "conv"]
    filter_size = max([LEAST_FILTER, *filters])
    at, content = filter_size, b""
    placed: list[Placed] = []
    before: tuple[int, ...] = (1, SIDE, SIDE)
    for i, (layer, after) in enumerate(zip(network.layers, network.shapes(), strict=True)):
        if layer.kind == "pool" and _takes_pool(placed):
            placed[-1] = placed[-1]._replace(pooled=True)
            before = after
            continue
        channels, height, width = shape = (before[0], *(before[1:] or (1, 1)))
        window = layer.weights.shape[-1] if layer.kind == "conv" else 2
        rows = height if i == 0 or layer.kind == "dense" else min(window, height)
        biases = layer.bias.astype(f"<i{layer.bias_bytes}").tobytes()
        parts = [layer.packed(), biases if layer.channels else b"", layer.multiplier.tobytes()]
        starts = [len(content) + sum(map(len, parts[:k])) for k in range(3)]
        content += b"".join(parts)
        placed.append(
            Placed(layer, (shape[0], shape[1], shape[2]), 0 if i == 0 else at, rows,
                   (starts[0], starts[1], starts[2]), False)
        )  # fmt: skip
        at += 0 if i == 0 else channels * rows * width
        before = after
    return filter_size, content, placed


def _takes_pool(placed: list[Placed]) -> bool:
    """Whether the layer before is a convolution that is not pooled yet."""
    return bool(placed) and placed[-1].layer.kind == "conv" and not placed[-1].pooled


def _numbers(one: Placed) -> Iterator[str]:
    """A layer as C's struct has it."""
    layer, (channels, height, width) = one.layer, one.shape
    bits = 0 if layer.bits in ("ternary", "") else int(layer.bits)
    size = layer.weights.shape[-1] if layer.kind == "conv" else 2 if layer.kind == "pool" else 1
    for number in (one.at, *one.constants, channels, layer.channels or channels):
        yield f"{number}U"
    yield KINDS[layer.kind]
    for number in (size, one.rows, height, width, bits, layer.bias_bytes, layer.shift):
        yield f"{number}U"
    yield "2U" if one.pooled else "1U"


def _bytes(name: str, content: Iterable[int]) -> str:
    return c.array("uint8_t", name, (f"{byte}U" for byte in content))
