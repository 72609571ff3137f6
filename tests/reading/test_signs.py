"""Signs in a row of digits: a point is never lost, and what is unclear is a `?`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.imaging.components import Component
from digitnet.models.folder import load_model
from digitnet.reading.page import read_page
from digitnet.reading.sheet import scan_page
from digitnet.reading.signs import (
    Level,
    is_dust,
    is_speck,
    is_straight,
    level_at,
    sign_of,
    unread_marks,
)
from support.signed import SIGNS, draw_number


def mark(left: int, top: int, right: int, bottom: int, fill: float = 1.0) -> Component:
    return Component(1, (left, top, right, bottom), fill * (right - left) * (bottom - top))


LEVEL = Level(0.0, 100.0)


@pytest.mark.parametrize(
    ("box", "sign"),
    [
        ((0, 92, 14, 106), "."),
        ((0, 60, 14, 74), None),  # a point halfway up is none
        ((0, 94, 9, 103), "."),  # a light one
        ((0, 92, 5, 97), None),  # dust
        ((0, 90, 15, 128), ","),
        ((0, 90, 15, 98), None),
        ((0, 45, 15, 83), None),  # a comma halfway up
        ((0, 45, 40, 57), "-"),
        ((0, 46, 40, 55), "-"),  # a light one
        ((0, 49, 40, 53), None),  # the rest of a rule
        ((0, 2, 40, 14), None),  # a five's bar
        ((0, 90, 40, 102), None),  # an underline
        ((0, -15, 60, 110), "/"),
        ((0, 0, 40, 100), None),  # a slanted 1
        ((0, -15, 20, 110), None),  # a tall upright 1
    ],
)
def test_a_sign_is_told_by_place_and_size(box: tuple[int, int, int, int], sign: str | None) -> None:
    fill = 0.15 if box[3] - box[1] > 90 else 1.0
    assert sign_of(mark(*box, fill), LEVEL, 12.0) == sign


@pytest.mark.parametrize(
    ("wide", "high", "pen", "height", "dust", "speck"),
    [
        (8, 8, 20.0, 80, True, True),
        (9, 9, 20.0, 80, False, True),
        (14, 14, 20.0, 80, False, True),
        (15, 15, 20.0, 80, False, False),
        (39, 10, 20.0, 80, False, True),
        (40, 10, 20.0, 80, False, False),  # long
        (40, 8, 20.0, 80, True, True),
        (7, 7, 10.0, 100, True, True),  # the crossing of two rules
        (8, 8, 10.0, 100, False, False),
        (3, 3, 4.0, 30, False, False),
        (2, 2, 4.0, 30, True, True),  # where a pen is a few pixels, so is grain
        (10, 2, 4.0, 30, True, True),
        (14, 4, 6.9, 39, False, False),  # a dash, by a pen that is 4 or 5 pixels wide
        (10, 4, 6.9, 39, True, True),
        (14, 3, 6.9, 39, True, True),
        (7, 4, 6.0, 39, True, True),
        (4, 4, 10.0, 30, True, True),
        (5, 5, 10.0, 30, False, True),
    ],
)
def test_dust_is_finer_than_a_pen(
    wide: int, high: int, pen: float, height: float, dust: bool, speck: bool
) -> None:
    box = (5, 5, 5 + wide, 5 + high)
    assert is_dust(box, pen, height) == dust
    assert is_speck(box, pen, height) == speck


def test_the_level_is_that_of_the_nearest_digits() -> None:
    row = [mark(100 * k, 10 * k, 100 * k + 60, 100 + 10 * k) for k in range(8)]
    assert level_at((665, 140, 675, 150), row, 100.0) == Level(55.0, 155.0)
    assert level_at((900, 140, 910, 150), row, 100.0) is None
    assert level_at((0, 0, 10, 10), [], 100.0) is None


def test_a_slash_is_straight_and_rises() -> None:
    labels = np.zeros((60, 60), np.int32)
    for y in range(60):
        labels[y, max(0, 28 - y // 2) : 32 - y // 2] = 1
    assert is_straight(labels, mark(0, 0, 32, 60), 4.0)
    assert not is_straight(labels[:, ::-1], mark(28, 0, 60, 60), 4.0)
    labels[0:3, 0:32] = 1  # the bar of a seven
    assert not is_straight(labels, mark(0, 0, 32, 60), 4.0)


@pytest.mark.parametrize("sign", SIGNS)
def test_numbers_keep_their_signs(sign: str) -> None:
    model = load_model("cnn")
    texts = [f"12{sign}5", f"3{sign}75", f"0{sign}5", f"199{sign}48"]
    gap = {"-": 0.8, "/": 0.9}.get(sign, 0.5)
    hand = replace(
        careful(Hand.sample(np.random.default_rng(11)), 0.9), pen=np.array([0.05], np.float32)
    )
    for k, text in enumerate(texts):
        rng = np.random.default_rng(k)
        style = PageStyle(digit=30 + 15 * k, gap=0.15, word_gap=gap)
        picture = draw_number(text, rng, hand=hand, style=style)
        reading = read_page(model, picture)
        assert reading.lines == (text,)
        assert [mark.label for mark in reading.marks] == [sign]
        assert len(reading.digits) == len(text) - 1


def test_a_blot_between_digits_is_a_question_mark_with_its_box(cases_folder: object) -> None:
    from digitnet.imaging.pictures import open_picture

    picture = np.array(open_picture(f"{cases_folder}/pages/plain.png"))
    model = load_model("cnn")
    before = read_page(model, picture)
    box = before.digits[3].box  # the 3 of 375
    x, y = (box[2] + before.digits[4].box[0]) // 2, (box[1] + box[3]) // 2
    picture[y - 6 : y + 6, x - 3 : x + 4] = 0
    reading = read_page(model, picture)
    assert reading.lines[1] == "3?75"
    (unread,) = reading.marks
    assert (unread.label, unread.line, unread.box) == ("?", 1, (x - 3, y - 6, x + 4, y + 6))
    assert unread.reason is not None


def test_a_comma_under_a_leaning_digit_is_told_and_its_bar_is_not() -> None:
    sheet = scan_page(np.full((200, 300), 255, np.uint8))
    digits = [(50, 50, 110, 120), (112, 50, 150, 120)]
    assert unread_marks([(95, 108, 105, 134)], digits, sheet) == [(95, 108, 105, 134)]
    assert unread_marks([(70, 60, 90, 80)], digits, sheet) == []


def test_a_point_well_below_the_digits_is_told_and_what_is_further_down_is_not() -> None:
    sheet = scan_page(np.full((300, 300), 255, np.uint8))
    digits = [(50, 50, 90, 120), (130, 50, 170, 120)]
    assert unread_marks([(105, 148, 115, 158)], digits, sheet) == [(105, 148, 115, 158)]
    assert unread_marks([(105, 151, 115, 161)], digits, sheet) == []


@pytest.mark.parametrize(
    ("paper", "size", "told"),
    [(85, 10, False), (60, 10, True), (85, 25, True)],
)
def test_a_small_speck_that_is_fainter_than_ink_is_no_mark(
    paper: int, size: int, told: bool
) -> None:
    """What is as long as two widths of the pen is told of, however faint."""
    picture = np.full((200, 500), 230, np.uint8)
    for left in (60, 160, 260, 360):
        picture[50:150, left : left + 12] = 20
    picture[100 : 100 + size, 200 : 200 + size] = paper
    sheet = scan_page(picture)
    assert sheet.ink is not None
    assert sheet.zoom == 1
    assert 10 <= sheet.pen <= 12.5
    digits = [one.box for one in sheet.components]
    box = (200, 100, 200 + size, 100 + size)
    assert (unread_marks([box], digits, sheet) == [box]) == told


def test_two_specks_above_one_another_may_be_a_colon() -> None:
    sheet = replace(scan_page(np.full((200, 300), 255, np.uint8)), pen=6.0)
    digits = [(50, 50, 70, 80), (100, 50, 120, 80)]
    upper, lower = (84, 56, 88, 60), (81, 68, 85, 72)
    assert sorted(unread_marks([upper, lower], digits, sheet)) == [lower, upper]
    for other in (
        (74, 68, 78, 72),  # not below it
        (81, 66, 85, 70),  # too near
        (81, 83, 85, 87),  # too low
        (81, 68, 83, 70),  # dust
        (84, 68, 92, 72),  # twice as large
    ):
        assert upper not in unread_marks([upper, other], digits, sheet)
    assert unread_marks([upper], digits, sheet) == []
