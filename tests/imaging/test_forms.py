"""Walls of combs go out of the ink; strokes between them stay."""

from __future__ import annotations

import numpy as np

from digitnet.imaging.forms import erase_walls


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
