"""The set that a calibration is counted on, and what is drawn beside it."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.synthetic import synthesize
from digitnet.nn import Network, multilayer_perceptron
from digitnet.training import calibration_set as module
from digitnet.training.calibration_set import AT_TRAINING, THOROUGH, calibrated, calibration_set
from support.helpers import bars


def test_non_digits_are_learnt_from_where_there_are_many_digits(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """A tenth as many, and 6,000 at most; none for few digits, for letters, or for no reader."""
    drawn: list[int] = []
    reads = True

    def record(n: int, rng: np.random.Generator) -> np.ndarray:
        drawn.append(n)
        return np.zeros((1, 28, 28), np.uint8)

    def kept(*args: object, others: np.ndarray | None) -> bool:
        assert others is None or len(others) == 1 + int(0.15 * drawn[-1])
        return others is not None

    monkeypatch.setattr(module, "non_digit_frames", record)
    monkeypatch.setattr(module, "fit_calibration", kept)
    monkeypatch.setattr(module, "reads_digits", lambda network, rng: reads)
    monkeypatch.setattr(module, "calibration_set", lambda validation, rng, **_: validation)
    network = Network(multilayer_perceptron(784, [4], 10, "relu"))
    network.initialize(rng)

    def others(n: int, names: tuple[str, ...] = DIGITS, framing: str = "mnist") -> object:
        training = Dataset(np.zeros((n, 28, 28), np.uint8), np.zeros(n, np.int64), names)
        validation = bars(60, rng)
        validation = Dataset(validation.images, validation.labels, names)
        return calibrated(network, validation, training, rng, framing=framing)

    assert not others(4_999)
    assert not others(9_000, tuple("abcdefghij"))
    assert not others(9_000, framing="stretch")
    assert others(5_000)
    assert others(60_001)
    assert others(99_999)
    assert drawn == [500, 6_000, 6_000]
    reads = False
    assert not others(9_000)


def test_half_of_a_set_is_drawn_and_no_digit_comes_twice(rng: np.random.Generator) -> None:
    validation = synthesize(200, rng)
    made = calibration_set(validation, rng, drawn=True)
    assert len(made) == 360  # 200 of them are half of 400, and a tenth is spared
    as_they_are = {image.tobytes() for image in validation.images}
    unchanged = [image.tobytes() in as_they_are for image in made.images]
    assert 30 <= sum(unchanged) <= 80  # 15 in a hundred, in any places
    assert len({image.tobytes() for image in made.images}) == len(made)
    first, second = unchanged[:180], unchanged[180:]
    assert min(sum(first), sum(second)) > 10


def test_what_is_drawn_behind_a_training_and_where_it_is_asked_for() -> None:
    assert (AT_TRAINING, THOROUGH) == ((1_800, 1_500), (5_400, 6_000))


def test_a_set_has_no_more_digits_than_it_may(rng: np.random.Generator) -> None:
    assert len(calibration_set(bars(50, rng), rng, drawn=False, most=30)) == 30


def test_where_classes_are_others_nothing_is_drawn(rng: np.random.Generator) -> None:
    validation = bars(150, rng)
    made = calibration_set(validation, rng, drawn=False)
    assert len(made) == 150
    assert sorted(made.labels) == sorted(validation.labels)
    assert "drawn" not in made.source
