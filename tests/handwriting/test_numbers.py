"""Numbers: what texts may hold, and that each character comes often enough to be learnt."""

from __future__ import annotations

from collections import Counter

import numpy as np

from digitnet.handwriting.numbers import KINDS, MOST, number
from digitnet.handwriting.signs import OTHER, SIGNS


def test_texts_hold_what_can_be_written_and_no_more_than_the_longest(
    rng: np.random.Generator,
) -> None:
    texts = [number(rng) for _ in range(2000)]
    for text in texts:
        assert 1 <= len(text.replace(" ", "")) <= MOST
        assert text == text.strip()
        assert not set(text) - set("0123456789 " + SIGNS + OTHER)
    lengths = {len(text.replace(" ", "")) for text in texts}
    assert lengths == set(range(1, MOST + 1))
    counts = Counter("".join(texts))
    total = sum(counts.values())
    for character in SIGNS + OTHER:
        assert counts[character] > 0.01 * total
    for digit in "0123456789":
        assert counts[digit] > 0.03 * total


def test_every_kind_comes(rng: np.random.Generator) -> None:
    for kind in KINDS:
        assert any(character.isdigit() for _ in range(20) for character in kind(rng))
    texts = [number(rng) for _ in range(2000)]
    assert sum(" " in text for text in texts) > 100
    assert sum(text.startswith("-") for text in texts) > 50
