"""Rows: reading order and words, worked by hand; and any slope, as a property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitnet.reading.rows import SLOPES, in_rows, row_slope, word_starts


def box(x: float, y: float, width: int = 20, height: int = 40) -> tuple[int, int, int, int]:
    """A box with its middle at (x, y)."""
    return (
        round(x - width / 2),
        round(y - height / 2),
        round(x + width / 2),
        round(y + height / 2),
    )


@given(st.integers(0, 2**32 - 1), st.floats(-0.2, 0.2), st.integers(1, 5), st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_rows_are_found_on_any_slope(seed: int, slope: float, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    boxes, owner = [], []
    for row in range(rows):
        for column in range(columns):
            x, w, h = 40 * column, int(rng.integers(8, 30)), int(rng.integers(34, 44))
            y = 90 * row + slope * x + rng.uniform(-3, 3)
            boxes.append((x, round(y), x + w, round(y) + h))
            owner.append((row, column))
    order = rng.permutation(len(boxes))
    found = in_rows([boxes[i] for i in order], 40.0)
    read = [[owner[order[i]] for i in row] for row in found]
    assert read == [[(row, column) for column in range(columns)] for row in range(rows)]
    shaken = 3 + 3 + 5  # pixels: base lines and heights, from one end of a row to the other
    assert row_slope(boxes) == pytest.approx(slope, abs=0.03 + shaken / (40 * (columns - 1)))


def test_rows_from_top_to_bottom_each_from_left_to_right() -> None:
    assert in_rows([], 40) == []
    assert in_rows([box(50, 50)], 40) == [[0]]
    grid = [box(90, 150), box(30, 50), box(30, 150), box(90, 50)]
    assert in_rows(grid, 40) == [[1, 3], [2, 0]]


@pytest.mark.parametrize(("step", "rows"), [(21, 1), (23, 2)])
def test_a_box_joins_the_row_that_is_nearer_than_055_heights(step: int, rows: int) -> None:
    """0.55 x 40 = 22 pixels. The slope is taken from the others, which lie level."""
    level = [box(30 * k, 100) for k in range(8)]
    assert len(in_rows([*level, box(245, 100 + step)], 40)) == rows
    assert len(in_rows([*level, box(245, 100 - step)], 40)) == rows


def test_a_box_joins_by_the_last_three_of_a_row_which_may_bend() -> None:
    bend = [0, 0, 0, 0, 0, 0, 12, 20, 30, 40, 50]
    boxes = [box(40 * k, 100 + y) for k, y in enumerate(bend)]
    assert len(in_rows(boxes, 40)) == 1


def test_the_slope_is_taken_from_whole_digits_alone() -> None:
    """Boxes of at most half a height do not count, unless there are no others."""
    whole = [box(40 * k, 100 + 4 * k) for k in range(6)]  # falls by 0.1
    assert row_slope(whole) == pytest.approx(0.1, abs=0.006)
    specks = [box(40 * k, 400, 4, 20) for k in range(30)]
    found = in_rows([*whole, *specks], 40)
    assert found[0] == list(range(6))


def test_level_rows_are_likelier_and_the_slopes_reach_035() -> None:
    assert row_slope([]) == row_slope([box(0, 0)]) == 0.0
    assert (SLOPES[0], SLOPES[-1], len(SLOPES)) == (-0.35, 0.35, 141)
    # Two boxes: 0.3 a unit of slope for each box, against steps of heights
    assert row_slope([box(0, 0), box(100, 0)]) == pytest.approx(0.0, abs=1e-9)
    assert row_slope([box(0, 0), box(100, 10)]) == pytest.approx(0.1, abs=1e-9)
    # Far apart along x a step of half a height is the most that counts: too steep is two rows
    assert row_slope([box(0, 0), box(100, 60)]) == pytest.approx(0.0, abs=1e-9)
    # 8 boxes at most make a slope dearer: with more, what they gain counts
    falling = [box(30 * k, 6 * k) for k in range(12)]
    assert row_slope(falling) == pytest.approx(0.2, abs=1e-9)


def test_words_begin_after_wide_gaps() -> None:
    row = [(0, 0, 20, 40), (28, 0, 48, 40), (110, 0, 130, 40), (140, 0, 150, 40)]
    assert word_starts([row], 40.0) == [[True, False, True, False]]
    wide = [(60 * k, 0, 60 * k + 20, 40) for k in range(5)]  # evenly spread: no words
    assert word_starts([wide], 40.0) == [[True, False, False, False, False]]
    assert word_starts([], 40.0) == []
    assert word_starts([[(0, 0, 9, 9)]], 40.0) == [[True]]


@pytest.mark.parametrize(("gap", "starts"), [(34, False), (35, True)])
def test_a_word_begins_after_085_heights(gap: int, starts: bool) -> None:
    """0.85 x 40 = 34 pixels of white space, where the usual gap is small."""
    row = [(0, 0, 20, 40), (25, 0, 45, 40), (50, 0, 70, 40), (70 + gap, 0, 90 + gap, 40)]
    assert word_starts([row], 40.0) == [[True, False, False, starts]]


@pytest.mark.parametrize(("gap", "starts"), [(60, False), (61, True)])
def test_a_word_begins_after_twice_the_usual_gap(gap: int, starts: bool) -> None:
    """Gaps of 30, 30, 30 and one wide: four tenths of the way up lies 30, so 60 is the limit."""
    row, x = [], 0
    for space in (0, 30, 30, 30, gap):
        x += space
        row.append((x, 0, x + 20, 40))
        x += 20
    assert word_starts([row], 40.0) == [[True, False, False, False, starts]]


def test_the_usual_gap_is_four_tenths_of_the_way_up_over_all_rows() -> None:
    """Gaps 0 (overlapping), 20, 40 and 60, 80: index 0.4 x 4 = 1.6, so 32, twice is 64."""
    one = [(0, 0, 20, 40), (10, 0, 30, 40), (50, 0, 70, 40), (110, 0, 130, 40)]
    other = [(0, 0, 20, 40), (80, 0, 100, 40), (180, 0, 200, 40)]
    assert word_starts([one, other], 40.0) == [[True, False, False, False], [True, False, True]]
    nearer = [(0, 0, 20, 40), (80, 0, 100, 40), (164, 0, 184, 40)]  # 60 and 64
    assert word_starts([one, nearer], 40.0)[1] == [True, False, False]


def scattered(seed: int) -> list[tuple[int, int, int, int]]:
    """3 to 11 boxes of all sizes in three crooked rows on a slope, in any order."""
    rng = np.random.default_rng(seed)
    n, slope = int(rng.integers(3, 12)), rng.uniform(-0.3, 0.3)
    found = []
    for _ in range(n):
        x = int(rng.integers(0, 300))
        y = int(rng.integers(0, 3)) * 70 + round(slope * x) + int(rng.integers(-8, 9))
        found.append((x, y, x + int(rng.integers(8, 30)), y + int(rng.integers(15, 48))))
    return found


@pytest.mark.parametrize(
    ("seed", "slope", "rows", "words"),
    [
        (0, -0.18, [[8, 0, 6], [4, 9, 7], [1, 3, 2, 5]], "110 100 1000"),
        (1, 0.215, [[3, 5, 1, 0, 2], [6], [4]], "10011 1 1"),
        (2, -0.1, [[7, 9], [3, 0, 1, 5], [4, 2, 8, 6]], "11 1001 1011"),
        (3, -0.175, [[3, 1, 0, 6, 2, 7], [4], [9, 5, 8]], "100001 1 101"),
        (4, 0.03, [[8], [3, 1, 7, 2, 6], [4, 0, 5]], "1 10010 110"),
        (5, 0.14, [[4, 2, 1], [7], [8, 6, 0], [3, 5]], "101 1 101 10"),
        (6, -0.04, [[6, 3], [1, 0, 5, 2, 4]], "11 10000"),
        (7, 0.23, [[1, 9], [2, 3, 5, 0], [8, 4, 7, 10, 6]], "11 1010 10001"),
        (8, 0.31, [[4, 0], [6, 7, 2], [8, 3], [1], [5]], "10 100 11 1 1"),
        (9, -0.045, [[0], [3], [4, 5, 1, 2]], "1 1 1000"),
    ],
)
def test_crooked_rows_to_the_last_box(
    seed: int, slope: float, rows: list[list[int]], words: str
) -> None:
    boxes = scattered(seed)
    assert row_slope(boxes) == pytest.approx(slope, abs=1e-9)
    assert in_rows(boxes, 40.0) == rows
    starts = word_starts([[boxes[i] for i in row] for row in rows], 40.0)
    assert [[str(int(first)) for first in row] for row in starts] == [*map(list, words.split())]
