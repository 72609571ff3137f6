"""Outlines: sheets on tables have their four corners; what is no sheet has none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.outlines import MOST, Outline, find_outlines, strokes_outside

BLACK, WHITE, YELLOW, GREEN = (20, 20, 25), (235, 235, 230), (230, 215, 90), (90, 140, 90)


def on(
    table: tuple[int, int, int],
    *sheets: tuple[np.ndarray, tuple[int, int, int]],
    size: tuple[int, int] = (600, 800),
) -> np.ndarray:
    """Sheets with some strokes, each of the corners (4, 2), on a table, (H, W, 3)."""
    rng = np.random.default_rng(0)
    picture = np.full((*size, 3), table, np.float32)
    for corners, colour in sheets:
        cv2.fillPoly(picture, [np.rint(corners).astype(np.int32)], colour)
        x, y = corners.mean(axis=0).astype(int).tolist()
        for step in range(-40, 41, 20):
            cv2.line(picture, (x + step, y - 20), (x + step + 8, y + 20), (60, 60, 90), 4)
    return np.asarray((picture + rng.normal(0, 4, picture.shape)).clip(0, 255), np.uint8)


def turned(degrees: float, middle: tuple[float, float] = (400, 300)) -> np.ndarray:
    """The corners of a sheet of 360 x 240, clockwise from the upper left one."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    own = np.array([[-180, -120], [180, -120], [180, 120], [-180, 120]], float)
    return np.asarray(own @ turn + np.array(middle))


@pytest.mark.parametrize("degrees", [0, 11, -30, 44])
@pytest.mark.parametrize(
    ("table", "paper"), [(BLACK, YELLOW), (WHITE, BLACK), (GREEN, WHITE), (YELLOW, WHITE)]
)
def test_a_sheet_has_its_corners(
    degrees: float, table: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    corners = turned(degrees)
    (found,) = find_outlines(on(table, (corners, paper)))
    assert found.certain
    assert np.abs(found.corners - corners).max() < 4


def test_in_perspective_and_from_grey() -> None:
    corners = np.array([[180, 130], [640, 170], [700, 520], [120, 470]], float)
    picture = on(BLACK, (corners, WHITE))
    for seen in (picture, np.ascontiguousarray(picture[..., 0])):
        (found,) = find_outlines(seen)
        assert np.abs(found.corners - corners).max() < 4


def test_sheets_come_in_reading_order() -> None:
    places = [(200, 150), (600, 170), (250, 440), (620, 450)]
    sheets = [(turned(5 * k - 8, place) * 0.8 + np.array(place) * 0.2, WHITE)
              for k, place in enumerate(places)]  # fmt: skip
    found = find_outlines(on(GREEN, *reversed(sheets)))
    for outline, (corners, _) in zip(found, sheets, strict=True):
        assert np.abs(outline.corners - corners).max() < 5


def test_a_sheet_that_the_picture_cuts_off_is_certain_from_three_sides_on() -> None:
    corners = turned(4)
    picture = on(BLACK, (corners, WHITE))
    (three,) = find_outlines(np.ascontiguousarray(picture[:, 250:]))
    assert three.certain
    half = np.full((600, 800, 3), 225, np.uint8)
    half[:, 420:] = 120
    assert [one.certain for one in find_outlines(half)] == [False, False]


def test_a_page_that_fills_the_picture_has_no_outline(rng: np.random.Generator) -> None:
    page = draw_page(["407391", "12.5", "8 80"], rng, style=PageStyle(digit=60, ruling="lines"))
    assert find_outlines(page.picture) == []


def test_printed_boxes_and_round_things_are_no_sheets() -> None:
    picture = on(WHITE)
    cv2.rectangle(picture, (150, 100), (600, 450), (20, 20, 20), 5)
    assert find_outlines(picture) == []
    cv2.circle(picture, (400, 300), 180, (20, 40, 120), -1)
    assert find_outlines(picture) == []


@pytest.mark.parametrize(
    "shape", [(1, 1), (28, 28), (3, 60_000, 3), (60_000, 3), (79, 400), (199, 199)]
)
def test_small_pictures_and_strips_are_not_searched(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)
    picture[shape[0] // 4 : shape[0] * 3 // 4, shape[1] // 4 : shape[1] * 3 // 4] = 255
    assert find_outlines(picture) == []


def test_there_are_twelve_at_most() -> None:
    picture = np.full((800, 800, 3), 30, np.uint8)
    for x in range(20, 800, 200):
        for y in range(20, 800, 200):
            picture[y : y + 150, x : x + 150] = 230
    assert len(find_outlines(picture)) == MOST == 12


def test_a_forms_boxes_are_no_sheets_though_their_lines_are_thick() -> None:
    picture = np.full((250, 440, 3), 200, np.uint8)
    for k in range(4):
        x = 90 + 62 * k
        cv2.rectangle(picture, (x, 90), (x + 62, 160), (60, 60, 60), 5)
        cv2.line(picture, (x + 31, 110), (x + 30, 140), (40, 40, 40), 6)
    assert find_outlines(picture) == []


@pytest.mark.parametrize(("n", "gap", "sheets"), [(2, 20, 2), (3, 20, 0), (4, 20, 0), (3, 50, 3)])
def test_three_of_one_size_close_in_a_row_are_boxes(n: int, gap: int, sheets: int) -> None:
    picture = np.full((400, 800, 3), 30, np.uint8)
    for k in range(n):
        x = 40 + (150 + gap) * k
        picture[100:250, x : x + 150] = 230
    assert len(find_outlines(picture)) == sheets


def test_strokes_outside_are_a_share() -> None:
    corners = turned(0)
    picture = on(BLACK, (corners, WHITE))
    sheet = Outline(corners, True)
    assert strokes_outside(picture, [sheet]) == 0
    assert strokes_outside(picture, []) == 1
    picture[:100] = on(BLACK)[:100]
    cv2.line(picture, (100, 50), (300, 60), (200, 200, 200), 4)
    assert 0.3 < strokes_outside(picture, [sheet]) < 0.9
