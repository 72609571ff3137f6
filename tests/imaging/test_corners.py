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
