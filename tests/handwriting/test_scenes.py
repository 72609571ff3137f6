"""Scenes: their text and boxes are true however the sheet lies."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.scenes import KINDS, LARGEST, draw_scene
from digitnet.handwriting.signs import SIGNS
from digitnet.handwriting.tabletop import Shown, on_a_table, trimmed, turned


def test_the_same_seed_gives_the_same_picture() -> None:
    first, second = (draw_scene(np.random.default_rng(3)) for _ in range(2))
    assert first.lines == second.lines
    assert first.boxes == second.boxes
    np.testing.assert_array_equal(first.picture, second.picture)


@pytest.mark.parametrize("grade", [0.0, 0.5, 1.0])
def test_there_is_a_box_within_the_picture_for_every_character(grade: float) -> None:
    for seed in range(5):
        page = draw_scene(np.random.default_rng(seed), grade=grade)
        assert page.picture.dtype == np.uint8
        assert max(page.picture.shape) <= LARGEST
        text = "".join(page.lines).replace(" ", "")
        assert 1 <= len(page.lines) <= 9
        assert not set(text) - set("0123456789" + SIGNS)
        assert len(page.boxes) == len(text)
        for left, top, right, bottom in page.boxes:
            assert 0 <= left < right <= page.picture.shape[1]
            assert 0 <= top < bottom <= page.picture.shape[0]


def test_grade_0_is_ink_in_boxes_on_plain_paper() -> None:
    page = draw_scene(np.random.default_rng(8), grade=0.0)
    dark = page.picture.min(axis=2) < 120
    for left, top, right, bottom in page.boxes:
        assert dark[top:bottom, left:right].any()
    for left, top, right, bottom in page.boxes:
        dark[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = False
    assert not dark.any()


def test_boxes_go_where_the_sheet_goes(rng: np.random.Generator) -> None:
    sheet = np.full((200, 300, 3), 255, np.uint8)
    sheet[60:90, 110:170] = (255, 0, 0)
    corners = np.array([[(110, 60), (170, 60), (170, 90), (110, 90)]], np.float32)

    def red(picture: np.ndarray) -> tuple[float, float]:
        y, x = np.nonzero((picture[..., 0] > 150) & (picture[..., 1] < 40))
        return float(x.mean() + 0.5), float(y.mean() + 0.5)

    shown = Shown(sheet, corners)
    for quarters in (1, 2, 3):
        lying = turned(shown, quarters)
        assert lying.picture.shape[:2] == ((300, 200) if quarters % 2 else (200, 300))
        assert red(lying.picture) == pytest.approx(lying.corners[0].mean(axis=0), abs=0.6)
    for degrees in (0, 7, 30):
        lying = on_a_table([shown], rng, degrees)
        assert lying.picture.shape[0] > 200
        assert red(lying.picture) == pytest.approx(lying.corners[0].mean(axis=0), abs=1.5)
        cut = trimmed(lying, rng)
        assert red(cut.picture) == pytest.approx(cut.corners[0].mean(axis=0), abs=1.5)


def test_sheets_on_a_table_do_not_lie_on_each_other(rng: np.random.Generator) -> None:
    sheet = np.full((100, 200, 3), 255, np.uint8)
    corners = np.array([[(0, 0), (200, 0), (200, 100), (0, 100)]], np.float32)
    for _ in range(5):
        shown = on_a_table([Shown(sheet, corners)] * 3, rng, 5.0)
        lows, highs = shown.corners.min(axis=1), shown.corners.max(axis=1)
        assert len(shown.corners) == 3
        for k in (0, 1):
            assert (highs[k] < lows[k + 1]).any()
        assert lows.min() >= 0
        assert (highs.max(axis=0) <= shown.picture.shape[1::-1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_makes_another_page_of_the_same_text(kind: str) -> None:
    plain = draw_scene(np.random.default_rng(4), grade=0.0)
    page = draw_scene(np.random.default_rng(4), grade=0.0, kinds=(kind,))
    assert len(page.boxes) == len("".join(page.lines).replace(" ", ""))
    assert page.picture.shape != plain.picture.shape or (page.picture != plain.picture).any()


def test_dark_paper_is_darker_than_its_ink() -> None:
    page = draw_scene(np.random.default_rng(4), grade=0.0, kinds=("dark",))
    assert np.median(page.picture) < 100 < page.picture.max()


def test_no_such_kind() -> None:
    with pytest.raises(SettingsError, match="no kind 'torn' of pages"):
        draw_scene(np.random.default_rng(0), kinds=("torn",))


@pytest.mark.parametrize("grade", [-0.1, 1.5, float("nan")])
def test_a_grade_beyond_its_ends(grade: float) -> None:
    with pytest.raises(SettingsError, match=str(grade)):
        draw_scene(np.random.default_rng(0), grade=grade)
