"""Items: what may be a sign and was taken for a bit of a digit is told, or the digit is unsure."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.boxes import Box
from digitnet.imaging.scan import Scan
from digitnet.reading.cuts import Part
from digitnet.reading.items import (
    UNKNOWN,
    Item,
    doubted_at_walls,
    doubted_odd_signs,
    with_lost_signs,
)
from digitnet.reading.segmentation import Found, Lattice
from digitnet.reading.sheet import Sheet
from digitnet.reading.signs import UNREAD

DIGIT, FOOT = (40, 0, 80, 112), (36, 90, 46, 112)
WHOLE = (36, 0, 80, 112)


def digit(box: Box) -> Item:
    frame = np.zeros((28, 28), np.uint8)
    return Item(box, "", Found(box, 2, 0.99, True, frame), trust=0.9)


def lattice(sign: str, gain: float) -> Lattice:
    """Two parts, a digit's and at its foot what may be a sign."""
    parts = [Part(1, FOOT, 10.0, small=True), Part(2, DIGIT, 100.0)]
    return Lattice(parts, [], [], np.zeros((0, 10)), {(0, 1): (sign, gain)})


def test_a_clear_sign_that_was_not_read_is_told() -> None:
    items = with_lost_signs([digit(WHOLE)], lattice(",", 5.0))
    assert items[0] == Item(FOOT, UNREAD, reason=UNKNOWN)
    assert not items[1].in_doubt


@pytest.mark.parametrize("sign", [".", ",", "-", ":", UNREAD])
def test_a_digit_with_what_may_be_a_sign_in_it_is_unsure(sign: str) -> None:
    beside = digit((100, 0, 140, 110))
    (doubted, other) = with_lost_signs([digit(WHOLE), beside], lattice(sign, 4.9))
    assert (doubted.in_doubt, doubted.trust, doubted.digit) == (True, 0.0, digit(WHOLE).digit)
    assert other == beside


def test_a_leaning_one_is_no_doubt_and_neither_is_a_sign_that_is_read() -> None:
    assert with_lost_signs([digit(WHOLE)], lattice("/", 4.9)) == [digit(WHOLE)]
    read = [Item(FOOT, ",", trust=0.9), digit(DIGIT)]
    assert with_lost_signs(read, lattice(",", -1.0)) == read
    assert with_lost_signs(read, lattice(",", 5.0)) == read


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        (",60", ","), ("/12", "/"), (":30", ":"), ("12/", "/"), ("12-", "-"), ("1.,2", ".,"),
        (".5", ""), ("-7", ""), ("12.", ""), ("1-2", ""), ("-", ""),
    ],
)  # fmt: skip
def test_a_sign_that_stands_where_none_does_is_in_doubt(text: str, doubted: str) -> None:
    frame = np.zeros((28, 28), np.uint8)
    items = []
    for k, one in enumerate(text):
        box = (10 * k, 0, 10 * k + 8, 20)
        digit = Found(box, int(one), 0.99, True, frame) if one.isdigit() else None
        items.append(Item(box, one, digit, trust=0.99))
    found = doubted_odd_signs(items)
    assert "".join(item.text for item in found if item.in_doubt) == doubted
    assert all((item.trust == 0) == item.in_doubt for item in found)


@pytest.mark.parametrize("wall", [True, False])
def test_a_bit_of_a_stroke_beyond_a_wall_is_no_sure_point(wall: bool) -> None:
    """The foot of a 2 that runs through the wall of its box: 02525 was a sure 0252.5."""
    contrast = np.zeros((60, 100), np.float32)
    ruling = np.zeros(contrast.shape, np.bool_)
    if wall:
        ruling[5:55, 41:44] = True
    seen = Scan(True, 1.0, 4.0, np.zeros((6, 10), np.uint8), contrast, None, ruling)
    labels = np.zeros(contrast.shape, np.int32)
    sheet = Sheet(contrast, None, labels, (), (), 40.0, 4.0, 1.0, seen)
    digit = Found((10, 10, 41, 50), 2, 0.99, True, np.zeros((28, 28), np.uint8))
    items = [Item(digit.box, "2", digit), Item((44, 46, 49, 50), ".", trust=0.99)]
    assert [item.in_doubt for item in doubted_at_walls(items, sheet)] == [False, wall]
