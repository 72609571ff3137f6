"""Safetensors: a model's arrays in the hub's format, and its description beside them.

    uint64                  length of the header in bytes, little-endian
    header                  JSON: name -> dtype, shape and where its bytes begin and end;
                            spaces behind it, so that the arrays begin at a multiple of 8
    float32, float32, ...   every array, one after the other, row by row

The format is described at github.com/huggingface/safetensors ("Format").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from digitnet.errors import ModelError, OutputError
from digitnet.export import Written
from digitnet.export.card import Card, write_card
from digitnet.export.folder import CARD, check_target, write_files
from digitnet.export.plain import in_floats
from digitnet.models.description import arrays_of, describe, to_json
from digitnet.models.model import Model
from digitnet.nn.layer import FloatArray
from digitnet.text import shown

FILE, CONFIG = "model.safetensors", "config.json"
DTYPES = {"float32": "F32", "float64": "F64"}

USE = f"""\
```python
from safetensors.numpy import load_file

arrays = load_file("{FILE}")  # W1, b1, ...: as in a model's folder of digitnet
```

`{CONFIG}` names the layers in their order with their settings, the classes, the framing, and the
calibration: temperature, least probability, and the most novelty, which the arrays `novelty_...`
are for. A `Dense` layer is x W + b; the rows of a convolution's W are (channel in, row, column),
its columns the channels out. There is no code in here: to compute at once, take the export to ONNX
or to NumPy.
"""


def export(model: Model, name: str, target: str | Path) -> Written:
    """Write a folder with the arrays, config.json and a model card, whole or not at all.

    The arrays are those of the model's own folder to the bit, batch normalisations not folded, and
    an ensemble's of all its members.

    Raises:
        OutputError: a network of whole numbers, a layer that has no name, or the folder
            cannot be written.
    """
    network = in_floats(model, name, "safetensors")
    check_target(target, {FILE, CONFIG, CARD})
    try:
        described = describe(model, {})
    except ModelError as error:
        raise OutputError(
            f"{name} has a layer that no other program could know: {error.sentence}", error.hint
        ) from error
    kept = ("format", "version", "layers", "members", "class_names", "framing", "calibration")
    config = {key: described[key] for key in kept if key in described}
    about = {"name": shown(name), "made_by": f"digitnet {version('digitnet')}", "format": "np"}
    arrays = arrays_of(model)
    card = Card(
        kind="safetensors",
        library="safetensors",
        files={FILE: f"{len(arrays)} arrays", CONFIG: "the layers, classes and calibration"},
        use=USE,
    )
    contents = {
        FILE: to_safetensors(arrays, about),
        CONFIG: to_json(config),
        CARD: write_card(model, name, card),
    }
    n_bytes = write_files(contents, target)
    use = f"Put the folder on a hub as it is, or read {FILE} with the safetensors package."
    return Written(n_bytes, str(network.dtype), "", use)


def to_safetensors(arrays: Mapping[str, FloatArray], about: Mapping[str, str]) -> bytes:
    """Arrays by their names, and words about them, as the bytes of a safetensors file."""
    header: dict[str, object] = {"__metadata__": dict(about)}
    bodies, start = [], 0
    for name, array in arrays.items():
        body = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, start + len(body)],
        }
        bodies.append(body)
        start += len(body)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *bodies])
