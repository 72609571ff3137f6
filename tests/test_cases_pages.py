"""Cases: pages with signs, combs and turns, each with its right answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitnet.models.folder import load_model
from digitnet.reading.page import read_page

ROWS = {
    "plain.png": ("125", "375", "05", "19999"),
    "decimal_point.png": ("12.5", "3.75", "0.5", "199.99"),
    "decimal_comma.png": ("12,5", "1,250", "0,75"),
    "comb_black.png": ("407391",),
    "comb_grey.png": ("407391",),
    "comb_thick.png": ("407391",),
}


@pytest.mark.parametrize(("name", "lines"), ROWS.items(), ids=ROWS.keys())
def test_pages_are_read_rightly(cases_folder: Path, name: str, lines: tuple[str, ...]) -> None:
    reading = read_page(load_model("cnn"), cases_folder / "pages" / name)
    assert reading.lines == lines


@pytest.mark.parametrize(("name", "degrees"), [("sideways.png", 90), ("upside_down.png", 180)])
def test_a_turned_page_is_set_upright(cases_folder: Path, name: str, degrees: int) -> None:
    reading = read_page(load_model("cnn"), cases_folder / "pages" / name)
    assert reading.lines == ("12345", "67890")
    assert reading.turned == degrees
