"""Risk: a promise that holds, by hand and by simulation, and thresholds looked up in its table."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.errors import SettingsError
from digitnet.models.risk import (
    DELTA,
    OFFERED,
    RISK,
    THRESHOLDS,
    RiskTable,
    Row,
    as_risk,
    risk_table,
    upper_bound,
)


def tail(k: int, n: int, share: Fraction) -> Fraction:
    """P(Bin(n, share) <= k), exactly."""
    terms = (math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k + 1))
    return sum(terms, Fraction(0))


def test_what_is_promised_where_nothing_else_is_said() -> None:
    assert (RISK, DELTA, OFFERED) == (0.005, 0.05, (0.001, 0.005, 0.02, 0.0))


def test_thresholds_are_fixed_and_fall_by_even_steps_of_doubt() -> None:
    doubt = 1 - np.array(THRESHOLDS)
    assert (THRESHOLDS[0], THRESHOLDS[-1], len(THRESHOLDS)) == (pytest.approx(0.9999), 0.0, 33)
    np.testing.assert_allclose(doubt[1:] / doubt[:-1], 10 ** (1 / 8))


def test_the_bound_by_hand() -> None:
    """None wrong of n: (1 - r)^n = 0.05. One wrong of two: 1 - r^2 = 0.05. All wrong: anything."""
    assert upper_bound(0, 598) == pytest.approx(1 - 0.05 ** (1 / 598), abs=1e-8)
    assert upper_bound(0, 598) < 0.005 < upper_bound(0, 597)
    assert upper_bound(1, 2) == pytest.approx(math.sqrt(0.95), abs=1e-8)
    assert (upper_bound(0, 0), upper_bound(3, 3)) == (1.0, 1.0)


@given(st.integers(0, 40), st.integers(1, 300), st.sampled_from([0.05, 0.1, 0.01]))
def test_the_bound_is_where_the_exact_tail_is_delta(k: int, n: int, delta: float) -> None:
    if k >= n:
        assert upper_bound(k, n, delta) == 1.0
        return
    bound = upper_bound(k, n, delta)
    assert tail(k, n, Fraction(bound)) <= delta
    assert tail(k, n, Fraction(bound - 1e-7)) > delta
    assert upper_bound(k, n + 1, delta) < bound < upper_bound(k + 1, n, delta)


def test_a_bound_of_many_is_found_too() -> None:
    assert upper_bound(500, 100_000) == pytest.approx(0.0054, abs=1e-4)


def table(*rows: tuple[float, float]) -> RiskTable:
    return RiskTable(tuple(Row(*row, 0.9) for row in rows), "a test", 100)


def test_the_least_strict_threshold_whose_bound_is_low_enough_is_taken() -> None:
    made = table((0.99, 0.002), (0.9, 0.005), (0.8, 0.005), (0.0, 0.03))
    asked = [0.03, 0.029, 0.005, 0.004999, 0.002, 0.001]
    assert [made.row(risk).least_probability for risk in asked] == [0.0, 0.8, 0.8, 0.99, 0.99, 0.99]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=33), st.lists(st.floats(0, 1), min_size=2))
def test_who_allows_more_wrong_answers_gets_no_fewer(
    bounds: list[float], risks: list[float]
) -> None:
    made = table(*zip(np.linspace(0.99, 0, len(bounds)), sorted(bounds), strict=True))
    least = [made.row(risk).least_probability for risk in sorted(risks)]
    assert least == sorted(least, reverse=True)


def test_a_threshold_that_fails_ends_the_sequence() -> None:
    """Bounds never fall again, whatever a lower threshold seems to show."""
    confidence = np.concatenate([np.full(400, 0.9999), np.full(400, 0.95), np.full(4000, 0.5)])
    right = np.ones(4800, dtype=bool)
    right[400:420] = False
    made = risk_table(confidence, right, (confidence[:400], right[:400]), "a test", 5000)
    first, last = made.rows[0], made.rows[-1]
    assert first.least_probability == pytest.approx(0.9999)
    assert first[1:] == (pytest.approx(upper_bound(0, 400)), 400 / 5000)
    assert last == (0.0, pytest.approx(upper_bound(20, 800)), 4800 / 5000)
    assert upper_bound(20, 4800) < last.bound


def test_an_answer_that_just_reaches_a_threshold_is_given() -> None:
    at = THRESHOLDS[8]
    below = np.nextafter(at, 0)
    confidence, right = np.array([at] * 700 + [below] * 300), np.ones(1000, dtype=bool)
    made = risk_table(confidence, right, (confidence, right), "a test", 1000)
    rows = {row.least_probability: row.coverage for row in made.rows}
    assert (rows.get(at, 0.7), rows[THRESHOLDS[9]]) == (0.7, 1.0)


def test_the_sequence_begins_where_enough_answers_are_left_to_show_something() -> None:
    """Of 1,000 tuning digits, all right, 790 reach a strict threshold, 850 the one after it."""
    strict, next_ = THRESHOLDS[4], THRESHOLDS[5]
    confidence = np.array([strict] * 790 + [next_] * 60 + [0.1] * 150)
    right = np.ones(1000, dtype=bool)
    made = risk_table(confidence, right, (confidence, right), "a test", 1000)
    assert made.rows[0].least_probability == next_
    right[790:] = False
    made = risk_table(confidence, right, (confidence, right), "a test", 1000)
    assert made.rows[0].least_probability == THRESHOLDS[0] or made.rows[0].bound < 0.01


@pytest.mark.parametrize("sharpness", [1.5, 4.0])
def test_the_promise_holds_for_new_digits(sharpness: float) -> None:
    """Of 200 draws of digits to count, no more than a twentieth promise too much, for any risk.

    The confidence c is even in logits; an answer is wrong with chance (1 - c)^sharpness / 2, so
    that the true risk of every threshold is known from a large sample.
    """
    rng = np.random.default_rng(20260101)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        confidence = 1 - 10 ** -rng.uniform(0, 4.5, n)
        right = rng.random(n) > 0.5 * (1 - confidence) ** (1 / sharpness)
        return confidence, right

    confidence, right = drawn(1_000_000)
    true = {least: float((~right[confidence >= least]).mean()) for least in THRESHOLDS}
    asked = [0.01, 0.02, 0.05, 0.1, 0.2]
    broken = np.zeros(len(asked))
    kept = np.zeros(len(asked))
    for _ in range(200):
        made = risk_table(*drawn(1000), drawn(500), "a test", 1000)
        for i, risk in enumerate(asked):
            row = made.row(risk)
            if row.bound <= risk:
                kept[i] += 1
                broken[i] += true[row.least_probability] > risk
    assert (broken <= 200 * DELTA).all(), broken
    assert kept[-1] > 190  # and it is no empty promise


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("0.5%", 0.005), ("0.5 %", 0.005), (" 2% ", 0.02), ("0.005", 0.005), (0.005, 0.005),
        ("0", 0.0), (0, 0.0), ("0%", 0.0), ("1e-3", 0.001), ("99.9%", 0.999), (".5%", 0.005),
    ],
)  # fmt: skip
def test_a_risk_is_a_share_or_a_percentage(said: float | str, share: float) -> None:
    assert as_risk(said) == pytest.approx(share)


@pytest.mark.parametrize(
    "said",
    ["", "much", "5", "1", 1, 5.0, "100%", "-1%", -0.1, "0.5%%", "0,5%", "nan", math.nan, "inf%",
     math.inf, True, None, "0.5 percent", "1e400%", "%", "\u0660.\u0665"],
)  # fmt: skip
def test_what_is_no_risk_is_one_sentence(said: float | str) -> None:
    with pytest.raises(SettingsError, match=r"share of the answers .* such as 0\.5% or 0\.005"):
        as_risk(said)
