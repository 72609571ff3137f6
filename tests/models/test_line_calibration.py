"""Line calibration: what a reader of lines promises, of characters and of whole lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.models.calibration import Calibration
from digitnet.models.line_calibration import (
    SURE,
    LineCalibration,
    ReadLine,
    fit_line_calibration,
    honest,
    right_characters,
    together,
)


@pytest.mark.parametrize(
    ("said", "text", "right"),
    [
        ("123", "123", "yyy"),
        ("173", "123", "yny"),
        ("13", "123", "yn"),  # what was left out makes the next one wrong,
        ("12", "123", "yn"),  # at the end the last,
        ("1253", "123", "yyny"),  # and what was put in is wrong itself
        ("125", "12.5", "yyn"),
        ("", "12", ""),
        ("12", "", "nn"),
        ("9", "1234", "n"),
    ],
)
def test_which_characters_are_right(said: str, text: str, right: str) -> None:
    assert right_characters(said, text) == tuple(one == "y" for one in right)
    line = ReadLine.of(said, [0.5] * len(said), text)
    assert line.is_right == (said == text)


def lines(n: int, rng: np.random.Generator, power: float = 1.0) -> list[ReadLine]:
    """Lines of four digits, each right with its probability, which the reader says ** power."""
    made = []
    for chances in 1 - 10 ** rng.uniform(-5, -0.5, (n, 4)):
        right = rng.random(4) < chances
        said = "".join("1" if one else "2" for one in right)
        odds = (chances / (1 - chances)) ** power
        made.append(ReadLine.of(said, (odds / (1 + odds)).tolist(), "1111"))
    return made


def fitted(made: list[ReadLine], risk: float | None = None) -> LineCalibration:
    return fit_line_calibration(made, "?", "made lines", np.random.default_rng(0), risk)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_temperatures_make_probabilities_honest(power: float) -> None:
    calibration = fitted(lines(4000, np.random.default_rng(1), power))
    assert calibration.characters.temperature == pytest.approx(power, rel=0.2)
    raw = 0.9**power / (0.9**power + 0.1**power)
    assert honest(calibration.characters, [raw])[0] == pytest.approx(0.9, abs=0.03)
    assert calibration.lines.temperature == pytest.approx(1, rel=0.3)
    assert honest(Calibration(), [0.95, 1.0]).tolist() == [0.95, 1.0]
    assert honest(calibration.characters, []).tolist() == []


def test_what_is_promised_is_kept_on_other_lines() -> None:
    rng = np.random.default_rng(2)
    calibration = fitted(lines(3000, rng), 0.01)
    given = wrong = lines_given = lines_wrong = 0
    for line in lines(6000, rng):
        worth = honest(calibration.characters, line.probabilities)
        for p, right in zip(worth, line.right, strict=True):
            given += p >= calibration.characters.least_probability
            wrong += p >= calibration.characters.least_probability and not right
        product = together(calibration.characters, line.probabilities)
        (whole,) = honest(calibration.lines, [product])
        lines_given += whole >= calibration.lines.least_probability
        lines_wrong += whole >= calibration.lines.least_probability and not line.is_right
    for part, share in (
        (calibration.characters, wrong / given),
        (calibration.lines, lines_wrong / lines_given),
    ):
        assert part.promised is not None
        assert share <= part.promised <= 0.02
    assert given > 0.5 * 4 * 6000
    assert lines_given > 0.1 * 6000


def test_one_character_of_each_line_is_counted_and_no_line_twice() -> None:
    calibration = fitted(lines(300, np.random.default_rng(3)))
    for part in (calibration.characters, calibration.lines):
        assert part.risks is not None
        assert (part.risks.n, part.risks.counted_on) == (200, "made lines")


def test_what_is_not_read_is_no_answer_but_lowers_the_coverage() -> None:
    made = lines(900, np.random.default_rng(4))
    nothing = ReadLine.of("", [], "12")
    unread = ReadLine.of("?", [0.99], "?")
    with_them = [one for line in made for one in (line, nothing, unread)]
    np.random.default_rng(0).shuffle(with_them)  # type: ignore[arg-type]
    few, all_of_them = fitted(with_them, 0.05), fitted(made, 0.05)
    for mine, other in ((few.characters, all_of_them.characters), (few.lines, all_of_them.lines)):
        assert mine.risks is not None
        assert other.risks is not None
        last, same = mine.risks.rows[-1], other.risks.rows[-1]
        assert last.coverage == pytest.approx(1 / 3, abs=0.03)
        assert same.coverage == 1.0
        assert last.bound == pytest.approx(same.bound, abs=0.05)


def test_the_least_usual_risk_that_can_be_promised_is_taken() -> None:
    assert fitted(lines(3000, np.random.default_rng(5))).characters.risk == 0.005
    made = lines(600, np.random.default_rng(6))
    hard = [replace_right(line, k % 50 != 0) for k, line in enumerate(made)]
    risk = fitted(hard).characters.risk
    assert risk == 0.05
    assert fitted([replace_right(line, False) for line in hard]).characters.risk == 0.1


def replace_right(line: ReadLine, right: bool) -> ReadLine:
    return line._replace(right=(right,) * len(line.said), is_right=right)


def test_too_few_lines_promise_nothing() -> None:
    calibration = fitted(lines(149, np.random.default_rng(7)))
    for part in (calibration.characters, calibration.lines, LineCalibration().lines):
        assert (part.temperature, part.least_probability) == (1.0, SURE)
        assert part.promised is None
    with pytest.raises(SettingsError, match="never counted"):
        calibration.at("1%")
    assert calibration.at(0).characters.least_probability == 0
    assert calibration.at(0).lines.least_probability == 0


def test_another_risk_moves_both_limits() -> None:
    calibration = fitted(lines(3000, np.random.default_rng(8)))
    strict, mild = calibration.at("0.5%"), calibration.at("5%")
    assert strict.characters.least_probability > mild.characters.least_probability
    assert strict.lines.least_probability > mild.lines.least_probability
    with pytest.raises(SettingsError, match="must be a share"):
        calibration.at("5")
    assert replace(calibration) is not calibration
