"""Onnx answer: from logits to probabilities, label and refusal, as nodes of an ONNX graph."""

from __future__ import annotations

import numpy as np

from digitnet.export.card import ANSWERED, NO_DIGIT, NO_FRAME, UNSURE
from digitnet.export.onnx_graph import Graph
from digitnet.imaging.frame import SIDE
from digitnet.models.calibration import Calibration
from digitnet.models.novelty import (
    CELLS,
    DIRECTIONS,
    INK_SIDE,
    INK_WEIGHT,
    Novelty,
    log_determinant,
    soft_windows,
    with_rises,
)

BEYOND = 1e-3
"""So far outside of 0..1 a number of a frame may lie, by rounding."""


def answer(graph: Graph, calibration: Calibration, rows: str) -> None:
    """The outputs `probabilities`, `label` and `refusal`, from `logits` and frames as rows."""
    add, constant = graph.add, graph.constant
    scaled = add("Div", "logits", constant(np.float32(calibration.temperature)))
    add("Softmax", scaled, axis=1, output="probabilities")
    highest = graph.total("probabilities", 1, "ReduceMax", keepdims=False)
    least = constant(np.float32(calibration.least_probability))
    unsure = add("Not", add("GreaterOrEqual", highest, least))  # what is no number is unsure
    no_digit = ""
    if calibration.novelty is not None and not calibration.answers_always:
        most = constant(np.float32(calibration.most_novelty))
        no_digit = add("Greater", _scores(graph, calibration.novelty, rows), most)
    decide(graph, rows, "probabilities", unsure, no_digit)


def decide(graph: Graph, rows: str, by: str, unsure: str, no_digit: str = "") -> None:
    """The outputs `label` and `refusal`.

    Args:
        graph: takes the nodes.
        rows: the frames (n, 784).
        by: numbers (n, classes), the highest of the likeliest class.
        unsure: which answers (n,) are not sure enough.
        no_digit: which frames (n,) are none; "" where none but a blank one is told.
    """
    add, constant = graph.add, graph.constant
    most_ink = graph.total(rows, 1, "ReduceMax", keepdims=False)
    least_ink = graph.total(rows, 1, "ReduceMin", keepdims=False)
    all_ink = graph.total(rows, 1, keepdims=False)  # no number where one of them is none
    fits = add(
        "And",
        add("LessOrEqual", most_ink, constant(np.float32(1 + BEYOND))),
        add("GreaterOrEqual", least_ink, constant(np.float32(-BEYOND))),
    )
    fits = add("And", fits, add("Equal", all_ink, all_ink))
    blank = add("LessOrEqual", most_ink, constant(np.float32(0)))
    no_digit = add("Or", blank, no_digit) if no_digit else blank
    refusal = constant(np.int64(ANSWERED))
    for case, number in ((unsure, UNSURE), (no_digit, NO_DIGIT), (add("Not", fits), NO_FRAME)):
        output = "refusal" if number == NO_FRAME else ""
        refusal = add("Where", case, constant(np.int64(number)), refusal, output=output)
    likeliest = add("ArgMax", by, axis=1, keepdims=0)
    answered = add("Equal", refusal, constant(np.int64(ANSWERED)))
    add("Where", answered, likeliest, constant(np.int64(-1)), output="label")


def _scores(graph: Graph, novelty: Novelty, rows: str) -> str:
    """`Novelty.scores` (n,) of frames as rows (n, 784)."""
    add, constant = graph.add, graph.constant
    ink = graph.reshape(rows, (-1, 1, SIDE, SIDE))
    seen = add("Concat", _stroke_directions(graph, ink), _inner_ink(graph, ink), axis=1)
    along = graph.reshape(add("MatMul", seen, constant(novelty.axes, "novelty_axes")),
                          (1, -1, novelty.axes.shape[1]))  # fmt: skip
    from_centres = add("Sub", along, constant(novelty.centres[:, None], "novelty_centres"))
    triangles = novelty.triangles  # (G, k, k); white is (G, n, k)
    white = add("MatMul", from_centres, constant(triangles.transpose(0, 2, 1), "novelty_whitening"))
    distances = graph.total(white, 2, "ReduceSumSquare", keepdims=False)
    spread = np.array([[log_determinant(each)] for each in triangles], np.float32)
    far = graph.total(add("Add", distances, constant(spread)), 0, "ReduceMin", keepdims=False)
    if novelty.hidden is None or novelty.readout is None:
        return far
    hidden = with_rises(novelty.hidden)
    weights, biases = hidden[:-1], hidden[-1]
    every = add("Concat", seen, _rises(graph, ink, 3), _rises(graph, ink, 2), axis=1)
    excited = add("Relu", add("Gemm", every, constant(weights, "novelty_hidden"), constant(biases)))
    says = add(
        "Gemm", excited, constant(novelty.readout[:-1, None]), constant(novelty.readout[-1:])
    )
    return add("Max", far, graph.reshape(says, (-1,)))


def _stroke_directions(graph: Graph, ink: str) -> str:
    """`stroke_directions` of novelty.py, (n, CELLS^2 DIRECTIONS), of ink (n, 1, SIDE, SIDE)."""
    add, constant = graph.add, graph.constant
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    sobel = constant(np.stack([across, across.T])[:, None])
    slopes = add("Conv", ink, sobel, kernel_shape=[3, 3], pads=[1] * 4)
    gx, gy = graph.part(slopes, 1, 0, 1), graph.part(slopes, 1, 1, 2)
    right, below = add("Relu", gx), add("Relu", gy)
    left, above = add("Relu", add("Neg", gx)), add("Relu", add("Neg", gy))
    ax, ay = add("Abs", gx), add("Abs", gy)
    root = constant(np.float32(np.sqrt(2.0)))

    def straight(side: str, other: str) -> str:
        return add("Relu", add("Sub", side, other))

    def slanted(side: str, other: str) -> str:
        return add("Mul", root, add("Min", side, other))

    planes = add(
        "Concat", straight(right, ay), slanted(right, below), straight(below, ax),
        slanted(left, below), straight(left, ay), slanted(left, above), straight(above, ax),
        slanted(right, above), axis=1,
    )  # fmt: skip
    window = soft_windows(SIDE)
    cells = add("MatMul", add("MatMul", constant(window), planes), constant(window.T))
    sums = graph.reshape(add("Transpose", cells, perm=[0, 2, 3, 1]), (-1, CELLS**2 * DIRECTIONS))
    length = add("Add", graph.total(sums, 1, "ReduceL2"), constant(np.float32(1e-6)))
    return add("Sqrt", add("Div", sums, length))


def _rises(graph: Graph, ink: str, axis: int) -> str:
    """Half of `rises` of novelty.py, (n, SIDE), of ink (n, 1, SIDE, SIDE): along rows or columns.

    An axis of 3 is along the rows, 2 down the columns.
    """
    step = np.array([-1, 1], np.float32).reshape(1, 1, *((1, 2) if axis == 3 else (2, 1)))
    before = [0, 1, 0, 0] if axis == 3 else [1, 0, 0, 0]
    steps = graph.add(
        "Conv", ink, graph.constant(step), kernel_shape=list(step.shape[2:]), pads=before
    )
    return graph.reshape(graph.total(graph.add("Relu", steps), axis), (-1, SIDE))


def _inner_ink(graph: Graph, ink: str) -> str:
    """The ink of the inner pixels under hard windows, (n, INK_SIDE^2)."""
    inner = graph.part(graph.part(ink, 2, 2, SIDE - 2), 3, 2, SIDE - 2)
    means = graph.add("AveragePool", inner, kernel_shape=[2, 2], strides=[2, 2])
    roots = graph.add("Sqrt", graph.reshape(means, (-1, INK_SIDE**2)))
    return graph.add("Mul", graph.constant(np.float32(INK_WEIGHT)), roots)
