"""Made forms: the same bits from the same seed, and what they say fits their fields."""

from __future__ import annotations

import numpy as np

from digitnet.handwriting.form_pages import KINDS, draw_blank_form, fill_form, luhn_digit
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.reading.fields import Field
from digitnet.reading.template import CONSTRAINTS
from support.forms import blank_form, filled_form


def test_the_same_seed_gives_the_same_bits() -> None:
    again = draw_blank_form(np.random.default_rng(77), 6)
    assert np.array_equal(again.picture, blank_form().picture)
    assert again.boxes == blank_form().boxes
    glyphs = LineGlyphs.make(np.random.default_rng(12), n_writers=1)
    form = fill_form(again, np.random.default_rng(1), glyphs)
    assert np.array_equal(form.picture, filled_form().picture)
    assert form.values == filled_form().values


def test_what_is_written_is_what_the_field_may_say() -> None:
    form = filled_form()
    assert any(form.values.values())
    for name, value in form.values.items():
        said = {word: v for word, v in KINDS[name].constraints.items() if word != "checksum"}
        field = Field(**{CONSTRAINTS[word][0]: v for word, v in said.items()})  # type: ignore[arg-type]
        assert value == "" or field.holds(value), (name, value)


def test_luhns_check_digit() -> None:
    assert luhn_digit("7992739871") == "3"  # the usual example
    assert luhn_digit("0") == "0"
