"""Kinds: the table of all kinds of layers, and how a layer becomes plain values and comes back.

A new kind of layer is a file in this folder and a row here. Whoever uses digitnet as a library
adds one with `register_layer`. Of each kind tests/nn/test_kinds.py asks for a gradient check, its
word in the notation, its way to model.json and back, and its counterpart on the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar, overload

from digitnet.nn.layer import Layer

LAYERS = {
    "AveragePool2D": "pooling",
    "BatchNorm": "normalization",
    "Conv2D": "convolution",
    "Dense": "layers",
    "Deskew": "deskew",
    "Dropout": "layers",
    "Flatten": "layers",
    "GlobalAveragePool2D": "pooling",
    "MaxPool2D": "pooling",
    "ReLU": "layers",
    "Sigmoid": "layers",
    "Tanh": "layers",
    "ToImages": "images",
    "ToRows": "images",
}
"""Each kind of layer there is, as model.json calls it, and the file of this folder it lives in."""

_registered: dict[str, type[Layer]] = {}
_Kind = TypeVar("_Kind", bound=type[Layer])


class UnknownLayerError(Exception):
    """A kind of layer that is neither in the table nor registered; str() is its name."""


@overload
def register_layer(kind: _Kind, /) -> _Kind: ...
@overload
def register_layer(kind: str, /) -> Callable[[_Kind], _Kind]: ...
def register_layer(kind: type[Layer] | str, /) -> Any:
    """Give a kind of layer a name, so that models with it can be saved and loaded: a decorator.

    Use it as `@register_layer` to take the class's own name, or as `@register_layer("name")`.
    A class that is defined again, as in a notebook's cell, takes its own place.

    Raises:
        ValueError: the name is another layer's, or a parameter's name ends in a digit.
    """
    if isinstance(kind, str):
        return lambda layer: _register(kind, layer)
    return _register(kind.__name__, kind)


def _register(name: str, kind: type[Layer]) -> type[Layer]:
    known = _registered.get(name)
    same = known is not None and _origin(known) == _origin(kind)
    if name in LAYERS or not (known is None or same):
        raise ValueError(
            f"There is a layer called {name} already; register this one under another name: "
            f'@register_layer("{name}2").'
        )
    for parameter in kind.parameter_names:
        if not parameter.isidentifier() or parameter[-1].isdigit():
            raise ValueError(
                f"{name}'s parameter {parameter!r} needs a name such as W or slope, without a "
                "digit at its end: the layer's number is put there."
            )
    _registered[name] = kind
    return kind


def _origin(kind: type[Layer]) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def layer_kinds() -> Iterator[tuple[str, type[Layer]]]:
    """Every kind of layer with its name, the registered ones behind those of the table."""
    for name in (*LAYERS, *_registered):
        yield name, layer_kind(name)


def layer_kind(name: str) -> type[Layer]:
    """The kind of layer of that name.

    Raises:
        UnknownLayerError: there is none.
    """
    if name in LAYERS:
        kind: type[Layer] = getattr(import_module(f"digitnet.nn.{LAYERS[name]}"), name)
        return kind
    if name not in _registered:
        raise UnknownLayerError(name)
    return _registered[name]


def kind_of(layer: Layer) -> str:
    """The name that a layer's kind goes by.

    Raises:
        UnknownLayerError: its class is neither in the table nor registered.
    """
    name = type(layer).__name__
    if name in LAYERS and layer_kind(name) is type(layer):
        return name
    for registered, kind in _registered.items():
        if kind is type(layer):
            return registered
    raise UnknownLayerError(name)


def describe_layer(layer: Layer) -> dict[str, Any]:
    """A layer as plain values: its kind, and its settings.

    Raises:
        UnknownLayerError: its kind has no name.
        ValueError: it would not come back as it is.
    """
    described = {"kind": kind_of(layer), **vars(layer)}
    try:
        same = rebuild_layer(json.loads(json.dumps(described))) == layer
    except (TypeError, ValueError):
        same = False
    if not same:
        raise ValueError(
            f"{layer} does not come back from plain values; its settings must be numbers, words "
            "or true and false, and the class a frozen dataclass."
        )
    return described


def rebuild_layer(described: Mapping[str, Any]) -> Layer:
    """The layer that plain values describe.

    Raises:
        UnknownLayerError: there is no kind of that name.
        TypeError, ValueError, KeyError: values that describe no such layer.
    """
    settings = dict(described)
    return layer_kind(settings.pop("kind"))(**settings)
