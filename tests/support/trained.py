"""A small network that reads clear handwriting, trained once per test session in a few seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from digitnet.data.synthetic import synthesize
from digitnet.models.calibration import fit_calibration
from digitnet.models.folder import save_model
from digitnet.models.model import Model, classify
from digitnet.nn import Network, multilayer_perceptron
from digitnet.training.config import Settings
from digitnet.training.loop import fit
from support.drawn import Digit, clear_digits


@pytest.fixture(scope="session")
def trained() -> Model:
    """784-64-10 on 12,000 synthetic digits, calibrated: no data, and no stranger's weights."""
    rng = np.random.default_rng(20261122)
    training, validation = synthesize(12_000, rng).split(0.1, rng)
    network = Network(multilayer_perceptron(784, [64], 10))
    with threadpool_limits(1, "blas"):
        fit(network, training, None, Settings(epochs=10), rng=rng)
        logits = classify(network, validation.images)
        calibration = fit_calibration(logits, validation, training)
    return Model(network, calibration=calibration, training={"source": "a test"})


@pytest.fixture(scope="session")
def trained_folder(trained: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained model on disk, for the command line."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    save_model(trained, folder)
    return folder


@pytest.fixture(scope="session")
def clear(trained: Model) -> list[Digit]:
    """Two written digits of each class that the trained model reads with ease when clean."""
    return clear_digits(trained, 2, np.random.default_rng(7))
