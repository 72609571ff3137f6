"""Ink: Otsu's threshold and hysteresis, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.ink import Ink, coverage, find_ink, median, otsu


def test_otsu_cuts_between_two_classes() -> None:
    values = np.array([0.0] * 10 + [1.0] * 5, np.float32)
    assert otsu(values) == 1 / 256  # all cuts between them are as good: the first
    spread = np.array([0.0, 0.1, 0.2, 0.8, 0.9, 1.0], np.float32)
    assert 0.2 <= otsu(spread) < 0.21
    assert otsu(np.array([1, 2, 9], np.float32), bins=8) == 3.0  # bins of 1 from 1
    assert otsu(np.full(7, 0.3, np.float32)) == pytest.approx(0.3)
    assert otsu(np.array([5.0, 5.0 + 4e-6], np.float32)) == 5.0  # one value, but for rounding


def test_the_upper_median() -> None:
    assert median(np.array([[3, 1], [2, 4]], np.float32)) == 3
    assert median(np.array([3, 1, 2], np.float32)) == 2


def contrast(*others: float, full: float = 0.6, n: int = 60) -> np.ndarray:
    """400 pixels of even paper, n of full ink, and others."""
    return np.array([[0.0] * 400 + [full] * n + list(others)], np.float32)


def test_ink_reaches_a_third_of_full_ink_and_is_sure_from_a_half_on() -> None:
    """Full ink is 0.6: a third is 0.198, a half 0.3."""
    ink = find_ink(contrast(0.19, 0.21, 0.29, 0.31))
    assert ink is not None
    assert ink.level == pytest.approx(0.6)
    assert ink.noise == 0
    assert ink.mask[0, -4:].tolist() == [0, 1, 1, 1]
    assert ink.seeds[0, -4:].tolist() == [False, False, False, True]
    assert ink.mask[0, 400:460].all()
    assert not ink.mask[0, :400].any()


@pytest.mark.parametrize(("n", "found"), [(2, False), (3, True)])
def test_less_than_three_pixels_are_no_ink(n: int, found: bool) -> None:
    assert (find_ink(contrast(n=n)) is not None) == found


@pytest.mark.parametrize(("full", "found"), [(0.039, False), (0.041, True)])
def test_ink_has_a_contrast_of_004(full: float, found: bool) -> None:
    assert (find_ink(contrast(full=full)) is not None) == found


def noisy(full: float) -> np.ndarray:
    """Paper of -0.02, 0 and 0.02: deviations with a median of 0.02, a noise of 0.02965."""
    return np.array([[-0.02] * 150 + [0.0] * 100 + [0.02] * 150 + [full] * 60], np.float32)


@pytest.mark.parametrize(("full", "found"), [(0.175, False), (0.181, True)])
def test_ink_stands_out_by_six_times_the_papers_noise(full: float, found: bool) -> None:
    """6 x 0.02965 = 0.178."""
    ink = find_ink(noisy(full))
    assert (ink is not None) == found
    if ink is not None:
        assert ink.noise == pytest.approx(1.4826 * 0.02, rel=1e-4)


def test_noise_lifts_both_thresholds() -> None:
    """Three times the noise, 0.089, is above a third of 0.2; four, 0.1186, above a half of it."""
    values = np.concatenate([noisy(0.2), np.array([[0.08, 0.1, 0.11, 0.13]], np.float32)], axis=1)
    ink = find_ink(values)
    assert ink is not None
    assert ink.mask[0, -4:].tolist() == [0, 1, 1, 1]
    assert ink.seeds[0, -4:].tolist() == [False, False, False, True]


def test_the_papers_own_level_does_not_count() -> None:
    lifted = contrast(0.21) + np.float32(0.1)
    ink = find_ink(lifted)
    assert ink is not None
    assert ink.level == pytest.approx(0.7)
    assert ink.mask[0, -1] == 1
    assert not ink.mask[0, :400].any()


def test_what_is_no_darker_than_its_ground_is_no_ink() -> None:
    """Most of the picture outshines its ground by 0.2: the rest only looks dark beside it."""
    assert find_ink(contrast(full=0.2) - np.float32(0.2)) is None
    assert find_ink(contrast(full=0.25) - np.float32(0.2)) is not None


def test_thin_strokes_keep_their_grey_and_wide_ones_an_edge() -> None:
    mask = np.array([[0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]], np.uint8)
    values = np.array([[0.3, 0.3, 0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.3, 0.3, 0.3]], np.float32)
    ink = Ink(mask, mask > 0, 0.4, 0.0)
    thin = coverage(values, ink, mask, 4.0)
    np.testing.assert_allclose(
        thin, [[0, 0.75, 0.25, 0.5, 0.75, 1, 1, 0.5, 0, 0, 0]], atol=1e-6
    )  # a pixel around the mask counts, no more
    wide = coverage(values, ink, mask, 8.0)  # twice as steep about a half
    np.testing.assert_allclose(wide, [[0, 1, 0, 0.5, 1, 1, 1, 0.5, 0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(coverage(values, ink, mask, 2.0), thin)


def test_what_the_noise_explains_is_no_coverage() -> None:
    mask = np.ones((1, 4), np.uint8)
    values = np.array([[0.015, 0.017, 0.048, 0.052]], np.float32)
    clean = coverage(values, Ink(mask, mask > 0, 0.4, 0.0), mask, 1.0)
    assert (clean > 0).tolist() == [[False, True, True, True]]  # from 0.04 x 0.4 = 0.016 on
    noisy = coverage(values, Ink(mask, mask > 0, 0.4, 0.02), mask, 1.0)
    assert (noisy > 0).tolist() == [[False, False, False, True]]  # from 2.5 x 0.02 on
