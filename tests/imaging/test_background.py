"""Background: pens, polarity and the ground under the ink, on small pictures."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.background import (
    closed,
    contrast_to,
    estimate_background,
    measure_pens,
    noise_level,
    percentile,
    polarity,
    without_grain,
)


def bars(width: int, pitch: int, side: int = 240, paper: int = 200, ink: int = 60) -> np.ndarray:
    picture = np.full((side, side), paper, np.uint8)
    for left in range(pitch // 2, side - width - 10, pitch):
        picture[20:-20, left : left + width] = ink
    return picture


def test_percentiles_are_numpys(rng: np.random.Generator) -> None:
    values = rng.integers(0, 256, (13, 17), dtype=np.uint8)
    for share in (0.0, 0.1, 0.68, 0.9, 1.0):
        assert percentile(values, share) == pytest.approx(np.percentile(values, 100 * share))
    assert percentile(np.array([10, 20], np.uint8), 0.25) == 12.5


def test_the_noise_is_a_standard_deviation(rng: np.random.Generator) -> None:
    grain = np.rint(rng.normal(128, 8, (200, 200))).astype(np.uint8)
    assert noise_level(grain) == pytest.approx(8, abs=1)
    assert noise_level(bars(12, 40)) == 0


def test_closing_fills_what_is_narrower() -> None:
    row = np.full((9, 30), 200, np.uint8)
    row[:, 5:8] = 50  # three wide
    row[:, 15:20] = 50  # five
    filled = closed(row, 5)
    assert (filled[4, 5:8] == 200).all()
    assert (filled[4, 15:20] == 50).all()
    assert closed(row, 3)[4, 6] == 50


@pytest.mark.parametrize(("width", "size"), [(2, 3), (4, 5), (6, 7), (8, 9), (12, 13)])
def test_a_pen_is_found_at_the_size_that_fills_its_strokes(width: int, size: int) -> None:
    pens = measure_pens(bars(width, 60))
    assert len(pens.widths) == 1
    assert size <= pens.widths[0] <= 1.4 * size
    assert pens.strength > 0


def test_two_pens_are_both_found_and_thin_ones_come_first() -> None:
    picture = bars(24, 110)
    picture[100:102] = 60  # a ruled line
    picture[140:142] = 60
    widths = measure_pens(picture).widths
    assert widths[0] == 3
    assert 25 <= widths[-1] <= 36


def test_flat_pictures_have_no_strength_and_half_a_shadow_neither() -> None:
    assert measure_pens(np.full((60, 60), 90, np.uint8)).strength == 0
    shadow = np.full((100, 100), 200, np.uint8)
    shadow[:, 60:] = 100
    assert measure_pens(shadow).strength == 0


def test_grain_is_no_pen(rng: np.random.Generator) -> None:
    grain = np.rint(rng.normal(128, 6, (160, 160))).astype(np.uint8)
    bold = bars(10, 60, side=160).astype(float) + rng.normal(0, 6, (160, 160))
    assert measure_pens(grain).strength < 0.05 * measure_pens(bold.astype(np.uint8)).strength


def test_the_vote_is_for_thin_structure_and_against_the_border() -> None:
    vote, dark, light = polarity(bars(6, 40))
    assert vote > 0.8  # mostly dark strokes, and all of the border is light
    assert vote == pytest.approx(
        (dark.strength - light.strength) / (dark.strength + light.strength) + 0.25
    )
    negative, light_dark, light_light = polarity(255 - bars(6, 40))
    assert negative == pytest.approx(-vote)
    assert light_light == dark
    assert light_dark == light
    assert polarity(np.full((30, 30), 7, np.uint8))[0] == 0
    colour = np.repeat(bars(6, 40)[..., None], 3, axis=2)
    assert polarity(colour)[0] == pytest.approx(vote)


def test_the_border_counts_a_quarter() -> None:
    picture = bars(6, 40, ink=110)
    framed = picture.copy()
    framed[:, 0] = framed[:, -1] = framed[0] = framed[-1] = 110  # nearer to the darkest
    vote, dark, light = polarity(framed)
    shape = (dark.strength - light.strength) / (dark.strength + light.strength)
    assert vote == pytest.approx(shape - 0.25)


def test_the_ground_is_what_lies_under_strokes_a_pen_wide() -> None:
    picture = bars(6, 60)
    ground = estimate_background(picture, 6)
    assert (ground == 200).all()
    wide = bars(14, 60)
    assert (estimate_background(wide, 6) < 200).any()  # 13 pixels do not fill 14
    assert (estimate_background(bars(13 - 1, 60), 6) == 200).all()


def test_only_pictures_from_64_pixels_on_are_eroded() -> None:
    for side, eroded in ((63, False), (64, True)):
        picture = np.full((side, side), 200, np.uint8)
        picture[:, 30:] = 100  # a shadow's edge
        ground = estimate_background(picture, 3)
        assert ground[20, 29] == (100 if eroded else 200)
        assert ground[20, 28] == 200


def test_contrast_is_a_ratio_and_so_the_same_in_shadow() -> None:
    ground = np.full((20, 20), 200, np.uint8)
    work = np.full((20, 20), 200, np.uint8)
    work[5, 5], work[6, 6], work[7, 7] = 100, 0, 240
    found = contrast_to(ground, work)
    assert found.dtype == np.float32
    assert found[5, 5] == pytest.approx(0.5)
    assert found[6, 6] == pytest.approx(1)
    assert found[7, 7] == pytest.approx(-0.2)
    assert found[0, 0] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(contrast_to(ground // 2, work // 2), found, atol=1e-6)


def test_a_ground_under_32_levels_does_not_blow_grain_up() -> None:
    dark, black = np.full((9, 9), 16, np.uint8), np.zeros((9, 9), np.uint8)
    np.testing.assert_allclose(contrast_to(dark, black), 0.5)  # 16 / 32


def test_of_three_channels_the_one_counts_that_sees_the_ink() -> None:
    ground = np.full((9, 9, 3), 240, np.uint8)
    work = ground.copy()
    work[4, 4] = (240, 230, 60)  # yellow
    assert contrast_to(ground, work)[4, 4] == pytest.approx(0.75)
    # a channel that is dark in the ground itself counts by half of the lightest at least
    blue = np.full((9, 9, 3), (40, 80, 200), np.uint8)
    ink = blue.copy()
    ink[4, 4] = (0, 80, 200)
    assert contrast_to(blue, ink)[4, 4] == pytest.approx(40 / 100)


def test_the_ground_may_be_smaller_than_the_picture() -> None:
    work = np.full((40, 60), 100, np.uint8)
    assert contrast_to(np.full((10, 15), 200, np.uint8), work).shape == (40, 60)
    np.testing.assert_allclose(contrast_to(np.full((10, 15), 200, np.uint8), work), 0.5)


def test_strokes_from_over_eight_pixels_on_are_smoothed() -> None:
    """(pen - 5) / 8 pixels, from 0.4 on and 3 at most."""
    work = np.zeros((61, 61), np.uint8)
    work[30, 30] = 255
    assert without_grain(work, 8.1) is work
    some = without_grain(work, 8.3)
    assert 0 < some[30, 30] < 255
    assert without_grain(work, 13)[30, 30] == pytest.approx(255 / (2 * np.pi), abs=2)
    assert without_grain(work, 29)[30, 30] == without_grain(work, 200)[30, 30]
    assert without_grain(work, 25)[30, 30] > without_grain(work, 29)[30, 30]


@pytest.mark.parametrize(
    ("shape", "dark", "light"),
    [
        ((60, 90), ((5, 9), 7.8796), ((26,), 0.77167)),
        ((140, 75), ((7,), 10.850), ((5, 38), 0.10335)),
        ((300, 220), ((19,), 1.8454), ((5, 104), 0.046953)),
    ],
    ids=["wide", "tall", "large"],
)
def test_pens_of_a_cross_in_uneven_light(
    shape: tuple[int, int],
    dark: tuple[tuple[int, ...], float],
    light: tuple[tuple[int, ...], float],
) -> None:
    """An upright bar of a twelfth of the width and a level one of 3 pixels, on a noisy ground."""
    height, width = shape
    rng = np.random.default_rng(2)
    picture = 210 + np.linspace(0, -60, width) + np.zeros(shape)
    picture[height // 5 : height * 4 // 5, width // 3 : width // 3 + max(2, width // 12)] = 70
    picture[height // 2 : height // 2 + 3, width // 5 : width * 4 // 5] = 120
    picture = (picture + rng.normal(0, 2, shape)).clip(0, 255).astype(np.uint8)
    for seen, (widths, strength) in ((picture, dark), (255 - picture, light)):
        pens = measure_pens(seen)
        assert pens.widths == widths
        assert pens.strength == pytest.approx(strength, rel=1e-3)
