"""Faint: pencil beside ink is read, what shows through from the other side is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import lay_out
from digitnet.handwriting.raster import render
from digitnet.models.folder import load_model
from digitnet.models.lines import line_model_beside
from digitnet.reading.faint import faint_sheet, with_faint_rows
from digitnet.reading.page import read_page
from digitnet.reading.reading import ReadDigit, Reading, Rejected
from digitnet.reading.sheet import scan_page
from digitnet.reading.signs import Mark

TEXT = ["407391", "582360", "96046"]
FRAME = np.zeros((28, 28), np.uint8)


def page(strength: float, *, mirrored: bool = False) -> np.ndarray:
    """Three rows, the middle one of which is that faint."""
    rng = np.random.default_rng(7)
    style = PageStyle(digit=48)
    _, rows, size, top = lay_out(TEXT, rng, style=style, hand=careful(Hand.sample(rng)))
    cover = np.zeros(size, np.float32)
    for k, row in enumerate(rows):
        ink = render([stroke for mark in row for stroke in mark], *size) / np.float32(255)
        if k == 1 and mirrored:
            ink = ink[:, ::-1]
        np.maximum(cover, ink * np.float32(strength if k == 1 else 1), out=cover)
    return photograph(cover, style, top, rng)


@pytest.mark.parametrize("strength", [0.3, 0.45, 0.6, 1.0])
def test_a_faint_row_is_read_in_its_place(strength: float) -> None:
    model = load_model("cnn")
    reading = read_page(model, page(strength), line_model_beside(model.class_names))
    assert list(reading.lines) == TEXT
    assert [digit.line for digit in reading.digits] == [0] * 6 + [1] * 6 + [2] * 5


@pytest.mark.parametrize(("strength", "mirrored"), [(0.12, False), (0.18, True)])
def test_what_shows_through_is_not_read(strength: float, mirrored: bool) -> None:
    model = load_model("cnn")
    picture = page(strength, mirrored=mirrored)
    reading = read_page(model, picture, line_model_beside(model.class_names))
    assert list(reading.lines) == [TEXT[0], TEXT[2]]


def test_the_faint_ink_is_what_the_dark_ink_is_not() -> None:
    dark = scan_page(page(0.4))
    faint = faint_sheet(dark)
    assert faint is not None
    assert len(faint.components) == 6
    rows = [one.box[1] + one.box[3] for one in dark.components]
    assert min(rows) < min(one.box[1] + one.box[3] for one in faint.components) < max(rows)
    assert faint_sheet(scan_page(page(0.0))) is None
    assert faint_sheet(scan_page(np.full((200, 300), 255, np.uint8))) is None
    assert faint_sheet(replace(dark, height=2 * faint.height)) is None


def row(line: int, y: int, n: int, sure: int) -> list[ReadDigit]:
    return [
        ReadDigit((20 * k, y, 20 * k + 10, y + 20), k, 0.9, k < sure, line, k == 0, FRAME)
        for k in range(n)
    ]


@pytest.mark.parametrize(
    ("n", "sure", "marked", "kept"),
    [(3, 3, None, True), (2, 2, None, False), (5, 4, None, True), (5, 3, None, False),
     (5, 5, "x", False)],
)  # fmt: skip
def test_faint_rows_are_kept_if_four_fifths_of_three_digits_are_sure(
    n: int, sure: int, marked: str | None, kept: bool
) -> None:
    dark = Reading(("012", "01"), (*row(0, 0, 3, 3), *row(1, 80, 2, 2)), None)
    marks = (Mark((0, 0, 1, 1), "?", 0, marked),) if marked else ()
    faint = Reading(("01234"[:n],), tuple(row(0, 40, n, sure)), None, marks)
    both = with_faint_rows(dark, faint)
    assert both.lines == (("012", "01234"[:n], "01") if kept else dark.lines)
    assert [one.line for one in both.digits][-1] == len(both.lines) - 1


def test_a_row_that_is_faint_in_part_is_one_row() -> None:
    dark = Reading(("0", "12"), (*row(0, 0, 1, 1), *row(1, 80, 2, 2)), None)
    faint = Reading(
        ("0",), tuple(replace(one, box=(45, 82, 55, 101)) for one in row(0, 0, 1, 1)), None
    )
    assert with_faint_rows(dark, faint).lines == ("0", "010")
    unsure = Reading(("0",), tuple(replace(one, sure=False) for one in faint.digits), None)
    assert with_faint_rows(dark, unsure) is dark
    rejected = replace(dark, rejected=(Rejected((0, 80, 90, 100), "no digits"),))
    assert with_faint_rows(rejected, faint) is rejected
