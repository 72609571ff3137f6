"""The backward passes against central differences: the first test of any layer."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet import nn
from digitnet.nn.layer import Context, FloatArray
from digitnet.nn.layers import Dense, Dropout, Flatten, ReLU, Sigmoid, Tanh

STACKS = {
    "linear": [Dense(6, 4)],
    "sigmoid": [Dense(6, 5), Sigmoid(), Dense(5, 4)],
    "tanh": [Dense(6, 5), Tanh(), Dense(5, 4)],
    "relu": [Dense(6, 5), ReLU(), Dense(5, 4)],
    "dropout (off)": [Dense(6, 5), Dropout(0.5), Dense(5, 4)],
    "deep": [Dense(6, 5), Sigmoid(), Dense(5, 7), Tanh(), Dense(7, 3), ReLU(), Dense(3, 4)],
    "activation first": [Tanh(), Dense(6, 4)],
    "flatten": [Flatten(), Dense(6, 5), Sigmoid(), Dense(5, 4)],
}


def network_with_biases(layers: list[nn.Layer], rng: np.random.Generator) -> nn.Network:
    network = nn.Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.7, network.vector.shape)  # biases too, not zero
    return network


def batch(layers: list[nn.Layer], rng: np.random.Generator, n: int = 7):
    x = rng.normal(size=(n, 2, 3) if isinstance(layers[0], Flatten) else (n, 6))
    return x, nn.one_hot(rng.integers(0, 4, n), 4, smoothing=0.1, dtype=np.float64)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_parameter_matches_central_differences(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = network_with_biases(STACKS[name], rng)
    check = nn.check_gradients(network, *batch(STACKS[name], rng))
    assert check.error < 1e-6, check
    assert check.n_checked == network.vector.size


class SlopeForgotten(Sigmoid):
    """A planted mistake: the (1 - y) of the sigmoid's slope is missing."""

    def slope(self, y: np.ndarray) -> np.ndarray:
        return y.copy()


class BiasForgotten(Dense):
    """A planted mistake: dL/db is left at zero."""

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        dx = super().backward(dy, ctx)
        ctx.grads[1][:] = 0.0
        return dx


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ([Dense(6, 5), SlopeForgotten(), Dense(5, 4)], ("W1", "b1")),
        ([Dense(6, 5), Sigmoid(), BiasForgotten(5, 4)], ("b2",)),
    ],
)
def test_a_planted_mistake_is_found_and_named(layers, named, rng) -> None:  # type: ignore[no-untyped-def]
    check = nn.check_gradients(network_with_biases(layers, rng), *batch(layers, rng))
    assert check.error > 1e-2
    assert check.worst.split("[")[0] in named


def test_dropout_gradient_uses_the_mask_of_its_forward_pass() -> None:
    """With the same generator seed the mask repeats, so differences can be taken through it."""
    layers = [Dense(6, 5), Tanh(), Dropout(0.4), Dense(5, 4)]
    rng = np.random.default_rng(3)
    network = network_with_biases(layers, rng)
    x, targets = batch(layers, rng)
    unused = np.empty_like(network.vector)

    def loss(gradient: np.ndarray) -> float:
        return network.loss_and_gradient(x, targets, gradient, np.random.default_rng(9))[0]

    analytic = np.empty_like(network.vector)
    loss(analytic)
    for i in range(0, network.vector.size, 3):
        value = network.vector[i]
        network.vector[i] = value + 1e-6
        above = loss(unused)
        network.vector[i] = value - 1e-6
        below = loss(unused)
        network.vector[i] = value
        assert analytic[i] == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_an_image_of_weight_2_counts_as_if_it_were_there_twice(rng: np.random.Generator) -> None:
    layers = STACKS["sigmoid"]
    network = network_with_biases(layers, rng)
    x, targets = batch(layers, rng, n=3)
    weighted, repeated = np.empty_like(network.vector), np.empty_like(network.vector)
    weights = np.array([2.0, 1.0, 1.0])
    loss_weighted, _ = network.loss_and_gradient(x, targets, weighted, sample_weights=weights)
    twice = [0, 0, 1, 2]
    loss_repeated, _ = network.loss_and_gradient(x[twice], targets[twice], repeated)
    assert 3 * loss_weighted == pytest.approx(4 * loss_repeated)  # sums, not means
    np.testing.assert_allclose(3 * weighted, 4 * repeated, atol=1e-14)


def test_float32_networks_are_refused_by_the_check() -> None:
    with pytest.raises(ValueError, match="float64"):
        nn.check_gradients(nn.Network([Dense(2, 2)]), np.zeros((1, 2)), np.eye(1, 2))
