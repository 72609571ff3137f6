"""A run: what is split off is not learnt from, and what is calibrated is calibrated on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import Dataset
from digitnet.errors import NothingLearntError
from digitnet.models.calibration import fit_calibration
from digitnet.models.model import classify
from digitnet.training.config import TrainingConfig
from digitnet.training.events import EpochDone
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


def run_with(
    tmp_path: Path,
    labels: list[int],
    right: int,
    *,
    n_validation: int = 1000,
    training: float = 1.0,
    losses: tuple[float, ...] = (2.5, 2.5),
) -> Run:
    """A run whose epochs had so many of their validation images right."""
    n_classes = max(labels) + 1
    images = np.zeros((len(labels), 28, 28), np.uint8)
    names = tuple(str(label) for label in range(max(n_classes, 2)))
    config = TrainingConfig(hidden=(2,), validation=n_validation / len(labels))
    run = Run(config, Dataset(images, np.array(labels), names, "made"), tmp_path / "model")
    assert run.validation is not None
    assert len(run.validation) == n_validation
    for epoch, loss in enumerate(losses, 1):
        accuracy = right / n_validation
        run.history.add(EpochDone(epoch, loss, training, 2.5, accuracy, 1.0, 1.0, True))
    return run


@pytest.mark.parametrize(("right", "learnt"), [(100, False), (128, False), (129, True)])
def test_three_standard_errors_above_chance_are_something_learnt(
    tmp_path: Path, right: int, learnt: bool
) -> None:
    """Of 1,000 with ten classes as frequent: 0.1 + 3 sqrt(0.1 * 0.9 / 1000) = 0.12846."""
    run = run_with(tmp_path, [*range(10)] * 200, right)
    if learnt:
        run.check_learnt()
    else:
        with pytest.raises(NothingLearntError, match=r"1,000 validation images .* for 10\.00%"):
            run.check_learnt()


def test_chance_is_the_most_frequent_class(tmp_path: Path) -> None:
    """0.8 + 3 sqrt(0.8 * 0.2 / 1000) = 0.83795."""
    labels = [0, 0, 0, 0, 1] * 400
    with pytest.raises(NothingLearntError, match=r"always to say 0 would be right for 80\.00%"):
        run_with(tmp_path, labels, 837).check_learnt()
    run_with(tmp_path, labels, 838).check_learnt()


@pytest.mark.parametrize(("n", "learnt"), [(98, True), (100, False)])
def test_few_validation_images_leave_it_to_the_training_images(
    tmp_path: Path, n: int, learnt: bool
) -> None:
    run = run_with(tmp_path, [0, 1] * 500, 0, n_validation=n)
    if learnt:
        run.check_learnt()
    else:
        with pytest.raises(NothingLearntError):
            run.check_learnt()


def test_where_too_few_images_could_tell_any_better_than_chance_will_do(tmp_path: Path) -> None:
    """Of four images of two classes all right are 0.5 + 2 standard errors."""
    labels = [0, 1, 0, 1, 0, 1]
    run_with(tmp_path, labels, 1, n_validation=2, training=0.75).check_learnt()
    with pytest.raises(NothingLearntError, match="4 training images"):
        run_with(tmp_path, labels, 1, n_validation=2, training=0.5).check_learnt()


@pytest.mark.parametrize(
    ("losses", "learnt"),
    [((2.5,), True), ((2.5, 2.5), False), ((2.5, 2.45), False), ((2.5, 2.44), True)],
)
def test_of_few_images_a_loss_that_falls_is_something_learnt(
    tmp_path: Path, losses: tuple[float, ...], learnt: bool
) -> None:
    """By more than a fiftieth; one epoch alone tells nothing."""
    labels = [0, 1, 0, 1, 0, 1]
    run = run_with(tmp_path, labels, 1, n_validation=2, training=0.5, losses=losses)
    if learnt:
        run.check_learnt()
    else:
        with pytest.raises(NothingLearntError):
            run.check_learnt()


def test_many_validation_images_tell_by_themselves(tmp_path: Path) -> None:
    for losses in ((2.5,), (2.5, 0.1)):  # learnt by heart
        with pytest.raises(NothingLearntError):
            run_with(tmp_path, [*range(10)] * 200, 100, losses=losses).check_learnt()
