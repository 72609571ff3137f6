"""Components of a page: which have a digit's size, and why others are dropped."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from digitnet.imaging.components import Components
from digitnet.reading.components import _light_under, page_components, weighted_median

PEN = 4.0
LIGHT = np.full((10, 10), 200, np.uint8)
SHAPE = (400, 600)

Made = tuple[tuple[int, int, int, int], float]  # box as left, top, width, height, and its depth


def components(*made: Made, unsure: tuple[int, ...] = ()) -> Components:
    """Components by their boxes, all ink, of a depth (mean contrast) each; the first is no ink."""
    rows = np.array([(0, 0, SHAPE[1], SHAPE[0]), *(box for box, _ in made)], np.int32)
    left, top, width, height = rows.T
    area = width * height
    depth = np.array([0.0, *(depth for _, depth in made)])
    seeded = np.array([False, *(k not in unsure for k in range(len(made)))])
    return Components(
        np.zeros(SHAPE, np.int32), left, top, width, height, area, depth * area, seeded
    )


DIGITS: list[Made] = [((100 + 60 * k, 100, 30, 50), 0.8) for k in range(4)]


def dropped(
    *made: Made, ground: np.ndarray = LIGHT, unsure: tuple[int, ...] = ()
) -> dict[str, int]:
    """What is dropped of something beside four digits 50 pixels high, and only that."""
    chosen = page_components(components(*DIGITS, *made, unsure=unsure), ground, PEN)
    assert [one.label for one in chosen.whole][:4] == [1, 2, 3, 4]
    assert chosen.height == 50
    return dict(chosen.dropped)


def test_digits_are_kept_with_their_boxes_and_masses() -> None:
    chosen = page_components(components(*DIGITS), LIGHT, PEN)
    assert chosen.whole[0].box == (100, 100, 130, 150)
    assert chosen.whole[0].mass == pytest.approx(0.8 * 1500)
    assert chosen.fragments == ()
    assert not chosen.dropped
    with pytest.raises(FrozenInstanceError):
        chosen.height = 51.0  # type: ignore[misc]


@pytest.mark.parametrize(("height", "whole"), [(22, 4), (23, 5)])
def test_what_is_lower_than_045_of_a_digit_is_a_fragment(height: int, whole: int) -> None:
    """0.45 x 50 = 22.5."""
    chosen = page_components(components(*DIGITS, ((400, 100, 10, height), 0.8)), LIGHT, PEN)
    assert len(chosen.whole) == whole
    assert len(chosen.fragments) == 5 - whole


def test_a_typical_height_is_the_one_that_half_of_the_ink_is_higher_than() -> None:
    many: list[Made] = [((10 * k, 300, 4, 9), 0.8) for k in range(5, 45)]  # 1,440 of 7,440 pixels
    assert dropped(*many) == {}


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((400, 100, 30, 114), None),  # 2.3 digits high
        ((400, 100, 30, 116), "too large"),
        ((2, 200, 399, 50), None),
        ((2, 200, 597, 49), None),  # 12 digits are 600 pixels
        ((0, 100, 20, 30), None),  # at the border, but a digit's height: 0.6 x 50 = 30
        ((0, 100, 20, 29), "at the border"),
        ((580, 100, 20, 29), "at the border"),
        ((300, 0, 20, 29), "at the border"),
        ((300, 371, 20, 29), "at the border"),
        ((0, 100, 15, 29), None),  # as wide as 0.3 digits: a stroke of a digit that is cut off
        ((0, 100, 16, 29), "at the border"),
        ((0, 100, 200, 25), "at the border"),
        ((0, 0, 600, 50), "at the border"),  # three sides, and long
        ((400, 360, 50, 40), None),  # one
        ((0, 0, 20, 31), None),  # two
        ((0, 100, 600, 49), "at the border"),  # two, and longer than eight times its height
        ((0, 100, 240, 30), None),  # eight times
        ((0, 100, 241, 30), "at the border"),
        ((300, 0, 20, 30), None),
        ((580, 369, 20, 31), None),
    ],
)
def test_size_and_place(box: tuple[int, int, int, int], reason: str | None) -> None:
    assert dropped((box, 0.8)) == ({} if reason is None else {reason: 1})


@pytest.mark.parametrize(("depth", "faint"), [(0.45, False), (0.43, True)])
def test_ink_of_less_than_055_of_the_usual_depth_is_faint(depth: float, faint: bool) -> None:
    """0.55 x 0.8 = 0.44: print that shines through."""
    assert dropped(((400, 100, 30, 50), depth)) == ({"faint": 1} if faint else {})


@pytest.mark.parametrize(("level", "other"), [(61, False), (60, False), (59, True)])
def test_ink_on_a_ground_of_less_than_03_of_the_light_is_on_another(
    level: int, other: bool
) -> None:
    """0.3 x 200 = 60. The ground is at a tenth of the size, in colour: its lightest channel."""
    ground = np.full((40, 60, 3), 10, np.uint8)
    ground[..., 1] = 200
    ground[10:15, 40:43, 1] = level
    found = dropped(((400, 100, 30, 50), 0.8), ground=ground)
    assert found == ({"on another ground": 1} if other else {})


def test_grain_is_not_even_counted() -> None:
    """Ink that is nowhere sure, or smaller than 0.2 of a pen's square: 0.2 x 16 = 3.2."""
    assert dropped(((400, 100, 30, 50), 0.8), unsure=(4,)) == {}
    small = page_components(components(*DIGITS, ((400, 100, 1, 3), 0.8)), LIGHT, PEN)
    assert small.fragments == ()
    larger = page_components(components(*DIGITS, ((400, 100, 2, 2), 0.8)), LIGHT, PEN)
    assert len(larger.fragments) == 1
    fine = page_components(components(*DIGITS, ((400, 100, 1, 1), 0.8)), LIGHT, 1.0)
    assert fine.fragments == ()  # two pixels at least


@pytest.mark.parametrize(("height", "kept"), [(8, 1), (7, 0)])
def test_digits_of_less_than_eight_pixels_are_grain(height: int, kept: int) -> None:
    chosen = page_components(components(((100, 100, 5, height), 0.8)), LIGHT, 1.0)
    assert len(chosen.whole) == kept
    assert chosen.dropped["grain"] == 1 - kept


def test_long_lines_say_nothing_of_a_digits_height() -> None:
    """A page's edge and a ruled line hold most of the ink here, and change nothing."""
    edge: Made = ((0, 0, 20, 400), 0.8)
    line: Made = ((100, 300, 450, 20), 0.8)
    chosen = page_components(components(*DIGITS, edge, line), LIGHT, PEN)
    assert chosen.height == 50
    assert [one.label for one in chosen.whole] == [1, 2, 3, 4]
    # where there is nothing else, they have to do
    assert page_components(components(edge), LIGHT, PEN).height == 400


def test_nothing_at_all() -> None:
    chosen = page_components(components(), LIGHT, PEN)
    assert (chosen.whole, chosen.fragments, chosen.height) == ((), (), 0.0)
    assert not chosen.dropped


def test_the_weighted_median_by_hand() -> None:
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])) == 2
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])) == 3
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])) == 1


def test_a_lines_heights_count_only_where_all_are_lines() -> None:
    """Seven times as wide as high is a digit's shape, eight times is a line's, wherever it lies."""
    wide: Made = ((50, 300, 350, 50), 0.8)  # most of the ink by far
    assert page_components(components(((100, 100, 30, 20), 0.8), wide), LIGHT, PEN).height == 50
    line: Made = ((50, 300, 400, 50), 0.8)
    assert page_components(components(((100, 100, 30, 20), 0.8), line), LIGHT, PEN).height == 20
    upright: Made = ((300, 10, 20, 380), 0.8)  # inside the page, long as it is
    few: Made = ((100, 100, 30, 60), 0.8)
    assert page_components(components(few, upright), LIGHT, PEN).height == 380
    at_the_edge: Made = ((300, 0, 20, 380), 0.8)
    assert page_components(components(few, at_the_edge), LIGHT, PEN).height == 60


def test_the_ground_is_looked_up_in_each_components_middle() -> None:
    """The ground is a tenth of the page, 40 x 60, and says where it was asked."""
    ground = (np.arange(40)[:, None] + 60 + np.arange(60) * 2).astype(np.uint8)
    found = components(((100, 100, 30, 50), 1.0), ((590, 390, 10, 10), 1.0), ((0, 0, 1, 1), 1.0))
    # x = 115 / 10 = 11, y = 125 / 10 = 12; the last pixel; the first; all of the page, for no ink
    assert _light_under(ground, found).tolist() == [60 + 20 + 60, 60 + 12 + 22, 60 + 39 + 118, 60]
    small = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
    assert _light_under(small, found).tolist() == [50, 10, 60, 10]
    beyond = components(((600, 400, 1, 1), 1.0))  # of rounding: never outside
    assert _light_under(small, beyond)[1] == 60


def test_three_sides_are_the_border_whatever_its_shape() -> None:
    """So pale that it moves no other figure."""
    assert dropped(((0, 0, 600, 100), 0.05)) == {"at the border": 1}
    assert dropped(((0, 0, 599, 100), 0.05)) == {"faint": 1}


def test_ties_and_limits() -> None:
    assert weighted_median(np.array([1.0, 2.0]), np.array([1.0, 1.0])) == 1  # half lies at 1
    two = page_components(components(((100, 100, 1, 2), 0.8), *DIGITS), LIGHT, 1.0)
    assert len(two.fragments) == 1  # two pixels are no grain
    # depth is a mean over the area: 0.8 x 1 pixel of ink would be 0.4 over two
    single = components(*DIGITS, ((400, 100, 30, 50), 0.8))
    single.area[5], single.mass[5] = 5, 0.45 * 5
    assert page_components(single, LIGHT, PEN).dropped == {}
    single.mass[5] = 0.43 * 5
    assert page_components(single, LIGHT, PEN).dropped == {"faint": 1}


@pytest.mark.parametrize(
    ("size", "depth", "faint"),
    [(14, 0.31, False), (14, 0.30, True), (15, 0.43, True), (15, 0.45, False)],
)
def test_a_dot_may_be_fainter_than_a_stroke(size: int, depth: float, faint: bool) -> None:
    """Digits are 50 high and 0.8 deep: 0.3 x 50 = 15, and 0.38 x 0.8 = 0.304."""
    assert dropped(((400, 100, size, size), depth)) == ({"faint": 1} if faint else {})
