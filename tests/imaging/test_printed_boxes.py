"""Places to write on a blank form."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from digitnet.handwriting.form_pages import KINDS, PLACES, draw_blank_form
from digitnet.imaging.printed_boxes import find_places


@pytest.mark.parametrize("seed", [1, 2])
def test_every_field_is_found_with_its_cells_and_nothing_else(seed: int) -> None:
    blank = draw_blank_form(np.random.default_rng(seed), len(KINDS))
    places = find_places(blank.picture)
    assert len(places) == len(blank.boxes)
    for name, box in blank.boxes.items():
        kind = KINDS[name]
        # A line says nothing of the height of what is written on it.
        sides = (0, 2, 3) if kind.printed in ("line", "teeth") else (0, 1, 2, 3)
        near = [place for place in places if all(abs(place.box[k] - box[k]) <= 5 for k in sides)]
        assert len(near) == 1, (name, box, places)
        assert near[0].cells == (kind.characters if kind.printed in PLACES else None), name
    tops = [place.box[1] for place in places]
    assert all(after > before - 60 for before, after in pairwise(tops))


def test_a_page_without_places() -> None:
    assert find_places(np.full((400, 300), 255, np.uint8)) == []
    ticks = np.full((1000, 700), 255, np.uint8)
    ticks[100:130, 100:130] = 0
    ticks[103:127, 103:127] = 255  # a single small box is to be ticked
    assert find_places(ticks) == []
