"""Corners: wedges of table are filled with paper; strokes, frames and ground are left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.corners import fill_wedges

PAPER, TABLE, INK = 235, 90, 30


def sheet(degrees: float, table: int = TABLE, paper: int = PAPER) -> np.ndarray:
    """A sheet with a stroke on it, turned about its middle on a table."""
    page = np.full((200, 260), paper, np.uint8)
    page[60:140, 120:128] = INK
    turn = cv2.getRotationMatrix2D((130, 100), degrees, 1.05)
    return np.asarray(cv2.warpAffine(page, turn, (260, 200), borderValue=table), np.uint8)


@pytest.mark.parametrize("degrees", [-15, -8, 10, 14])
@pytest.mark.parametrize("table", [20, TABLE, 170], ids=["black", "dark", "grey"])
def test_all_of_the_table_goes_and_the_stroke_stays(degrees: float, table: int) -> None:
    picture = sheet(degrees, table)
    filled = fill_wedges(picture)
    corners = filled[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert np.abs(corners - PAPER).max() < 15
    np.testing.assert_array_equal(filled[40:160, 90:170], picture[40:160, 90:170])


def test_colour_is_filled_with_the_papers_colour() -> None:
    grey = sheet(10)
    picture = np.stack([grey, grey // 2 + 60, grey // 3 + 90], axis=2)
    filled = fill_wedges(picture)
    assert np.abs(filled[0, 0].astype(int) - picture[100, 30]).max() < 15


def seven(thickness: int) -> np.ndarray:
    """A 7 that fills its picture to the edges."""
    picture = np.full((200, 160), PAPER, np.uint8)
    picture[:thickness] = INK
    cv2.line(picture, (159 - thickness // 2, 0), (40, 199), INK, thickness)
    return picture


def diagonal() -> np.ndarray:
    picture = np.full((200, 160), PAPER, np.uint8)
    cv2.line(picture, (159, 0), (0, 199), INK, 24)
    return picture


def ring() -> np.ndarray:
    picture = np.full((200, 200), PAPER, np.uint8)
    cv2.circle(picture, (100, 100), 92, INK, 18)
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        seven(14),
        seven(40),
        diagonal(),
        ring(),
        sheet(0),
        np.full((100, 100), PAPER, np.uint8),
        np.linspace(60, 250, 40_000).reshape(200, 200).astype(np.uint8),
        sheet(10)[::8, ::8],
    ],
    ids=["7", "bold 7", "stroke", "ring", "straight", "blank", "shade", "small"],
)
def test_what_is_no_wedge_of_table_is_left_alone(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(fill_wedges(picture.copy()), picture)


def wedge(side: int, legs: int, step: int = 120) -> np.ndarray:
    """A square sheet with a triangle of another grey in its top left corner."""
    picture = np.full((side, side), 230, np.uint8)
    for row in range(legs):
        picture[row, : legs - row] = 230 - step
    return picture


@pytest.mark.parametrize(
    ("picture", "filled"),
    [
        (wedge(160, 40), True),
        (wedge(64, 16), True),
        (wedge(63, 16), False),  # smaller ones are drawings
        (wedge(160, 62), True),
        (wedge(160, 68), False),  # over four tenths of both sides
        (wedge(160, 40, step=40), True),
        (wedge(160, 40, step=25), False),  # within 30 levels it is one surface
        (wedge(160, 2), False),
    ],
)
def test_size_and_step_of_a_wedge(picture: np.ndarray, filled: bool) -> None:
    assert (fill_wedges(picture)[0, 0] > 200) == (filled or picture[0, 0] > 200)


def test_a_square_in_the_corner_is_no_wedge() -> None:
    picture = np.full((160, 160), 230, np.uint8)
    picture[:30, :30] = 60
    np.testing.assert_array_equal(fill_wedges(picture), picture)
    long = np.full((160, 160), 230, np.uint8)
    for row in range(100):  # a long thin triangle: 100 pixels down, 20 across
        long[row, : 20 - row // 5] = 60
    assert fill_wedges(long)[0, 0] > 200


def test_no_wedge_where_the_border_is_of_many_colours() -> None:
    picture = wedge(160, 40)
    picture[-1, ::2] = picture[::2, -1] = 40
    picture[-3:, ::2] = 40
    picture[::2, -3:] = 40
    picture[-3:] = 40
    np.testing.assert_array_equal(fill_wedges(picture), picture)
