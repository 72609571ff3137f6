"""Folding: a trained network without its batch normalisations, which predicts the same."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from digitnet.nn.layer import Affine, Layer
from digitnet.nn.network import Stack
from digitnet.nn.normalization import EPSILON, BatchNorm

Kind = TypeVar("Kind", bound=Stack)


def fold(network: Kind) -> Kind:
    """Put every BatchNorm right behind a Dense or Conv2D into that layer's weights.

    gamma (W x + b - mean) / deviation + beta is W' x + b' with W' = W scale and
    b' = (b - mean) scale + beta, scale = gamma / deviation. What such a network predicts is the
    same up to rounding, with less work and fewer parameters.

    Returns:
        A new network; the very same one where there is nothing to fold.
    """
    kept: list[int] = []
    folded: dict[int, int] = {}  # a layer with weights to the BatchNorm that goes into it
    for i, layer in enumerate(network.layers):
        if isinstance(layer, BatchNorm) and kept and _takes(network.layers[kept[-1]], kept[-1], i):
            folded[kept[-1]] = i
        else:
            kept.append(i)
    if not folded:
        return network
    lighter = network.with_layers([network.layers[i] for i in kept])
    for i, views in zip(kept, lighter.views, strict=True):
        for view, parameter in zip(views, network.views[i], strict=True):
            view[...] = parameter
        if i in folded:
            gamma, beta, mean, variance = network.views[folded[i]]
            scale = gamma / np.sqrt(variance + network.vector.dtype.type(EPSILON))
            W, b, *steps = views
            W *= scale
            for step in steps:  # of quantised weights: W / step stays as it is, but for its sign
                step *= np.abs(scale)
            b[:] = (b - mean) * scale + beta
    return lighter


def _takes(layer: Layer, position: int, norm: int) -> bool:
    """Whether the layer stands right before the normalisation and has weights to take it in."""
    return norm == position + 1 and isinstance(layer, Affine)
