"""Optimisers against the textbook recurrences, written out with separate names."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.nn import SGD, Adam, Momentum, Optimizer


def run(optimizer: Optimizer, gradients: np.ndarray, learning_rate: float) -> np.ndarray:
    vector = np.linspace(-1.0, 1.0, gradients.shape[1])
    state = optimizer.start(vector)
    for gradient in gradients:
        optimizer.step(vector, gradient, state, learning_rate)
    return vector


@pytest.fixture
def gradients(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(25, 6))


def test_sgd(gradients: np.ndarray) -> None:
    expected = np.linspace(-1, 1, 6) - 0.1 * gradients.sum(axis=0)
    np.testing.assert_allclose(run(SGD(), gradients, 0.1), expected, rtol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum(gradients: np.ndarray, nesterov: bool) -> None:
    p, v = np.linspace(-1, 1, 6), np.zeros(6)
    for g in gradients:
        v = 0.8 * v + g
        p = p - 0.05 * (g + 0.8 * v if nesterov else v)
    np.testing.assert_allclose(run(Momentum(0.8, nesterov), gradients, 0.05), p, rtol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam(gradients: np.ndarray, decay: float) -> None:
    """Kingma and Ba 2015, algorithm 1, with the decay of Loshchilov and Hutter 2019."""
    p, m, v = np.linspace(-1, 1, 6), np.zeros(6), np.zeros(6)
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        p = p - 0.01 * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * p)
    np.testing.assert_allclose(run(Adam(weight_decay=decay), gradients, 0.01), p, rtol=1e-10)


def test_adams_first_step_has_the_size_of_the_learning_rate() -> None:
    vector = np.zeros(2)
    optimizer = Adam()
    optimizer.step(vector, np.array([1e-3, -50.0]), optimizer.start(vector), 0.1)
    np.testing.assert_allclose(vector, [-0.1, 0.1], rtol=1e-4)


@pytest.mark.parametrize("optimizer", [SGD(), Momentum(), Momentum(nesterov=True), Adam()])
def test_every_optimizer_steps_in_place_and_finds_the_bottom_of_a_bowl(
    optimizer: Optimizer,
) -> None:
    vector = np.array([3.0, -2.0], dtype=np.float32)
    same = vector
    state = optimizer.start(vector)
    for _ in range(600):
        optimizer.step(vector, 2.0 * (vector - np.float32(1.0)), state, 0.02)
    assert same is vector
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, [1.0, 1.0], atol=0.02)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        # 10 shrinks by a tenth of 0.5 first, to 9.5; then the learning rate times the gradient 2.
        (SGD(weight_decay=0.5), 9.5 - 0.1 * 2),
        (Momentum(weight_decay=0.5), 9.5 - 0.1 * 2),
        (Momentum(nesterov=True, weight_decay=0.5), 9.5 - 0.1 * (2 + 0.9 * 2)),
        (Adam(weight_decay=0.5), 9.5 - 0.1),  # its first step is as long as the learning rate
    ],
    ids=["sgd", "momentum", "nesterov", "adam"],
)
def test_weight_decay_as_a_number(optimizer: Optimizer, expected: float) -> None:
    """Decoupled: it shrinks the parameter, and no velocity or mean of gradients sees it."""
    vector = np.array([10.0])
    state = optimizer.start(vector)
    optimizer.step(vector, np.array([2.0]), state, 0.1)
    assert vector[0] == pytest.approx(expected, abs=1e-7)
    plain = type(optimizer)(**{**vars(optimizer), "weight_decay": 0.0})
    other = plain.start(vector)
    plain.step(np.array([10.0]), np.array([2.0]), other, 0.1)
    assert state == other


@pytest.mark.parametrize("optimizer", [SGD(), Momentum(), Adam()])
def test_nothing_decays_unless_it_is_asked_for(optimizer: Optimizer) -> None:
    vector = np.array([10.0])
    optimizer.step(vector, np.array([0.0]), optimizer.start(vector), 0.1)
    assert vector[0] == 10.0


def test_the_defaults() -> None:
    assert Momentum() == Momentum(momentum=0.9, nesterov=False, weight_decay=0.0)
    assert Adam() == Adam(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0)
    assert SGD() == SGD(weight_decay=0.0)


def test_adams_epsilon_is_added_to_the_root_of_the_mean_square() -> None:
    """A gradient as large as epsilon moves half as far as the learning rate."""
    vector = np.zeros(1)
    Adam().step(vector, np.array([1e-8]), Adam().start(vector), 0.1)
    assert vector[0] == pytest.approx(-0.05)


@pytest.mark.parametrize("optimizer", [SGD(), Momentum(nesterov=True), Adam(weight_decay=0.01)])
def test_the_same_steps_give_the_same_bits(optimizer: Optimizer, gradients: np.ndarray) -> None:
    first, second = run(optimizer, gradients.copy(), 0.1), run(optimizer, gradients.copy(), 0.1)
    assert first.tobytes() == second.tobytes()
