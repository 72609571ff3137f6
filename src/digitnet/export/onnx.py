"""Onnx: a model as one ONNX graph, from frames to probabilities, label and refusal.

ONNX is an open format for networks (onnx.ai); ONNX Runtime and onnxruntime-web run it, and most
tools for phones and small boards take it. The graph does all that happens behind the framing:
deskewing, the network, the temperature, and when not to answer.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.errors import require
from digitnet.export import Written
from digitnet.export.card import ANSWERED, REFUSALS, Card, figures, licence_of, write_card
from digitnet.export.folder import CARD, check_target, write_files
from digitnet.export.plain import plain_network, rounding
from digitnet.imaging.frame import SIDE
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model
from digitnet.text import shown

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET, IR_VERSION = 21, 10
"""The newest that ONNX Runtime reads from 1.18 (2024) on, and onnxruntime-web with it."""
FILE = "model.onnx"

USE = f"""\
```python
import numpy as np
import onnxruntime
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture

session = onnxruntime.InferenceSession("{FILE}")
frame = frame_picture(open_picture("photo.png"), "{{framing}}").image  # (28, 28) uint8
frames = np.float32(frame).reshape(-1, 1, 28, 28) / 255  # (n, 1, 28, 28), ink 1.0 on 0.0
logits, probabilities, label, refusal = session.run(None, {{"frames": frames}})
```

| name | type and shape | what |
| --- | --- | --- |
| `frames` (input) | float32 (n, 1, 28, 28) | any number of frames, ink 1.0 on 0.0 |
| `logits` | {{numbers}} (n, classes) | what the network gives |
| `probabilities` | float32 (n, classes) | calibrated: {{softmax}} |
| `label` | int64 (n,) | the place of the likeliest class, from 0; -1 where it does not answer |
| `refusal` | int64 (n,) | why not: {{refusals}} |
"""

BY_SOFTMAX = "softmax of the logits over the temperature"
BY_POWERS = "each class's share of the powers of two by which a device weighs logits"
EXACT = "exact to the bit"


def export(model: Model, name: str, target: str | Path) -> Written:
    """Write a folder with model.onnx and its model card to `target`, whole or not at all.

    Raises:
        MissingExtraError: the package onnx is not installed.
        OutputError: an ensemble, a layer of one's own, or the folder cannot be written.
    """
    require("onnx")
    check_target(target, {FILE, CARD})
    proto = graph_of(model, name)
    whole = isinstance(model.network, IntegerNetwork)
    said = "; ".join(f"{number} {words}" for number, words in REFUSALS.items())
    use = USE.replace("{refusals}", said).replace("{framing}", model.framing)
    use = use.replace("{numbers}", "int32" if whole else "float32")
    use = use.replace("{softmax}", BY_POWERS if whole else BY_SOFTMAX)
    card = Card(
        kind="ONNX",
        library="onnx",
        files={FILE: f"the network and its refusals, opset {OPSET}"},
        use=use,
    )
    contents = {FILE: proto.SerializeToString(), CARD: write_card(model, name, card)}
    n_bytes = write_files(contents, target)
    what = f"Run {FILE} with ONNX Runtime, or put the folder on a hub as it is; {CARD} says how."
    if whole:
        return Written(n_bytes, "integers", EXACT, what)
    return Written(n_bytes, "float32", rounding(model), what)


def graph_of(model: Model, name: str) -> ModelProto:
    """The model as a checked ONNX graph with the shape of every value; `name` is what it is called.

    Input `frames`, (n, 1, 28, 28) float32 in 0..1; outputs `logits` (n, classes), float32 or of a
    network of whole numbers int32, `probabilities` (n, classes) float32, `label` (n,) int64, -1
    where there is no answer, and `refusal` (n,) int64, one of `REFUSALS`.

    Raises:
        OutputError: an ensemble, or a layer of one's own.
    """
    from onnx import TensorProto, checker, helper, shape_inference

    from digitnet.export.onnx_answer import answer
    from digitnet.export.onnx_graph import Graph, network_nodes
    from digitnet.export.onnx_integer import integer_answer, integer_logits

    n_classes, graph = len(model.class_names), Graph()
    single, whole = TensorProto.FLOAT, TensorProto.INT64
    rows = graph.reshape("frames", (-1, SIDE * SIDE))
    if isinstance(model.network, IntegerNetwork):
        of_logits = TensorProto.INT32
        graph.add("Identity", integer_logits(graph, model.network, rows), output="logits")
        integer_answer(graph, model.network, model.calibration, rows)
    else:
        of_logits = single
        network = plain_network(model, name, "ONNX")
        graph.add("Identity", network_nodes(graph, network, rows), output="logits")
        answer(graph, model.calibration, rows)
    made = helper.make_graph(
        graph.nodes,
        "digitnet",
        [helper.make_tensor_value_info("frames", single, ["n", 1, SIDE, SIDE])],
        [
            helper.make_tensor_value_info("logits", of_logits, ["n", n_classes]),
            helper.make_tensor_value_info("probabilities", single, ["n", n_classes]),
            helper.make_tensor_value_info("label", whole, ["n"]),
            helper.make_tensor_value_info("refusal", whole, ["n"]),
        ],
        graph.constants,
        doc_string="Reads handwritten digits: frames to probabilities, label and refusal.",
    )
    proto = helper.make_model(
        made,
        producer_name="digitnet",
        producer_version=version("digitnet"),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, _metadata(model, name))
    proto = shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    checker.check_model(proto, full_check=True)
    return proto


def _metadata(model: Model, name: str) -> dict[str, str]:
    """What the file itself says of the model."""
    return {
        "name": shown(name),
        "class_names": json.dumps(model.class_names),
        "framing": model.framing,
        "frame": f"{SIDE} x {SIDE}, float32, ink 1.0 on 0.0",
        "label": "the place in class_names; -1 where there is no answer",
        "refusal": json.dumps({ANSWERED: "answered", **REFUSALS}),
        "figures": json.dumps(figures(model)),
        "licence": licence_of(model, name) or "its maker's to say",
    }
