"""Page format: a model as one run of bytes that a page can read: a JSON header, then the numbers.

    uint32                  length of the header in bytes, so that 4 + length is a multiple of 4
    header                  JSON in UTF-8, spaces behind it
    float32, float32, ...   every array, one after the other, row by row

All numbers are little-endian. The header names each layer, its settings, and where its parameters
lie; see `header`. Batch normalisations are folded into the weights, as for every prediction. Behind
the parameters lies what tells that a frame is no digit, where the model has that. What the page
needs of digitnet's own constants (the frame's side, the widths of MNIST's strokes) is in the header
too, so that it stands in one place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from digitnet.errors import ModelError
from digitnet.handwriting.allographs import ALLOGRAPHS
from digitnet.imaging.frame import BOX, SIDE
from digitnet.imaging.stroke_width import FINE, THICKEST, THINNEST
from digitnet.models.calibration import Calibration
from digitnet.models.description import describe
from digitnet.models.model import Model, float_network, predictor
from digitnet.models.novelty import CELLS, DIRECTIONS, INK_SIDE, INK_WEIGHT, SPREAD
from digitnet.models.risk import ALWAYS, OFFERED
from digitnet.nn import Ensemble, Network, in_words
from digitnet.nn.kinds import LAYERS, layer_kind
from digitnet.nn.layer import FloatArray, Layer
from digitnet.nn.normalization import EPSILON, BatchNorm

Parameters = list[FloatArray]

FRAME = {"side": SIDE, "box": BOX, "fine": FINE, "thinnest": THINNEST, "thickest": THICKEST}
"""How a drawing becomes a frame, all lengths in the frame's pixels but `fine`, see stroke_width."""

NOVELTY = {
    "cells": CELLS,
    "directions": DIRECTIONS,
    "ink_side": INK_SIDE,
    "ink_weight": INK_WEIGHT,
    "spread": SPREAD,
}
"""What a frame's novelty is computed by, beside the arrays."""


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

    Raises:
        ModelError: a layer or a network that the page cannot compute.
    """
    network = predictor(float_network(model, name))
    networks = network.networks if isinstance(network, Ensemble) else (network,)
    parameters: Parameters = []
    members = [_describe_member(member, parameters) for member in networks]
    calibration = model.calibration
    described = {
        "name": name,
        "network": in_words(networks[0]) + (f" x {len(networks)}" if len(networks) > 1 else ""),
        "class_names": list(model.class_names),
        "framing": model.framing,
        "frame": FRAME,
        "ways": _ways(model.class_names),
        "folder": _describe_folder(model),
        "calibration": {
            "temperature": calibration.temperature,
            "least_probability": calibration.least_probability,
            **_describe_risks(calibration),
            "novelty": _describe_novelty(calibration, parameters),
        },
        "members": members,
    }
    return described, parameters


def _describe_folder(model: Model) -> dict[str, Any]:
    """What a model's folder says beside all this, for the folder that the page writes."""
    told = describe(model, {})
    return {
        "format": told["format"],
        "version": told["version"],
        "framing_version": told["framing"]["version"],
        "novelty_shape": told["calibration"]["novelty_shape"],
    }


def _ways(class_names: Sequence[str]) -> list[list[str]]:
    """The ways of writing each digit, as `handwriting.allographs` has them: what the page rehearses
    while it learns somebody's hand. None of what is no digit.
    """
    return [[way.path for way in ALLOGRAPHS if str(way.label) == name] for name in class_names]


def _describe_member(network: Network, parameters: Parameters) -> dict[str, Any]:
    """The layers of one network; its arrays are put behind those that are there already."""
    named = iter(network.parameters.items())
    layers = []
    for layer in network.layers:
        described: list[Mapping[str, Any]] = []
        for _ in layer.parameter_names:
            described.append(_put(*next(named), parameters))
        settings = vars(layer) | ({"epsilon": EPSILON} if isinstance(layer, BatchNorm) else {})
        layers.append({"kind": _kind_on_page(layer), **settings, "parameters": described})
    return {"layers": layers}


def _kind_on_page(layer: Layer) -> str:
    """The kind that the page knows it by (`LAYERS` in layers.js).

    Raises:
        ModelError: a layer of one's own, which the page cannot compute.
    """
    kind = type(layer).__name__
    if kind not in LAYERS or layer_kind(kind) is not type(layer):
        raise ModelError(
            f"The page cannot compute with the layer {layer}.",
            "export a model that is made of digitnet's own layers.",
        )
    return kind


def _describe_risks(calibration: Calibration) -> dict[str, Any]:
    """The risk that is asked for at first, those to choose from, and what each threshold promises.

    A model that promises nothing answers as it was made (risk null), or always.
    """
    risks = calibration.risks
    if risks is None:
        return {"risk": calibration.risk, "offered": [ALWAYS], "risks": []}
    first = set() if calibration.risk is None else {calibration.risk}
    offered = [*sorted({*OFFERED, *first} - {ALWAYS}), ALWAYS]
    return {"risk": calibration.risk, "offered": offered, "risks": [row[:2] for row in risks.rows]}


def _describe_novelty(calibration: Calibration, parameters: Parameters) -> dict[str, Any] | None:
    """How novel a frame may be, and what that is computed with; None where all are accepted."""
    novelty = calibration.novelty
    if novelty is None or math.isinf(calibration.most_novelty):
        return None
    arrays = [_put(name, array, parameters) for name, array in novelty.arrays.items()]
    return {"most": calibration.most_novelty, **NOVELTY, "arrays": arrays}


def _put(name: str, array: FloatArray, parameters: Parameters) -> dict[str, Any]:
    """Put an array behind those that are there; what the header says of it."""
    offset = sum(each.size for each in parameters)
    parameters.append(array)
    return {"name": name, "shape": list(array.shape), "offset": offset}
