"""Enclosure: a box around a digit is told from the digit, and rings, zeros and eights are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.enclosure import box_sides, enclosing_box
from digitnet.imaging.field import erase_field
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.ink import find_ink, ink_again


def boxed(thick: int = 4, side: int = 80, room: int = 10) -> np.ndarray:
    """A square box, ``room`` pixels from the edges of a picture."""
    n = side + 2 * room
    box = np.zeros((n, n), np.uint8)
    cv2.rectangle(box, (room, room), (n - room - 1, n - room - 1), 1, thick)
    return box


def turned(mask: np.ndarray, degrees: float) -> np.ndarray:
    middle = (mask.shape[1] / 2, mask.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    return cv2.warpAffine(mask, turn, mask.shape[::-1], flags=cv2.INTER_NEAREST)


@pytest.mark.parametrize("degrees", [0, 7, 20])
def test_a_box_apart_from_its_digit_is_found_as_a_whole(degrees: float) -> None:
    box, digit = boxed(room=24), np.zeros((128, 128), np.uint8)
    cv2.ellipse(digit, (64, 64), (14, 22), 0, 0, 360, 1, 4)
    found = enclosing_box(turned(box, degrees) | digit)
    assert found is not None
    np.testing.assert_array_equal(found, turned(box, degrees) > 0)


def test_three_corners_are_enough() -> None:
    box, digit = boxed(), np.zeros((100, 100), np.uint8)
    digit[35:70, 48:52] = 1
    box[80:, 80:] = 0
    assert enclosing_box(box | digit) is not None


@pytest.mark.parametrize(("height", "told"), [(16, False), (24, True)])
def test_what_is_within_must_be_more_than_a_dot(height: int, told: bool) -> None:
    box = boxed()
    box[40 : 40 + height, 48:52] = 1
    assert (enclosing_box(box) is not None) == told


def test_a_ring_around_something_is_no_box() -> None:
    mask = np.zeros((100, 100), np.uint8)
    cv2.ellipse(mask, (50, 50), (38, 42), 0, 0, 360, 1, 4)
    mask[30:70, 48:52] = 1
    assert enclosing_box(mask) is None
    assert box_sides(mask) == []


def test_the_sides_of_a_box_that_a_digit_touches_or_crosses() -> None:
    mask = boxed()
    cv2.line(mask, (60, 30), (45, 97), 1, 5)  # through the lower side
    sides = box_sides(mask)
    assert [line.upright for line in sides] == [False, False, True, True]
    np.testing.assert_allclose([line.middle for line in sides], [10, 89, 10, 89], atol=1.5)
    cleared = erase_field(mask, mask.astype(np.float32))
    assert cleared is not None
    left = np.argwhere(cleared > 0.5)
    assert ((left[:, 1] > 38) & (left[:, 1] < 66)).all()  # the stroke alone,
    assert left[:, 0].min() < 32  # and whole on both sides
    assert left[:, 0].max() > 95


def test_squared_paper_is_no_box() -> None:
    """Its outer lines are four straight sides, with all the others within."""
    mask = np.zeros((100, 100), np.uint8)
    for at in range(3, 100, 18):
        mask[at : at + 2] = mask[:, at : at + 2] = 1
    mask[30:70, 45:50] = 1
    assert box_sides(mask) == []


@pytest.mark.parametrize("bars", ["ltrbm", "ltrb", "ltbm"])
def test_digits_of_bars_have_no_box(bars: str) -> None:
    """Eight, zero and six as a display writes them."""
    mask = np.zeros((100, 70), np.uint8)
    places = {
        "l": np.s_[10:90, 10:16], "r": np.s_[10:90, 54:60], "t": np.s_[10:16, 10:60],
        "b": np.s_[84:90, 10:60], "m": np.s_[47:53, 10:60],
    }  # fmt: skip
    for bar in bars:
        mask[places[bar]] = 1
    assert enclosing_box(mask) is None
    assert box_sides(mask) == []


def test_a_faint_digit_in_a_dark_box_keeps_its_strokes() -> None:
    rng = np.random.default_rng(0)
    paper = np.full((120, 120), 235.0)
    digit = np.zeros((120, 120), np.uint8)
    cv2.ellipse(digit, (60, 60), (18, 28), 0, 0, 360, 255, 5)
    box = boxed(4, 100) * 255
    alone = paper - digit * (90 / 255) + rng.normal(0, 3, paper.shape)
    framed = np.where(box > 0, 30, alone)
    one, other = (frame_picture(np.rint(p).clip(0, 255).astype(np.uint8)) for p in (alone, framed))
    assert other.dropped == {"line or frame": 1}
    away = np.abs(one.image.astype(float) - other.image).sum()
    assert away < 0.1 * one.image.sum(dtype=float)


def test_ink_that_is_left_is_sought_anew() -> None:
    """A third of the box's ink would be nearly as much as the digit has."""
    before = np.random.default_rng(1).normal(0, 0.01, (60, 60)).astype(np.float32)
    before[5:55, 5:8] = before[5:55, 52:55] = before[5:8, 5:55] = 1.0
    before[20:40, 28:32] = 0.36
    ink = find_ink(before)
    assert ink is not None
    assert ink.level > 0.9
    after = np.where(before > 0.9, np.float32(0), before)
    left = ink_again(ink, before, after)
    assert left is not None
    assert left.level == pytest.approx(0.36, abs=0.02)
    assert left.mask[20:40, 28:32].all()
    assert left.mask.sum() == 80
    assert ink_again(ink, before, np.zeros_like(before)) is None
