"""Integer network: what a microcontroller computes, in whole numbers alone; this is the answer.

The C that `digitnet export c` writes gives the same numbers to the bit. Rounding is the same in
every place: to the nearest whole number, halves up, `floor(x + 1/2)`; of `x / 2^s` in integers
`(x + 2^(s - 1)) >> s`.

A hidden layer sums weights times inputs and adds its bias, in int32; below 0 it gives 0, else
`(sum * multiplier + 2^(shift - 1)) >> shift`, at most 255. A pool takes the largest of 2 x 2 sums
before that. The last layer's sums are the logits. After B. Jacob et al., "Quantization and
training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.imaging.frame import SIDE
from digitnet.models.integer_layer import IntegerLayer, Ints, scaled, shape_after, sums_of

__all__ = [
    "MOST",
    "OCTAVE",
    "POWERS",
    "Bound",
    "IntegerLayer",
    "IntegerNetwork",
    "Limits",
    "Reading",
]

MOST = 2**31
"""Every sum, and every sum times its multiplier, stays below it whatever is in the picture."""

MOST_LOGIT = 2**30
"""Of the logits, so that the difference of two is an int32 too."""

AT_ONCE = 256

LOG_OF_0, TIE = -1000.0, 1e-15
"""What stands for the logarithm of a power that is 0, and for being a unit behind."""

OCTAVE = 16
"""Steps of the table of powers of two from one power to the next."""

POWERS = tuple(int(2.0 ** (15 - k / OCTAVE) + 0.5) for k in range(OCTAVE))
"""2^15 2^(-k / 16), rounded: 32768, 31379, ... 17109. All that softmax needs."""


class Bound(NamedTuple):
    """What a layer's numbers cannot pass, whatever is in the picture; see `IntegerLayer`."""

    layer: str
    sum: int
    product: int


class Limits(NamedTuple):
    """How logits become a confidence in per mille, and below which there is no answer.

    How many sixteenths of a power of two a class is behind the likeliest is `(behind * multiplier
    + 2^(shift - 1)) >> shift`, `behind` in units of the logits.

    Attributes:
        multiplier: 1 to 255.
        shift: 1 to 30.
        least: per mille; an answer with less is refused, 0 answers always.
    """

    multiplier: int = 1
    shift: int = 1
    least: int = 0

    @property
    def furthest(self) -> int:
        """`behind` is cut here first: its power is 0 by then, or its product near 2^31."""
        return (MOST - 1 - (1 << (self.shift - 1))) // self.multiplier


class Reading(NamedTuple):
    """Answers for n frames: label and confidence in per mille (n,) int32, refused (n,) bool."""

    labels: Ints
    per_mille: Ints
    refused: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """Layers of whole numbers: 28 x 28 bytes, 0 paper to 255 ink, to int32 logits.

    Attributes:
        layers: input first; the last is dense, without multiplier.
        classes: what the logits stand for.
        limits: of the refusal.

    Raises:
        ModelError: layers that do not fit together, or a sum that could overflow.
    """

    layers: tuple[IntegerLayer, ...]
    classes: tuple[str, ...] = DIGITS
    limits: Limits = Limits()  # noqa: RUF009 (a tuple, which never changes)

    def __post_init__(self) -> None:
        self.check()

    @classmethod
    def unfilled(
        cls, layers: Sequence[IntegerLayer], classes: tuple[str, ...], limits: Limits
    ) -> IntegerNetwork:
        """A network whose arrays are filled afterwards, and which is then to be checked."""
        network = object.__new__(cls)
        for name, value in (("layers", tuple(layers)), ("classes", classes), ("limits", limits)):
            object.__setattr__(network, name, value)
        return network

    def check(self) -> None:
        """Nothing where the layers fit together and no sum can overflow.

        Raises:
            ModelError: they do not, or one could.
        """
        _check_limits(self.limits)
        shape = self.shapes()[-1]
        if shape != (len(self.classes),):
            raise ModelError(
                f"An integer network of {len(self.classes)} classes gives {shape}, not one number "
                "for each."
            )
        for layer, bound in zip(self.layers, self.bounds(), strict=True):
            most = MOST if layer.scales else MOST_LOGIT
            if bound.sum >= most or bound.product >= MOST:
                raise ModelError(
                    f"The sums of {bound.layer} could grow to {max(bound.sum, bound.product):,}, "
                    f"and an int32 holds less than {most:,}.",
                    "quantise with fewer bits.",
                )

    @property
    def n_in(self) -> int:
        """Numbers per input: the pixels of a frame."""
        return SIDE**2

    @property
    def n_out(self) -> int:
        """Logits per input, one per class."""
        return len(self.classes)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `forward` gives."""
        return np.dtype(np.float64)

    @property
    def convolves(self) -> bool:
        """Whether any layer is a convolution."""
        return any(layer.kind == "conv" for layer in self.layers)

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """Its arrays by name: W1, b1 and multiplier1 of the first layer that has weights, ..."""
        named: dict[str, NDArray[Any]] = {}
        for number, layer in enumerate((x for x in self.layers if x.channels), 1):
            named[f"W{number}"], named[f"b{number}"] = layer.weights, layer.bias
            if layer.scales:
                named[f"multiplier{number}"] = layer.multiplier
        return named

    @property
    def words(self) -> str:
        """The network in a word, 784-10C3-12C3-MP2-10 at 4 bits; see nn/notation.py."""
        parts = [str(self.n_in)]
        for layer in self.layers:
            size = f"C{layer.weights.shape[2]}" if layer.kind == "conv" else ""
            parts.append(f"{layer.channels}{size}" if layer.channels else "MP2")
        return f"{'-'.join(parts)} at {self.bits} bits".replace("ternary bits", "1.6 bits")

    def forward(self, x: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What the rest of digitnet takes for logits, (n, classes), of frames (n, 784) of 0 to 1.

        Their softmax is the share of the powers of two (`powers`), and the likeliest class that of
        `read`, so that whoever goes by probabilities answers as the device does.
        """
        logits = self.logits(np.floor(x * 255.0 + 0.5).astype(np.uint8))
        powers = self.powers(logits)
        log = np.full(powers.shape, LOG_OF_0)
        np.log(powers / POWERS[0], out=log, where=powers > 0)
        behind = logits.max(axis=1, keepdims=True) - logits
        log -= TIE * np.minimum(behind, 10**6)  # of two in one step the likelier stays so
        return log

    @property
    def bits(self) -> str:
        """Of the weights, a word of `FORMATS`; of several, joined by +."""
        return "+".join(dict.fromkeys(layer.bits for layer in self.layers if layer.channels))

    def shapes(self) -> list[tuple[int, ...]]:
        """What each layer gives for one frame: (channels, height, width), or (n,).

        Raises:
            ModelError: a layer does not fit behind the one before it.
        """
        shape: tuple[int, ...] = (1, SIDE, SIDE)
        shapes = []
        for number, layer in enumerate(self.layers, 1):
            after = shape_after(layer, shape, last=number == len(self.layers))
            if after is None:
                raise ModelError(
                    f"Layer {number}, {layer.kind}, does not fit what is before it: {shape}."
                )
            shape = after
            shapes.append(shape)
        if not shapes:
            raise ModelError("An integer network has at least one layer.")
        return shapes

    def bounds(self) -> list[Bound]:
        """What no sum and no product can pass for any frame, proven from the weights."""
        return [
            Bound(f"layer {number} ({layer.kind})", layer.largest_sum(), layer.largest_product())
            for number, layer in enumerate(self.layers, 1)
        ]

    def packed_bytes(self) -> int:
        """Bytes on the device: weights at their bits, constants, and the table of the refusal."""
        table = 2 * OCTAVE + 4  # and multiplier, shift, least
        return sum(layer.packed_bytes() for layer in self.layers) + table

    def logits(self, frames: NDArray[Any]) -> Ints:
        """Logits (n, classes) int32 for frames (n, 784) or (n, 28, 28) uint8.

        The products go through BLAS, in floats that hold every whole number up to the layer's
        bound: no order of adding changes a bit of them.

        Raises:
            ValueError: these are no such frames.
        """
        frames = np.asarray(frames)
        if frames.dtype != np.uint8 or frames.reshape(len(frames), -1).shape[1:] != (SIDE**2,):
            raise ValueError(f"Frames are uint8 (n, {SIDE**2}), not {frames.dtype} {frames.shape}.")
        logits = np.empty((len(frames), len(self.classes)), np.int32)
        for start in range(0, len(frames), AT_ONCE):
            x = frames[start : start + AT_ONCE].reshape(-1, 1, SIDE, SIDE)
            logits[start : start + AT_ONCE] = _through(self.layers, x)
        return logits

    def powers(self, logits: Ints) -> Ints:
        """How likely each class is, (n, classes) int32, the likeliest of them 32768."""
        m, s, _ = self.limits
        behind = logits.max(axis=1, keepdims=True) - logits
        steps = (np.minimum(behind, self.limits.furthest) * m + (1 << (s - 1))) >> s
        octaves = np.minimum(steps // OCTAVE, 16)  # 2^15 >> 16 is 0
        powers: Ints = np.array(POWERS, np.int32)[steps % OCTAVE] >> octaves
        return powers

    def read(self, frames: NDArray[Any]) -> Reading:
        """The answers for frames (n, 784) uint8; of equal logits the first is the likeliest.

        A frame without ink is refused, whatever the logits say.
        """
        reading = self.read_logits(self.logits(frames))
        blank = ~np.asarray(frames).reshape(len(frames), -1).any(axis=1)
        return reading._replace(refused=reading.refused | blank)

    def read_logits(self, logits: Ints) -> Reading:
        """The answers for logits (n, classes) int32.

        Confidence is 1000 times the likeliest's share of all powers, rounded, in int32.
        """
        total = self.powers(logits).sum(axis=1, dtype=np.int32)
        per_mille = (1000 * np.int32(POWERS[0]) + (total >> 1)) // total
        labels = logits.argmax(axis=1).astype(np.int32)
        return Reading(labels, per_mille.astype(np.int32), per_mille < self.limits.least)


def _check_limits(limits: Limits) -> None:
    if not (
        1 <= limits.multiplier <= 255 and 1 <= limits.shift <= 30 and 0 <= limits.least <= 1000
    ):
        raise ModelError(f"These are no limits of a refusal: {limits}.")


def _through(layers: Sequence[IntegerLayer], x: NDArray[Any]) -> Ints:
    """Logits for one batch of bytes (n, 1, 28, 28)."""
    waiting: IntegerLayer | None = None  # whose sums are not yet bytes: a pool may come between
    for layer in layers:
        if layer.kind == "pool":
            n, channels, height, width = x.shape
            x = x.reshape(n, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5))
            continue
        if waiting is not None:
            x = scaled(waiting, x)
        x = sums_of(layer, x)
        waiting = layer
    return x
