"""Boxes, tables and combs go out of the ink; strokes between them stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.forms import erase_boxes, erase_walls, faint_lines
from digitnet.imaging.ink import Ink, find_ink


def comb() -> tuple[np.ndarray, np.ndarray]:
    """A mask whose level lines are out already, with three walls and a stroke; and those lines."""
    mask, ruling = np.zeros((100, 200), np.uint8), np.zeros((100, 200), np.bool_)
    ruling[10:12, 10:190] = ruling[88:90, 10:190] = True
    for x in (20, 100, 180):
        mask[12:88, x : x + 3] = 1
    mask[30:75, 60:64] = 1
    return mask, ruling


def test_walls_go_and_strokes_stay() -> None:
    mask, ruling = comb()
    erased = erase_walls(mask, ruling, 50.0)
    assert erased[:, 60:64].sum() == 45 * 4
    assert erased.sum() == 45 * 4


def test_a_stroke_across_a_wall_stays_whole() -> None:
    mask, ruling = comb()
    mask[50:54, 85:120] = 1
    assert erase_walls(mask, ruling, 50.0)[50:54, 85:120].all()


def test_without_lines_or_with_squares_nothing_goes() -> None:
    mask, ruling = comb()
    assert erase_walls(mask, np.zeros_like(ruling), 50.0) is mask
    assert erase_walls(mask, ruling, 15.0) is mask
    ruling[:45, 5] = True
    assert erase_walls(mask, ruling, 50.0) is mask


def form(*, slope: float = 0.0) -> np.ndarray:
    """A row of four boxes of 60 x 70 pixels, a 3 in the first and a stroke over a wall."""
    mask = np.zeros((200, 500), np.uint8)
    for y in (60, 130):
        cv2.line(mask, (100, y), (340, round(y + slope * 240)), (1,), 2)
    for k in range(5):
        x = 100 + 60 * k
        cv2.line(mask, (x, 60), (x, round(130 + slope * 60 * k)), (1,), 2)
    return mask


NOTHING = np.zeros((200, 500), np.bool_)


@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_boxes_that_do_not_cross_the_page_go_and_strokes_stay(slope: float) -> None:
    mask = form(slope=slope)
    digits = np.zeros_like(mask)
    cv2.ellipse(digits, (130, 97), (14, 22), 0, 0, 360, (1,), 5)
    cv2.line(digits, (190, 75), (190, 119), (1,), 5)
    cv2.line(digits, (330, 97), (360, 97), (1,), 5)  # over the last wall
    erased = erase_boxes(mask | digits, NOTHING, 44.0, 5.0)
    assert erased[digits > 0].mean() > 0.99
    assert erased[digits == 0].sum() < 30


def test_a_box_around_one_digit_goes_only_if_it_is_closed() -> None:
    mask = np.zeros((200, 500), np.uint8)
    cv2.rectangle(mask, (100, 60), (150, 130), (1,), 2)
    assert erase_boxes(mask, NOTHING, 44.0, 5.0).sum() == 0
    mask[125:, :] = 0
    assert erase_boxes(mask, NOTHING, 44.0, 5.0) is mask


def test_a_line_goes_from_one_and_a_half_heights_and_a_wall_from_2_3() -> None:
    for long, stays in ((62, True), (70, False)):
        mask = np.zeros((200, 500), np.uint8)
        mask[100:103, 50 : 50 + long] = 1
        assert (erase_boxes(mask, NOTHING, 44.0, 5.0).sum() > 0) == stays
    for high, stays in ((95, True), (107, False)):
        mask = np.zeros((200, 500), np.uint8)
        mask[20 : 20 + high, 100:103] = 1
        assert (erase_boxes(mask, NOTHING, 44.0, 5.0).sum() > 0) == stays


def test_what_is_thick_is_no_line() -> None:
    mask = np.zeros((200, 500), np.uint8)
    mask[100:112, 50:450] = 1
    assert erase_boxes(mask, NOTHING, 44.0, 5.0) is mask


def test_three_teeth_of_one_length_go_and_ones_on_the_line_stay() -> None:
    for n in (2, 3):
        mask = np.zeros((200, 500), np.uint8)
        mask[130:132, 60:400] = 1
        for k in range(n):
            mask[112:130, 100 + 60 * k : 103 + 60 * k] = 1
        mask[86:130, 360:365] = 1
        erased = erase_boxes(mask, NOTHING, 44.0, 5.0)
        assert not erased[130:132, 250:350].any()
        assert erased[100, 360:365].all()
        assert erased[112:128, 95:240].any() == (n == 2)


@pytest.mark.parametrize(("over", "goes"), [(0, True), (8, True), (20, False)])
def test_an_empty_combs_teeth_go_and_1s_within_an_underline_stay(over: int, goes: bool) -> None:
    """The teeth are as high as what is taken for digits: they were sure 1s."""
    mask = np.zeros((200, 500), np.uint8)
    mask[130:133, 100 - over : 403 + over] = 1
    for k in range(6):
        mask[86:130, 100 + 60 * k : 103 + 60 * k] = 1
    assert erase_boxes(mask, NOTHING, 44.0, 5.0)[90:128].any() != goes


def test_a_1_between_lines_of_the_page_stays_and_a_higher_wall_goes() -> None:
    ruling = NOTHING.copy()
    ruling[[60, 61]] = True
    for y, stays in ((112, True), (118, False)):
        lines = ruling.copy()
        lines[[y, y + 1]] = True
        mask = np.zeros((200, 500), np.uint8)
        mask[62:y, 100:104] = 1
        assert (erase_boxes(mask, lines, 44.0, 5.0).sum() > 0) == stays


def test_a_grid_whose_lines_are_out_loses_no_strokes() -> None:
    ruling = NOTHING.copy()
    ruling[::50] = ruling[:, ::50] = True
    mask = np.zeros((200, 500), np.uint8)
    for x in range(20, 480, 50):
        cv2.line(mask, (x, 60), (x, 92), (1,), 4)
        cv2.line(mask, (x + 12, 71), (x + 12, 95), (1,), 4)
    assert erase_boxes(mask, ruling, 36.0, 4.0) is mask


@pytest.mark.parametrize("length", [76, 92])
def test_the_long_foot_of_a_2_stays_and_a_line_as_long_goes(length: int) -> None:
    two = np.zeros((200, 500), np.uint8)
    cv2.ellipse(two, (130, 70), (20, 16), 0, 180, 370, (1,), 4)
    cv2.line(two, (150, 72), (112, 110), (1,), 4)
    cv2.line(two, (112, 110), (112 + length, 108), (1,), 4)
    assert erase_boxes(two, NOTHING, 50.0, 4.0) is two
    alone = np.zeros_like(two)
    cv2.line(alone, (312, 110), (312 + length, 108), (1,), 4)
    erased = erase_boxes(two | alone, NOTHING, 50.0, 4.0)
    assert erased[:, :250].sum() == two.sum(), "the foot stays"
    assert erased[:, 250:].sum() <= 3, "the line goes"


def test_an_underline_that_digits_stand_on_goes() -> None:
    mask = np.zeros((200, 500), np.uint8)
    for x in (115, 160):
        cv2.line(mask, (x, 60), (x + 6, 110), (1,), 4)
    cv2.line(mask, (100, 111), (190, 111), (1,), 3)
    erased = erase_boxes(mask, NOTHING, 50.0, 4.0)
    assert not erased[110:113, 130:155].any()
    assert erased[60:105].sum() == mask[60:105].sum()


def faint_table(shade: float, grain: float = 0.0) -> tuple[np.ndarray, Ink]:
    """Contrast of a table of 3 x 4 cells in ink of that shade, a dark 1 and 0; and the ink."""
    contrast = np.zeros((320, 500), np.float32)
    for y in range(40, 281, 80):
        cv2.line(contrast, (60, y), (440, y + 8), (shade,), 3)
    for x in range(60, 441, 95):
        cv2.line(contrast, (x, 40), (x - 6, 286), (shade,), 3)
    cv2.line(contrast, (100, 60), (102, 105), (1.0,), 5)
    cv2.ellipse(contrast, (200, 82), (16, 22), 0, 0, 360, (1.0,), 5)
    contrast += np.random.default_rng(0).normal(0, grain + 0.004, contrast.shape).astype(np.float32)
    ink = find_ink(contrast)
    assert ink is not None
    return contrast, ink


@pytest.mark.parametrize("shade", [0.3, 0.36, 0.5, 0.6])
def test_a_table_in_fainter_ink_goes_whole_and_the_writing_stays(shade: float) -> None:
    contrast, ink = faint_table(shade, grain=0.04)
    gone = faint_lines(contrast, ink, np.zeros(contrast.shape, np.bool_), 45.0, 5.0)
    clean, _ = faint_table(0.0)
    dark = clean > 0.5
    assert not gone[dark].any(), "no writing goes"
    left = (ink.mask > 0) & ~gone & ~(cv2.dilate(dark.astype(np.uint8), np.ones((9, 9))) > 0)
    line = faint_table(shade)[0] > 0.8 * shade
    assert left[line].sum() < 0.03 * line.sum()
    _, _, stats, _ = cv2.connectedComponentsWithStats(left.astype(np.uint8))
    assert stats[1:, [2, 3]].max(initial=0) < 20, "only crumbs are left"


def test_on_plain_paper_and_beside_a_dark_table_nothing_is_faint() -> None:
    for shade in (0.0, 1.0):
        contrast, ink = faint_table(shade, grain=0.02)
        gone = faint_lines(contrast, ink, np.zeros(contrast.shape, np.bool_), 45.0, 5.0)
        assert not gone.any()


@pytest.mark.parametrize(("size", "stays"), [(9, True), (5, True), (3, False)])
def test_a_dot_on_a_faint_line_stays_and_a_crumb_goes(size: int, stays: bool) -> None:
    contrast, _ = faint_table(0.4)
    x, y = 330, 40 + 160 + round((330 - 60) * 8 / 380)
    top, left = y - size // 2, x - size // 2
    contrast[top : top + size, left : left + size] = 1.0
    ink = find_ink(contrast)
    assert ink is not None
    gone = faint_lines(contrast, ink, np.zeros(contrast.shape, np.bool_), 45.0, 5.0)
    assert gone[top : top + size, left : left + size].all() != stays
    assert gone[top : top + size, left : left + size].any() != stays
    assert gone[y + 2, x - 40] or gone[y - 1, x - 40], "the line goes"


@pytest.mark.parametrize("top", [70, 76])
def test_a_combs_last_tooth_goes_though_it_reaches_through_the_rule(top: int) -> None:
    """It did not where it was longer than the others, and was a 1 in a row of its own."""
    mask = np.zeros((200, 500), np.uint8)
    cv2.line(mask, (100, 130), (340, 130), (1,), 4)
    for k in range(5):
        cv2.line(mask, (100 + 60 * k, 112), (100 + 60 * k, 130), (1,), 4)
    mask[112:135, 98:103] = 1
    digits = np.zeros_like(mask)
    for k in range(4):
        cv2.line(digits, (130 + 60 * k, top), (130 + 60 * k, top + 44), (1,), 5)
    erased = erase_boxes(mask | digits, NOTHING, 44.0, 5.0)
    assert erased[digits > 0].mean() > 0.99
    assert erased[digits == 0].sum() < 12


def test_a_combs_tooth_goes_though_a_digit_touches_it_and_a_mark_beside_it_stays() -> None:
    mask = np.zeros((200, 500), np.uint8)
    cv2.line(mask, (100, 130), (340, 130), (1,), 3)
    for k in range(5):
        cv2.line(mask, (100 + 60 * k, 110), (100 + 60 * k, 130), (1,), 3)
    digits = np.zeros_like(mask)
    cv2.line(digits, (190, 122), (222, 122), (1,), 4)  # the foot of a 2, up to a tooth
    cv2.line(digits, (250, 110), (250, 126), (1,), 5)  # as high as a tooth, but in a place
    erased = erase_boxes(mask | digits, NOTHING, 44.0, 5.0)
    assert erased[digits > 0].mean() > 0.9
    assert erased[110:120, 215:226].sum() == 0


def lined() -> tuple[np.ndarray, Ink, np.ndarray]:
    """Digits of full contrast on faint lines, with a comma, a dash and a crumb of a line."""
    contrast = np.zeros((200, 500), np.float32)
    for y in (60, 130):
        contrast[y : y + 3, :] = 0.4
    signs = np.zeros(contrast.shape, np.uint8)
    cv2.line(signs, (210, 122), (206, 140), (1,), 5)
    cv2.line(signs, (300, 61), (318, 62), (1,), 5)
    contrast[signs > 0] = 1.0
    for x in (120, 160, 250, 360):
        cv2.line(contrast, (x, 70), (x, 114), (1.0,), 5)
    contrast[130:132, 400:404] = 0.8
    mask = (contrast > 0.33).astype(np.uint8)
    return contrast, Ink(mask, contrast > 0.5, 1.0, 0.01), signs


def test_commas_and_dashes_on_faint_lines_stay_and_crumbs_of_lines_go() -> None:
    contrast, ink, signs = lined()
    gone = faint_lines(contrast, ink, NOTHING, 44.0, 5.0)
    assert not gone[signs > 0].any()
    assert gone[130:132, 400:404].all()
