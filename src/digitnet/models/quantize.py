"""Quantize: a trained network as whole numbers, and when such a network had better not answer.

A network that learnt with rounded weights (nn/quantization.py) is only written down differently
here: its normalisations are folded, and what is left of all scales is one multiplier of 8 bits for
each channel and one shift for each layer. One that learnt in floats has its steps chosen first, so
that rounding moves weights and activations as little as can be.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset, as_input
from digitnet.errors import ModelError
from digitnet.models.calibration import TUNING, Calibration, fit_temperature
from digitnet.models.integer_network import MOST, OCTAVE, IntegerLayer, IntegerNetwork, Limits
from digitnet.models.risk import risk_table, usual_risk
from digitnet.nn import BatchNorm, Dropout, Flatten, MaxPool2D, Network, ToImages, ToRows, fold
from digitnet.nn.layer import Context, FloatArray, Layer
from digitnet.nn.quantization import (
    FORMATS,
    LEAST_STEP,
    LEVELS,
    Format,
    QuantizedAffine,
    QuantizedConv2D,
    QuantizedDense,
    QuantizedReLU,
    quantized_layers,
    rounded,
)

PASSED = (ToImages, ToRows, Flatten, Dropout)
"""Layers that change no number in prediction."""

SHARES = np.linspace(0.2, 1.0, 81)
"""Of the largest weight or activation, which the format's largest number may stand for."""

MOST_MULTIPLIER = 255
MOST_SHIFT = 22
"""Of the limits: a class is too far behind to count long before `behind` is cut."""


def as_integers(network: Network, classes: Sequence[str]) -> IntegerNetwork:
    """A network of quantised layers in whole numbers; what it answers is the same up to rounding.

    Args:
        network: as `quantized_layers` makes them, trained, with or without BatchNorm.
        classes: what its logits stand for.

    Raises:
        ModelError: a layer that whole numbers cannot do here, or sums that could overflow.
    """
    network = fold(network)
    check_layers(network.layers)
    layers: list[IntegerLayer] = []
    waiting = -1  # the place of a layer whose sums have no scale yet
    steps: FloatArray = np.empty(0)
    offsets: FloatArray = np.empty(0)
    unit = 1.0 / LEVELS  # what 1 stands for in the bytes that come in
    for layer, params in zip(network.layers, network.views, strict=True):
        if isinstance(layer, QuantizedAffine) and waiting < 0:
            W, b, step = (p.astype(np.float64) for p in params)
            waiting = len(layers)
            step = np.maximum(np.abs(np.broadcast_to(step, b.shape)), LEAST_STEP)
            steps, offsets = step * unit, b
            weights = rounded(W / step, FORMATS[layer.bits]).T.astype(np.int8)
            kind = "dense"
            if isinstance(layer, QuantizedConv2D):
                kind, size = "conv", layer.size
                weights = weights.reshape(layer.n_out, layer.channels_in, size, size)
            layers.append(IntegerLayer(kind, layer.bits, weights.copy(), _biases(b, steps)))
        elif isinstance(layer, MaxPool2D):
            layers.append(IntegerLayer("pool"))
        elif isinstance(layer, QuantizedReLU) and waiting >= 0:
            after = float(np.abs(params[0][0])) / LEVELS
            layers[waiting] = _scaled(layers[waiting], steps / after, offsets / after)
            unit, waiting = after, -1
    if waiting != len(layers) - 1:
        raise ModelError("A network in whole numbers ends in a Dense layer of one step.")
    return IntegerNetwork(tuple(layers), tuple(classes), limits_of(float(steps[0])))


def check_layers(layers: Sequence[Layer]) -> None:
    """Nothing where whole numbers can do what these layers do: asked for before a training.

    Raises:
        ModelError: one cannot be done, or they do not end in a Dense layer.
    """
    for layer in layers:
        is_pool = isinstance(layer, MaxPool2D) and layer.size == 2
        known = isinstance(layer, (QuantizedDense, QuantizedReLU, BatchNorm, *PASSED))
        if not (known or is_pool or (isinstance(layer, QuantizedConv2D) and _is_plain(layer))):
            raise _cannot(layer)
    if not isinstance(layers[-1], QuantizedDense):
        raise _cannot(layers[-1])


def _is_plain(layer: QuantizedConv2D) -> bool:
    return layer.padding == 0 and layer.stride == 1 and layer.size in (3, 5)


def _cannot(layer: Layer) -> ModelError:
    return ModelError(
        f"A network in whole numbers has no place for this layer: {layer}.",
        "use windows of 3 or 5 without border or stride, MP2, relu, and no deskewing or pooling of "
        "pixels.",
    )


def _biases(b: NDArray[np.float64], steps: FloatArray) -> NDArray[np.int32]:
    """Biases in units of the sums; one that is out of all proportion is cut, and found later."""
    units = np.floor(b / np.maximum(steps, 1e-30) + 0.5)
    return np.clip(units, -(MOST - 1), MOST - 1).astype(np.int32)


def _scaled(layer: IntegerLayer, factors: FloatArray, offsets: FloatArray) -> IntegerLayer:
    """A layer with the multipliers and the shift that are nearest to its factors (out,).

    `offsets` (out,) are the biases in units of the bytes behind it.

    The largest has 8 bits, or as many as leave its products below 2^31. A channel whose factor is
    nothing beside the others' keeps its offset alone.
    """
    largest = float(factors.max())
    for shift in range(31, 0, -1):
        multiplier = np.floor(factors * 2.0**shift + 0.5)
        if not largest or multiplier.max() > MOST_MULTIPLIER:
            continue
        weights, bias = layer.weights.copy(), layer.bias.copy()
        dead = multiplier < 1
        if FORMATS[layer.bits].step == 1:
            weights[dead] = 0
        bias[dead] = _biases(offsets[dead], np.array(2.0**-shift))
        candidate = dataclasses.replace(
            layer,
            weights=weights,
            bias=bias,
            multiplier=np.maximum(multiplier, 1).astype(np.uint8),
            shift=shift,
        )
        if candidate.largest_product() < MOST:
            return candidate
    raise ModelError(
        f"The sums of a {layer.kind} layer have no multiplier that keeps them in 32 bits.",
        "quantise with fewer bits.",
    )


def quantized(network: Network, bits: str, images: NDArray[np.uint8]) -> Network:
    """A network that learnt in floats, with rounded weights and activations; not trained further.

    Every step is the one of 81 that moves the weights of a channel, or a layer's activations, least
    in the sum of squares.

    Args:
        network: of Dense, Conv2D, BatchNorm, pooling and ReLU.
        bits: of the weights, a word of `FORMATS`.
        images: digits (n, 28, 28) that tell how large activations grow.

    Raises:
        ModelError: a layer that whole numbers cannot do.
    """
    network = fold(network)
    kept = [i for i, layer in enumerate(network.layers) if not isinstance(layer, Dropout)]
    try:
        result = Network(quantized_layers([network.layers[i] for i in kept], bits))
    except ValueError as error:
        raise ModelError(str(error), "train it with relu, or take another.") from error
    x: FloatArray = as_input(images, result.dtype)
    ctx = Context()
    for i, layer, params in zip(kept, result.layers, result.views, strict=True):
        if isinstance(layer, QuantizedAffine):
            W, b, step = params
            W[...], b[...] = network.views[i]
            step[...] = _best_steps(W, FORMATS[bits], shared=layer.shared)
        elif isinstance(layer, QuantizedReLU):
            params[0][...] = _best_top(x)
        ctx.params = params
        x = layer.forward(x, ctx)
    return result


def _best_steps(W: FloatArray, form: Format, *, shared: bool) -> FloatArray:
    """The step of each column of weights (n_in, n_out), or one for all, that moves them least."""
    columns = W.reshape(-1, 1) if shared else W
    widest = np.maximum(np.abs(columns).max(axis=0), 1e-8) / form.largest
    errors = [
        np.square(rounded(columns / step, form) * step - columns).sum(axis=0)
        for step in SHARES[:, None] * widest
    ]
    best: FloatArray = SHARES[np.argmin(errors, axis=0)] * widest
    return best


def _best_top(x: FloatArray) -> float:
    """What 255 had best stand for, of activations before their ReLU."""
    values = np.maximum(x, 0.0).ravel()
    widest = max(float(values.max()), 1e-6)
    counts, edges = np.histogram(values, 4096, (0.0, widest))
    middles = (edges[1:] + edges[:-1]) / 2
    errors = [
        float((counts * np.square(_as_byte(middles, top) - middles)).sum())
        for top in SHARES * widest
    ]
    return float(SHARES[int(np.argmin(errors))] * widest)


def _as_byte(values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    near: NDArray[np.float64] = np.clip(np.floor(values * (LEVELS / top) + 0.5), 0, LEVELS)
    return near * (top / LEVELS)


def limits_of(scale: float, least: int = 0) -> Limits:
    """The limits whose powers are those of softmax where one unit of a logit is `scale` nats."""
    steps = OCTAVE * scale / math.log(2.0)
    shift = min(max(math.floor(math.log2(MOST_MULTIPLIER / steps)), 1), MOST_SHIFT)
    multiplier = math.floor(steps * 2.0**shift + 0.5)
    return Limits(min(max(multiplier, 1), MOST_MULTIPLIER), shift, least)


def scale_of(limits: Limits) -> float:
    """Nats of a unit of a logit; `limits_of` the other way round."""
    return limits.multiplier / 2.0**limits.shift * math.log(2.0) / OCTAVE


def with_limits(network: IntegerNetwork, digits: Dataset) -> IntegerNetwork:
    """The same network, whose confidence is honest and which refuses what is unsure.

    As for every model (calibration.py, risk.py): a third of the digits choose the temperature, and
    on the others is counted how much confidence keeps the usual risk.

    Args:
        network: whatever its limits, their scale is about right.
        digits: that it has not learnt from, in no order.
    """
    logits = network.logits(digits.images)
    is_tuning = np.arange(len(digits)) % TUNING == 0
    scale = scale_of(network.limits)
    temperature = fit_temperature(logits[is_tuning] * scale, digits.labels[is_tuning])
    network = dataclasses.replace(network, limits=limits_of(scale / temperature))
    reading = network.read_logits(logits)
    right = reading.labels == digits.labels
    # p reaches least_probability exactly where its rounded per mille reach `least`
    confidence = (reading.per_mille - 0.5) / 1000
    counted = ~is_tuning
    table = risk_table(
        confidence[counted],
        right[counted],
        (confidence[is_tuning], right[is_tuning]),
        digits.source,
        int(counted.sum()),
    )
    risk = usual_risk(table)
    threshold = 0.0 if risk is None else table.row(risk).least_probability
    least = min(math.ceil(1000 * threshold + 0.5), 1000)
    return dataclasses.replace(network, limits=network.limits._replace(least=least))


def calibration_of(network: IntegerNetwork) -> Calibration:
    """What refuses exactly what the network's own limits refuse."""
    return Calibration(least_probability=max(0.0, (network.limits.least - 0.5) / 1000))
