"""Models to export and frames to ask them about, and the answers that any export must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.nn import Deskew, Layer
from support.networks import SMALL, alive

DEEP: list[Layer] = [Deskew(28, 28), *SMALL["images normalised behind the activation"]]
"""The kinds of layers that take most code, all in one."""
NETWORKS = {**SMALL, "deskewed and convolved": DEEP}


def frames_of_all_kinds(n: int = 60) -> NDArray[np.uint8]:
    """Drawn digits, noise, slants at and beyond the steepest, single pixels, blank and full."""
    rng = np.random.default_rng(5)
    made = np.zeros((9, 28, 28), np.uint8)
    places = np.arange(28)
    made[0, places, places] = 255  # 45 degrees
    made[1, places, 27 - places] = 255
    made[2, places // 2 + 7, places] = 200  # flatter than anybody writes
    made[3, 0, 0] = made[4, 27, 27] = made[5, 13, 0] = 255
    made[6, 13, :] = 1
    made[7] = 255  # and the last is blank
    noise = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    return np.concatenate([synthesize(n, rng).images, noise, made])


def mnist_digits(folder: Path) -> NDArray[np.uint8]:
    """Every tenth of MNIST's test digits, (1000, 28, 28): none is counted as right or wrong."""
    return open_source(str(folder), part="test").images[::10]


def model_of(layers: list[Layer], rng: np.random.Generator) -> Model:
    """A network that is often unsure, with the novelty of the `mlp` in the box."""
    network = alive(layers, rng)
    novelty = load_model("mlp").calibration.novelty
    names = tuple("0123456789"[: network.n_out])
    return Model(network, names, calibration=Calibration(0.7, 0.4, 24.0, novelty))


def expected(
    model: Model, frames: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """Probabilities, labels (-1 for none), and "unsure", "no digit" or "" of each frame.

    A blank frame is no digit, as no picture without ink has an answer.
    """
    probabilities = model.probabilities(frames)
    refusals = model.calibration.refusals(frames, probabilities, model.class_names)
    reasons = [(refusal or "").partition(":")[0] for refusal in refusals]
    reasons = [
        reason if frame.any() else "no digit" for frame, reason in zip(frames, reasons, strict=True)
    ]
    answered = np.array([reason == "" for reason in reasons])
    return probabilities, np.where(answered, probabilities.argmax(axis=1), -1), reasons
