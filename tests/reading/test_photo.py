"""Photo: each sheet is read as a page of its own, and all boxes are the picture's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import Page, draw_page
from digitnet.handwriting.tabletop import Shown, on_a_table
from digitnet.imaging.outlines import Outline
from digitnet.models.folder import load_model
from digitnet.models.lines import line_model_beside
from digitnet.reading.page import read_page
from digitnet.reading.photo import flattened, read_photo
from digitnet.reading.reading import ReadDigit, Reading, Rejected
from digitnet.reading.signs import Mark
from digitnet.reading.upright import Try

FRAME = np.zeros((28, 28), np.uint8)


def sheet(text: list[str], seed: int, **style: object) -> tuple[Shown, Page]:
    look = PageStyle(digit=44, margin=1.2, **style)  # type: ignore[arg-type]
    page = draw_page(text, np.random.default_rng(seed), style=look)
    corners = [[(x, y), (X, y), (X, Y), (x, Y)] for x, y, X, Y in page.boxes]
    return Shown(page.picture, np.array(corners, np.float32)), page


def spot(picture: np.ndarray) -> tuple[int, int, int, int] | None:
    """The box of what is red."""
    red = (picture[..., 0] > 150) & (picture[..., 1] < 90)
    if not red.any():
        return None
    y, x = np.nonzero(red)
    return int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1


def read_spot(picture: np.ndarray) -> Try:
    """A reader that sees one red digit, a mark and a row to reject where it is."""
    box = spot(picture)
    if box is None:
        return Try(Reading((), (), "nothing"))
    digit = ReadDigit(box, 7, 0.99, True, 0, True, FRAME)
    reading = Reading(
        ("7?",), (digit,), None, (Mark(box, "?", 0, "x"),), (Rejected(box, "no digits"),)
    )
    return Try(reading, 9, 9, 1.0, 0.0, 1)


def with_spots(n: int, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture of n sheets with a red spot each, and where the spots lie, (n, 4, 2)."""
    paper = np.full((260, 380, 3), 235, np.uint8)
    paper[100:140, 90:120] = (220, 20, 20)
    own = np.array([[(90, 100), (120, 100), (120, 140), (90, 140)]], np.float32)
    shown = on_a_table([Shown(paper, own)] * n, np.random.default_rng(5), degrees)
    return shown.picture, shown.corners


@pytest.mark.parametrize("degrees", [0.0, 15.0])
def test_boxes_of_digits_marks_and_rejected_rows_are_the_pictures(degrees: float) -> None:
    picture, corners = with_spots(2, degrees)
    reading = read_photo(read_spot, picture)
    assert reading.lines == ("7?", "7?")
    assert len(reading.sheets) == 2
    assert reading.turned == 0
    assert [one.line for one in reading.digits] == [one.line for one in reading.marks] == [0, 1]
    for kind in (reading.digits, reading.marks, reading.rejected):
        for one, places in zip(kind, corners, strict=True):
            there = [*places.min(axis=0), *places.max(axis=0)]
            assert one.box == pytest.approx(there, abs=4)


def test_a_picture_without_sheets_is_read_as_it_is() -> None:
    picture = np.full((300, 400, 3), 235, np.uint8)
    picture[100:140, 90:120] = (220, 20, 20)
    given = []

    def read(seen: np.ndarray) -> Try:
        given.append(seen)
        return read_spot(seen)

    reading = read_photo(read, picture)
    assert reading == read_spot(picture).reading
    assert len(given) == 1
    assert given[0] is picture


def test_where_no_sheet_says_anything_or_the_whole_says_more_it_is_read_whole() -> None:
    picture, _ = with_spots(1, 0.0)
    whole = Reading(("1234",), tuple(
        ReadDigit((k, 0, k + 1, 1), k, 0.99, True, 0, k == 0, FRAME) for k in range(4)
    ), None)  # fmt: skip

    def read(seen: np.ndarray) -> Try:
        return Try(whole, 9, 9, 1.0) if seen is picture else Try(Reading((), (), "nothing"))

    assert read_photo(read, picture) is whole

    def read_both(seen: np.ndarray) -> Try:
        return Try(whole, 9, 9, 1.0) if seen is picture else read_spot(seen)

    assert read_photo(read_both, picture).lines == ("7?",)  # nothing is written beside the sheet
    for x in range(5, picture.shape[1], 30):
        cv2.line(picture, (x, 2), (x + 5, 14), (250, 250, 250), 3)
    assert read_photo(read_both, picture) is whole


def test_sheets_that_say_the_same_digit_are_no_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shadow's edge between two outlines: the number below both was read twice, and sure."""
    picture = np.full((200, 300, 3), 235, np.uint8)
    picture[90:110, 100:110] = (220, 20, 20)
    upper, lower = (
        Outline(np.array([[0, y], [300, y], [300, y + 120], [0, y + 120]], np.float64), True)
        for y in (0, 80)
    )
    whole = read_spot(picture).reading
    monkeypatch.setattr("digitnet.reading.photo.find_outlines", lambda _: [upper, lower])
    assert read_photo(read_spot, picture) == whole
    apart = Outline(lower.corners + np.array([0.0, 30.0]), True)  # the spot is above it
    monkeypatch.setattr("digitnet.reading.photo.find_outlines", lambda _: [upper, apart])
    assert len(read_photo(read_spot, picture).sheets) == 1


def test_a_flattened_sheet_fills_its_picture() -> None:
    picture, _ = with_spots(1, 12.0)
    seen: list[np.ndarray] = []

    def read(flat: np.ndarray) -> Try:
        seen.append(flat)
        return read_spot(flat)

    reading = read_photo(read, picture)
    flat = seen[0]
    assert np.median(flat, axis=(0, 1)).min() > 200
    ring = np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]])
    assert ring.min() > 120
    assert reading.turned % 360 != 0
    corners = np.array(reading.sheets[0], float)
    again, back = flattened(picture, corners)
    places = cv2.perspectiveTransform(
        np.array([[[0, 0], [again.shape[1], again.shape[0]]]], np.float64), back
    )[0]
    assert places == pytest.approx(corners[[0, 2]], abs=8)


@pytest.mark.parametrize(
    ("style", "degrees"),
    [
        ({"paper": (0.95, 0.85, 0.35)}, 9.0),
        ({"paper": (0.1, 0.12, 0.2), "ink": (0.9, 0.9, 0.85)}, 9.0),
        ({}, 30.0),
    ],
)
def test_sheets_are_read_however_they_lie(style: dict[str, object], degrees: float) -> None:
    lying, page = sheet(["407391", "5823", "96046"], 3, **style)
    shown = on_a_table([lying], np.random.default_rng(8), degrees)
    model = load_model("cnn")
    reading = read_page(model, shown.picture, line_model_beside(model.class_names))
    assert reading.lines == page.lines
    assert len(reading.sheets) == 1
    for digit, places in zip(reading.digits, shown.corners, strict=True):
        middle = places.mean(axis=0)
        assert digit.box[0] < middle[0] < digit.box[2]
        assert digit.box[1] < middle[1] < digit.box[3]


def test_light_and_dark_paper_in_one_picture() -> None:
    light, first = sheet(["40739", "5823"], 3)
    dark, second = sheet(["6041", "92856"], 4, paper=(0.1, 0.1, 0.15), ink=(0.9, 0.9, 0.9))
    shown = on_a_table([light, dark], np.random.default_rng(2), 5.0)
    model = load_model("cnn")
    reading = read_page(model, shown.picture, line_model_beside(model.class_names))
    assert reading.lines == first.lines + second.lines
    assert len(reading.sheets) == 2
