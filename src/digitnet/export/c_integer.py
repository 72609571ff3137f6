"""C integer: an integer network in C, its weights packed in flash; the same to the bit as NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import OutputError
from digitnet.export import c
from digitnet.export.c_float import LANES
from digitnet.imaging.device_frame import WORK
from digitnet.imaging.frame import SIDE
from digitnet.models.integer_layer import IntegerLayer
from digitnet.models.integer_network import OCTAVE, POWERS, IntegerNetwork
from digitnet.models.packing import pack

KINDS = {"conv": "DIGIT_CONV", "pool": "DIGIT_POOL", "dense": "DIGIT_DENSE"}
MOST_WINDOW = 5
PAIRS = MOST_WINDOW**2
"""Weights that are unpacked at a time, of each of two filters."""
LANE = 2**15
"""A sum in a lane, of two in 32 bits, is less in size, whatever the bytes are."""
MOST_CHANNELS = 65535
LIMITS = 4
"""Bytes that the limits of a refusal take."""
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
        constants: where the weights of its even and of its odd filters begin, its biases and its
            multipliers.
        lanes: how many filters are computed at a time, and how many channels (of a dense layer
            inputs) are summed up in a lane.
        first: whether it has the frame, which is there as a whole.
        at: where in the work its rows lie; of the first 0.
        pooled: whether a pool right behind it is done with it.
        step: rows that it makes at a time.
    """

    layer: IntegerLayer
    shape: tuple[int, int, int]
    constants: tuple[int, int, int, int]
    lanes: tuple[int, int]
    first: bool
    at: int = 0
    pooled: bool = False
    step: int = 1

    @property
    def size(self) -> int:
        """A side of its window."""
        layer = self.layer
        return layer.weights.shape[-1] if layer.kind == "conv" else 2 if layer.kind == "pool" else 1

    @property
    def rows(self) -> int:
        """How many rows of what it takes are kept at a time."""
        height = self.shape[1]
        whole = self.first or self.layer.kind == "dense"
        return height if whole else min(self.size + self.step - 1, height)

    @property
    def n_bytes(self) -> int:
        """Of the rows that are kept."""
        return self.shape[0] * self.rows * self.shape[2]

    @property
    def n_sums(self) -> int:
        """Numbers that it sums up in, of two filters at most."""
        groups = -(-self.shape[0] // self.lanes[1])
        width = self.shape[2] - self.size + 1
        return groups * self.step * width if self.layer.kind == "conv" else 0


def integer_body(network: IntegerNetwork, name: str) -> c.Body:
    """An integer network's part of the header.

    Raises:
        OutputError: more outputs than C's types hold.
    """
    if max(max(shape) for shape in network.shapes()) > MOST_CHANNELS:
        raise OutputError(f"{name} has a layer of more than {MOST_CHANNELS:,} outputs.")
    content, placed = _place(network)
    work = max((one.at + one.n_bytes for one in placed[1:]), default=1)
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
    most_work = max(work, WORK**2)
    n_bytes = len(content) + len(powers) + sum(map(_beside, network.layers)) + LIMITS
    defines = {
        "LAYERS": (f"{len(placed)}U", ""),
        "WORK": (f"{work}U", "bytes for the network"),
        "MOST_WORK": (f"{most_work}U", "of a buffer that does for both"),
        "PAIRS": (f"{PAIRS}U", "weights unpacked at a time"),
        "SUMS": (f"{max([1, *(one.n_sums for one in placed)])}U", ""),
        "CHANNELS": (f"{max([1, *(one.shape[0] for one in placed if one.n_sums)])}U", ""),
        "LINES": (f"{MOST_WINDOW + 1}U", "rows of the largest window, and one more"),
        "FAST_CELLS": (f"{cells}U", "where DIGIT_FAST is defined: numbers between two layers"),
        "FAST_FILTER": (f"{filters}U", "weights unpacked at a time"),
        "FAST_STACK": (f"{8 * cells + 4 * filters}U", "bytes of the stack that it takes"),
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
        "numbers": f"{n_bytes:,} bytes of weights ({network.bits} bits) and "
        f"constants; no sum passes {most:,} of {2**31:,}",
        "memory": f"a buffer of {most_work:,} bytes for both, and the frame's {SIDE**2}",
        "refuses": f"what is less sure than {least} per mille, and a blank picture",
    }
    return c.Body(defines, "uint8_t", "int32_t", code, words, "integers", f"{n_bytes:,} bytes")


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


def _place(network: IntegerNetwork) -> tuple[bytes, list[Placed]]:
    """All constants, and each layer with its places: the rows of each but the first, one behind
    the other.
    """
    content = b""
    placed: list[Placed] = []
    before: tuple[int, ...] = (1, SIDE, SIDE)
    for layer, after in zip(network.layers, network.shapes(), strict=True):
        if layer.kind == "pool" and _takes_pool(placed):
            placed[-1] = placed[-1]._replace(pooled=True)
            before = after
            continue
        channels, height, width = (before[0], *(before[1:] or (1, 1)))
        lanes = _lanes(layer)
        biases = layer.bias.astype(f"<i{layer.bias_bytes}").tobytes() if layer.channels else b""
        parts = [*_streams(layer, lanes[0]), biases, layer.multiplier.tobytes()]
        odd, even, bias, multiplier = (len(content) + sum(map(len, parts[:k])) for k in range(4))
        content += b"".join(parts)
        constants = (even, odd, bias, multiplier)
        placed.append(Placed(layer, (channels, height, width), constants, lanes, not placed))
        before = after
    return content, _in_work(placed)


def _in_work(placed: list[Placed]) -> list[Placed]:
    """The layers with their places in the work, and by twos as many of the last as have room: a
    buffer for framing is there anyway.

    A filter is unpacked for each step anew, so steps of two rows are the faster. Who is given two
    rows at a time makes two, or rows would be lost that it still needs.
    """
    for i in reversed(range(len(placed))):
        if placed[i].layer.kind == "conv":
            wider = [*placed[:i], placed[i]._replace(step=2), *placed[i + 1 :]]
            if sum(one.n_bytes for one in wider[1:]) > WORK**2:
                break
            placed = wider
    at = 0
    for i, one in enumerate(placed[1:], 1):
        placed[i] = one._replace(at=at)
        at += one.n_bytes
    return placed


def _lanes(layer: IntegerLayer) -> tuple[int, int]:
    """How many filters are computed at a time, and channels (or inputs) to a sum in a lane.

    Two filters where no sum of so many channels reaches LANE, else one, in all 32 bits.
    """
    if not layer.channels:
        return 1, 1
    weights = layer.weights.astype(np.int64)
    if layer.kind == "conv":
        weights = weights.reshape(*weights.shape[:2], -1)
        most = weights.shape[1]
    else:
        weights = weights[:, :, None]
        most = PAIRS
    up, down = (255 * np.maximum(each, 0).sum(axis=2) for each in (weights, -weights))
    for group in range(most, 0, -1):
        starts = np.arange(0, weights.shape[1], group)
        if all(np.add.reduceat(each, starts, axis=1).max() < LANE for each in (up, down)):
            return 2, group
    return 1, most


def _streams(layer: IntegerLayer, lanes: int) -> tuple[bytes, bytes]:
    """The packed weights of the filters of odd numbers, and of those of even; lanes 1: of none and
    of all.

    As `pack` has them, but ternary ones as fractions: a byte is what its five codes are in base
    three, the first the highest, of 243, rounded up to a 256th. Three times it has a code where
    it carries over 256, and so on: no division.
    """
    if not layer.channels:
        return b"", b""
    odd = layer.weights[1::2] if lanes == 2 else layer.weights[:0]
    even = layer.weights[::lanes]
    return _packed(odd, layer.bits), _packed(even, layer.bits)


def _packed(weights: NDArray[np.int8], bits: str) -> bytes:
    if bits != "ternary":
        return pack(weights, bits)
    codes = np.zeros(-(-weights.size // 5) * 5, np.int64)
    codes[: weights.size] = weights.ravel() + 1
    return bytes(
        (-(codes.reshape(-1, 5) @ -(256 * 3 ** np.arange(5)[::-1]) // 243)).astype(np.uint8)
    )


def _beside(layer: IntegerLayer) -> int:
    """Bytes that a layer has beside `digit_weights`: its shift."""
    return int(layer.scales)


def _takes_pool(placed: list[Placed]) -> bool:
    """Whether the layer before is a convolution that is not pooled yet."""
    return bool(placed) and placed[-1].layer.kind == "conv" and not placed[-1].pooled


def _numbers(one: Placed) -> Iterator[str]:
    """A layer as C's struct has it."""
    layer, (channels, height, width) = one.layer, one.shape
    bits = 0 if layer.bits in ("ternary", "") else int(layer.bits)
    lanes, group = one.lanes
    for number in (one.at, *one.constants, channels, layer.channels or channels, group):
        yield f"{number}U"
    yield KINDS[layer.kind]
    for number in (one.size, one.rows, height, width, bits, layer.bias_bytes, layer.shift):
        yield f"{number}U"
    for number in (2 if one.pooled else 1, one.step, lanes):
        yield f"{number}U"


def _bytes(name: str, content: Iterable[int]) -> str:
    return c.array("uint8_t", name, (f"{byte}U" for byte in content))
