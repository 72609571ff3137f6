"""Convolution and pooling against plain loops and central differences."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet import nn
from digitnet.nn import convolution
from digitnet.nn.convolution import Conv2D
from digitnet.nn.images import ToImages, ToRows
from digitnet.nn.layer import Context, FloatArray, Layer
from digitnet.nn.layers import Dense, ReLU, Tanh
from digitnet.nn.network import Network
from digitnet.nn.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D

CASES = [
    Conv2D(1, 3, 3),
    Conv2D(2, 4, 3, padding=1),
    Conv2D(3, 2, 5, padding=2),
    Conv2D(2, 3, 3, stride=2),
    Conv2D(2, 3, 4, stride=3, padding=2),
    Conv2D(4, 2, 1),
]


def by_loops(conv: Conv2D, W: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The definition, one output number at a time."""
    W = W.reshape(conv.channels_in, conv.size, conv.size, conv.channels_out)
    p, s = conv.padding, conv.stride
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    y = np.zeros((*conv.output_shape(x.shape[:3]), x.shape[3]))
    for o, row, column, n in np.ndindex(*y.shape):
        top, left = row * s, column * s
        window = padded[:, top : top + conv.size, left : left + conv.size, n]
        y[o, row, column, n] = b[o] + (window * W[..., o]).sum()
    return y


@pytest.mark.parametrize("conv", CASES, ids=str)
@pytest.mark.parametrize("most_columns", [1, 500, 1 << 20], ids=["row by row", "strips", "whole"])
def test_forward_against_plain_loops(
    conv: Conv2D, most_columns: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "MOST_COLUMNS", most_columns)
    W, b = (rng.normal(size=shape) for shape in conv.parameter_shapes())
    x = rng.normal(size=(conv.channels_in, 9, 7, 3))
    y = conv.forward(x, Context((W, b)))
    np.testing.assert_allclose(y, by_loops(conv, W, b, x), atol=1e-12)


def stack(*middle: Layer, n_features: int) -> list[Layer]:
    return [Dense(4, 36), Tanh(), ToImages(6, 6), *middle, Dense(n_features, 3)]


STACKS: dict[str, list[Layer]] = {
    "valid": stack(Conv2D(1, 2, 3), ToRows(), n_features=32),
    "same": stack(Conv2D(1, 2, 3, padding=1), Tanh(), ToRows(), n_features=72),
    "stride": stack(Conv2D(1, 3, 3, stride=2, padding=1), ToRows(), n_features=27),
    "two, pooled": stack(
        Conv2D(1, 2, 3, padding=1), Tanh(), MaxPool2D(2), Conv2D(2, 3, 2), ToRows(), n_features=12
    ),
    "average": stack(Conv2D(1, 2, 3, padding=1), AveragePool2D(3), ToRows(), n_features=8),
    "global": stack(Conv2D(1, 4, 3), ReLU(), GlobalAveragePool2D(), n_features=4),
    "first layer": [ToImages(2, 2), Conv2D(1, 3, 2), ToRows(), Dense(3, 3)],
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("most_columns", [1, 1 << 20], ids=["row by row", "whole"])
def test_every_parameter_matches_central_differences(
    name: str, seed: int, most_columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "MOST_COLUMNS", most_columns)
    rng = np.random.default_rng(seed)
    network = Network(STACKS[name], dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.6, network.vector.shape)
    targets = nn.one_hot(rng.integers(0, 3, 5), 3, dtype=np.float64)
    check = nn.check_gradients(network, rng.normal(size=(5, 4)), targets)
    assert check.error < 1e-6, check
    assert check.n_checked == network.vector.size


class Unpadded(Conv2D):
    """A planted mistake: the gradient of the padded image is handed back uncut, from its corner."""

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray:
        dx = super().backward(dy, ctx)
        assert dx is not None
        return np.roll(dx, 1, axis=1)


def test_a_planted_mistake_is_found(rng: np.random.Generator) -> None:
    layers = stack(Unpadded(1, 2, 3, padding=1), ToRows(), n_features=72)
    network = Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.6, network.vector.shape)
    targets = nn.one_hot(rng.integers(0, 3, 5), 3, dtype=np.float64)
    check = nn.check_gradients(network, rng.normal(size=(5, 4)), targets)
    assert check.error > 1e-2
    assert check.worst.startswith(("W1", "b1"))


def test_max_pooling_against_plain_loops_and_ties_go_to_the_first(rng: np.random.Generator) -> None:
    x = rng.integers(0, 3, (2, 4, 6, 5)).astype(float)  # many equal numbers
    pool = MaxPool2D(2)
    ctx = Context()
    y = pool.forward(x, ctx)
    dy = rng.normal(size=y.shape)
    dx = pool.backward(dy, ctx)
    assert dx is not None
    for c, i, j, n in np.ndindex(*y.shape):
        window = x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, n].ravel()
        assert y[c, i, j, n] == window.max()
        gradient = dx[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, n].ravel()
        expected = np.zeros(4)
        expected[int(window.argmax())] = dy[c, i, j, n]
        np.testing.assert_array_equal(gradient, expected)


def test_kept_arrays_change_nothing_and_are_used_again(rng: np.random.Generator) -> None:
    conv = Conv2D(2, 3, 3, padding=1)
    params = [rng.normal(size=shape) for shape in conv.parameter_shapes()]
    ctx = Context(params, keep=True)
    for _ in range(2):
        x = rng.normal(size=(2, 8, 8, 4))
        kept, new = conv.forward(x, ctx), conv.forward(x, Context(params))
        np.testing.assert_array_equal(kept, new)
    assert conv.forward(x, ctx) is kept
    assert conv.forward(x, Context(params)) is not new


@pytest.mark.parametrize(
    "numbers", [(0, 1, 3), (1, 0, 3), (1, 1, 0), (1, 1, 3, 0), (1, 1, 3, 1, 3), (1, 1, 3, 1, -1)]
)
def test_what_makes_no_convolution_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Conv2D needs"):
        Conv2D(*numbers)


def test_images_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        params = np.zeros((25, 1)), np.zeros(1)
        Conv2D(1, 1, 5).forward(np.zeros((1, 4, 4, 1)), Context(params))
    with pytest.raises(ValueError, match="does not fit"):
        Conv2D(2, 1, 1).output_shape((1, 4, 4))
    with pytest.raises(ValueError, match="add ToRows"):
        Network([ToImages(4, 4), Conv2D(1, 2, 3)])
    with pytest.raises(ValueError, match="takes 8 numbers"):
        Network([ToImages(4, 4), Conv2D(1, 2, 2), ToRows(), Dense(8, 2)])
    with pytest.raises(ValueError, match="do not divide"):
        MaxPool2D(2).output_shape((1, 5, 4))


def test_a_strip_has_at_most_a_million_numbers() -> None:
    """A row of 1,024 pixels of 64 images has 2^16 numbers, so 16 rows have 2^20."""
    conv, x = Conv2D(1, 1, 1), np.zeros((1, 33, 1024, 64), np.float32)
    rows = [rows for rows, _ in conv._strips(x, x.shape, Context())]
    assert rows == [slice(0, 16), slice(16, 32), slice(32, 33)]
    wide = np.zeros((1, 2, 1, (1 << 20) + 1), np.float32)  # but one row at least
    rows = [rows for rows, _ in conv._strips(wide, wide.shape, Context())]
    assert rows == [slice(0, 1), slice(1, 2)]
