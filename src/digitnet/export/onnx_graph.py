"""Onnx graph: a network's layers written as the nodes of an ONNX graph.

Images lie with the batch first there, (n, channels, height, width), and rows are (n, numbers), so
that the rows of an image are in digitnet's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from digitnet.nn.deskew import MOST_SLANT
from digitnet.nn.layer import FloatArray, Layer, Shape
from digitnet.nn.network import Network
from digitnet.nn.normalization import EPSILON

LEAST = 1e-6
"""What Deskew divides by at least."""


class Graph:
    """The nodes and constants of a graph that is being made.

    Attributes:
        nodes: in the order in which they are computed.
        constants: the arrays that they use.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[Any, ...], str] = {}

    def add(self, kind: str, *inputs: str, output: str = "", **settings: Any) -> str:
        """A node of an operator; the name of what it gives."""
        from onnx import helper

        output = output or f"{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, list(inputs), [output], name=f"node_{output}", **settings)
        self.nodes.append(node)
        return output

    def constant(self, value: Any, name: str = "") -> str:
        """An array that nodes use, once each; its name. Python's floats are kept as float32."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(value, getattr(value, "dtype", None) or _usual(value))
        array = array.reshape(np.shape(value))  # ascontiguousarray makes a number a row
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = name or f"constant_{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def cast(self, x: str, kind: str) -> str:
        """The same numbers as another of ONNX's types, such as UINT8."""
        from onnx import TensorProto

        return self.add("Cast", x, to=int(getattr(TensorProto, kind)))

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """The same numbers in another shape, -1 standing for n."""
        return self.add("Reshape", x, self.constant(np.array(shape, np.int64)))

    def total(self, x: str, axis: int, kind: str = "ReduceSum", keepdims: bool = True) -> str:
        """The sum, or what `kind` says, along an axis."""
        return self.add(kind, x, self.constant(np.array([axis], np.int64)), keepdims=int(keepdims))

    def part(self, x: str, axis: int, start: int, stop: int) -> str:
        """What lies from start to before stop along an axis."""
        bounds = (np.array([each], np.int64) for each in (start, stop, axis))
        return self.add("Slice", x, *map(self.constant, bounds))


def _usual(value: Any) -> Any:
    return np.float32 if isinstance(value, float) else np.int64


def network_nodes(graph: Graph, network: Network, x: str) -> str:
    """The nodes of a network on rows x (n, n_in); the name of its logits (n, n_out)."""
    shape: Shape = (network.n_in,)
    named = iter(network.parameters)
    for layer, params, given in zip(network.layers, network.views, network.shapes, strict=True):
        names = [next(named) for _ in params]
        x = WRITERS[type(layer).__name__](graph, x, layer, dict(zip(names, params, strict=True)),
                                          shape)  # fmt: skip
        shape = given
    return x


Params = dict[str, FloatArray]
"""A layer's parameters by their names in the network, W2 and b2, in the layer's order."""
Writer = Callable[[Graph, str, Any, Params, Shape], str]


def _dense(graph: Graph, x: str, layer: Layer, params: Params, shape: Shape) -> str:
    W, b = (graph.constant(array, name) for name, array in params.items())
    return graph.add("Gemm", x, W, b)


def _conv(graph: Graph, x: str, layer: Any, params: Params, shape: Shape) -> str:
    (W_name, W), (b_name, b) = params.items()
    window = (layer.channels_in, layer.size, layer.size, layer.channels_out)
    weights = graph.constant(W.reshape(window).transpose(3, 0, 1, 2), W_name)
    return graph.add(
        "Conv", x, weights, graph.constant(b, b_name), kernel_shape=[layer.size] * 2,
        strides=[layer.stride] * 2, pads=[layer.padding] * 4,
    )  # fmt: skip


def _batch_norm(graph: Graph, x: str, layer: Layer, params: Params, shape: Shape) -> str:
    arrays = (graph.constant(array, name) for name, array in params.items())
    return graph.add("BatchNormalization", x, *arrays, epsilon=EPSILON)


def _pool(kind: str) -> Writer:
    def write(graph: Graph, x: str, layer: Any, params: Params, shape: Shape) -> str:
        return graph.add(kind, x, kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)

    return write


def _global_pool(graph: Graph, x: str, layer: Layer, params: Params, shape: Shape) -> str:
    return graph.reshape(graph.add("GlobalAveragePool", x), (-1, shape[0]))


def _elementwise(kind: str) -> Writer:
    return lambda graph, x, layer, params, shape: graph.add(kind, x)


def _nothing(graph: Graph, x: str, layer: Layer, params: Params, shape: Shape) -> str:
    return x


def _to_images(graph: Graph, x: str, layer: Any, params: Params, shape: Shape) -> str:
    return graph.reshape(x, (-1, 1, layer.height, layer.width))


def _to_rows(graph: Graph, x: str, layer: Layer, params: Params, shape: Shape) -> str:
    return graph.reshape(x, (-1, int(np.prod(shape))))


def _deskew(graph: Graph, x: str, layer: Any, params: Params, shape: Shape) -> str:
    """Deskew's own steps (nn/deskew.py), each row read where its shift begins."""
    height, width, border = layer.height, layer.width, layer.width + 1
    add, total = graph.add, graph.total
    least = graph.constant(np.float64(LEAST))
    rows = np.arange(height, dtype=np.float64)
    columns = np.arange(width, dtype=np.float64) - (width - 1) / 2
    images = graph.reshape(x, (-1, height, width))
    ink = graph.cast(images, "DOUBLE")
    by_row = total(ink, 2, keepdims=False)  # (n, height)
    moment = graph.reshape(add("MatMul", ink, graph.constant(columns[:, None])), (-1, height))
    mass = add("Max", total(by_row, 1), least)  # (n, 1), as what follows
    mean_y = add("Div", add("MatMul", by_row, graph.constant(rows[:, None])), mass)
    mean_x = add("Div", total(moment, 1), mass)
    from_mean = add("Sub", graph.constant(rows[None]), mean_y)  # (n, height)
    variance = total(add("Mul", add("Mul", by_row, from_mean), from_mean), 1)
    covariance = total(add("Mul", moment, from_mean), 1)
    slant = add("Div", covariance, add("Max", variance, least))
    most = np.float64(MOST_SLANT)
    slant = add("Clip", slant, graph.constant(-most), graph.constant(most))
    shift = add("Add", add("Mul", slant, from_mean), mean_x)
    whole = add("Floor", shift)
    part = graph.cast(add("Sub", shift, whole), "FLOAT")
    part = graph.reshape(part, (-1, height, 1))
    # Clipped as whole numbers: what is no number becomes some number, and is not read outside.
    start = graph.cast(whole, "INT64")
    start = add("Clip", start, graph.constant(-border), graph.constant(width))
    start = add("Add", graph.reshape(start, (-1, height, 1)), graph.constant(border))
    places = add("Add", start, graph.constant(np.arange(width + 1)[None, None]))
    pads = np.array([0, 0, border, 0, 0, border], np.int64)
    padded = add("Pad", images, graph.constant(pads))
    taken = add("GatherElements", padded, places, axis=2)  # (n, height, width + 1)
    left = add("Sub", graph.constant(np.float32(1)), part)
    y = add(
        "Add",
        add("Mul", graph.part(taken, 2, 0, width), left),
        add("Mul", graph.part(taken, 2, 1, width + 1), part),
    )
    return graph.reshape(y, (-1, height * width))


WRITERS: dict[str, Writer] = {
    "AveragePool2D": _pool("AveragePool"),
    "BatchNorm": _batch_norm,
    "Conv2D": _conv,
    "Dense": _dense,
    "Deskew": _deskew,
    "Dropout": _nothing,
    "Flatten": _nothing,  # of rows; see plain.py
    "GlobalAveragePool2D": _global_pool,
    "MaxPool2D": _pool("MaxPool"),
    "ReLU": _elementwise("Relu"),
    "Sigmoid": _elementwise("Sigmoid"),
    "Tanh": _elementwise("Tanh"),
    "ToImages": _to_images,
    "ToRows": _to_rows,
}
"""For each kind of layer (nn/kinds.py), what writes its nodes."""
