"""Weights: a model as one run of bytes that a page can read: a JSON header, then the numbers.

    uint32                  length of the header in bytes, so that 4 + length is a multiple of 4
    header                  JSON in UTF-8, spaces behind it
    float32, float32, ...   every parameter, one array after the other, row by row

All numbers are little-endian. The header names each layer, its settings, and where its parameters
lie; see `header`. Batch normalisations are folded into the weights, as for every prediction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from digitnet.model import Model, predictor
from digitnet.nn import Ensemble, Network, in_words
from digitnet.nn.normalization import EPSILON, BatchNorm
from digitnet.nn.workspace import FloatArray

Parameters = list[FloatArray]


def encode(model: Model, name: str) -> bytes:
    """The model's header and numbers; `name` is what the page calls it."""
    described, parameters = header(model, name)
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % 4)
    numbers = [np.ascontiguousarray(array, dtype="<f4").tobytes() for array in parameters]
    return b"".join([len(text).to_bytes(4, "little"), text, *numbers])


def header(model: Model, name: str) -> tuple[dict[str, Any], Parameters]:
    """What the bytes begin with, and the arrays that follow, in their order.

    A plain network has one member, an ensemble several, whose logits are averaged. `offset`
    counts numbers from the first one behind the header.
    """
    network = predictor(model.network)
    networks = network.networks if isinstance(network, Ensemble) else (network,)
    parameters: Parameters = []
    members = [_describe_member(member, parameters) for member in networks]
    described = {
        "name": name,
        "network": in_words(networks[0]) + (f" x {len(networks)}" if len(networks) > 1 else ""),
        "class_names": list(model.class_names),
        "framing": model.framing,
        "calibration": {
            "temperature": model.calibration.temperature,
            "least_probability": model.calibration.least_probability,
        },
        "members": members,
    }
    return described, parameters


def _describe_member(network: Network, parameters: Parameters) -> dict[str, Any]:
    """The layers of one network; its arrays are put behind those that are there already."""
    named = iter(network.parameters.items())
    offset = sum(array.size for array in parameters)
    layers = []
    for layer in network.layers:
        described: list[Mapping[str, Any]] = []
        for _ in layer.parameter_names:
            parameter, array = next(named)
            described.append({"name": parameter, "shape": list(array.shape), "offset": offset})
            parameters.append(array)
            offset += array.size
        settings = vars(layer) | ({"epsilon": EPSILON} if isinstance(layer, BatchNorm) else {})
        layers.append({"kind": type(layer).__name__, **settings, "parameters": described})
    return {"layers": layers}
