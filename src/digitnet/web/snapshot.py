"""Snapshot: a network in training as it can be shown: weights, confusion matrix, mistakes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import SIDE, Dataset
from digitnet.evaluation import confusion_matrix, worst_mistakes
from digitnet.models.model import classify
from digitnet.nn import Dense, Network, softmax
from digitnet.nn.workspace import FloatArray
from digitnet.web.images import in_base64

MOST_COLUMNS = 100
MOST_MISTAKES = 24
STILL_PIXELS = ("Dropout", "Deskew")
"""Layers behind which the image is one of 28 x 28 pixels as before."""


def snapshot(
    network: Network, vector: FloatArray, validation: Dataset | None, epoch: int
) -> dict[str, Any]:
    """What a page draws of a network after an epoch.

    Args:
        network: its layers.
        vector: the parameters to look at; those of the network itself are not touched.
        validation: digits that it has not learnt from, or None.
        epoch: counted from 1.
    """
    looked_at = Network(network.layers, network.vector.dtype)
    looked_at.vector[:] = vector
    weights, n_hidden = _columns(looked_at)
    return {
        "epoch": epoch,
        "weights": None if weights is None else base64.b64encode(weights.tobytes()).decode(),
        "n": 0 if weights is None else len(weights),
        "n_hidden": n_hidden,
        **_mistakes(looked_at, validation),
    }


def _columns(network: Network) -> tuple[NDArray[np.uint8] | None, int]:
    """W1's columns as pictures (n, 28, 28), 128 for 0, one scale for all; and how many it has."""
    place = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Dense))
    first = network.layers[place]
    assert isinstance(first, Dense)
    if any(type(layer).__name__ not in STILL_PIXELS for layer in network.layers[:place]):
        return None, first.n_out
    W1 = next(iter(network.parameters.values()))
    columns = W1[:, :MOST_COLUMNS].T
    largest = max(float(np.abs(columns).max()), 1e-12)
    grey = np.rint(127.5 + columns * (127.5 / largest)).clip(0, 255)
    return np.ascontiguousarray(grey, np.uint8).reshape(-1, SIDE, SIDE), first.n_out


def _mistakes(network: Network, validation: Dataset | None) -> dict[str, Any]:
    """The confusion matrix, rows the true digit, and the mistakes it is surest of."""
    if validation is None:
        return {"confusion": None, "n_validation": 0, "mistakes": []}
    probabilities = softmax(classify(network, validation.images))
    read_as = probabilities.argmax(axis=1)
    confusion = confusion_matrix(validation.labels, read_as, len(validation.class_names))
    worst = worst_mistakes(probabilities, validation.labels)[:MOST_MISTAKES]
    return {
        "confusion": confusion.tolist(),
        "n_validation": len(validation),
        "mistakes": [
            {
                "frame": in_base64(validation.images[i]),
                "label": int(validation.labels[i]),
                "read_as": int(read_as[i]),
                "probability": float(probabilities[i, read_as[i]]),
            }
            for i in worst
        ],
    }
