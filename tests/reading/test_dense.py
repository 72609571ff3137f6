"""Dense: pages of very many digits are read; print is told from them by what its marks are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.no_numbers import small_print

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.components import Component
from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.reading.dense import (
    LIKE_DIGITS,
    LONGEST,
    MANY,
    MUCH_BETTER,
    lies_turned,
    likeness,
    looked_closer,
    pieces,
)
from digitnet.reading.page import read_page
from digitnet.reading.sheet import scan_page
from digitnet.training.lines import edit_distance
from support.forms import readers

COLUMNS, ROWS, TIMES = 70, 4, 6


@pytest.fixture(scope="module")
def both() -> tuple[Model, LineModel]:
    return readers()


@pytest.fixture(scope="module")
def page() -> tuple[np.ndarray, list[str]]:
    """A picture of 24 rows of 70 digits, 22 pixels high: some rows, again and again."""
    rng = np.random.default_rng(41)
    text = ["".join(map(str, rng.integers(0, 10, COLUMNS))) for _ in range(ROWS)]
    style = PageStyle(digit=22, gap=0.3, noise=0.02)
    picture = draw_page(text, rng, style=style, size=(40 * ROWS, 30 * COLUMNS + 160)).picture
    return np.concatenate([picture] * TIMES), text * TIMES


def component(left: int, right: int) -> Component:
    return Component(left + 1, (left, 0, right, 20), 100.0)


def test_a_page_of_very_many_digits_is_read(
    both: tuple[Model, LineModel], page: tuple[np.ndarray, list[str]]
) -> None:
    picture, text = page
    reading = read_page(both[0], picture, both[1])
    assert len(reading.digits) > MANY
    assert len(reading.lines) == len(text)
    wrong = sum(
        edit_distance(line.replace(" ", ""), truth)
        for line, truth in zip(reading.lines, text, strict=True)
    )
    assert wrong <= 0.02 * COLUMNS * ROWS * TIMES


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_its_marks_say_how_it_lies(
    quarters: int, both: tuple[Model, LineModel], page: tuple[np.ndarray, list[str]]
) -> None:
    turned = np.ascontiguousarray(np.rot90(page[0][:480], -quarters))
    seen = looked_closer(both[0], turned, scan_page(turned))
    assert seen.zoom == pytest.approx(1.0)
    assert seen.height > 16
    shares = likeness(both[0], seen)
    assert lies_turned(shares) == quarters
    assert shares.max() > LIKE_DIGITS + 0.1


def test_a_page_that_is_clearly_digits_is_not_tried_turned(
    both: tuple[Model, LineModel], page: tuple[np.ndarray, list[str]], monkeypatch: Any
) -> None:
    """No other way can be `MUCH_BETTER` than more than 1 - MUCH_BETTER."""
    seen = looked_closer(both[0], page[0][:480], scan_page(page[0][:480]))
    asked: list[int] = []
    monkeypatch.setattr(
        Model, "accepted", lambda _, images, rows: asked.append(0) or rows.max(axis=1) > 0
    )
    away = likeness(both[0], seen)
    assert away[0] > 1 - MUCH_BETTER
    assert away[1:].tolist() == [0, 0, 0]
    assert len(asked) == 1
    monkeypatch.setattr(
        Model, "accepted", lambda _, images, rows: asked.append(0) or np.arange(len(rows)) % 2 > 0
    )
    assert (likeness(both[0], seen)[1:] > 0).all()
    assert len(asked) == 5


def test_print_is_not_looked_at_closer_and_is_told_by_its_marks(
    both: tuple[Model, LineModel],
) -> None:
    picture = small_print(np.random.default_rng(5), 0)[0]
    seen = scan_page(picture)
    assert len(seen.components) > MANY
    assert likeness(both[0], seen).max() < LIKE_DIGITS
    reading = read_page(both[0], picture, both[1])
    assert reading.reason is not None
    assert reading.reason.startswith("no digits: of ")
    twice = np.kron(picture, np.ones((3, 3), np.uint8))
    small = scan_page(twice)
    assert looked_closer(both[0], twice, small) is small


def test_a_page_must_be_much_more_like_digits_to_be_turned() -> None:
    assert lies_turned(np.array([0.9, 0.2, 0.9 + MUCH_BETTER - 0.01, 0.2])) == 0
    upright = LIKE_DIGITS - 0.1
    assert lies_turned(np.array([upright, 0.2, upright + MUCH_BETTER + 0.01, 0.2])) == 2
    assert lies_turned(np.array([0.1, LIKE_DIGITS - 0.01, 0.1, 0.1])) == 0
    assert lies_turned(np.array([0.1, LIKE_DIGITS, 0.1, 0.1])) == 1


def test_a_long_row_is_cut_at_wide_gaps() -> None:
    lefts = np.cumsum([10 + 6 * (k % 9 == 0) for k in range(60)]).tolist()
    row = [component(left, left + 8) for left in lefts]
    cut = pieces(row)
    assert [one for piece in cut for one in piece] == row
    assert max(map(len, cut)) <= LONGEST
    assert min(map(len, cut)) > LONGEST // 4
    for piece in cut[1:]:
        assert row.index(piece[0]) % 9 == 0
    assert pieces(row[:LONGEST]) == [row[:LONGEST]]
