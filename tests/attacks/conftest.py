"""Attacks: what a hostile file, a slow client or a crash tries, and how often.

Each attack says with the fixture `attack` which promise of docs/trust.md it tries, and counts its
tries. `make attacks` runs all of them; the tests run a tenth (the variable ATTACKS says how much).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from digitnet.imaging.decoders import Decoders, Light

SHARE = float(os.environ.get("ATTACKS", "0.1"))
"""Of the tries of a full run, the part that is made."""


class Attack:
    """One attack's count of tries, kept among what its test reports."""

    def __init__(self, promise: str, name: str, properties: list[tuple[str, object]]) -> None:
        self._promise = promise
        self._name = name
        self._properties = properties
        self._tries = 0

    def times(self, full: int) -> Iterator[int]:
        """Count up through this run's part of the `full` tries, one at least."""
        for number in range(max(1, round(full * SHARE))):
            yield number
            self.tried()

    def places(self, n: int, rng: np.random.Generator) -> Iterator[int]:
        """Some of the places 0 to n - 1, in any order; all of them in a full run."""
        chosen = rng.permutation(n)
        for number in self.times(n):
            yield int(chosen[number])

    def tried(self, n: int = 1) -> None:
        """Count tries that stood."""
        self._tries += n
        self._properties[:] = [("attack", f"{self._promise}\t{self._name}\t{self._tries}")]


@pytest.fixture
def attack(request: pytest.FixtureRequest) -> Attack:
    """The count of the test's marker `promise`."""
    marker = request.node.get_closest_marker("promise")
    assert marker is not None, "an attack names the promise it tries: @pytest.mark.promise('...')"
    promise = str(marker.args[0])
    return Attack(promise, request.node.originalname, request.node.user_properties)


@pytest.fixture(scope="module")
def apart() -> Iterator[Decoders]:
    """Every picture is decoded in a process of its own, within a picture's time and memory."""
    with Decoders(Light(0, 0)) as decoders:
        yield decoders


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table of promise, attack and count."""
    counts: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == "attack":
                promise, what, n = text.split("\t")
                counts[promise, what] += int(n)
    if not counts:
        return
    terminalreporter.section(f"attacks, {SHARE:.0%} of a full run")
    for (promise, what), n in sorted(counts.items()):
        terminalreporter.write_line(f"{n:>9,}  {promise}: {what}")
    terminalreporter.write_line(f"{sum(counts.values()):>9,}  all")
