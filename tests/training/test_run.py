"""A run: what is split off is not learnt from, and what is calibrated is calibrated on it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import Dataset
from digitnet.errors import NothingLearntError, SettingsError
from digitnet.models.calibration import Calibration, fit_calibration
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify
from digitnet.nn import Distillation, Network
from digitnet.training.checkpoints import load_checkpoint
from digitnet.training.config import TrainingConfig
from digitnet.training.events import EpochDone, History, StepDone
from digitnet.training.finetune import mixed
from digitnet.training.run import Run, checkpoint_path
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
    assert (
        min(kept.temperature, temperatures[0]) > 1.1 * temperatures[1]
    )  # varied, it is warmer yet


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


CONFIG = TrainingConfig(hidden=(3,), epochs=3, batch_size=20, validation=0.25, seed=4)


def digits(seed: int = 0, n: int = 80) -> Dataset:
    return bars(n, np.random.default_rng(seed))


def limits(calibration: Calibration) -> tuple[float, ...]:
    return (calibration.temperature, calibration.least_probability, calibration.most_novelty)


def finished(run: Run) -> Model:
    for _ in run.events():
        pass
    return run.keep()


def test_a_checkpoint_lies_beside_the_folder(tmp_path: Path) -> None:
    assert checkpoint_path(tmp_path / "a.b") == tmp_path / "a.b.checkpoint.npz"
    assert checkpoint_path("model") == Path.cwd() / "model.checkpoint.npz"


def test_the_seed_alone_decides_split_start_and_shuffling(tmp_path: Path) -> None:
    """In this order: the split, the start, then what the loop draws."""
    run, rng = Run(CONFIG, digits(), tmp_path / "model"), np.random.default_rng(4)
    training, validation = digits().split(0.25, rng)
    assert run.validation is not None
    np.testing.assert_array_equal(run.training.images, training.images)
    np.testing.assert_array_equal(run.validation.images, validation.images)
    network = Network(CONFIG.layers(784, 10))
    network.initialize(rng)
    np.testing.assert_array_equal(run.network.vector, network.vector)
    assert run.state.rng.bit_generator.state == rng.bit_generator.state
    assert run.state.vector is run.network.vector
    other = Run(dataclasses.replace(CONFIG, seed=5), digits(), tmp_path / "other")
    assert not np.array_equal(other.network.vector, network.vector)


def test_a_checkpoint_is_there_from_the_start_and_after_each_epoch(tmp_path: Path) -> None:
    run, path = Run(CONFIG, digits(), tmp_path / "new" / "model"), tmp_path / "new"
    path /= "model.checkpoint.npz"
    assert not path.exists()
    written = []
    for event in run.events():
        if isinstance(event, StepDone):
            written.append(load_checkpoint(path)._progress["epoch"])
        assert load_checkpoint(path).run["plan"] == CONFIG.as_dict()
    assert written == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert load_checkpoint(path).epochs_done == 3
    assert not (tmp_path / "new" / "model").exists()
    run.keep()
    assert not path.exists()
    assert (tmp_path / "new" / "model" / "model.json").exists()


def test_what_a_model_keeps_of_its_training(tmp_path: Path) -> None:
    run = Run(CONFIG, digits(), tmp_path / "model")
    model, history = finished(run), run.history
    best = history.best_epoch - 1
    expected = {
        "plan": CONFIG.as_dict(),
        "data": digits().fingerprint(),
        "ended": "all 3 epochs done",
        "n_training": 60,
        "n_validation": 20,
        "epochs_done": 3,
        "best_epoch": history.best_epoch,
        "validation_accuracy": history.validation_accuracy[best],
        "validation_loss": history.validation_loss[best],
    }
    moment = datetime.fromisoformat(model.training["finished"])
    assert {**expected, "finished": model.training["finished"]} == model.training
    assert (moment.utcoffset(), moment.microsecond) == (timedelta(0), 0)
    assert 0 <= (datetime.now(UTC) - moment).total_seconds() < 3600
    kept = load_model(tmp_path / "model")
    assert kept.training == model.training
    np.testing.assert_array_equal(kept.network.vector, run.state.best_vector)
    assert History(**json.loads((tmp_path / "model" / "history.json").read_text())) == history
    assert len(set(history.validation_loss)) == 3  # so that another epoch's would be told


def test_without_a_validation_part_all_is_learnt_and_nothing_calibrated(tmp_path: Path) -> None:
    run = Run(dataclasses.replace(CONFIG, validation=0.0), digits(), tmp_path / "model")
    assert run.validation is None
    np.testing.assert_array_equal(run.training.images, digits().images)
    model = finished(run)
    assert limits(model.calibration) == limits(Calibration())
    assert model.calibration.novelty is None
    assert (model.training["n_training"], model.training["n_validation"]) == (80, 0)
    assert (model.training["validation_loss"], model.training["best_epoch"]) == (None, 3)


def test_a_run_that_is_stopped_keeps_its_best_and_goes_on_from_where_it_stood(
    tmp_path: Path,
) -> None:
    whole = finished(Run(CONFIG, digits(), tmp_path / "whole")).network.vector
    run = Run(CONFIG, digits(), tmp_path / "model")
    assert run.keep_so_far() is None  # no epoch is done, but there is a checkpoint
    assert load_checkpoint(checkpoint_path(run.out)).epochs_done == 0
    assert not run.out.exists()
    for event in run.events():
        if isinstance(event, StepDone) and (event.epoch, event.step) == (2, 2):
            break
    before = run.network.vector.copy()
    kept = run.keep_so_far()
    assert kept is not None
    assert kept.training["epochs_done"] == 1
    np.testing.assert_array_equal(run.network.vector, before)
    np.testing.assert_array_equal(load_model(run.out).network.vector, run.state.best_vector)
    checkpoint = load_checkpoint(checkpoint_path(run.out))
    assert (checkpoint.epochs_done, checkpoint._progress["step"]) == (1, 2)
    again = Run(CONFIG, digits(), tmp_path / "model", checkpoint)
    assert again.history.epochs == [1]
    np.testing.assert_array_equal(finished(again).network.vector, whole)


def test_a_checkpoint_of_other_digits_is_refused(tmp_path: Path) -> None:
    run = Run(CONFIG, digits(), tmp_path / "model")
    run.checkpoint()
    checkpoint = load_checkpoint(checkpoint_path(run.out))
    for rest, dataset in ((None, digits(1)), (digits(2), digits())):
        with pytest.raises(SettingsError) as raised:
            Run(CONFIG, dataset, tmp_path / "model", checkpoint, rest)
        assert str(raised.value) == (
            f"synthetic is not what the checkpoint {checkpoint.path} was made with: its digits "
            "have changed; train again without `resume`."
        )


def test_others_are_mixed_in_behind_the_split_and_both_are_noted(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, mix="others", mix_share=0.25)
    rest = digits(1)
    run, rng = Run(config, digits(), tmp_path / "model", rest=rest), np.random.default_rng(4)
    training, validation = digits().split(0.25, rng)
    Network(config.layers(784, 10)).initialize(rng)
    expected = mixed(training, rest, 0.25, rng)
    assert len(run.training) == 60 + 20
    np.testing.assert_array_equal(run.training.images, expected.images)
    assert run.validation is not None
    np.testing.assert_array_equal(run.validation.images, validation.images)
    run.checkpoint()
    data = load_checkpoint(checkpoint_path(run.out)).run["data"]
    assert data == f"{digits().fingerprint()} and {rest.fingerprint()}"


def test_a_run_from_a_model_begins_with_its_weights_and_keeps_its_calibration(
    tmp_path: Path,
) -> None:
    base = finished(Run(CONFIG, digits(), tmp_path / "base"))
    config = dataclasses.replace(CONFIG, start=str(tmp_path / "base"), epochs=1, learning_rate=0.01)
    run = Run(config, digits(1, 1500), tmp_path / "model")
    np.testing.assert_array_equal(run.network.vector, base.network.vector)
    assert run.validation is not None
    assert (len(run.training), len(run.validation)) == (3 * 1120, 380)  # repeated to 3,000 or more
    model = finished(run)
    assert limits(model.calibration) == limits(base.calibration) != limits(Calibration())
    assert model.training["start"] == base.training
    assert "start" not in base.training
    assert not np.array_equal(run.network.vector, base.network.vector)


def test_a_teacher_is_the_model_of_its_name(tmp_path: Path) -> None:
    base = finished(Run(CONFIG, digits(), tmp_path / "base"))
    config = dataclasses.replace(CONFIG, teacher=str(tmp_path / "base"), teacher_share=0.5)
    run = Run(config, digits(), tmp_path / "model")
    assert run.settings.teacher is not None
    assert isinstance(run.settings.teacher.network, Network)
    np.testing.assert_array_equal(run.settings.teacher.network.vector, base.network.vector)
    assert run.settings.teacher.loss == Distillation(2.0, 0.5)
    assert Run(CONFIG, digits(), tmp_path / "other").settings.teacher is None


def test_what_was_not_learnt_is_said_of_the_best_epoch_with_the_first_and_the_last_loss(
    tmp_path: Path,
) -> None:
    """Epoch 2 of 3 was the best, 11 % right; the first and the third had 99 %, and were not."""
    run = run_with(tmp_path, [*range(10)] * 200, 0, losses=())
    for epoch, (loss, right) in enumerate(((2.5, 0.99), (2.25, 0.11), (2.75, 0.99)), 1):
        run.history.add(EpochDone(epoch, loss, 0.5, 2.5, right, 1.0, 1.0, epoch == 2))
    with pytest.raises(NothingLearntError) as raised:
        run.check_learnt()
    assert raised.value.sentence == (
        "Nothing was learnt, and nothing is kept: 11.00% of the 1,000 validation images are right, "
        "and always to say 0 would be right for 10.00% (training loss 2.5000 in the first epoch, "
        "2.7500 in the last)."
    )
    assert "{learning_rate:0.1} or fewer layers" in raised.value.hint
