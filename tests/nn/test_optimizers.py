"""Optimisers against the textbook recurrences, written out with separate names; schedules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.nn import SGD, Adam, Constant, Cosine, Momentum, OneCycle, Optimizer


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


def test_schedules_at_their_landmarks() -> None:
    assert [Constant().factor(p) for p in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]
    assert [round(Cosine(0.1).factor(p), 12) for p in (0.0, 0.5, 1.0)] == [1.0, 0.55, 0.1]
    one_cycle = OneCycle(warm_up=0.25, initial=0.1, final=0.01)
    values = [one_cycle.factor(p) for p in (0.0, 0.25, 1.0)]
    np.testing.assert_allclose(values, [0.1, 1.0, 0.01])


@given(st.floats(0, 1), st.sampled_from([Constant(), Cosine(), OneCycle()]))
def test_schedules_stay_between_nothing_and_the_full_rate(progress: float, schedule) -> None:  # type: ignore[no-untyped-def]
    assert 0.0 <= schedule.factor(progress) <= 1.0
