"""Number rows: a mark that is a row of its own, between the digits of another, is told."""

from __future__ import annotations

import numpy as np

from digitnet.imaging.boxes import Box
from digitnet.reading.items import UNKNOWN, Item
from digitnet.reading.number_rows import with_marks_between
from digitnet.reading.segmentation import Found
from digitnet.reading.sheet import scan_page
from digitnet.reading.signs import UNREAD

SHEET = scan_page(np.full((300, 400), 255, np.uint8))


def digit(box: Box, *, sure: bool = True) -> Item:
    return Item(box, "", Found(box, 2, 0.9, sure, np.zeros((28, 28), np.uint8)))


def test_a_bold_comma_that_is_a_row_of_its_own_is_a_mark_of_the_row_above() -> None:
    row = [digit((30, 50, 90, 110)), digit((190, 40, 230, 100))]
    comma = (131, 85, 158, 125)
    told = [row[0], Item(comma, UNREAD, reason=UNKNOWN), row[1]]
    for alone in (Item(comma, UNREAD, reason="x"), digit(comma, sure=False)):
        assert with_marks_between([row, [alone]], SHEET) == [told]
        assert with_marks_between([[alone], row], SHEET) == [told]


def test_other_rows_stay() -> None:
    row = [digit((30, 50, 90, 110)), digit((190, 40, 230, 100))]
    comma = (131, 85, 158, 125)
    for other in (
        [digit(comma)],  # a digit
        [digit((131, 125, 158, 165), sure=False)],  # well below
        [digit((235, 85, 262, 125), sure=False)],  # behind the last
        [digit((0, 85, 27, 125), sure=False)],  # before the first
        [digit(comma, sure=False), digit((160, 85, 180, 125), sure=False)],
    ):
        assert with_marks_between([row, other], SHEET) == [row, other]
