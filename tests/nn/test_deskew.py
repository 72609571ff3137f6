"""Deskew: upright and in the middle, whatever came in."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.nn import Context, Dense, Deskew, Network


def slanted(slant: float, offset: float = 0.0) -> np.ndarray:
    """A bar 28 x 28 whose centre moves by `slant` pixels to the left with each row down."""
    rows, columns = np.mgrid[:28, :28].astype(float)
    distance = columns - 13.5 - offset - slant * (13.5 - rows)
    image = np.exp(-((distance / 1.2) ** 2))
    image[:4] = image[24:] = 0.0
    return image


def by_loops(image: np.ndarray) -> np.ndarray:
    """Moments and interpolation, one number at a time."""
    height, width = image.shape
    mass = image.sum()
    mean_y = sum(y * image[y].sum() for y in range(height)) / mass
    mean_x = sum(x * image[:, x].sum() for x in range(width)) / mass
    covariance = variance = 0.0
    for y, x in np.ndindex(height, width):
        covariance += image[y, x] * (y - mean_y) * (x - mean_x)
        variance += image[y, x] * (y - mean_y) ** 2
    result = np.zeros_like(image)
    for y, x in np.ndindex(height, width):
        source = x + covariance / variance * (y - mean_y) + mean_x - (width - 1) / 2
        left = int(np.floor(source))
        for column, weight in ((left, left + 1 - source), (left + 1, source - left)):
            if 0 <= column < width:
                result[y, x] += weight * image[y, column]
    return result


def deskewed(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    return Deskew(height, width).forward(image.reshape(1, -1), Context()).reshape(height, width)


@pytest.mark.parametrize("slant", [-0.6, -0.2, 0.0, 0.3, 0.7])
@pytest.mark.parametrize("offset", [-2.5, 0.0, 2.0])
def test_a_slanted_bar_stands_upright_in_the_middle(slant: float, offset: float) -> None:
    upright = deskewed(slanted(slant, offset))
    columns = np.arange(28)
    centres = [row @ columns / row.sum() for row in upright if row.sum() > 1.0]
    np.testing.assert_allclose(centres, 13.5, atol=0.05)
    assert upright.sum() == pytest.approx(slanted(slant, offset).sum(), rel=1e-6)


def test_against_plain_loops_also_where_ink_leaves_the_frame(rng: np.random.Generator) -> None:
    for shape in ((28, 28), (9, 14)):
        images = rng.random((20, *shape)) * (rng.random((20, *shape)) < 0.2)
        images[0, :, : shape[1] // 4] = 1.0  # far off the middle
        got = Deskew(*shape).forward(images.reshape(20, -1), Context()).reshape(images.shape)
        for image, upright in zip(images, got, strict=True):
            np.testing.assert_allclose(upright, by_loops(image), atol=1e-9)


def test_odd_frames_stay_finite() -> None:
    empty, line = np.zeros((28, 28)), np.zeros((28, 28))
    line[5] = 1.0  # no height, so no slant
    corner = np.zeros((28, 28))
    corner[0, 0] = 1.0
    for image in (empty, line, corner):
        upright = deskewed(image)
        assert np.isfinite(upright).all()
        assert upright.sum() == pytest.approx(image.sum())


def test_it_may_only_stand_where_pixels_are() -> None:
    with pytest.raises(ValueError, match="takes 784 pixels"):
        Network([Dense(4, 5), Deskew(28, 28), Dense(784, 3)])
    network = Network([Deskew(28, 28), Dense(784, 10)])
    assert network.n_in == 784
    gradient = np.empty_like(network.vector)
    targets = np.full((2, 10), 0.1, np.float32)
    network.loss_and_gradient(np.ones((2, 784), np.float32), targets, gradient)
    assert np.isfinite(gradient).all()


def test_no_more_than_45_degrees_are_set_upright() -> None:
    """Two dots two rows apart and four columns: a slant of 2, of which 1 is taken back."""
    image, expected = np.zeros((9, 9)), np.zeros((9, 9))
    image[3, 2] = image[5, 6] = 1.0
    expected[3, 3] = expected[5, 5] = 1.0
    np.testing.assert_allclose(deskewed(image), expected, atol=1e-12)
