"""Drawing: the area under a stroke is the area it should have, at any size."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.raster import Stroke, cover, render


def line(x0: float, y0: float, x1: float, y1: float, radius: float) -> Stroke:
    return Stroke(np.array([[x0, y0], [x1, y1]], float), np.full(2, radius))


def test_a_line_covers_its_area():
    ink = render([line(20, 30, 80, 50, 4)], 80, 100) / 255
    length = np.hypot(60, 20)
    expected = length * 8 + np.pi * 16  # a bar with two round ends
    assert ink.sum() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("softness", [0.5, 1.0, 2.0])
def test_softness_blurs_the_edge_and_keeps_the_area(softness):
    ink = render([line(20, 20, 60, 20, 5)], 40, 80, softness=softness) / 255
    assert ink.sum() == pytest.approx(400 + np.pi * 25, rel=0.015)


def test_a_half_covered_pixel_is_half_grey():
    ink = render([line(-20, 10.5, 60, 10.5, 3)], 21, 40)
    assert ink[10, 20] == 255
    assert abs(int(ink[7, 20]) - 128) <= 13
    assert ink[6, 20] == ink[14, 20] == 0


def test_the_pen_may_swell():
    stroke = Stroke(np.array([[10.0, 20.0], [90.0, 20.0]]), np.array([2.0, 8.0]))
    high = (render([stroke], 40, 100) > 128).sum(axis=0)
    assert high[12] <= 5
    assert 14 <= high[88] <= 17
    assert np.all(np.diff(high[12:88].astype(int)) >= -1)


def test_strokes_outside_or_across_the_edge_are_cut():
    assert not render([line(200, 200, 300, 300, 5)], 50, 50).any()
    assert not render([line(-90, -90, -50, -50, 5)], 50, 50).any()
    whole = render([line(-30, 25, 80, 25, 5)], 50, 50)
    assert np.all(whole[25] == 255)


def test_crossing_strokes_do_not_add_up():
    ink = render([line(5, 25, 45, 25, 3), line(25, 5, 25, 45, 3)], 50, 50)
    assert ink[25, 25] == 255
    assert np.array_equal(ink, ink.T)


def test_one_point_is_a_dot_and_nothing_is_blank():
    dot = render([Stroke(np.array([[10.0, 10.0]]), np.array([4.0]))], 20, 20) / 255
    assert dot.sum() == pytest.approx(np.pi * 16, rel=0.03)
    assert not render([], 5, 6).any()
    assert render([], 5, 6).shape == (5, 6)


def test_placed_moves_and_scales():
    stroke = line(0, 0, 1, 1, 0.1).placed(50, 10, 20)
    np.testing.assert_allclose(stroke.points, [[10, 20], [60, 70]])
    np.testing.assert_allclose(stroke.radii, 5)


@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, -1)])
def test_a_picture_needs_pixels(height, width):
    with pytest.raises(SettingsError, match="1 x 1"):
        render([], height, width)


def test_a_batch_is_drawn_like_its_members(rng):
    x, y = rng.uniform(3, 17, (2, 30, 8)).astype(np.float32)
    radii = rng.uniform(0.5, 2, (30, 8)).astype(np.float32)
    softness = rng.uniform(0.8, 2, 8).astype(np.float32)
    batch = cover(x, y, radii, softness, 20, 21)
    assert batch.shape == (20, 21, 8)
    assert batch.min() == 0
    assert batch.max() <= 1
    for k in range(8):
        alone = cover(x[:, [k]], y[:, [k]], radii[:, [k]], softness[[k]], 20, 21)
        np.testing.assert_allclose(alone[:, :, 0], batch[:, :, k], atol=2e-6)
