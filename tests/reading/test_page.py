"""Pages are read: rows, words, touching digits, and what is on a page besides digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitnet.errors import ModelError, PictureError
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import Page, draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.ruling import erase_ruling
from digitnet.models.model import Model
from digitnet.reading.cuts import find_cuts
from digitnet.reading.page import Reading, read_page
from digitnet.reading.rows import in_rows, row_slope, word_starts
from digitnet.reading.sheet import frame_components, scan_page

CLEAN = PageStyle(digit=44, gap=0.35)


def neat() -> Hand:
    """A clear hand of middling pen, the same for every test."""
    hand = careful(Hand.sample(np.random.default_rng(11)), 0.9)
    return replace(hand, pen=np.array([0.06], np.float32), taste=np.full((1, 10), 0.3, np.float32))


def page(*lines: str, seed: int = 0, **style: float | str) -> Page:
    chosen = replace(CLEAN, **style)  # type: ignore[arg-type]
    return draw_page(lines, np.random.default_rng(seed), style=chosen, hand=neat())


LOOKS: dict[str, dict[str, float | str]] = {
    "clean": {},
    "half in shadow": {"shadow": 0.5},
    "light from one side": {"shade": 0.5, "texture": 0.03},
    "noisy": {"noise": 0.04},
    "ruled": {"ruling": "lines", "ruling_strength": 0.3},
    "squared": {"ruling": "squares", "ruling_strength": 0.3},
    "squared and falling": {"ruling": "squares", "ruling_strength": 0.35, "slope": 0.06},
    "rising": {"slope": -0.12},
    "small": {"digit": 18},
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_two_rows_with_words(trained: Model, look: dict[str, float | str]) -> None:
    made = page("407 25", "38 0056", seed=3, **look)
    assert read_page(trained, made.picture).lines == made.lines


def test_boxes_hold_the_digits_in_reading_order(trained: Model) -> None:
    made = page("52 08", "364", seed=1, digit=80)
    reading = read_page(trained, made.picture)
    assert [d.line for d in reading.digits] == [0, 0, 0, 0, 1, 1, 1]
    assert [d.starts_word for d in reading.digits] == [True, False, True, False, True, False, False]
    found = np.array([d.box for d in reading.digits])
    assert np.abs(found - np.array(made.boxes)).max() <= 4
    assert (found[:, :2] >= 0).all()
    height, width = made.picture.shape[:2]
    assert (found[:, 2] <= width).all()
    assert (found[:, 3] <= height).all()


def test_boxes_are_in_the_pixels_of_a_large_picture(trained: Model) -> None:
    made = page("2058", seed=2, digit=60)
    large = np.repeat(np.repeat(made.picture, 6, axis=0), 6, axis=1)
    reading = read_page(trained, large)
    assert reading.lines == made.lines
    assert np.abs(np.array([d.box for d in reading.digits]) - 6 * np.array(made.boxes)).max() < 24


@pytest.mark.parametrize("text", ["10", "11", "111", "100"])
def test_ones_and_zeros_are_not_read_as_one_digit(trained: Model, text: str) -> None:
    assert read_page(trained, page(text, seed=4, gap=0.15).picture).lines == (text,)


def test_touching_digits_are_cut_apart(trained: Model) -> None:
    right = 0
    for seed, text in enumerate(["30", "26", "85", "50", "63", "02", "56", "93", "20", "60"]):
        made = page(text, seed=seed, gap=-0.02)
        assert len(scan_page(made.picture).components) == 1, "they do not touch"
        right += read_page(trained, made.picture).lines == (text,)
    assert right >= 7


def test_a_bar_apart_stays_with_its_five(trained: Model) -> None:
    """A five's body, its bar a little above: one digit, also between two others."""
    made = page("050", seed=5, digit=90)
    left, top, right, bottom = made.boxes[1]
    cut = top + (bottom - top) // 4
    picture = made.picture.copy()
    paper = np.median(picture.reshape(-1, 3), axis=0).astype(np.uint8)
    picture[cut : cut + 4, left:right] = paper
    assert read_page(trained, picture).lines == ("050",)


def test_dust_a_dark_table_and_faint_print_are_left_out(trained: Model) -> None:
    made = page("4702", seed=6, digit=60, margin=3)
    picture = made.picture.astype(np.float64)
    height, width = picture.shape[:2]
    picture[-40:] = np.random.default_rng(0).uniform(5, 30, (40, width, 1))  # the table's edge
    for x in range(30, width - 60, 40):  # print that shines through
        picture[20:50, x : x + 4] *= 0.85
        picture[20:24, x : x + 20] *= 0.85
    for y, x in ((70, 20), (90, width - 30), (height - 60, 50)):
        picture[y : y + 3, x : x + 3] = 60
    assert read_page(trained, picture.astype(np.uint8)).lines == ("4702",)


def test_polarity_does_not_matter(trained: Model) -> None:
    made = page("3804", seed=7)
    assert read_page(trained, 255 - made.picture).lines == ("3804",)


def test_a_single_digit_is_framed_as_predict_frames_it() -> None:
    made = page("5", seed=8, digit=100)
    sheet = scan_page(made.picture)
    ours, _ = frame_components(sheet, [sheet.components[0].label], sheet.components[0].box)
    theirs = frame_picture(made.picture).image
    assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_a_neighbour_does_not_leak_into_the_frame() -> None:
    alone, _ = _first_frame(page("1", seed=9, slope=0, unevenness=0, noise=0, texture=0))
    beside, _ = _first_frame(page("18", seed=9, gap=0.06, unevenness=0, noise=0, texture=0))
    assert np.abs(alone.astype(int) - beside).mean() < 4


def _first_frame(made: Page) -> tuple[np.ndarray, object]:
    sheet = scan_page(made.picture)
    first = min(sheet.components, key=lambda one: one.box[0])
    return frame_components(sheet, [first.label], first.box)


NOTHING: dict[str, Callable[[], np.ndarray]] = {
    "white": lambda: np.full((200, 300), 255, np.uint8),
    "black": lambda: np.zeros((200, 300), np.uint8),
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8),
    "grain": lambda: np.random.default_rng(0).normal(200, 3, (200, 300)).astype(np.uint8),
    "shadow": lambda: page(shadow=0.5, noise=0.02, digit=20, margin=5).picture,
    "squared paper": lambda: page(ruling="squares", ruling_strength=0.3, margin=6).picture,
    "2 x 2": lambda: np.array([[0, 255], [255, 0]], np.uint8),
    "a line of pixels": lambda: np.arange(400, dtype=np.uint8).reshape(2, 200),
}


@pytest.mark.parametrize("picture", NOTHING.values(), ids=NOTHING.keys())
def test_a_page_without_digits_has_no_lines_and_a_reason(
    trained: Model, picture: Callable[[], np.ndarray]
) -> None:
    reading = read_page(trained, picture())
    assert reading.lines == ()
    assert reading.digits == ()
    assert reading.reason is not None
    assert reading.reason.startswith("no digits: ")


def test_what_is_no_picture(trained: Model) -> None:
    with pytest.raises(PictureError, match="nowhere"):
        read_page(trained, "nowhere.png")
    with pytest.raises(PictureError):
        read_page(trained, np.zeros((3, 4, 5, 6)))
    with pytest.raises(ModelError, match="stretch"):
        read_page(Model(trained.network, framing="stretch"), np.zeros((30, 40), np.uint8))


def test_a_model_without_calibration_reads_too(trained: Model) -> None:
    made = page("2058", seed=2)
    plain = Model(trained.network)
    assert read_page(plain, made.picture).lines == made.lines


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


def test_words_begin_after_wide_gaps() -> None:
    row = [(0, 0, 20, 40), (28, 0, 48, 40), (110, 0, 130, 40), (140, 0, 150, 40)]
    assert word_starts([row], 40.0) == [[True, False, True, False]]
    wide = [(60 * k, 0, 60 * k + 20, 40) for k in range(5)]  # evenly spread: no words
    assert word_starts([wide], 40.0) == [[True, False, False, False, False]]


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


def test_the_cheapest_cut_goes_between_two_rings() -> None:
    y, x = np.mgrid[:52, :102]
    rings = [np.abs(np.hypot(y - 26, x - middle) - 20) < 3 for middle in (24, 78)]
    mask = (rings[0] | rings[1] | ((np.abs(y - 26) < 2) & (x > 44) & (x < 58))).astype(np.uint8)
    cuts = find_cuts(mask, 6.0)
    best = min(cuts, key=lambda cut: cut.ink)
    assert best.columns.mean() == pytest.approx(51, abs=5)
    assert best.ink < 1.2
    assert [c.columns.mean() for c in cuts] == sorted(c.columns.mean() for c in cuts)


def test_reading_as_plain_values(trained: Model) -> None:
    reading: Reading = read_page(trained, page("38", seed=3).picture)
    values = reading.as_dict()
    assert set(values) == {"lines", "digits", "reason"}
    assert set(values["digits"][0]) >= {"box", "label", "probability"}
    assert all(isinstance(v, int) for v in values["digits"][0]["box"])
