"""Evaluation: figures worked by hand, and what must hold for any answers."""

from __future__ import annotations

import json
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from digitnet.errors import DataError, SettingsError
from digitnet.evaluation import (
    SMALLEST,
    Z_95,
    confusion_matrix,
    evaluate,
    expected_calibration_error,
    wilson_interval,
    worst_mistakes,
)

ABC = ("a", "b", "c")
# Six images of three classes; the likeliest class of each is 0 0 1 1 0 1: class c is never read.
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.3, 0.6, 0.1],
        [0.9, 0.05, 0.05],
        [0.05, 0.5, 0.45],
    ]
)
LABELS = np.array([0, 0, 0, 1, 1, 2])


def test_wilson_worked_by_hand() -> None:
    # p = 0.8, z^2 = 3.84146: (0.8 + 0.192073 -+ 1.959964 sqrt(0.016 + 0.00960365)) / 1.384146
    assert wilson_interval(8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    # The textbook's z = 2 with 1 of 2: (0.5 + 1 -+ 2 sqrt(0.125 + 0.25)) / 3
    assert wilson_interval(1, 2, z=2.0) == pytest.approx((0.0917517, 0.9082483), abs=1e-7)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(k_of_n: tuple[int, int]) -> None:
    k, n = k_of_n
    low, high = wilson_interval(k, n)
    assert 0.0 <= low <= k / n <= high <= 1.0
    assert (low == 0.0) == (k == 0)
    assert (high == 1.0) == (k == n)
    other_low, other_high = wilson_interval(n - k, n)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high), abs=1e-12)


def test_wilson_knows_nothing_without_a_trial_and_refuses_nonsense() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    for k, n in ((3, 2), (-1, 2)):
        with pytest.raises(SettingsError, match=f"k = {k} of n = {n}"):
            wilson_interval(k, n)


def test_six_images_worked_by_hand() -> None:
    result = evaluate(PROBABILITIES, LABELS, ABC)
    assert result.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert result.confusion.dtype == np.int64
    assert (result.n, result.accuracy) == (6, 0.5)
    assert result.interval == wilson_interval(3, 6)
    logs = [math.log(p) for p in (0.8, 0.6, 0.2, 0.6, 0.05, 0.45)]
    assert result.loss == pytest.approx(-sum(logs) / 6)
    a, b, c = result.per_class
    assert (a.precision, a.recall, a.f1, a.support) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
    assert (b.precision, b.recall, b.f1, b.support) == pytest.approx((1 / 3, 1 / 2, 2 / 5, 2))
    assert (c.precision, c.recall, c.f1, c.support) == (0.0, 0.0, 0.0, 1)


def test_worst_mistakes_are_the_most_confident_wrong_answers() -> None:
    result = evaluate(PROBABILITIES, LABELS, ABC)
    assert result.worst_mistakes(9).tolist() == [4, 2, 5]  # 90 %, 70 %, 50 % sure, and wrong
    assert result.worst_mistakes(1).tolist() == [4]
    assert result.worst_mistakes(0).tolist() == []


def test_accepted_answers_are_counted_beside_the_accuracy() -> None:
    stood_by = np.array([True, True, True, False, False, False])
    result = evaluate(PROBABILITIES, LABELS, ABC, stood_by)
    assert (result.n_accepted, result.n_accepted_right) == (3, 2)
    assert result.accuracy == 0.5
    everything = evaluate(PROBABILITIES, LABELS, ABC)
    assert (everything.n_accepted, everything.n_accepted_right) == (6, 3)


def test_calibration_error_worked_by_hand() -> None:
    # Bins of 1/5: (0.4, 0.6] holds 0.5 and 0.6 (one right), (0.8, 1] holds 0.9 and 1.0 (both).
    confidence = np.array([0.5, 0.6, 0.9, 1.0])
    right = np.array([True, False, True, True])
    expected = (2 / 4) * abs(1 / 2 - 0.55) + (2 / 4) * abs(1 - 0.95)
    assert expected_calibration_error(confidence, right, bins=5) == pytest.approx(expected)


def test_bins_are_fifteen_and_hold_their_upper_edge() -> None:
    """Of 15 bins ((m - 1) / 15, m / 15]: 0.4 = 6 / 15 is in the sixth, what is above it is not."""
    right = np.array([True, False])
    together = np.array([0.39, 0.4])  # the sixth bin: one of two right, as sure as 0.395
    assert expected_calibration_error(together, right) == pytest.approx(abs(0.5 - 0.395))
    apart = np.array([0.4, 0.41])  # (0.6 + 0.41) / 2: nothing cancels
    assert expected_calibration_error(apart, right) == pytest.approx((0.6 + 0.41) / 2)
    edges = np.array([0.0, 1 / 15, 1.0])  # none and the first edge are in the first bin
    found = expected_calibration_error(edges, np.array([True, False, True]))
    assert found == pytest.approx(abs(1 - 1 / 15) / 3)


def test_mistakes_of_one_confidence_stay_in_order() -> None:
    p = np.tile([0.25, 0.75], (9, 1))
    assert worst_mistakes(p, np.zeros(9, dtype=np.int64)).tolist() == list(range(9))
    assert worst_mistakes(p, np.ones(9, dtype=np.int64)).tolist() == []


def test_constants() -> None:
    assert pytest.approx(statistics.NormalDist().inv_cdf(0.975), abs=1e-14) == Z_95
    assert float(np.finfo(np.float32).tiny) == SMALLEST
    assert -math.log(SMALLEST) == pytest.approx(evaluate(np.eye(2), np.array([1, 0]), ABC[:2]).loss)


def test_calibration_error_of_the_honest_and_the_boastful() -> None:
    right = np.arange(1000) % 10 < 8
    assert expected_calibration_error(np.full(1000, 0.8), right) == pytest.approx(0.0, abs=1e-12)
    assert expected_calibration_error(np.full(1000, 1.0), right) == pytest.approx(0.2)


@given(
    hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 4)),
    st.integers(0, 2**32 - 1),
)
def test_any_answers_add_up(labels: np.ndarray, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(len(labels), 5)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    result = evaluate(probabilities, labels, tuple("01234"))
    supports = [scores.support for scores in result.per_class]
    assert result.confusion.sum(axis=1).tolist() == supports
    assert supports == np.bincount(labels, minlength=5).tolist()
    assert result.accuracy == np.mean(probabilities.argmax(axis=1) == labels)
    assert result.accuracy == np.trace(result.confusion) / result.n
    assert len(result.mistakes) == result.n - np.trace(result.confusion)
    assert 0.0 <= result.calibration_error <= 1.0
    for s in result.per_class:
        both = s.precision + s.recall
        assert s.f1 == pytest.approx(2 * s.precision * s.recall / both if both else 0.0)


def test_a_probability_of_zero_leaves_the_loss_finite() -> None:
    sure = np.eye(3, dtype=np.float32)
    assert evaluate(sure, np.array([0, 1, 2]), ABC).loss == 0.0
    assert 80 < evaluate(sure, np.array([1, 2, 0]), ABC).loss < 90


def test_small_label_types_do_not_overflow_the_confusion_matrix() -> None:
    labels = np.array([25, 25, 0], dtype=np.uint8)
    matrix = confusion_matrix(labels, labels, 26)
    assert (matrix[25, 25], matrix[0, 0], matrix.sum()) == (2, 1, 3)


def test_as_dict_is_json_with_the_promised_keys() -> None:
    result = evaluate(PROBABILITIES.astype(np.float32), LABELS, ABC)
    line = json.loads(json.dumps(result.as_dict("a folder"), allow_nan=False))
    assert line["source"] == "a folder"
    assert list(line)[:6] == ["source", "n", "accuracy", "interval", "loss", "confusion"]
    assert line["confusion"] == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert line["interval"] == list(wilson_interval(3, 6))
    assert line["per_class"][1] == {
        "name": "b",
        "precision": pytest.approx(1 / 3),
        "recall": 0.5,
        "f1": pytest.approx(0.4),
        "support": 2,
    }


@pytest.mark.parametrize(
    ("probabilities", "labels", "accepted", "says"),
    [
        (PROBABILITIES[:5], LABELS, None, r"shape \(6, 3\), not \(5, 3\)"),
        (PROBABILITIES, LABELS, np.ones(5, dtype=bool), "one accepted mark each"),
        (PROBABILITIES[:0], LABELS[:0], None, "no labelled image"),
        (PROBABILITIES, LABELS + 1, None, "run from 1 to 3"),
        (PROBABILITIES, LABELS - 1, None, "run from -1 to 1"),
        (PROBABILITIES * 2, LABELS, None, "add up to 1"),
        (PROBABILITIES * np.nan, LABELS, None, "add up to 1"),
        (PROBABILITIES * 1.0011, LABELS, None, "add up to 1"),
        (np.array([[1.1, -0.1, 0.0]]), np.array([0]), None, "not probabilities"),
    ],
)
def test_what_does_not_fit_is_said(
    probabilities: np.ndarray, labels: np.ndarray, accepted: np.ndarray | None, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        evaluate(probabilities, labels, ABC, accepted)


def test_sums_may_be_a_thousandth_off() -> None:
    assert evaluate(PROBABILITIES * 1.0009, LABELS, ABC).n == 6
