"""Two threads with half a batch each: the same gradient as one, to rounding, and repeatable."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.errors import TrainingDivergedError
from digitnet.models.model import classify
from digitnet.nn import Dropout, Network, one_hot
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.data_parallel import DataParallel
from digitnet.training.events import EpochDone
from digitnet.training.loop import train
from support.helpers import bars

CONFIG = TrainingConfig(conv="4C5-MP2-8C5-MP2", hidden=(16,), activation="relu", input_dropout=0.0)


def network(config: TrainingConfig = CONFIG, dtype: type = np.float64) -> Network:
    built = Network(config.layers(784, 10), dtype=dtype)
    built.initialize(np.random.default_rng(1))
    return built


@pytest.mark.parametrize("n", [1, 2, 7, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_halves_give_the_gradient_of_the_whole(
    n: int, weighted: bool, rng: np.random.Generator
) -> None:
    net = network()
    x, targets = rng.random((n, 784)), one_hot(rng.integers(0, 10, n), 10, dtype=np.float64)
    weights = rng.random(n) if weighted else None
    whole = np.empty_like(net.vector)
    loss, logits = net.loss_and_gradient(x, targets, whole, rng, weights)
    with closing(DataParallel(net, halves=True)) as gradient:
        half_loss, half_logits = gradient.loss_and_gradient(x, targets, rng, weights)
        assert half_loss == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(half_logits, logits, rtol=1e-12)
        np.testing.assert_allclose(gradient.gradient, whole, atol=1e-13)


def test_dropout_in_two_threads_is_repeatable(rng: np.random.Generator) -> None:
    net = Network([Dropout(0.4), *network().layers], dtype=np.float64)
    net.initialize(rng)
    x, targets = rng.random((8, 784)), one_hot(np.arange(8), 10, dtype=np.float64)
    found = []
    with closing(DataParallel(net, halves=True)) as gradient:
        for seed in (3, 3, 4):
            gradient.loss_and_gradient(x, targets, np.random.default_rng(seed))
            found.append(gradient.gradient.copy())
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_convolutional_network_learns_and_repeats_to_the_bit() -> None:
    def trained() -> tuple[bytes, float]:
        rng = np.random.default_rng(5)
        net = network(dtype=np.float32)
        settings = Settings(epochs=6, batch_size=20, learning_rate=0.1)
        state = begin(net, settings, rng)
        events = list(train(net, bars(400, rng), None, settings, state))
        accuracy = [e.training_accuracy for e in events if isinstance(e, EpochDone)][-1]
        return net.vector.tobytes(), accuracy

    first, second = trained(), trained()
    assert first == second
    assert first[1] > 0.95


def test_divergence_in_the_second_thread_is_one_clear_error(rng: np.random.Generator) -> None:
    net = network(dtype=np.float32)
    settings = Settings(epochs=5, batch_size=20, learning_rate=1e12)
    with pytest.raises(TrainingDivergedError, match="too high"):
        list(train(net, bars(100, rng), None, settings, begin(net, settings, rng)))


@pytest.mark.parametrize("n", [0, 1, 40, 103])
@pytest.mark.parametrize(
    "config", [CONFIG, TrainingConfig(hidden=(9,), input_dropout=0.0)], ids=["conv", "mlp"]
)
def test_classifying_in_batches_gives_what_one_pass_gives(
    n: int, config: TrainingConfig, rng: np.random.Generator
) -> None:
    net = network(config, np.float32)
    images = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
    logits = classify(net, images, batch_size=20)
    assert logits.shape == (n, 10)
    np.testing.assert_allclose(logits, net.forward(as_input(images)), rtol=1e-4, atol=1e-5)
