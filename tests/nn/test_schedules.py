"""Schedules at both ends and in between, as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.nn import Constant, Cosine, Linear, OneCycle, Schedule


@pytest.mark.parametrize(
    ("schedule", "start", "middle", "end"),
    [
        (Constant(), 1.0, 1.0, 1.0),
        (Linear(), 1.0, 0.5, 0.0),
        (Linear(0.2), 1.0, 0.6, 0.2),
        (Cosine(), 1.0, 0.5, 0.0),
        (Cosine(0.1), 1.0, 0.55, 0.1),
        # Two sevenths of the way down: (1 + cos(2 pi / 7)) / 2 of the way from 1e-4 to 1.
        (OneCycle(), 0.04, 1e-4 + (1 - 1e-4) * (1 + np.cos(2 * np.pi / 7)) / 2, 1e-4),
        (OneCycle(warm_up=0.5, initial=0.1, final=0.01), 0.1, 1.0, 0.01),
    ],
    ids=str,
)
def test_both_ends_and_the_middle(
    schedule: Schedule, start: float, middle: float, end: float
) -> None:
    found = [schedule.factor(progress) for progress in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(found, [start, middle, end], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("peak", [0.3, 0.25])
def test_one_cycle_has_its_peak_where_the_warm_up_ends(peak: float) -> None:
    schedule = OneCycle() if peak == 0.3 else OneCycle(warm_up=peak)
    assert schedule.factor(peak) == 1.0
    assert schedule.factor(peak - 0.01) < 1.0 > schedule.factor(peak + 0.01)
    assert schedule.factor(peak / 2) == pytest.approx((0.04 + 1.0) / 2)  # half a cosine
    rising = [schedule.factor(p) for p in np.linspace(0.0, peak, 20)]
    falling = [schedule.factor(p) for p in np.linspace(peak, 1.0, 20)]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


def test_a_cosine_is_no_straight_line() -> None:
    assert Cosine().factor(0.25) == pytest.approx((1 + np.sqrt(0.5)) / 2)
    assert Linear().factor(0.25) == 0.75


@given(st.floats(0, 1), st.sampled_from([Constant(), Linear(), Cosine(), OneCycle()]))
def test_they_stay_between_nothing_and_the_full_rate(progress: float, schedule: Schedule) -> None:
    assert 0.0 <= schedule.factor(progress) <= 1.0
