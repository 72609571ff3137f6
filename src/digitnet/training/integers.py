"""Integers: a model in whole numbers, its limits chosen on digits that it has not learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.errors import ModelError
from digitnet.imaging.framing import FRAMINGS
from digitnet.models.calibration import FEWEST
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model, float_network
from digitnet.models.quantize import as_integers, calibration_of, quantized, with_limits
from digitnet.nn import Ensemble
from digitnet.training.calibration_set import AT_TRAINING, calibration_set, reads_digits

N_IMAGES = 1_000
"""Digits that tell how large activations grow; more change little."""


def integer_model(
    network: IntegerNetwork,
    validation: Dataset | None,
    framing: str,
    record: dict[str, Any],
    rng: np.random.Generator,
) -> Model:
    """A model whose network refuses by its own limits, and of which Python refuses the same.

    Args:
        network: as it is.
        validation: digits that it was not learnt from, (N, 28, 28); with none or fewer than 150
            nothing is refused.
        framing: how pictures become its frames.
        record: of the training; the validation accuracy in it becomes that of the whole numbers.
        rng: draws the digits that the limits are chosen on, see `calibration_set`.
    """
    if validation is not None:
        right = network.logits(validation.images).argmax(axis=1) == validation.labels
        record = {**record, "validation_accuracy": float(right.mean())}
        drawn = network.classes == DIGITS and framing == FRAMINGS[0] and reads_digits(network, rng)
        digits = calibration_set(validation, rng, drawn=drawn, most=AT_TRAINING.digits)
        if len(digits) >= FEWEST:
            network = with_limits(network, digits)
    return Model(network, network.classes, framing, record, calibration_of(network))


def quantized_model(
    model: Model, called: str, bits: str, digits: Dataset, rng: np.random.Generator
) -> Model:
    """A model that has learnt in floats, in whole numbers, without learning anything more.

    Args:
        model: of one network.
        called: the model's name.
        bits: of the weights, a word of `FORMATS`.
        digits: that it has not learnt from, (N, 28, 28), in no order; half of them tell how large
            activations grow, on the others the limits are chosen.
        rng: parts them, and draws what `integer_model` draws.

    Raises:
        ModelError: an ensemble, or a layer that whole numbers cannot do.
    """
    network = float_network(model, called)
    if isinstance(network, Ensemble):
        raise ModelError(
            f"{called} is an ensemble, and a microcontroller has room for one network.",
            "quantise one of its members.",
        )
    order = rng.permutation(len(digits))
    seen = order[: min(N_IMAGES, len(digits) // 2)]
    rest = digits.take(order[len(seen) :])
    integers = as_integers(quantized(network, bits, digits.images[seen]), model.class_names)
    record = {"quantized": bits, "start": model.training}
    return integer_model(integers, rest, model.framing, record, rng)
