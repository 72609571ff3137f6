"""Pages that hold no numbers say so, and cost no more than a page of them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.no_numbers import KINDS, NUMBERS

from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.reading.frames import Frames
from digitnet.reading.page import MOST_RUNS, TEXTURE, read_page
from support.forms import readers


def drawn(kind: str) -> np.ndarray:
    return KINDS[kind](np.random.default_rng(0), 0)[0]


@pytest.fixture(scope="module")
def both() -> tuple[Model, LineModel]:
    return readers()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NUMBERS])
def test_a_page_without_numbers_says_so(kind: str, both: tuple[Model, LineModel]) -> None:
    model, lines = both
    reading = read_page(model, drawn(kind), lines)
    assert reading.lines == ()
    assert reading.digits == ()
    assert reading.reason is not None
    assert reading.reason.startswith("no digits: ")


def test_dots_are_a_texture_before_they_are_cut_apart(
    both: tuple[Model, LineModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*args: object) -> None:
        raise AssertionError("a texture is not cut apart")

    monkeypatch.setattr("digitnet.reading.page.cut_apart", cut)
    assert read_page(both[0], drawn("dots"), both[1]).reason == TEXTURE


@pytest.mark.parametrize("kind", ["crossing", "map", "music"])
def test_what_is_framed_of_a_page_is_bounded(
    kind: str, both: tuple[Model, LineModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitnet.reading import page

    framed: list[Frames] = []
    plain = page.row_lattice

    def counted(model: Model, sheet: page.Sheet, frames: Frames, *rest: object) -> object:
        if not any(frames is one for one in framed):
            framed.append(frames)
        return plain(model, sheet, frames, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("digitnet.reading.page.row_lattice", counted)
    read_page(both[0], drawn(kind), both[1])
    assert sum(map(len, framed)) <= MOST_RUNS + page.MANY
