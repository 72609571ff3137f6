"""Number fields: each kind says what it asks for, the same from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.number_fields import KINDS, draw_number_field
from digitnet.handwriting.numbers import amount, signed_number
from digitnet.handwriting.signs import SIGNS


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_is_one_number_whose_characters_are_in_their_boxes(kind: str) -> None:
    for seed in range(3):
        page, again = (draw_number_field(kind, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(page.picture, again.picture)
        (text,) = page.lines
        assert len(page.boxes) == len(text.replace(" ", ""))
        has_signs = bool(set(text) & set(SIGNS))
        assert has_signs == (kind in ("amount", "signs"))
        height, width = page.picture.shape[:2]
        for left, top, right, bottom in page.boxes:
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height


def test_boxes_and_combs_are_printed_lines_of_many_pixels_more() -> None:
    """The same seed asks for the same digits; boxes have more lines than a comb."""
    for seed in range(5):
        comb, boxes = (draw_number_field(k, np.random.default_rng(seed)) for k in ("comb", "boxes"))
        assert len(comb.boxes) == len(boxes.boxes) in range(4, 9)
    dark = [
        np.mean([
            (picture < 0.85 * np.median(picture)).mean()
            for seed in range(12)
            if (picture := draw_number_field(kind, np.random.default_rng(seed)).picture).any()
        ])
        for kind in ("comb", "boxes")
    ]  # fmt: skip
    assert dark[1] > 1.1 * dark[0]


def test_an_amount_has_a_point_or_a_comma_and_at_most_one_between_thousands() -> None:
    rng = np.random.default_rng(0)
    texts = [amount(rng) for _ in range(200)]
    signs = ["".join(c for c in text if not c.isdigit()) for text in texts]
    assert set(signs) == {".", ",", ".,", ",."}
    assert all(text[0].isdigit() and text[-1].isdigit() for text in texts)


def test_a_signed_number_holds_each_sign_sometimes_and_no_other_mark() -> None:
    rng = np.random.default_rng(0)
    texts = [signed_number(rng) for _ in range(300)]
    assert all(set(text) & set(SIGNS) for text in texts)
    assert set("".join(texts)) <= set("0123456789 " + SIGNS)
    assert set(SIGNS) <= set("".join(texts))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="There is no field 'tables': choose one of digits"):
        draw_number_field("tables", np.random.default_rng(0))
