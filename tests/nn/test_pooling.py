"""Images and pooling: by hand, against plain loops, and against central differences."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet import nn
from digitnet.nn import AveragePool2D, Context, Dense, Network, Tanh, ToImages, ToRows


def test_images_and_rows_are_each_others_way_back(rng: np.random.Generator) -> None:
    x = rng.random((5, 12))
    images = ToImages(3, 4).forward(x, Context())
    assert images.shape == (1, 3, 4, 5)
    assert images[0, 2, 1, 3] == x[3, 2 * 4 + 1]
    rows = ToRows().forward(images, Context())
    np.testing.assert_array_equal(rows, x)


def test_average_pooling_against_plain_loops(rng: np.random.Generator) -> None:
    x = rng.random((3, 6, 4, 5))
    y = AveragePool2D(2).forward(x, Context())
    for c in range(3):
        for i in range(3):
            for j in range(2):
                window = x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                np.testing.assert_allclose(y[c, i, j], window.mean(axis=(0, 1)))


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_through_pooled_images(seed: int) -> None:
    """A Dense layer in front, so that dL/dx goes through all three."""
    rng = np.random.default_rng(seed)
    layers = [Dense(5, 16), Tanh(), ToImages(4, 4), AveragePool2D(2), ToRows(), Dense(4, 3)]
    network = Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.7, network.vector.shape)
    targets = nn.one_hot(rng.integers(0, 3, 6), 3, dtype=np.float64)
    check = nn.check_gradients(network, rng.normal(size=(6, 5)), targets)
    assert check.error < 1e-6, check


def test_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not divide"):
        AveragePool2D(3).forward(np.zeros((1, 28, 28, 1)), Context())
    with pytest.raises(ValueError, match="at least one pixel"):
        AveragePool2D(0)


def test_the_fixed_head_is_what_comes_before_parameters_and_chance() -> None:
    pooled = [ToImages(4, 4), AveragePool2D(2), ToRows()]
    assert Network([*pooled, Dense(4, 3)]).n_fixed == 3
    assert Network([*pooled, nn.Dropout(0.1), Dense(4, 3)]).n_fixed == 3
    assert Network([nn.Dropout(0.1), *pooled, Dense(4, 3)]).n_fixed == 0
    assert Network([Dense(4, 3)]).n_fixed == 0
    assert Network([*pooled, Dense(4, 3)]).n_in == 16
