"""Two threads with half a batch each: the same gradient as one, to rounding, and repeatable."""

from __future__ import annotations

import dataclasses
import threading
from contextlib import closing

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.errors import TrainingDivergedError
from digitnet.models.model import classify
from digitnet.nn import (
    AveragePool2D,
    Dense,
    Distillation,
    Dropout,
    Network,
    ToImages,
    ToRows,
    multilayer_perceptron,
    one_hot,
)
from digitnet.training import data_parallel
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


def test_one_core_gives_the_bits_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    config = dataclasses.replace(CONFIG, dropout=0.3)
    x = np.random.default_rng(2).random((9, 784))
    targets = one_hot(np.arange(9) % 10, 10, dtype=np.float64)
    found = []
    for cores in (1, 2):
        monkeypatch.setattr(data_parallel, "n_cores", lambda cores=cores: cores)
        with closing(DataParallel(network(config), halves=True)) as parallel:
            before = threading.active_count()
            loss, _ = parallel.loss_and_gradient(x, targets, np.random.default_rng(3))
            assert threading.active_count() - before == cores - 1
            found.append((loss, parallel.gradient.copy()))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


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


@pytest.mark.parametrize("n", [2, 5])
def test_each_half_draws_from_a_generator_of_its_own(n: int, rng: np.random.Generator) -> None:
    """Seeded by two numbers below 2^63; any others would change a training with a seed."""
    net = Network([Dropout(0.4), *multilayer_perceptron(784, [3], 10)], np.float64)
    net.initialize(rng)
    x, targets = rng.random((n, 784)), one_hot(np.arange(n), 10, dtype=np.float64)
    drawn, given = np.random.default_rng(3), np.random.default_rng(3)
    seeds = drawn.integers(0, 2**63, 2)
    middle, expected, losses = n // 2, np.zeros_like(net.vector), 0.0
    for part, seed in zip((slice(middle), slice(middle, n)), seeds, strict=True):
        gradient = np.empty_like(net.vector)
        own = np.random.default_rng(seed)
        loss, _ = net.loss_and_gradient(x[part], targets[part], gradient, own)
        expected += len(x[part]) / n * gradient
        losses += len(x[part]) / n * loss
    with closing(DataParallel(net, halves=True)) as parallel:
        loss, _ = parallel.loss_and_gradient(x, targets, given)
        np.testing.assert_allclose(parallel.gradient, expected, rtol=1e-12, atol=1e-15)
    assert loss == pytest.approx(losses, rel=1e-12)
    assert given.random() == drawn.random()


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("n", [1, 4])
def test_layers_that_are_done_are_skipped_and_a_loss_may_be_given(
    halves: bool, n: int, rng: np.random.Generator
) -> None:
    net = Network([ToImages(28, 28), AveragePool2D(2), ToRows(), Dense(196, 10)], np.float64)
    net.initialize(rng)
    x, targets = rng.random((n, 784)), one_hot(np.arange(2 * n) % 10, 10, dtype=np.float64)
    both, loss = np.hstack([targets[:n], targets[n:]]), Distillation(3.0, 0.5)
    whole = np.empty_like(net.vector)
    expected, _ = net.loss_and_gradient(x, both, whole, loss_function=loss)
    with closing(DataParallel(net, halves)) as parallel:
        found, _ = parallel.loss_and_gradient(net.head(x), both, rng, None, 3, loss)
        assert found == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(parallel.gradient, whole, atol=1e-13)


def test_there_are_as_many_threads_as_halves_and_none_is_left(rng: np.random.Generator) -> None:
    """A batch of one is not cut: it draws from the generator itself, as one thread does."""
    net = Network([Dropout(0.4), Dense(784, 10)])
    x, targets = rng.random((4, 784)).astype(np.float32), one_hot(np.arange(4), 10)
    before = threading.active_count()
    for halves, n, more in ((False, 4, 0), (True, 1, 0), (True, 2, 1), (True, 4, 1)):
        own, other = np.random.default_rng(1), np.random.default_rng(1)
        parallel = DataParallel(net, halves)
        parallel.loss_and_gradient(x[:n], targets[:n], own)
        assert threading.active_count() == before + more
        parallel.close()
        assert threading.active_count() == before
        net.loss_and_gradient(x[:n], targets[:n], np.empty_like(net.vector), other)
        assert (own.random() == other.random()) == (more == 0)
