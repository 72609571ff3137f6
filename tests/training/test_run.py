"""A run: what is split off is not learnt from, and what is calibrated is calibrated on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.models.calibration import fit_calibration
from digitnet.models.model import classify
from digitnet.training.config import TrainingConfig
from digitnet.training.run import Run
from support.helpers import bars


def test_the_calibration_is_fitted_on_the_validation_digits_alone(tmp_path: Path) -> None:
    """A third of the labels are wrong: what was learnt by heart is surer than it should be."""
    rng = np.random.default_rng(1)
    dataset = bars(400, rng)
    labels = np.where(rng.random(400) < 0.3, rng.integers(0, 10, 400), dataset.labels)
    config = TrainingConfig(hidden=(16,), epochs=20, validation=0.3, input_dropout=0.0)
    run = Run(config, Dataset(dataset.images, labels, source="bars"), tmp_path / "model")
    for _ in run.events():
        pass
    kept = run.keep().calibration
    assert run.validation is not None
    assert len(run.validation) == 120
    seen = {image.tobytes() for image in run.training.images}
    assert not seen & {image.tobytes() for image in run.validation.images}
    temperatures = []
    for digits in (run.validation, run.training):
        logits = classify(run.network, digits.images)
        temperatures.append(fit_calibration(logits, digits, run.training).temperature)
    assert kept.temperature == temperatures[0] > 1.1 * temperatures[1]
