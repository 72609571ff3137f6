"""Notation: a network in a word, written for tables and progress lines, and read in a recipe.

Convolutions and pooling are written as in D. Ciresan, U. Meier and J. Schmidhuber, "Multi-column
deep neural networks for image classification", CVPR 2012: 24C5-MP2-48C3-48C3-MP2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from digitnet.nn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    ToImages,
    ToRows,
)
from digitnet.nn.network import Network


def in_words(network: Network) -> str:
    """784-64-10, 784-16C5-MP2-32C5-MP2-128-10, 784-AP2-384-10: what is said of a Network."""
    parts = [str(network.n_in)]
    for layer in network.layers:
        kind, settings = type(layer).__name__, vars(layer)
        if kind == "Dense":
            parts.append(str(settings["n_out"]))
        elif kind == "Conv2D":
            stride, padding = settings["stride"], settings["padding"]
            parts.append(
                f"{settings['channels_out']}C{settings['size']}"
                + (f"S{stride}" if stride > 1 else "")
                + (f"P{padding}" if padding else "")
            )
        elif kind in ("MaxPool2D", "AveragePool2D"):
            parts.append(f"{kind[0]}P{settings['size']}")
        elif kind == "GlobalAveragePool2D":
            parts.append("GAP")
        elif kind == "Deskew":
            parts.append("deskewed")
    return "-".join(parts)


_CONVOLUTION = re.compile(r"(\d{1,4})C(\d{1,2})(?:S(\d))?(?:P(\d))?")
_POOLING = re.compile(r"(MP|AP)(\d)")
NOTATION = (
    "24C5 is a convolution with 24 channels and a window of 5 x 5 (24C5S2P1: stride 2, a border of "
    "1), MP2 and AP2 are max and average pooling of 2 x 2, and GAP, at the end, the mean of each "
    "channel"
)


def convolutional_layers(
    text: str, side: int, activation: Callable[[], Layer], batch_norm: bool
) -> tuple[list[Layer], int]:
    """The layers that a notation stands for, and how many numbers they give per image.

    Behind each convolution come the normalisation (where asked for), the pooling and the
    activation. It does not matter for a rising activation whether pooling is before or after it,
    but before it there is less to do.

    Args:
        text: the notation.
        side: of the images, in pixels.
        activation: makes one.
        batch_norm: whether each convolution has a BatchNorm behind it.

    Raises:
        ValueError: no such notation, or layers that do not fit the images.
    """
    layers: list[Layer] = [ToImages(side, side)]
    waiting: list[Layer] = []  # the activation of the last convolution
    shape: tuple[int, ...] = (1, side, side)
    for word in text.split("-"):
        found = _layer(word, shape)
        if found is None or len(shape) != 3:
            raise ValueError(
                f"{word} in {text} is no layer: {NOTATION}. Example: 16C5-MP2-32C5-MP2."
            )
        if isinstance(found, Conv2D):
            layers += waiting
            waiting = [activation()]
        elif isinstance(found, GlobalAveragePool2D):
            layers += waiting
            waiting = []
        try:
            shape = found.output_shape(shape)
        except ValueError as error:
            raise ValueError(f"{word} does not fit into {text}: {error}") from error
        layers.append(found)
        if batch_norm and isinstance(found, Conv2D):
            layers.append(BatchNorm(found.channels_out))
    layers += waiting
    if len(shape) == 3:
        layers.append(ToRows())
    return layers, math.prod(shape)


def _layer(word: str, shape: Sequence[int]) -> Layer | None:
    """The layer of one word behind images of the given shape; None where it stands for none."""
    if word == "GAP":
        return GlobalAveragePool2D()
    try:
        if pooling := _POOLING.fullmatch(word):
            kind = MaxPool2D if pooling[1] == "MP" else AveragePool2D
            return kind(int(pooling[2]))
        if convolution := _CONVOLUTION.fullmatch(word):
            channels, size, stride, padding = convolution.groups()
            return Conv2D(shape[0], int(channels), int(size), int(stride or 1), int(padding or 0))
    except ValueError:
        pass
    return None
