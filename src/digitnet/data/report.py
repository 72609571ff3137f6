"""Report: what was understood of a source of digits, for people and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_NAMED = 20


@dataclass(frozen=True)
class Report:
    """What was taken from a source, how it was understood, and what was not taken.

    Attributes:
        source: where the digits came from, in words.
        counts: how many images each class has; classes without one are left out.
        notes: what was understood, one whole sentence each: which column is the label, which way
            the images lay, which values meant ink.
        skipped: what could not be used, each with the reason; some of what was asked for failed.
        left_alone: names of what lies there and was never meant to be read, such as notes.txt.
    """

    source: str
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    left_alone: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many images were taken."""
        return sum(self.counts.values())

    @property
    def sentence(self) -> str:
        """How many images came from where, and how many did not."""
        skipped = f"; {len(self.skipped):,} skipped" if self.skipped else ""
        what = "digits" if all(name in "0123456789" for name in self.counts) else "images"
        return f"{self.n:,} {what} from {self.source}{skipped}."

    def lines(self, most: int = MOST_NAMED) -> list[str]:
        """All of it, a line each; of many names the first few, and how many more there are."""
        lines = [self.sentence, *self.notes]
        if self.counts:
            lines.append(f"Of each class: {self.each_class()}.")
        if self.left_alone:
            lines.append(f"Left alone: {_some(self.left_alone, most)}.")
        return lines + self.skipped_lines(most)

    def skipped_lines(self, most: int = MOST_NAMED) -> list[str]:
        """What was skipped, a line each, the first few of many."""
        lines = [f"skipped {name}: {reason}" for name, reason in self.skipped[:most]]
        if len(self.skipped) > most:
            lines.append(f"skipped {len(self.skipped) - most:,} more.")
        return lines

    def each_class(self) -> str:
        """The counts in words: "20 of each, 0 to 9", or "2 of 3, 1 of 7"."""
        names, counts = list(self.counts), list(self.counts.values())
        if len(names) > 2 and len(set(counts)) == 1:
            return f"{counts[0]:,} of each of {len(names)}, {names[0]} to {names[-1]}"
        return ", ".join(f"{count:,} of {name}" for name, count in self.counts.items())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON and for the page."""
        return {
            "source": self.source,
            "n": self.n,
            "counts": dict(self.counts),
            "notes": list(self.notes),
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped],
            "left_alone": list(self.left_alone),
        }

    def __repr__(self) -> str:
        return "\n".join(self.lines())


def _some(names: tuple[str, ...], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
