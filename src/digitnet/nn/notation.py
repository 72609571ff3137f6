"""Notation: a network in a word, written for tables and progress lines, and read in a recipe.

Convolutions and pooling are written as in D. Ciresan, U. Meier and J. Schmidhuber, "Multi-column
deep neural networks for image classification", CVPR 2012: 24C5-MP2-48C3-48C3-MP2.

Each kind of layer says in its `notation` how it is written: {name} stands for a setting, and what
is in brackets is left out where the setting has its default. The same pattern writes and reads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import Field, fields
from functools import cache
from typing import Any

from digitnet.nn.images import ToImages, ToRows
from digitnet.nn.kinds import layer_kinds
from digitnet.nn.layer import Layer, Shape
from digitnet.nn.network import Network
from digitnet.nn.normalization import BatchNorm

NOTATION = (
    "24C5 is a convolution with 24 channels and a window of 5 x 5 (24C5S2P1: stride 2, a border of "
    "1), MP2 and AP2 are max and average pooling of 2 x 2, and GAP, at the end, the mean of each "
    "channel"
)
_SETTING = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[(.*?)\]")


def in_words(network: Network) -> str:
    """784-64-10, 784-16C5-MP2-32C5-MP2-128-10, 784-AP2-384-10: what is said of a Network."""
    words = [str(network.n_in), *(layer_in_words(layer) for layer in network.layers)]
    return "-".join(word for word in words if word)


def layer_in_words(layer: Layer) -> str:
    """A layer's word, such as 24C5S2; "" where its kind has none."""
    settings = vars(layer)

    def optional(found: re.Match[str]) -> str:
        usual = all(settings[name] == _default(type(layer), name) for name in _names(found[1]))
        return "" if usual else found[1]

    return _OPTIONAL.sub(optional, layer.notation).format_map(settings)


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
    shape: Shape = (1, side, side)
    for word in text.split("-"):
        found = read_layer(word, shape) if len(shape) == 3 else None
        if found is None:
            raise ValueError(
                f"{word} in {text} is no layer: {NOTATION}. Example: 16C5-MP2-32C5-MP2."
            )
        try:
            shape = found.output_shape(shape)
        except ValueError as error:
            raise ValueError(f"{word} does not fit into {text}: {error}") from error
        if found.convolves:
            layers += waiting
            waiting = [activation()]
        elif len(shape) != 3:
            layers += waiting
            waiting = []
        layers.append(found)
        if batch_norm and found.convolves:
            layers.append(BatchNorm(shape[0]))
    layers += waiting
    if len(shape) == 3:
        layers.append(ToRows())
    return layers, math.prod(shape)


def read_layer(word: str, shape: Shape) -> Layer | None:
    """The layer that a word stands for behind images of a shape; None where it stands for none."""
    for _, kind in layer_kinds():
        if kind.needs != "images" or not kind.notation:
            continue
        if found := re.fullmatch(_pattern(kind.notation), word):
            settings = {name: int(value) for name, value in found.groupdict().items() if value}
            if "channels_in" in _fields(kind):
                settings["channels_in"] = shape[0]
            try:
                return kind(**settings)
            except ValueError:
                return None
    return None


@cache
def _pattern(notation: str) -> str:
    """The regular expression of a notation: its settings whole numbers, what may lack optional."""
    pattern = _OPTIONAL.sub(r"(?:\1)?", notation)
    return _SETTING.sub(r"(?P<\1>[0-9]{1,4})", pattern)


def _names(pattern: str) -> list[str]:
    return _SETTING.findall(pattern)


def _fields(kind: type[Layer]) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(kind)}


def _default(kind: type[Layer], name: str) -> Any:
    return _fields(kind)[name].default
