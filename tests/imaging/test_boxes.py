"""Boxes: bounds, gaps and distances, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.boxes import around, bounds, distance, gap


def test_bounds_hold_all_ink_and_no_more() -> None:
    ink = np.zeros((9, 12), np.float32)
    ink[3, 7] = 0.5
    assert bounds(ink) == (7, 3, 8, 4)
    ink[5, 2] = -1
    assert bounds(ink) == (2, 3, 8, 6)


def test_the_box_around_boxes() -> None:
    assert around([(3, 4, 5, 6)]) == (3, 4, 5, 6)
    assert around([(3, 4, 5, 6), (1, 5, 4, 9)]) == (1, 4, 5, 9)
    assert around(iter([(3, 4, 5, 6), (4, 1, 9, 2)])) == (3, 1, 9, 6)


@pytest.mark.parametrize(
    ("other", "white", "away"),
    [
        ((13, 0, 20, 10), (3, -10), 3.0),
        ((13, 14, 20, 20), (3, 4), 5.0),
        ((5, 14, 20, 20), (-5, 4), 4.0),
        ((10, 10, 20, 20), (0, 0), 0.0),
        ((2, 3, 5, 9), (-3, -6), 0.0),
    ],
)
def test_gaps_and_distances(
    other: tuple[int, int, int, int], white: tuple[int, int], away: float
) -> None:
    box = (0, 0, 10, 10)
    assert gap(box, other) == gap(other, box) == white
    assert distance(box, other) == distance(other, box) == away
