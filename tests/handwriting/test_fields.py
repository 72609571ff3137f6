"""Fields: a digit with lines around it, and the same picture without them."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.fields import CONTACTS, KINDS, draw_in_field
from support.drawn import written


def ink() -> np.ndarray:
    cover = written(4, np.random.default_rng(2)).cover((60, 60), 50)
    rows, columns = np.nonzero(cover.any(axis=1))[0], np.nonzero(cover.any(axis=0))[0]
    return cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contact", CONTACTS)
def test_the_two_pictures_differ_in_the_lines_alone(kind: str, contact: str) -> None:
    field = draw_in_field(ink(), 5.0, kind, contact, np.random.default_rng(1))
    assert field.picture.shape == field.bare.shape
    assert field.picture.dtype == np.uint8
    darker = field.bare.astype(int) - field.picture
    assert darker.min() >= 0
    assert 0.01 < (darker.max(axis=2) > 20).mean() < 0.7
    again = draw_in_field(ink(), 5.0, kind, contact, np.random.default_rng(1))
    np.testing.assert_array_equal(again.picture, field.picture)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="no field 'circle', 'apart'"):
        draw_in_field(ink(), 5.0, "circle", "apart", np.random.default_rng(1))
