"""ONNX Runtime: a session over the same network; in bulk it takes the uint8 pixels itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from benchmarks.sides.work import NAMES, Work


def graph(arrays: list[np.ndarray], pixels: bool) -> bytes:
    """The network as ONNX; with `pixels`, inputs are uint8 and 1/255 is folded into W1."""
    from onnx import TensorProto, helper, numpy_helper

    W1, b1, W2, b2 = arrays
    given = {"W1": W1 / 255 if pixels else W1, "b1": b1, "W2": W2, "b2": b2}
    kind = TensorProto.UINT8 if pixels else TensorProto.FLOAT
    nodes = [helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT)] if pixels else []
    nodes += [
        helper.make_node("Gemm", ["f" if pixels else "x", "W1", "b1"], ["a"]),
        helper.make_node("Sigmoid", ["a"], ["h"]),
        helper.make_node("Gemm", ["h", "W2", "b2"], ["z"]),
    ]
    made = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", kind, ["n", 784])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in given.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def single(work: Work) -> Callable[[], object]:
    session = onnxruntime.InferenceSession(graph(work.start(), pixels=False))
    feed = {"x": work.flat()[:1]}
    return lambda: session.run(None, feed)


def bulk(work: Work) -> Callable[[], object]:
    session = onnxruntime.InferenceSession(graph(work.start(), pixels=True))
    feed = {"x": np.array(work.images()).reshape(-1, 784)}
    return lambda: session.run(None, feed)


def save(folder: str) -> None:
    """Write FOLDER/model.onnx from the arrays beside it."""
    arrays = [np.load(Path(folder) / f"{name}.npy") for name in NAMES]
    (Path(folder) / "model.onnx").write_bytes(graph(arrays, pixels=False))


if __name__ == "__main__":
    save(sys.argv[1])
