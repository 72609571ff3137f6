"""Cells: printed boxes with writing in them go; digits, loops and bare boxes stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.cells import cell_lines


def row_of_cells(
    *, apart: int = 0, thick: int = 3, wide: int = 50, high: int = 70
) -> tuple[np.ndarray, np.ndarray]:
    """Five cells and what is written in them: the mask of the lines, and that of the digits."""
    lines, digits = np.zeros((160, 500), np.uint8), np.zeros((160, 500), np.uint8)
    for k in range(5):
        x = 60 + k * (wide + apart)
        cv2.rectangle(lines, (x, 40), (x + wide, 40 + high), (1,), thick)
        cv2.ellipse(digits, (x + wide // 2, 40 + high // 2), (11, 19), 0, 0, 360, (1,), 4)
    return lines, digits


@pytest.mark.parametrize("apart", [0, 12, 20])
@pytest.mark.parametrize("thick", [1, 3, 8])
def test_cells_go_and_digits_stay(apart: int, thick: int) -> None:
    lines, digits = row_of_cells(apart=apart, thick=thick)
    gone = cell_lines(lines | digits)
    assert gone[lines > 0].all()
    assert not gone[digits > 0].any()


@pytest.mark.parametrize("degrees", [-20, 7, 40])
def test_they_go_lying_aslant(degrees: int) -> None:
    lines, digits = row_of_cells()
    turn = cv2.getRotationMatrix2D((200, 80), degrees, 1.0)
    turn[:, 2] += 120
    lines, digits = (
        (cv2.warpAffine(255 * one, turn, (700, 500)) > 127).astype(np.uint8)
        for one in (lines, digits)
    )
    gone = cell_lines(lines | digits)
    assert gone[(lines > 0) & (digits == 0)].mean() > 0.99
    assert gone[digits > 0].mean() < 0.01


def test_a_stroke_across_a_line_stays_whole() -> None:
    lines, digits = row_of_cells()
    cv2.line(digits, (95, 70), (125, 80), (1,), 4)  # over the wall at 110
    gone = cell_lines(lines | digits)
    assert gone[(digits > 0) & (lines == 0)].mean() < 0.01
    assert not gone[74:77, 110].any()
    assert gone[45:65, 109:112].all()


def test_a_cell_whose_digit_touches_it_all_around_goes_by_the_ones_beside_it() -> None:
    lines, digits = row_of_cells()
    cv2.line(digits, (185, 40), (185, 110), (1,), 4)  # the middle one is cut in two
    gone = cell_lines(lines | digits)
    assert gone[lines > 0].mean() > 0.95
    assert not gone[44:106, 182:188].any()


def test_the_foot_of_a_two_from_wall_to_wall_is_no_line_of_the_cell() -> None:
    lines, digits = row_of_cells()
    lower = digits.copy()
    lower[:, 160:211] = 0
    cv2.line(lower, (162, 97), (208, 97), (1,), 4)  # 57 of 70 pixels above it
    cv2.line(lower, (170, 97), (195, 55), (1,), 4)
    gone = cell_lines(lines | lower)
    assert not gone[95:100, 164:207].any()
    assert gone[108:113, 164:207].all()


@pytest.mark.parametrize("what", ["nothing", "a loop", "a blot", "a dotted zero"])
def test_what_is_no_cell_stays(what: str) -> None:
    mask = np.zeros((160, 300), np.uint8)
    if what == "nothing":
        cv2.rectangle(mask, (60, 40), (110, 110), (1,), 3)
    elif what == "a loop":
        cv2.ellipse(mask, (100, 80), (40, 60), 0, 0, 360, (1,), 5)
        cv2.line(mask, (100, 60), (100, 100), (1,), 5)
    elif what == "a blot":
        mask[20:140, 20:280] = 1
        cv2.rectangle(mask, (60, 40), (110, 110), (0,), -1)
        cv2.line(mask, (85, 60), (85, 100), (1,), 5)
    else:
        cv2.rectangle(mask, (60, 40), (110, 110), (1,), 3)
        cv2.circle(mask, (85, 75), 4, (1,), -1)
    assert not cell_lines(mask).any()


def test_an_empty_cell_beside_one_that_is_written_in_goes_too() -> None:
    lines, digits = row_of_cells(apart=10)
    digits[:, 60 + 4 * 60 :] = 0
    assert cell_lines(lines | digits)[lines > 0].all()


def test_grain_is_not_looked_at() -> None:
    rng = np.random.default_rng(0)
    assert not cell_lines((rng.random((900, 900)) < 0.1).astype(np.uint8)).any()
