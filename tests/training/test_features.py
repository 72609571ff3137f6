"""Features: rows of numbers go through the loop as pictures do, and weights count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitnet.data.features import Features
from digitnet.errors import DataError, SettingsError
from digitnet.nn import Network, multilayer_perceptron
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.loop import fit, train
from support.helpers import bars

NAMES = ("a", "b")


def rows(n: int = 40) -> Features:
    rng = np.random.default_rng(1)
    labels = np.arange(n) % 2
    return Features((labels[:, None] + 0.2 * rng.standard_normal((n, 3))), labels, NAMES)


def trained(training: Any, n_in: int = 3, n_out: int = 2, **more: Any) -> np.ndarray:
    network = Network(multilayer_perceptron(n_in, [4], n_out), np.float64)
    network.initialize(np.random.default_rng(2))
    settings = Settings(epochs=3, batch_size=None)
    state = begin(network, settings, np.random.default_rng(3))
    for _ in train(network, training, None, settings, state, **more):
        pass
    return network.vector


def test_rows_are_learnt_as_they_are(rng: np.random.Generator) -> None:
    network = Network(multilayer_perceptron(3, [4], 2))
    history = fit(network, rows(), rows(20), Settings(epochs=30, batch_size=8), rng=rng)
    assert history.validation_accuracy[-1] == 1.0


def test_a_picture_and_its_numbers_are_the_same_to_learn(rng: np.random.Generator) -> None:
    digits = bars(30, rng)
    numbers = Features(digits.images.reshape(30, -1) / 255, digits.labels, digits.class_names)
    np.testing.assert_allclose(
        trained(digits, 784, 10), trained(numbers, 784, 10), rtol=1e-10, atol=1e-12
    )


def test_weights_are_scaled_to_a_mean_of_one_and_count() -> None:
    plain, weights = trained(rows()), np.arange(40) / 7
    np.testing.assert_allclose(trained(rows(), sample_weights=np.full(40, 5.0)), plain, rtol=1e-10)
    weighted = trained(rows(), sample_weights=weights)
    np.testing.assert_allclose(trained(rows(), sample_weights=3 * weights), weighted, rtol=1e-10)
    assert np.abs(weighted - plain).max() > 1e-3


@pytest.mark.parametrize("odd", [[1.0] * 39, [-1.0] * 40, [0.0] * 40, [np.inf] * 40])
def test_weights_that_make_no_sense_are_refused(odd: list[float]) -> None:
    with pytest.raises(SettingsError, match="one number from 0 for each of the 40 images"):
        trained(rows(), sample_weights=np.array(odd))


def test_rows_are_not_augmented(rng: np.random.Generator) -> None:
    settings = TrainingConfig(augment="elastic").settings()
    with pytest.raises(SettingsError, match="cannot be augmented"):
        fit(Network(multilayer_perceptron(3, [4], 2)), rows(), None, settings, rng=rng)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((2, 3), np.uint8), [0, 1], "must be .N, n. floats"),
        (np.zeros((0, 3)), [], "one row or more"),
        (np.zeros((2, 3, 1)), [0, 1], "must be .N, n. floats"),
        (np.zeros((2, 3)), [0], "need as many"),
        (np.zeros((2, 3)), [0.0, 1.0], "need as many whole numbers"),
        (np.zeros((2, 3)), [0, 2], "between 0 and 1"),
        (np.zeros((2, 3)), [-1, 1], "between 0 and 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(images: Any, labels: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Features(images, np.asarray(labels), NAMES)
