"""Original: the four bare arrays that the original program keeps, read as a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.models.inputs import N_PIXELS
from digitnet.models.model import Model
from digitnet.models.npy import fill, read_array, read_content
from digitnet.nn import Network, multilayer_perceptron


def load_original(folder: Path) -> Model:
    """A model of four bare arrays, as the original program keeps them.

    Raises:
        ModelError: one is missing, damaged, or of a shape that does not fit the others.
    """
    arrays = {}
    for name in ("W1", "b1", "W2", "b2"):
        path = folder / f"{name}.npy"
        arrays[name] = read_array(path, read_content(path))
    W1, W2 = arrays["W1"], arrays["W2"]
    if W1.ndim != 2 or W1.shape[0] != N_PIXELS or W2.ndim != 2 or W2.shape[0] != W1.shape[1]:
        raise ModelError(
            f"{folder}: W1 {W1.shape} and W2 {W2.shape} do not make a network of {N_PIXELS} "
            f"inputs; they should be ({N_PIXELS}, hidden) and (hidden, 10)."
        )
    n_classes = W2.shape[1]
    if not 2 <= n_classes <= 10:
        raise ModelError(f"{folder}: W2 has {n_classes} columns; it should have one per digit, 10.")
    dtype = np.float64 if any(a.dtype == np.float64 for a in arrays.values()) else np.float32
    network = Network(multilayer_perceptron(N_PIXELS, [W1.shape[1]], n_classes), dtype=dtype)
    for name, view in network.parameters.items():
        array = arrays[name]
        if view.ndim == 1 and array.shape == (1, view.size):
            array = array[0]
        fill(view, array, folder / f"{name}.npy")
    return Model(
        network, DIGITS[:n_classes], "stretch", {"source": "original format"}, sealed=False
    )
