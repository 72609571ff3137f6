"""Frames of what is no digit: deterministic, and without those that framing refuses itself."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.data.non_digits import non_digit_frames, raw_frames
from digitnet.errors import SettingsError


def test_frames_are_the_same_again() -> None:
    frames = non_digit_frames(19, np.random.default_rng(3))
    assert frames.shape[1:] == (28, 28)
    assert 10 < len(frames) <= 19
    np.testing.assert_array_equal(frames, non_digit_frames(19, np.random.default_rng(3)))
    assert (frames.max(axis=(1, 2)) > 100).all()


def test_what_framing_refuses_is_left_out(rng: np.random.Generator) -> None:
    assert len(non_digit_frames(10, rng, ["faces"])) == 10
    assert len(non_digit_frames(10, rng, ["blank"])) < 5


def test_nothing_to_draw_is_said(rng: np.random.Generator) -> None:
    with pytest.raises(SettingsError, match="at least 1, not 0"):
        non_digit_frames(0, rng)
    with pytest.raises(SettingsError, match="no kind of non-digit 'dogs'"):
        non_digit_frames(3, rng, ["dogs"])


def test_raw_frames_are_of_every_kind_and_drawn_by_the_generator() -> None:
    first, second = (raw_frames(8, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (8, 28, 28)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    stripes = first[3::4]
    assert all(np.ptp(one, axis=0).any() != np.ptp(one, axis=1).any() for one in stripes)
    assert len({one.tobytes() for one in first}) == 8
