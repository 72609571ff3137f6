"""Glyphs: a writer has every character, frames come upright and by the width of their strokes."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import SettingsError
from digitnet.handwriting.glyphs import ALPHABET, LineGlyphs


def test_a_writer_has_every_character_and_a_seed_says_everything() -> None:
    first, second = (LineGlyphs.make(np.random.default_rng(3), n_writers=2) for _ in range(2))
    assert len(first.writers) == 2
    assert first.photos == ()
    for one, other in zip(first.writers, second.writers, strict=True):
        assert set(one.glyphs) == set(ALPHABET)
        for character in ALPHABET:
            assert len(one.glyphs[character]) >= 2
            for a, b in zip(one.glyphs[character], other.glyphs[character], strict=True):
                np.testing.assert_array_equal(a.image, b.image)
                assert a.image.max() > 150
                edges = (a.image[0], a.image[-1], a.image[:, 0], a.image[:, -1])
                assert max(int(edge.max()) for edge in edges) < 130  # nothing is cut off


def test_frames_are_set_upright_and_sorted_by_their_pen(rng: np.random.Generator) -> None:
    drawn = synthesize(200, rng)
    blank = np.zeros((1, 28, 28), np.uint8)
    frames = [np.concatenate([drawn.images[drawn.labels == k], blank]) for k in range(10)]
    photos = LineGlyphs.make(rng, frames, n_writers=1).photos
    assert [len(each) for each in photos] == [20] * 10  # the blank one is left out
    ink = [[(glyph.image > 100).mean() for glyph in each] for each in photos]
    thin, thick = (np.mean([each[part] for each in ink]) for part in (slice(5), slice(-5, None)))
    assert thick > 1.2 * thin


def test_bad_banks(rng: np.random.Generator) -> None:
    with pytest.raises(SettingsError, match="writer"):
        LineGlyphs.make(rng, n_writers=0)
    with pytest.raises(SettingsError, match="ten"):
        LineGlyphs.make(rng, [np.zeros((1, 28, 28), np.uint8)], n_writers=1)
    with pytest.raises(SettingsError, match="3"):
        frames = [np.full((1, 28, 28), 255 * (k != 3), np.uint8) for k in range(10)]
        LineGlyphs.make(rng, frames, n_writers=1)
