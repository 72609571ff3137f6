"""Winograd's filtering against the same convolution by its columns, and against differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitnet import nn
from digitnet.nn import winograd
from digitnet.nn.convolution import Conv2D
from digitnet.nn.images import ToImages, ToRows
from digitnet.nn.layer import Context, FloatArray
from digitnet.nn.layers import Dense, Tanh
from digitnet.nn.network import Network
from digitnet.nn.winograd import LEAST_CHANNELS, Winograd, best_side, transforms

Passes = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def passes(conv: Conv2D, x: FloatArray, rng: np.random.Generator, keep: bool) -> Passes:
    """y, dx, dW and db; with `keep` as in a training, by Winograd's filtering where it pays."""
    params = [rng.normal(size=shape).astype(x.dtype) for shape in conv.parameter_shapes()]
    grads = [np.full_like(param, np.nan) for param in params]
    ctx = Context(params, grads, keep=keep)
    y = conv.forward(x, ctx).copy()
    dx = conv.backward(rng.normal(size=y.shape).astype(x.dtype), ctx)
    assert dx is not None
    return y, dx.copy(), grads[0], grads[1]


@settings(max_examples=60, deadline=None)
@given(
    channels=st.tuples(st.integers(8, 12), st.integers(8, 12)),
    sides=st.tuples(st.integers(3, 13), st.integers(3, 13)),
    padding=st.integers(0, 2),
    n=st.integers(1, 3),
    at_once=st.sampled_from([1, 3000, 1 << 18]),
    seed=st.integers(0, 99),
)
def test_it_gives_what_the_columns_give(
    channels: tuple[int, int],
    sides: tuple[int, int],
    padding: int,
    n: int,
    at_once: int,
    seed: int,
) -> None:
    conv = Conv2D(*channels, 3, padding=padding)
    x = np.random.default_rng(seed).normal(size=(channels[0], *sides, n))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "MOST_NUMBERS", at_once)
        found = passes(conv, x, np.random.default_rng(seed), keep=True)
    wanted = passes(conv, x, np.random.default_rng(seed), keep=False)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_parameter_matches_central_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = [
        Dense(3, 49),
        Tanh(),
        ToImages(7, 7),
        Conv2D(1, 8, 2),
        Conv2D(8, 8, 3),
        Tanh(),
        Conv2D(8, 9, 3),
        ToRows(),
        Dense(36, 3),
    ]
    network = Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.3, network.vector.shape)
    targets = nn.one_hot(rng.integers(0, 3, 2), 3, dtype=np.float64)
    check = nn.check_gradients(network, rng.normal(size=(2, 3)), targets)
    assert check.error < 1e-5, check  # the differences' own rounding, through 1,588 parameters
    assert check.n_checked == network.vector.size


@pytest.mark.parametrize("m", [2, 4])
def test_one_dimension_by_hand(m: int) -> None:
    Bt, G, At = transforms(m, np.dtype(np.float64))
    d = np.arange(1.0, m + 3.0) ** 2  # 1, 4, 9, 16, ...
    g = np.array([1.0, -2.0, 3.0])
    by_hand = [d[i] - 2.0 * d[i + 1] + 3.0 * d[i + 2] for i in range(m)]
    np.testing.assert_allclose(At @ ((G @ g) * (Bt @ d)), by_hand, atol=1e-12)


@pytest.mark.parametrize(
    ("height", "width", "m"),
    [(1, 1, 2), (2, 2, 2), (4, 4, 4), (5, 5, 2), (6, 6, 2), (8, 8, 4), (10, 10, 4), (4, 2, 2)],
)
def test_the_side_with_the_fewest_multiplications_is_taken(height: int, width: int, m: int) -> None:
    by_count = {s: -(-height // s) * -(-width // s) * (s + 2) ** 2 for s in (2, 4)}
    assert by_count[m] == min(by_count.values())
    assert best_side(height, width) == m


def winograds(conv: Conv2D, keep: bool) -> list[Winograd]:
    """Those that a forward pass of the layer makes."""
    made: list[Winograd] = []

    class Noted(Winograd):
        def forward(self, x: FloatArray, y: FloatArray, ctx: Context) -> None:
            made.append(self)
            super().forward(x, y, ctx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitnet.nn.convolution.Winograd", Noted)
        params = [np.zeros(shape) for shape in conv.parameter_shapes()]
        conv.forward(np.zeros((conv.channels_in, 9, 9, 1)), Context(params, keep=keep))
    return made


def test_only_in_training_and_only_where_it_pays() -> None:
    n = LEAST_CHANNELS
    assert len(winograds(Conv2D(n, n, 3), keep=True)) == 1
    assert winograds(Conv2D(n, n, 3), keep=False) == []
    assert winograds(Conv2D(n - 1, n, 3), keep=True) == []
    assert winograds(Conv2D(n, n - 1, 3), keep=True) == []
    assert winograds(Conv2D(n, n, 5), keep=True) == []
    assert winograds(Conv2D(n, n, 3, stride=2), keep=True) == []


def test_rounding_in_float32_stays_small(rng: np.random.Generator) -> None:
    """Of 4 x 4 tiles, which round most, beside the same in float64."""
    conv = Conv2D(64, 64, 3)
    x = rng.normal(size=(64, 10, 10, 2))
    seed = np.random.default_rng(5)
    exact = passes(conv, x, np.random.default_rng(5), keep=False)
    single = passes(conv, x.astype(np.float32), seed, keep=True)
    for ours, theirs in zip(single, exact, strict=True):
        scale = np.abs(theirs).max()
        assert np.abs(ours - theirs).max() < 2e-5 * scale
        assert ours.dtype == np.float32
