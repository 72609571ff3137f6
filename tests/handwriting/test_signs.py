"""Signs: where each lies beside a digit."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.handwriting.signs import OTHER, PATHS, SIGNS, write_sign
from digitnet.handwriting.splines import N_MARKS


@pytest.mark.parametrize("character", SIGNS + OTHER)
def test_a_sign_begins_at_the_left_and_never_comes_out_twice_alike(
    character: str, rng: np.random.Generator
) -> None:
    first, second = (write_sign(character, rng, pen=0.05) for _ in range(2))
    for x, y, radii, stroke in (first, second):
        assert x.shape == y.shape == radii.shape == stroke.shape == (N_MARKS,)
        assert (x - radii).min() == pytest.approx(0, abs=1e-6)
        assert (np.diff(stroke) >= 0).all()
        assert radii.min() > 0
    assert (first[0] != second[0]).any()


def test_points_and_commas_lie_at_the_foot_a_minus_in_the_middle(
    rng: np.random.Generator,
) -> None:
    def height(character: str) -> tuple[float, float]:
        drawn = [write_sign(character, rng, pen=0.05)[1] for _ in range(60)]
        return float(np.mean([y.min() for y in drawn])), float(np.mean([y.max() for y in drawn]))

    assert height(".")[0] > 0.85
    assert height(",")[0] > 0.8
    assert height(",")[1] > height(".")[1] + 0.05
    assert 0.4 < np.mean(height("-")) < 0.65
    assert height("/")[0] < 0.1
    assert height("/")[1] > 0.95
    assert height(":")[0] < 0.55
    assert height(":")[1] > 0.85


def test_a_colon_is_two_strokes_and_a_slant_leans_to_the_right(rng: np.random.Generator) -> None:
    assert write_sign(":", rng, pen=0.05)[3].max() == 1
    x, y, _, _ = write_sign("/", rng, pen=0.05, slant=1.0)
    assert x[y.argmin()] > x[y.argmax()] + 0.8


def test_every_path_is_read(rng: np.random.Generator) -> None:
    assert set(PATHS) == set(SIGNS + OTHER)
    assert all(path for paths in PATHS.values() for path in paths)
    with pytest.raises(SettingsError, match="'a'"):
        write_sign("a", rng, pen=0.05)
