"""Onnx integer: a network of whole numbers as nodes of an ONNX graph, exact to the bit.

What is computed is models/integer_network.py's, number by number: products of bytes and weights
in int32 (ConvInteger, MatMulInteger), the rounding as a multiplication, an addition and a shift,
the confidence by the table of powers of two. Weights are stored as bytes around a zero of 128:
with signed ones some processors' kernels in ONNX Runtime add up in 16 bits and go over.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from digitnet.export.onnx_answer import decide
from digitnet.export.onnx_graph import Graph
from digitnet.imaging.frame import SIDE
from digitnet.models.calibration import Calibration
from digitnet.models.integer_layer import IntegerLayer
from digitnet.models.integer_network import OCTAVE, POWERS, IntegerNetwork

ZERO = 128
"""The byte that stands for a weight of 0."""


def integer_logits(graph: Graph, network: IntegerNetwork, rows: str) -> str:
    """The nodes from frames as rows (n, 784) of 0 to 1 to logits (n, classes) int32; their name."""
    add, constant = graph.add, graph.constant
    levels = add("Mul", rows, constant(np.float32(255)))
    levels = add("Floor", add("Add", levels, constant(np.float32(0.5))))
    levels = add("Clip", levels, constant(np.float32(0)), constant(np.float32(255)))
    x = graph.reshape(graph.cast(levels, "UINT8"), (-1, 1, SIDE, SIDE))
    number = 0
    for layer in network.layers:
        if layer.kind == "pool":
            # Behind the scaling, which rises: the largest stays the largest.
            x = add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            continue
        number += 1
        x = _scaled(graph, layer, _sums(graph, layer, x, number), number)
    return x


def integer_answer(
    graph: Graph, network: IntegerNetwork, calibration: Calibration, rows: str
) -> None:
    """The outputs `probabilities`, `label` and `refusal` of `logits`, as `IntegerNetwork.read`."""
    add, constant = graph.add, graph.constant
    powers = _powers(graph, network, "logits")  # (n, classes) int32
    total = graph.total(powers, 1)
    single = (graph.cast(each, "FLOAT") for each in (powers, total))
    add("Div", *single, output="probabilities")
    half = add("Div", total, constant(np.int32(2)))
    most = constant(np.int32(1000 * POWERS[0]))
    per_mille = graph.reshape(add("Div", add("Add", most, half), total), (-1,))
    least = constant(np.int32(math.ceil(1000 * calibration.least_probability)))
    # By the logits: of two in one step of the table the likelier is the answer.
    decide(graph, rows, "logits", add("Less", per_mille, least))


def _sums(graph: Graph, layer: IntegerLayer, x: str, number: int) -> str:
    """Weights times bytes and the bias, int32; `number` is the layer's among those with weights."""
    shifted = (layer.weights.astype(np.int16) + ZERO).astype(np.uint8)
    dense = layer.kind == "dense"
    if dense:
        x = graph.reshape(x, (-1, layer.weights.shape[1]))
    weights = graph.constant(shifted.T if dense else shifted, f"W{number}")
    zeros = (graph.constant(np.uint8(zero)) for zero in (0, ZERO))
    sums = graph.add("MatMulInteger" if dense else "ConvInteger", x, weights, *zeros)
    return graph.add("Add", sums, graph.constant(_of_channels(layer, layer.bias), f"b{number}"))


def _scaled(graph: Graph, layer: IntegerLayer, sums: str, number: int) -> str:
    """Sums as bytes, as `scaled` of integer_layer.py; the last layer's as they are."""
    if not layer.scales:
        return sums
    add, constant = graph.add, graph.constant
    multiplier = constant(
        _of_channels(layer, layer.multiplier.astype(np.int32)), f"multiplier{number}"
    )
    products = add("Mul", add("Max", sums, constant(np.int32(0))), multiplier)
    shifted = _rounded_shift(graph, products, layer.shift)
    return graph.cast(add("Min", shifted, constant(np.uint32(255))), "UINT8")


def _of_channels(layer: IntegerLayer, values: Any) -> Any:
    """One number for each channel, as it is added to sums (n, out, ...)."""
    return values.reshape(1, -1) if layer.kind == "dense" else values.reshape(1, -1, 1, 1)


def _rounded_shift(graph: Graph, x: str, shift: int) -> str:
    """`(x + 2^(shift - 1)) >> shift` of int32 that are not below 0, as uint32."""
    raised = graph.add("Add", x, graph.constant(np.int32(1 << (shift - 1))))
    by = graph.constant(np.uint32(shift))
    return graph.add("BitShift", graph.cast(raised, "UINT32"), by, direction="RIGHT")


def _powers(graph: Graph, network: IntegerNetwork, logits: str) -> str:
    """`IntegerNetwork.powers` of logits (n, classes) int32."""
    add, constant = graph.add, graph.constant
    limits = network.limits
    behind = add("Sub", graph.total(logits, 1, "ReduceMax"), logits)
    behind = add("Min", behind, constant(np.int32(limits.furthest)))
    products = add("Mul", behind, constant(np.int32(limits.multiplier)))
    steps = graph.cast(_rounded_shift(graph, products, limits.shift), "INT32")
    octave = constant(np.int32(OCTAVE))
    octaves = add("Min", add("Div", steps, octave), constant(np.int32(16)))
    table = constant(np.array(POWERS, np.uint32), "powers")
    powers = add("Gather", table, add("Mod", steps, octave))
    shifted = add("BitShift", powers, graph.cast(octaves, "UINT32"), direction="RIGHT")
    return graph.cast(shifted, "INT32")
