"""C float: a network of floats in C, its parameters as hexadecimal floats, the very same ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import OutputError
from digitnet.export import c
from digitnet.imaging.device_frame import WORK
from digitnet.imaging.frame import SIDE
from digitnet.models.model import Model, classify, float_network, predictor
from digitnet.nn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Deskew,
    Dropout,
    Ensemble,
    Flatten,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    Sigmoid,
    Tanh,
    ToImages,
    ToRows,
)
from digitnet.nn.deskew import MOST_SLANT
from digitnet.nn.layer import FloatArray, Layer, Shape
from digitnet.nn.normalization import EPSILON

TOLERANCE = 1e-4
"""Of the self-test, beside 1 + |logit|: sums may be in float, and in any order."""
LANES = 16
"""Outputs that are summed up at once, DIGIT_LANES of `lanes.h`."""
NOTHING_TO_DO = (Dropout, Flatten, ToImages, ToRows)
"""What leaves one image's numbers as they lie."""
IN_PLACE: dict[type[Layer], str] = {ReLU: "relu", Sigmoid: "sigmoid", Tanh: "tanh"}


def float_body(model: Model, name: str) -> c.Body:
    """A plain network's part of the header.

    Raises:
        OutputError: an ensemble, inputs that are no frame, or a layer of one's own.
    """
    network = predictor(float_network(model, name))
    if isinstance(network, Ensemble):
        raise OutputError(
            f"{name} is an ensemble of {len(network.networks)} networks, and a header holds one; "
            "choose another model."
        )
    if network.n_in != SIDE * SIDE:
        raise OutputError(f"{name} takes {network.n_in} numbers, not a frame of {SIDE} x {SIDE}.")
    found = c.sections("float")
    lanes = c.sections("lanes")
    found["lanes"] += lanes["common"]
    for kind in ("Conv2D", "Dense"):
        found[kind] = lanes[kind] + found[kind]
    arrays, calls, used, n_work = _layers(network, name)
    code = [found["sum"], *arrays, *(found[kind] for kind in used), _logits(network, calls)]
    expected = classify(network, c.test_frames())
    code += [
        c.array("float", "digit_expected", map(_hex, expected.ravel())),
        "#define DIGIT_EXPECTED(number, i) digit_expected[((number) * DIGIT_CLASSES) + (i)]\n",
        found["read"],
        _hash_function(network),
    ]
    calibration = model.calibration
    defines = {
        "WORK": (f"{2 * n_work}U", "floats for the network"),
        "TEMPERATURE": (_hex(calibration.temperature), ""),
        "LEAST_SURENESS": (_hex(calibration.least_probability), "else the answer is refused"),
        "TOLERANCE": (_hex(TOLERANCE), ""),
        "MOST_SLANT": (f"(DIGIT_SUM){MOST_SLANT}", ""),
        "WEIGHTS_HASH": (f"0x{c.fnv(b''.join(a.tobytes() for _, a in _arrays(network))):08X}U", ""),
        "FLASH": ("", ""),
    }
    n_parameters = sum(view.size for view in network.parameters.values())
    n_bytes = sum(array.nbytes for _, array in _arrays(network))
    words = {
        "network": repr(model).removeprefix("Model(").removesuffix(")"),
        "numbers": f"{n_parameters:,} float32, {n_bytes:,} bytes with what fills lanes of {LANES}",
        "memory": f"digit_frame {WORK**2:,} bytes, the network {8 * n_work:,}",
        "refuses": "what is unsure (digit_read), a blank picture (digit_frame); no other picture",
    }
    return c.Body(defines, "float", "float", "\n".join(code), words, "float32", "")


def _arrays(network: Network) -> Iterator[tuple[str, FloatArray]]:
    """All parameters by C's names, as C has them: float32, the weights of 16 outputs together."""
    for i, (layer, views) in enumerate(zip(network.layers, network.views, strict=True)):
        if isinstance(layer, BatchNorm):
            gamma, beta, mean, variance = (view.astype(np.float64) for view in views)
            scale = gamma / np.sqrt(variance + EPSILON)
            views = [scale, beta - mean * scale]
        elif views:
            views = [in_lanes(views[0].T), np.pad(views[1], (0, -len(views[1]) % LANES))]
        for word, view in zip(("weights", "bias"), views, strict=False):
            yield f"digit_{word}_{i}", np.ascontiguousarray(view, "<f4").ravel()


def in_lanes(weights: NDArray[Any]) -> NDArray[Any]:
    """Weights (out, in) as `lanes.h` takes them: (out / 16, in, 16), what is missing 0."""
    padded = np.pad(weights, ((0, -len(weights) % LANES), (0, 0)))
    return padded.reshape(-1, LANES, weights.shape[1]).transpose(0, 2, 1)


def _layers(network: Network, name: str) -> tuple[list[str], list[str], list[str], int]:
    """Arrays, calls, the kinds of layers there are, and the most numbers between two layers."""
    arrays = [c.array("float", word, map(_hex, numbers)) for word, numbers in _arrays(network)]
    calls: list[str] = []
    used: dict[str, None] = {}
    before: Shape = (network.n_in,)
    most = network.n_in
    for i, (layer, after) in enumerate(zip(network.layers, network.shapes, strict=True)):
        if type(layer) not in (*NOTHING_TO_DO, *IN_PLACE, *CALLS):
            raise OutputError(
                f"{name} has a layer that C cannot compute, {layer}.",
                "export a model that is made of digitnet's own layers.",
            )
        if not isinstance(layer, NOTHING_TO_DO):
            if isinstance(layer, Conv2D | Dense):
                used["lanes"] = None
            is_padded = isinstance(layer, Conv2D) and layer.padding > 0
            used["Padded" if is_padded else type(layer).__name__] = None
            calls += _call(layer, i, before, after)
        before, most = after, max(most, math.prod(after))
    return arrays, calls, list(used), most


CALLS = (
    AveragePool2D, BatchNorm, Conv2D, Dense, Deskew, GlobalAveragePool2D, MaxPool2D,
)  # fmt: skip


def _call(layer: Layer, i: int, before: Shape, after: Shape) -> list[str]:
    """Lines of C that compute a layer, from x to y, or within x."""
    size = ", ".join(f"{n}U" for n in before)
    own = f"digit_weights_{i}, digit_bias_{i}"
    pixels = math.prod(before[1:])
    match layer:
        case Dense():
            line = f"digit_dense(x, {own}, {layer.n_in}U, {layer.n_out}U, y);"
        case Conv2D():
            word = "convolve_padded" if layer.padding else "convolve"
            told = f"{layer.channels_out}U, {layer.size}U, {layer.stride}U, {layer.padding}U"
            return [
                "{",
                f"    static const digit_window window = {{{size}, {told}}};",
                f"    digit_{word}(x, {own}, &window, y);",
                "}",
                *SWAP,
            ]
        case MaxPool2D():
            line = f"digit_max_pool(x, {size}, {layer.size}U, y);"
        case AveragePool2D():
            line = f"digit_average_pool(x, {size}, {layer.size}U, y);"
        case GlobalAveragePool2D():
            line = f"digit_average(x, {before[0]}U, {pixels}U, y);"
        case Deskew():
            line = f"digit_deskew(x, {layer.height}U, {layer.width}U, y);"
        case BatchNorm():
            return [f"digit_normalize(x, {own}, {before[0]}U, {pixels}U);"]
        case _:
            return [f"digit_{IN_PLACE[type(layer)]}(x, {math.prod(after)}U);"]
    return [line, *SWAP]


SWAP = ["swap = x;", "x = y;", "y = swap;"]


def _logits(network: Network, calls: list[str]) -> str:
    lines = "\n".join(f"    {line}" for line in calls)
    return f"""int digit_logits(const uint8_t frame[DIGIT_PIXELS], digit_cell work[DIGIT_WORK],
                 digit_logit logits[DIGIT_CLASSES])
{{
    float *x, *y, *swap;
    uint32_t i;
    if ((frame == 0) || (work == 0) || (logits == 0)) {{
        return DIGIT_NULL;
    }}
    x = work;
    y = work + (DIGIT_WORK / 2U);
    for (i = 0U; i < DIGIT_PIXELS; i++) {{
        x[i] = (float)frame[i] * (1.0f / 255.0f);
    }}
{lines}
    for (i = 0U; i < DIGIT_CLASSES; i++) {{
        logits[i] = x[i];
    }}
    (void)y;
    return DIGIT_OK;
}}
"""


def _hash_function(network: Network) -> str:
    lines = "\n".join(
        f"    hash = digit_floats_hash(hash, {name}, {numbers.size}U);"
        for name, numbers in _arrays(network)
    )
    return f"""static uint32_t digit_weights_hash(void)
{{
    uint32_t hash = 2166136261U;
{lines}
    return hash;
}}
"""


def _hex(number: float | np.floating) -> str:
    """A float32 as C writes it in hexadecimal, the very same number."""
    mantissa, exponent = float(np.float32(number)).hex().split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    mantissa = mantissa if mantissa[-1] != "x" else f"{mantissa}0"
    return f"{mantissa}p{exponent}F"
