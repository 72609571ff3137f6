"""Pictures of what is no digit: every kind is drawn, and the same from the same state."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.non_digit_paths import (
    CAPITALS,
    DRAWINGS,
    LOOK_ALIKES,
    SIGNS,
    SMALL,
    strokes_of,
)
from digitnet.handwriting.non_digits import KINDS, draw_non_digit, draw_non_digits
from digitnet.handwriting.pen_and_paper import in_ink, written

ALL = [*KINDS, "look-alikes"]


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_is_a_small_picture_and_the_same_again(kind: str) -> None:
    first = [draw_non_digit(kind, np.random.default_rng(seed)) for seed in range(12)]
    again = [draw_non_digit(kind, np.random.default_rng(seed)) for seed in range(12)]
    for picture, other in zip(first, again, strict=True):
        assert (picture.dtype, picture.ndim) == (np.uint8, 2)
        assert 28 <= max(picture.shape) <= 160
        np.testing.assert_array_equal(picture, other)
    assert len({picture.tobytes() for picture in first}) > (1 if kind == "blank" else 11)


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ("blank", "noise")])
def test_there_is_something_in_the_picture(kind: str, rng: np.random.Generator) -> None:
    for _ in range(20):
        picture = draw_non_digit(kind, rng)
        assert np.ptp(picture) > 40


def test_kinds_take_turns(rng: np.random.Generator) -> None:
    assert [name for name, _ in draw_non_digits(25, rng)] == [*KINDS, *KINDS][:25]
    assert [name for name, _ in draw_non_digits(3, rng, ["faces", "signs"])] == [
        "faces", "signs", "faces",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match="no kind of non-digit 'dogs': choose one of capitals"):
        draw_non_digit("dogs", rng)


@pytest.mark.parametrize("table", [CAPITALS, SMALL, LOOK_ALIKES, SIGNS, DRAWINGS], ids=len)
def test_every_path_can_be_written(
    table: dict[str, tuple[str, ...]], rng: np.random.Generator
) -> None:
    for ways in table.values():
        for path in ways:
            for basis, points in strokes_of(path):
                assert basis.shape[1] == len(points) >= 2
                np.testing.assert_allclose(basis.sum(axis=1), 1)
                np.testing.assert_allclose(basis[[0, -1]] @ points, points[[0, -1]], atol=1e-9)
            assert in_ink(written(path, rng), rng).max() > 100


def test_letters_that_may_be_digits_are_in_no_kind() -> None:
    assert set(LOOK_ALIKES) == set("BDIOQSZbgiloqsz")
    assert not set(LOOK_ALIKES) & {*CAPITALS, *SMALL}
    assert {*CAPITALS, *SMALL, *LOOK_ALIKES} == {
        chr(first + k) for first in (65, 97) for k in range(26)
    }
