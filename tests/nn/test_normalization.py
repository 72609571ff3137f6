"""BatchNorm against plain loops, central differences and its own folded form."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet import nn
from digitnet.nn.folding import fold
from digitnet.nn.layer import Context, FloatArray, Layer
from digitnet.nn.layers import Dense, ReLU, Tanh
from digitnet.nn.network import Network
from digitnet.nn.normalization import BatchNorm

STACKS: dict[str, list[Layer]] = {
    "rows": [Dense(4, 5), BatchNorm(5), Tanh(), Dense(5, 3)],
    "images": [
        Dense(4, 36), Tanh(), nn.ToImages(6, 6), nn.Conv2D(1, 3, 3), BatchNorm(3),
        nn.MaxPool2D(2), ReLU(), nn.ToRows(), Dense(12, 3), BatchNorm(3),
    ],
    "padded, at the head": [
        nn.ToImages(2, 2), BatchNorm(1), nn.Conv2D(1, 2, 3, padding=1), BatchNorm(2), Tanh(),
        nn.GlobalAveragePool2D(), Dense(2, 3),
    ],
}  # fmt: skip


def drawn(layers: list[Layer], rng: np.random.Generator) -> Network:
    """In float64, every parameter random, variances positive."""
    network = Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.7, network.vector.shape)
    for place in network.statistics:
        network.vector[place] = rng.uniform(0.3, 2.0, place.stop - place.start)
    return network


def by_loops(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """The definition for images (C, H, W, N), one channel and one number at a time."""
    y = np.zeros_like(x)
    for c in range(len(x)):
        numbers = [float(v) for v in x[c].ravel()]
        mean = sum(numbers) / len(numbers)
        variance = sum((v - mean) ** 2 for v in numbers) / len(numbers)
        for place in np.ndindex(*x.shape[1:]):
            y[(c, *place)] = gamma[c] * (x[(c, *place)] - mean) / (variance + 1e-5) ** 0.5
            y[(c, *place)] += beta[c]
    return y


def test_forward_against_plain_loops_for_images_and_rows(rng: np.random.Generator) -> None:
    x = rng.normal(2.0, 3.0, (4, 3, 2, 5))
    gamma, beta, mean, variance = rng.normal(size=(4, 4))
    params = gamma, beta, mean, np.abs(variance)
    y = BatchNorm(4).forward(x, Context(params, rng=rng))
    np.testing.assert_allclose(y, by_loops(x, gamma, beta), atol=1e-12)
    rows = x[:, 0, 0].T  # (N, channels)
    y = BatchNorm(4).forward(rows, Context(params, rng=rng))
    expected = by_loops(rows.T[:, None, None], gamma, beta)[:, 0, 0].T
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_a_worked_example_by_hand() -> None:
    """X = 1, 3: mean 2, variance 1, so -1 and 1; times gamma 2, plus beta 5."""
    params = np.array([2.0]), np.array([5.0]), np.array([10.0]), np.array([4.0])
    x = np.array([[1.0], [3.0]])
    y = BatchNorm(1).forward(x, Context(params, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(y, [[3.0], [7.0]], atol=1e-4)
    y = BatchNorm(1).forward(
        x, Context(params)
    )  # predicted with the running mean 10 and variance 4
    np.testing.assert_allclose(y, [[-4.0], [-2.0]], atol=1e-4)


def test_a_channel_that_is_always_the_same_does_no_harm() -> None:
    """1e-5 is added to the variance: with 3e-5 it is 4e-5, and 1 becomes 1 / sqrt(4e-5)."""
    one, zero = np.ones(1), np.zeros(1)
    x = np.array([[1.0]])
    y = BatchNorm(1).forward(x, Context((one, zero, zero, np.array([3e-5]))))
    assert y[0, 0] == pytest.approx(1 / 4e-5**0.5, rel=1e-12)
    same = np.full((4, 1), 7.0)
    ctx = Context((one, zero, zero, one), rng=np.random.default_rng(0))
    assert not BatchNorm(1).forward(same, ctx).any()


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("training", [False, True])
def test_every_parameter_matches_central_differences(name: str, seed: int, training: bool) -> None:
    rng = np.random.default_rng(seed)
    network = drawn(STACKS[name], rng)
    targets = nn.one_hot(rng.integers(0, 3, 5), 3, dtype=np.float64)
    x = rng.normal(size=(5, 4))
    check = nn.check_gradients(network, x, targets, seed=seed if training else None)
    assert check.error < 1e-6, check
    n_statistics = sum(place.stop - place.start for place in network.statistics)
    assert check.n_checked == network.vector.size - n_statistics


class Forgetful(BatchNorm):
    """A planted mistake: as if the batch's mean and variance did not depend on x."""

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        centred, scale, _ = ctx.cache
        ctx.cache = centred, scale, None
        return super().backward(dy, ctx)


def test_a_planted_mistake_is_found(rng: np.random.Generator) -> None:
    network = drawn([Dense(4, 5), Forgetful(5), Tanh(), Dense(5, 3)], rng)
    targets = nn.one_hot(rng.integers(0, 3, 5), 3, dtype=np.float64)
    check = nn.check_gradients(network, rng.normal(size=(5, 4)), targets, seed=1)
    assert check.error > 1e-2
    assert check.worst.startswith(("W1", "b1"))


def test_running_statistics_follow_the_batches_and_nothing_else_does(
    rng: np.random.Generator,
) -> None:
    network = drawn([Dense(4, 5), BatchNorm(5), Tanh(), Dense(5, 3)], rng)
    before = {name: view.copy() for name, view in network.parameters.items()}
    x = rng.normal(size=(50, 4))
    gradient = np.empty_like(network.vector)
    targets = nn.one_hot(rng.integers(0, 3, 50), 3, dtype=np.float64)
    network.loss_and_gradient(x, targets, gradient, rng)
    network.absorb_statistics(gradient)
    hidden = x @ before["W1"] + before["b1"]
    for name, batch in (("mean1", hidden.mean(0)), ("variance1", hidden.var(0))):
        expected = 0.9 * before[name] + 0.1 * batch
        np.testing.assert_allclose(network.parameters[name], expected)
        assert not network.named(gradient)[name].any()  # an optimiser leaves them as they are
    for name in ("W1", "b1", "gamma1", "beta1", "W2", "b2"):
        np.testing.assert_array_equal(network.parameters[name], before[name])
        learnt = np.abs(network.named(gradient)[name]).max() > 1e-9
        assert learnt == (name != "b1")  # the mean takes b1 away


@pytest.mark.parametrize("name", STACKS)
def test_folded_it_predicts_the_same(name: str, rng: np.random.Generator) -> None:
    network = drawn(STACKS[name], rng)
    folded = fold(network)
    x = rng.normal(size=(7, 4))
    np.testing.assert_allclose(folded.forward(x), network.forward(x), atol=1e-12)
    left = [layer for layer in folded.layers if isinstance(layer, BatchNorm)]
    assert len(left) == (1 if "head" in name else 0)  # with nothing before it that could take it
    assert not np.shares_memory(folded.vector, network.vector)
    assert fold(folded) is folded


def test_names_bear_the_number_of_the_weights_before_them(rng: np.random.Generator) -> None:
    network = Network([Dense(4, 5), BatchNorm(5), Tanh(), Dense(5, 3)])
    assert list(network.parameters) == [
        "W1", "b1", "gamma1", "beta1", "mean1", "variance1", "W2", "b2",
    ]  # fmt: skip
    network.initialize(rng)
    for name, value in {"b1": 0, "gamma1": 1, "beta1": 0, "mean1": 0, "variance1": 1}.items():
        assert (network.parameters[name] == value).all()


def test_weights_before_a_normalised_relu_start_as_he_said(rng: np.random.Generator) -> None:
    network = Network([Dense(400, 300), BatchNorm(300), ReLU(), Dense(300, 3)])
    network.initialize(rng)
    assert network.parameters["W1"].std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="channel"):
        BatchNorm(0)
    with pytest.raises(ValueError, match="does not fit"):
        Network([Dense(4, 5), BatchNorm(4), Dense(5, 3)])
