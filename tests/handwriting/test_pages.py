"""Made pages: their text, their boxes, and that a seed says everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_field, draw_page


def test_the_same_seed_gives_the_same_page() -> None:
    first, second = (draw_field(np.random.default_rng(5)) for _ in range(2))
    assert first.lines == second.lines
    np.testing.assert_array_equal(first.picture, second.picture)
    other = draw_field(np.random.default_rng(6))
    assert other.picture.shape != first.picture.shape or (other.picture != first.picture).any()


def test_there_is_ink_in_every_box_and_none_elsewhere(rng: np.random.Generator) -> None:
    style = PageStyle(texture=0, noise=0, blur=0.1)
    page = draw_page(["407 12", "", "9"], rng, style=style)
    assert page.lines == ("407 12", "", "9")
    assert len(page.boxes) == 6
    dark = page.picture.min(axis=2) < 120
    for left, top, right, bottom in page.boxes:
        assert dark[top:bottom, left:right].any()
        dark[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = False
    assert not dark.any()


def test_gaps_words_and_rows_are_where_the_style_puts_them(rng: np.random.Generator) -> None:
    style = replace(PageStyle(digit=50, unevenness=0), gap=0.4, word_gap=2.0, line_gap=3.0)
    boxes = draw_page(["01 8", "5"], rng, style=style).boxes
    assert boxes[1][0] - boxes[0][2] <= 0.4 * 50 + 2  # where they come closest
    assert boxes[2][0] - boxes[1][2] > 1.2 * 50
    assert boxes[3][1] - boxes[0][1] == pytest.approx(3 * 50, abs=3)
    slanted = draw_page(["1111111"], rng, style=replace(style, slope=0.2)).boxes
    rise = (slanted[-1][1] - slanted[0][1]) / (slanted[-1][0] - slanted[0][0])
    assert rise == pytest.approx(0.2, abs=0.03)


def test_light_and_ruling_are_seen(rng: np.random.Generator) -> None:
    plain = PageStyle(texture=0, noise=0)
    size = (120, 160)

    def brightness(style: PageStyle) -> np.ndarray:
        return draw_page([], rng, style=style, size=size).picture.mean(axis=2)

    even = brightness(plain)
    assert even.shape == size
    assert np.ptp(even) < 2
    shaded = brightness(replace(plain, shade=0.5))
    assert shaded.min() == pytest.approx(shaded.max() / 2, rel=0.1)
    ruled = brightness(replace(plain, ruling="lines", ruling_strength=0.5))
    assert (ruled.min(axis=1) < 0.8 * even.mean()).sum() >= 1
    squared = brightness(replace(plain, ruling="squares", ruling_strength=0.5))
    assert (squared.min(axis=1) < 0.8 * even.mean()).all()


def test_wrong_text_and_wrong_ruling(rng: np.random.Generator) -> None:
    with pytest.raises(SettingsError, match="12a"):
        draw_page(["12a"], rng)
    with pytest.raises(SettingsError, match="dots"):
        draw_page(["1"], rng, style=replace(PageStyle(), ruling="dots"))


def test_a_careful_hand_deviates_less(rng: np.random.Generator) -> None:
    hands = Hand.sample(rng, 500)
    neat = careful(hands, 0.5)
    assert neat.slant.std() == pytest.approx(hands.slant.std() / 2, rel=0.01)
    np.testing.assert_array_equal(neat.pen, hands.pen)
    np.testing.assert_allclose(careful(hands, 0).slant, hands.slant, rtol=1e-5)


def test_signs_are_written_between_digits(rng: np.random.Generator) -> None:
    page = draw_page(["-12.5 3/4", "9:05,?"], rng, style=replace(PageStyle(), unevenness=0))
    assert page.lines == ("-12.5 3/4", "9:05,?")
    assert len(page.boxes) == 14
    tall = [bottom - top for _, top, _, bottom in page.boxes]
    minus, one, _, point = tall[:4]
    assert max(minus, point) < 0.4 * one
    assert page.boxes[3][1] > page.boxes[2][1] + 0.6 * one  # the point lies at the foot


def test_a_long_row_may_fall_by_more_than_its_height(rng: np.random.Generator) -> None:
    style = replace(PageStyle(digit=30), slope=0.15)
    boxes = draw_page(["1234567890" * 3], rng, style=style).boxes
    assert len(boxes) == 30
    assert boxes[-1][1] > boxes[0][1] + 60
    gaps = [after[0] - before[2] for before, after in pairwise(boxes)]
    assert max(gaps) < 30


def test_pages_keep_their_bits() -> None:
    """What was measured on made pages before stays comparable."""
    picture = draw_field(np.random.default_rng(0)).picture
    assert picture.shape == (195, 438, 3)
    assert float(picture.mean()) == pytest.approx(141.07, abs=0.01)
