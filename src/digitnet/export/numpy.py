"""Numpy: a model as one Python file of under 100 lines that needs NumPy alone, and its arrays.

The file is made of the functions of `numpy_parts.py` that the model needs, one line for each layer,
and what its calibration does. It is written to be read: it is the whole of what digitnet computes
behind the framing.
"""

from __future__ import annotations

import ast
import io
import json
import math
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.export import Written, numpy_parts
from digitnet.export.card import Card, write_card
from digitnet.export.folder import CARD, check_target, write_files
from digitnet.export.plain import plain_network, rounding
from digitnet.imaging.frame import SIDE
from digitnet.models.calibration import Calibration
from digitnet.models.model import Model
from digitnet.models.novelty import N_FEATURES, log_determinant, soft_windows, with_rises
from digitnet.nn.layer import FloatArray
from digitnet.nn.network import Network
from digitnet.nn.normalization import BatchNorm

CODE, ARRAYS = "model.py", "model.npz"
NEVER = np.float32(-3e38)
"""What a novelty without a network says: less than any density."""

USE = f"""\
```python
import numpy as np
from model import CLASSES, predict

frames = np.load("frames.npy")  # (n, 28, 28) uint8, ink 255 on 0
labels, probabilities, reasons = predict(frames)
print([CLASSES[label] if label >= 0 else reason for label, reason in zip(labels, reasons)])
```

A label is the place of a class in `CLASSES`; -1 where there is no answer, and then the reason is
"unsure" or "no digit", else "". From a shell: `python {CODE} frames.npy`. With digitnet, a frame of
a picture is `frame_picture(open_picture("photo.png"), "{{framing}}").image`, of
`digitnet.imaging.framing` and `digitnet.imaging.pictures`.
"""
HEAD = '''\
"""A reader of handwritten digits that needs NumPy alone, exported by digitnet {version} (MIT).

{file} beside it has the numbers. `python {code} frames.npy` reads frames (n, 28, 28) uint8,
ink 255 on 0; from Python: `labels, probabilities, reasons = predict(frames)`.
"""
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

with np.load(Path(__file__).with_name("{file}")) as stored:
    A = dict(stored)
CLASSES = {classes}
TEMPERATURE, LEAST_PROBABILITY = {temperature!r}, {least!r}
{most}Floats = NDArray[np.float32]
'''
LOGITS = '''\
def logits(x: Floats) -> Floats:
    """The network, layer by layer: frames (n, 784) in 0..1 to one number for each class."""
{lines}
'''
TAIL = '''\
def predict(frames: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Floats, NDArray[np.str_]]:
    """Labels (n,), -1 for none; probabilities (n, classes); and why there is no label, or ""."""
    if frames.dtype != np.uint8 or frames.shape[1:] != (28, 28):
        raise ValueError(f"frames are (n, 28, 28) uint8, not {frames.shape} {frames.dtype}")
    if (half := len(frames) // 2) > 128:  # memory stays bounded
        return tuple(map(np.concatenate, zip(predict(frames[:half]), predict(frames[half:]))))
    ink = frames * np.float32(1 / 255)
    z = logits(ink.reshape(-1, 784)) / np.float32(TEMPERATURE)
    z = np.exp(z - z.max(1, keepdims=True))
    probabilities = z / z.sum(1, keepdims=True)
    no_digit = ~frames.any((1, 2)){novelty}
    unsure = probabilities.max(1) < np.float32(LEAST_PROBABILITY)
    reasons = np.where(no_digit, "no digit", np.where(unsure, "unsure", ""))
    return np.where(reasons == "", probabilities.argmax(1), -1), probabilities, reasons


if __name__ == "__main__":
    for label, row, reason in zip(*predict(np.load(sys.argv[1]))):
        print(reason or f"{CLASSES[label]} {row[label]:.4f}")
'''


def export(model: Model, name: str, target: str | Path) -> Written:
    """Write a folder with model.py, model.npz and a model card to `target`, whole or not at all.

    Raises:
        OutputError: an ensemble, a layer of one's own, or the folder cannot be written.
    """
    check_target(target, {CODE, ARRAYS, CARD})
    network = plain_network(model, name, "NumPy")
    arrays = _network_arrays(network) | _novelty_arrays(model.calibration)
    card = Card(
        kind="NumPy",
        library="numpy",
        files={CODE: "all the code, which needs NumPy alone", ARRAYS: f"{len(arrays)} arrays"},
        use=USE.replace("{framing}", model.framing),
    )
    contents = {
        CODE: write_code(model, network).encode(),
        ARRAYS: _npz(arrays),
        CARD: write_card(model, name, card),
    }
    n_bytes = write_files(contents, target)
    use = f"Import predict from {CODE}, or run python {CODE} frames.npy; it needs NumPy alone."
    return Written(n_bytes, "float32", rounding(model), use)


def write_code(model: Model, network: Network) -> str:
    """The text of model.py for a plain network, and for when its model does not answer."""
    calibration = model.calibration
    lines, needed = _layer_lines(network)
    judged = _novelty_counts(calibration)
    needed |= {"novelty"} if judged else set()
    head = HEAD.format(
        version=version("digitnet"),
        file=ARRAYS,
        code=CODE,
        classes=json.dumps(model.class_names),
        temperature=calibration.temperature,
        least=calibration.least_probability,
        most=f'MOST_NOVELTY = float("{calibration.most_novelty!r}")\n' if judged else "",
    )
    tail = TAIL.replace("{novelty}", " | (novelty(ink, A) > MOST_NOVELTY)" if judged else "")
    *before, last = lines
    body = [*(f"    x = {line}" for line in before), f"    return {last}"]
    network_code = LOGITS.format(lines="\n".join(body))
    return "\n\n".join([head, *_parts(needed), network_code, tail])


def _parts(needed: set[str]) -> list[str]:
    """The text of functions of numpy_parts.py, in the order in which they stand there."""
    text = Path(numpy_parts.__file__).read_text(encoding="utf-8")
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name in needed:
            segment = ast.get_source_segment(text, node)
            assert segment is not None
            found.append(segment + "\n")
    return found


def _layer_lines(network: Network) -> tuple[list[str], set[str]]:
    """What x becomes from line to line, as Python, and the functions that are needed for it."""
    lines: list[str] = []
    needed = set()
    named = iter(network.parameters)
    for layer, views, given in zip(network.layers, network.views, network.shapes, strict=True):
        arrays = [f'A["{next(named)}"]' for _ in views]
        kind = type(layer).__name__
        sides = dict(zip(("channels", "height", "width"), given, strict=False))
        settings = {**sides, "numbers": given[0], **vars(layer), "arrays": ", ".join(arrays)}
        line = LINES[kind].format(*arrays, x="x", **settings)
        if kind in WITHIN and lines and len(lines[-1]) + len(line) <= MOST_WIDE:
            line = LINES[kind].format(x=lines.pop())
        needed |= {name for name in FUNCTIONS if line.startswith(f"{name}(")}
        lines += [line] if line else []
    return lines, needed


FUNCTIONS = ("deskew", "conv")
"""Of numpy_parts.py, what layers are written with."""
LINES = {
    "AveragePool2D": "x.reshape(-1, {channels}, {height}, {size}, {width}, {size}).mean((3, 5))",
    "BatchNorm": "(x - {2}) * ({0} / np.sqrt({3} + np.float32(1e-5))) + {1}",
    "Conv2D": "conv(x, {arrays}, size={size}, stride={stride}, padding={padding})",
    "Dense": "x @ {0} + {1}",
    "Deskew": "deskew(x)",
    "Dropout": "",
    "Flatten": "",
    "GlobalAveragePool2D": "x.mean((2, 3))",
    "MaxPool2D": "x.reshape(-1, {channels}, {height}, {size}, {width}, {size}).max((3, 5))",
    "ReLU": "np.maximum({x}, 0)",
    "Sigmoid": "0.5 + 0.5 * np.tanh(0.5 * ({x}))",
    "Tanh": "np.tanh({x})",
    "ToImages": "x.reshape(-1, 1, {height}, {width})",
    "ToRows": "x.reshape(-1, {numbers})",
}
"""For each kind of layer (nn/kinds.py), what x becomes in it; "" where it stays what it is."""
WITHIN = ("ReLU", "Sigmoid", "Tanh")
"""Kinds that take the line before them into theirs."""
MOST_WIDE = 85
"""Characters of two such lines, so that one line of code has at most 100."""


def _network_arrays(network: Network) -> dict[str, FloatArray]:
    """The network's parameters by name; those of normalised images as one number a channel."""
    arrays = dict(network.parameters)
    named = iter(network.parameters)
    for layer, views, given in zip(network.layers, network.views, network.shapes, strict=True):
        names = [next(named) for _ in views]
        if isinstance(layer, BatchNorm) and len(given) == 3:
            arrays |= {name: arrays[name][:, None, None] for name in names}
    return arrays


def _novelty_counts(calibration: Calibration) -> bool:
    """Whether a frame may be refused because it is too novel."""
    limited = calibration.most_novelty < math.inf
    return calibration.novelty is not None and limited and not calibration.answers_always


def _novelty_arrays(calibration: Calibration) -> dict[str, FloatArray]:
    """What `novelty` of numpy_parts.py computes with; none where it is not asked."""
    novelty = calibration.novelty
    if novelty is None or not _novelty_counts(calibration):
        return {}
    hidden, readout = novelty.hidden, novelty.readout
    if hidden is None or readout is None:
        hidden = np.zeros((N_FEATURES + 1, 1), np.float32)
        readout = np.array([0, NEVER], np.float32)
    triangles = novelty.triangles
    return {
        "windows": soft_windows(SIDE),
        "axes": novelty.axes,
        "centres": novelty.centres,
        "whitening": np.ascontiguousarray(triangles.transpose(0, 2, 1)),
        "spreads": np.array([log_determinant(each) for each in triangles], np.float32),
        "hidden": with_rises(hidden),
        "readout": readout,
    }


def _npz(arrays: Mapping[str, FloatArray]) -> bytes:
    """The arrays as an .npz archive, the same bytes for the same arrays."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            written: Any = io.BytesIO()
            np.save(written, array)
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, written.getvalue())
    return packed.getvalue()
