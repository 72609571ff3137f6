"""Doubts: what of a page is said to be unsure, and what is promised for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.models.calibration import Calibration
from digitnet.models.line_calibration import LineCalibration
from digitnet.models.risk import RiskTable, Row
from digitnet.reading.doubts import doubted, nearest_lines, read_characters
from digitnet.reading.reading import ReadDigit, Reading
from digitnet.reading.signs import Mark

FRAME = np.zeros((28, 28), np.uint8)
TABLE = RiskTable((Row(0.99, 0.001, 0.2), Row(0.9, 0.02, 0.5), Row(0.0, 0.3, 1.0)), "a test", 900)


def digit(label: int, probability: float, line: int = 0, *, sure: bool = True) -> ReadDigit:
    box = (0, 40 * line, 10, 40 * line + 20)
    return ReadDigit(box, label, 0.5, sure, line, False, FRAME, probability)


def sign(label: str, probability: float, line: int = 0) -> Mark:
    reason = "no sign known" if label == "?" else None
    return Mark((0, 40 * line, 4, 40 * line + 20), label, line, reason, trust=probability)


@pytest.fixture
def page() -> Reading:
    """12.5 of which all is likely; 80 of which a digit is not; and 7 with a mark."""
    digits = (digit(1, 0.999), digit(2, 0.995), digit(5, 0.995), digit(8, 0.7, 1),
              digit(0, 0.999, 1), digit(7, 0.999, 2))  # fmt: skip
    return Reading(("12.5", "80", "7?"), digits, None, (sign(".", 0.995), sign("?", 0.9, 2)))


def counted(temperature: float = 1.0) -> LineCalibration:
    calibration = Calibration(temperature, risks=TABLE)
    return LineCalibration(calibration, calibration).at(0.02)


def test_what_misses_the_limit_is_unsure_and_its_line_with_it(page: Reading) -> None:
    said = doubted(page, counted())
    assert said.lines == page.lines
    assert [one.sure for one in said.digits] == [True, True, True, False, True, True]
    assert [(one.sure, one.probability) for one in said.marks] == [(True, 0.995), (False, 0.0)]
    assert said.line_doubts == (
        None,
        "unsure: 1 of 2 characters in doubt",
        "unsure: 1 of 2 characters not read",
    )
    assert said.line_probabilities == pytest.approx((0.999 * 0.995**3, 0.7 * 0.999, 0.0))


def test_a_stricter_risk_doubts_more_and_none_nothing_that_was_read(page: Reading) -> None:
    strict = doubted(page, counted().at(0.001))
    assert [one.sure for one in strict.digits] == [True, True, True, False, True, True]
    assert strict.line_doubts[0] == "unsure: the line as a whole"  # 98.4 % by its characters
    always = doubted(page, counted().at(0))
    assert all(one.sure for one in always.digits)
    assert [one.sure for one in always.marks] == [True, False]
    assert always.line_doubts == (None, None, "unsure: 1 of 2 characters not read")
    assert always.digits[3].probability == pytest.approx(0.7)


def test_a_reader_that_is_too_sure_is_taken_at_its_worth(page: Reading) -> None:
    said = doubted(page, counted(2.0))
    odds = np.sqrt([999, 199, 199, 0.7 / 0.3, 999, 999])
    np.testing.assert_allclose([one.probability for one in said.digits], odds / (1 + odds))
    assert said.marks[0].probability == pytest.approx(199**0.5 / (1 + 199**0.5))


def test_without_a_reader_of_lines_the_digits_are_as_they_were(page: Reading) -> None:
    digits = (*page.digits[:3], replace(page.digits[3], sure=False), *page.digits[4:])
    said = doubted(replace(page, digits=digits), None)
    assert said.digits == digits
    assert [(one.sure, one.probability) for one in said.marks] == [(True, 1.0), (False, 0.0)]
    assert said.line_doubts[0] is None
    assert said.line_doubts[1] == "unsure: 1 of 2 characters in doubt"
    assert said.line_probabilities[1] == pytest.approx(0.5 * 0.5)


def test_characters_of_each_line_in_order(page: Reading) -> None:
    rows = read_characters(page)
    assert ["".join(c for c, _ in row) for row in rows] == ["12.5", "80", "7?"]
    assert [one.trust for _, one in rows[0]] == [0.999, 0.995, 0.995, 0.995]
    assert isinstance(rows[2][1][1], Mark)


def test_lines_are_told_by_their_height(page: Reading) -> None:
    assert nearest_lines(page, (12.0, 48.0, 92.0)) == [[0], [1], [2]]
    assert nearest_lines(page, (86.0, 15.0)) == [[2], [0, 1]]
    assert nearest_lines(Reading((), (), "no digits"), (85.0,)) == [[]]


def test_an_empty_page_has_no_doubts() -> None:
    nothing = doubted(Reading((), (), "no digits"), counted())
    assert (nothing.line_probabilities, nothing.line_doubts) == ((), ())
    assert nothing.as_dict()["line_doubts"] == []
