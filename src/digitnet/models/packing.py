"""Packing: small whole numbers as they lie in a microcontroller's flash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.quantization import FORMATS


def in_format(weights: NDArray[np.int8], bits: str) -> bool:
    """Whether every weight is one of the format's."""
    form = FORMATS[bits]
    codes = weights.astype(np.int64) + form.largest
    return bool(((codes >= 0) & (codes <= 2 * form.largest) & (codes % form.step == 0)).all())


def pack(weights: NDArray[np.int8], bits: str) -> bytes:
    """Weights as codes (weight + largest) / step, the first in the lowest bits.

    Ternary: five to a byte, the first times 1, the next times 3, 9, 27, 81. Else a stream of bits:
    code i takes the `bits` bits from bit `i * bits` on, of bytes lowest bit first.

    Raises:
        ValueError: a weight that is none of the format's.
    """
    form = FORMATS[bits]
    if not in_format(weights, bits):
        raise ValueError(f"Weights of {bits} bits lie within {form.largest}, in {form.step}s.")
    codes = (weights.astype(np.int64).ravel() + form.largest) // form.step
    if bits == "ternary":
        padded = np.zeros(-(-len(codes) // 5) * 5, np.int64)
        padded[: len(codes)] = codes
        return bytes((padded.reshape(-1, 5) @ 3 ** np.arange(5)).astype(np.uint8))
    width = int(bits)
    stream = (codes[:, None] >> np.arange(width)) & 1
    return bytes(np.packbits(stream.astype(np.uint8).ravel(), bitorder="little"))


def unpack(packed: bytes, n: int, bits: str) -> NDArray[np.int8]:
    """The first n weights, (n,) int8; `pack` the other way round."""
    form = FORMATS[bits]
    content = np.frombuffer(packed, np.uint8)
    if bits == "ternary":
        codes = (content[:, None].astype(np.int64) // 3 ** np.arange(5) % 3).ravel()[:n]
    else:
        width = int(bits)
        stream = np.unpackbits(content, bitorder="little")[: n * width].reshape(n, width)
        codes = stream.astype(np.int64) @ (1 << np.arange(width))
    weights: NDArray[np.int8] = (codes * form.step - form.largest).astype(np.int8)
    return weights
