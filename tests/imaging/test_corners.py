"""Corners: wedges of table are filled with paper; strokes, frames and ground are left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.corners import _is_sheet, _is_wedge, fill_wedges

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


@pytest.mark.parametrize("bottom", [False, True])
@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize(
    ("shape", "rows", "columns", "pixels"),
    [((80, 120), 16, 26, 245), ((130, 70), 22, 17, 228), ((400, 300), 70, 65, 2492)],
    ids=["wide", "tall", "large"],
)
def test_how_much_of_each_corner_is_filled(
    shape: tuple[int, int], rows: int, columns: int, pixels: int, right: bool, bottom: bool
) -> None:
    """A triangle of a fifth of the width and a sixth of the height, with a rim of paper."""
    height, width = shape
    y, x = np.mgrid[:height, :width]
    picture = np.full(shape, 230, np.uint8)
    picture[x / (width // 5) + y / (height // 6) < 1] = 80
    picture[height // 2 - 10 : height // 2 + 10, width // 2 - 2 : width // 2 + 2] = 30
    turned = np.ascontiguousarray(picture[:: -1 if bottom else 1, :: -1 if right else 1])
    filled = fill_wedges(turned)
    changed = filled != turned
    assert changed.any(axis=1).sum() == pytest.approx(rows, abs=1)
    assert changed.any(axis=0).sum() == columns
    assert changed.sum() == pytest.approx(pixels, rel=0.05)  # what is filled may be as it was
    assert np.abs(filled[changed].astype(int) - 230).max() <= 4


@pytest.mark.parametrize(("pixels", "wedge"), [(78, False), (79, True), (130, True), (131, False)])
def test_a_wedge_has_its_triangles_area_within_a_quarter(pixels: int, wedge: bool) -> None:
    """Legs of 9 and 20: half of 180 and 29 more, 104.5 pixels; 0.75 are 78.4, 1.25 are 130.6."""
    region = np.zeros((40, 50), bool)
    region[0, :20] = region[:9, 0] = True
    places = [(y, x) for y in range(1, 9) for x in range(1, 20)][: pixels - 28]
    region[tuple(np.array(places).T)] = True
    assert region.sum() == pixels
    assert _is_wedge(region) == wedge


@pytest.mark.parametrize(
    ("legs", "shape", "wedge"),
    [
        ((1, 9), (40, 50), False),  # two pixels on each edge
        ((2, 9), (40, 50), True),
        ((9, 1), (40, 50), False),
        ((9, 2), (40, 50), True),
        ((24, 24), (60, 60), True),  # 0.4 of one side at least
        ((25, 25), (60, 60), False),
        ((16, 30), (40, 60), True),
        ((17, 30), (40, 60), False),
        ((30, 16), (60, 40), True),
        ((30, 17), (60, 40), False),
        ((20, 40), (50, 60), True),  # 0.143 of all pixels
        ((20, 44), (50, 60), False),  # 0.157
    ],
)
def test_a_wedges_legs(legs: tuple[int, int], shape: tuple[int, int], wedge: bool) -> None:
    """Its height and width, as a right triangle."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    assert _is_wedge(x / legs[1] + y / legs[0] < 1 - 1e-9) == wedge


@pytest.mark.parametrize(("pixels", "wedge"), [(300, True), (301, False)])
def test_a_wedge_is_at_most_15_percent_of_the_picture(pixels: int, wedge: bool) -> None:
    """Of 40 x 50; legs of 28 and 20, whose triangle has 304."""
    region = np.zeros((40, 50), bool)
    region[0, :20] = region[:28, 0] = True
    places = [(y, x) for y in range(1, 28) for x in range(1, 20)][: pixels - 47]
    region[tuple(np.array(places).T)] = True
    assert _is_wedge(region) == wedge


@pytest.mark.parametrize(
    ("odd", "level", "sheet"), [(8, 0, True), (9, 0, False), (36, 155, True), (36, 154, False)]
)
def test_a_sheets_border_is_of_its_colour_on_over_three_quarters(
    odd: int, level: int, sheet: bool
) -> None:
    """36 pixels of border; 45 levels, 1.5 x 30, are the same colour."""
    picture = np.full((10, 10), 200, np.uint8)
    border = np.argwhere(np.pad(np.zeros((8, 8)), 1, constant_values=1))
    picture[tuple(border[:odd].T)] = level
    assert _is_sheet(picture, np.zeros((10, 10), bool)) == sheet
