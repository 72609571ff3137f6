"""Made rows: what a page's reader cuts out of a made page, with the text of its page."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import Page, draw_page
from digitnet.handwriting.signs import OTHER, SIGNS
from digitnet.imaging.line_frame import LINE_HEIGHT
from digitnet.models.box import LINES, in_box
from digitnet.models.lines import load_line_model
from digitnet.nn.ctc import greedy
from digitnet.reading import made_rows
from digitnet.reading.line_reader import see_lines
from digitnet.reading.made_rows import made_row
from digitnet.training.lines import edit_distance


def test_a_row_is_what_its_text_says() -> None:
    """The reader of lines in the box reads most of the characters that it is told are there."""
    model = load_line_model(in_box(LINES))
    rng = np.random.default_rng(11)
    rows = [made_row(rng) for _ in range(12)]
    for image, text in rows:
        assert image.dtype == np.uint8
        assert image.shape[0] == LINE_HEIGHT
        assert text
        assert not set(text) - set("0123456789" + SIGNS + OTHER)
    said = [model.text_of(greedy(one).classes) for one in see_lines(model, [i for i, _ in rows])]
    wrong = sum(edit_distance(a, text) for a, (_, text) in zip(said, rows, strict=True))
    assert wrong <= 0.15 * sum(len(text) for _, text in rows)


def test_the_same_seed_gives_the_same_row() -> None:
    first, second, other = (made_row(np.random.default_rng(k)) for k in (3, 3, 4))
    assert first[1] == second[1]
    np.testing.assert_array_equal(first[0], second[0])
    assert (other[1], other[0].shape) != (first[1], first[0].shape)


def test_a_page_on_which_a_character_is_not_found_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = draw_page(["408"], np.random.default_rng(0), style=PageStyle(digit=60.0))
    left, top, right, bottom = whole.boxes[1]
    picture = whole.picture.copy()
    picture[top - 2 : bottom + 2, left - 2 : right + 2] = picture[0, 0]
    pages = [Page(picture, whole.lines, whole.boxes), Page(picture[:9, :9], ("1",), ()), whole]
    monkeypatch.setattr(made_rows, "_page", lambda _: pages.pop(0))
    image, text = made_row(np.random.default_rng(0))
    assert text == "408"
    assert image.any()
    assert not pages
