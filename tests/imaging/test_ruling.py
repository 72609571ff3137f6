"""Ruling: printed lines are found and leave the ink; strokes stay."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.ruling import COVERED, FINE, SLOPES, erase_ruling, find_lines, vertical_runs


def page(rows: int = 120, columns: int = 300) -> np.ndarray:
    return np.zeros((rows, columns), np.uint8)


def erased(mask: np.ndarray, pen: float = 8.0, shade: float = 0.5) -> np.ndarray:
    """What goes of a mask whose lines have a shade of full ink."""
    left = erase_ruling(mask, mask.astype(np.float32) * np.float32(shade), pen)
    return (mask > 0) & (left == 0)


def test_ruling_is_erased_and_strokes_are_not() -> None:
    mask = np.zeros((120, 300), np.uint8)
    mask[30:100, 100:108] = 1  # a one that crosses a line and stands on another
    stroke = mask.copy()
    for slope, start in ((0.03, 40), (0.03, 100)):
        y = np.rint(start + slope * np.arange(300)).astype(int)
        for thick in range(2):
            keep = y + thick < 120
            mask[y[keep] + thick, np.arange(300)[keep]] = 1
    left = erase_ruling(mask, mask.astype(np.float32), 8.0)
    assert (left & stroke).sum() > 0.97 * stroke.sum()
    assert (left & ~stroke & 1).sum() < 0.03 * (mask & ~stroke & 1).sum() + 20
    assert erase_ruling(stroke, stroke.astype(np.float32), 8.0) is stroke


def test_lines_run_either_way() -> None:
    mask = page()
    mask[50:52] = 1
    assert erased(mask)[50:52].all()
    assert erased(mask.T)[:, 50:52].all()


@pytest.mark.parametrize(("share", "goes"), [(0.58, False), (0.75, True)])
def test_a_line_is_seen_on_seven_tenths_of_its_way(share: float, goes: bool) -> None:
    """In gaps of ten pixels, with both of its ends."""
    mask = page()
    x = np.arange(300)
    mask[50:52] = ((x // 10) % 12 < round(12 * share)) | (x < 15) | (x > 284)
    assert erased(mask).any() == goes


def test_a_stroke_that_does_not_reach_both_ends_is_no_line() -> None:
    mask = page()
    mask[50:52, 20:280] = 1
    assert not erased(mask).any()
    mask[50:52, 10:290] = 1  # within a twentieth of both
    assert erased(mask).any()
    mask[50:52, :10] = 0
    mask[50:52, 280:] = 0
    assert not erased(mask).any()


@pytest.mark.parametrize(("thick", "pen", "goes"), [
    (6, 4.0, True), (7, 4.0, False),  # 1.5 pens
    (8, 20.0, True), (9, 20.0, False),  # 0.025 of 300 pixels and one more
])  # fmt: skip
def test_thick_lines_are_strokes(thick: int, pen: float, goes: bool) -> None:
    mask = page()
    mask[50 : 50 + thick] = 1
    assert erased(mask, pen).any() == goes


def test_digits_that_cross_a_line_stay_by_their_height_or_their_darkness() -> None:
    mask = page()
    mask[50:52] = 1
    mask[46:56, 100:110] = 1  # ten high: more than 1.4 x 2 + 1
    contrast = mask * np.float32(0.4)
    contrast[50:52, 200:210] = 0.9  # as dark as a pen, and no higher than the line
    left = erase_ruling(mask, contrast, 8.0)
    assert left[46:56, 100:110].all()
    assert left[50:52, 200:210].all()
    assert not left[50:52, 20:90].any()
    black = np.where(mask > 0, np.float32(0.75), np.float32(0))  # the line is as dark: all goes
    black[50:52, 200:210] = 0.9
    assert not erase_ruling(mask, black, 8.0)[50:52, 200:210].any()


@pytest.mark.parametrize(("rows", "goes"), [(39, False), (40, True)])
def test_small_pictures_have_no_ruling(rows: int, goes: bool) -> None:
    mask = page(rows)
    mask[20:21] = 1
    assert erased(mask).any() == goes


def test_lines_are_found_with_slope_and_start() -> None:
    mask = page(200, 400)
    y = np.rint(60 + 0.1 * np.arange(400)).astype(int)
    mask[y, np.arange(400)] = 1
    ((slope, start),) = find_lines(mask)
    assert slope == pytest.approx(0.1, abs=0.006)
    assert start == pytest.approx(60.5, abs=1.5)
    assert find_lines(page()) == []
    assert (SLOPES[0], SLOPES[-1], len(SLOPES)) == (-0.25, 0.25, 101)
    assert (COVERED, FINE) == (0.7, 400)


def test_two_lines_four_pixels_apart_are_two() -> None:
    mask = page(100, 200)
    mask[40] = mask[60] = mask[80] = 1
    assert sorted(round(start - 0.5) for _, start in find_lines(mask)) == [40, 60, 80]


def test_a_large_mask_is_searched_reduced() -> None:
    mask = page(600, 1200)
    mask[300:302] = 1
    ((slope, start),) = find_lines(mask)
    assert slope == pytest.approx(0)
    assert start == pytest.approx(301, abs=3)


def test_how_high_ink_is_where_it_is() -> None:
    mask = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]], np.uint8)
    assert vertical_runs(mask).tolist() == [[2, 0, 1], [2, 3, 0], [0, 3, 2], [1, 3, 2]]


@pytest.mark.parametrize(
    ("slope", "shape", "line", "rows"),
    [
        (0.0, (48, 70), (-0.02, 21.5), range(20, 22)),
        (0.0, (90, 50), (-0.03, 21.5), range(20, 22)),
        (0.1, (48, 70), (0.085, 21.5), range(20, 29)),
        (0.1, (90, 50), (0.08, 21.5), range(20, 27)),
        (-0.2, (48, 70), (-0.215, 21.5), range(6, 22)),
        (-0.2, (90, 50), (-0.22, 21.5), range(10, 22)),
    ],
)
def test_a_line_to_the_pixel(
    slope: float, shape: tuple[int, int], line: tuple[float, float], rows: range
) -> None:
    """Two pixels thick, past a blot and under a stroke; it is found a little flatter or steeper."""
    mask = page(*shape)
    x = np.arange(shape[1])
    y = np.rint(20 + slope * x).astype(int)
    mask[y, x] = mask[y + 1, x] = 1
    mask[30:44, 30:34] = mask[12:33, 12:15] = 1
    assert find_lines(mask) == [(pytest.approx(line[0]), line[1])]
    contrast = mask * np.float32(0.5)
    contrast[12:33, 12:15] = 1
    gone = (mask > 0) & (erase_ruling(mask, contrast, 4.0) == 0)
    assert gone.sum() == 2 * (shape[1] - 3)
    assert np.nonzero(gone.any(axis=1))[0].tolist() == list(rows)
    assert np.nonzero(~gone.any(axis=0))[0].tolist() == [12, 13, 14]


def test_lines_of_a_tall_page_are_sought_at_half_its_size() -> None:
    """900 pixels are 2 x 400 and some; every line is dilated first, so that none is missed."""
    mask = page(900, 130)
    mask[:, 60:63] = mask[400:402] = 1
    assert find_lines(mask) == [(pytest.approx(-0.02), 403.0)]
    assert find_lines(mask.T) == [(0.0, 61.0)]


def test_sixty_lines_are_found_at_most() -> None:
    assert len(find_lines(np.ones((300, 100), np.uint8))) == 60
