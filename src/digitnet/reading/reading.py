"""Reading: what a page says: its lines, its digits and signs, and what was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.boxes import Box
from digitnet.reading.signs import Mark

Quad = tuple[tuple[int, int], ...]
"""Four corners (x, y) in pixels, clockwise from the upper left one."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit on a page.

    Attributes:
        box: where it is, (left, top, right, bottom) in pixels.
        label: its likeliest class.
        probability: of that class.
        sure: whether that is enough for the risk that is asked for.
        line: the number of its row, from 0.
        starts_word: whether it is the first of a word.
        frame: what the network saw of it, (28, 28), ink 255 on 0.
        trust: what the reader of lines, the row as a whole and the model of single digits say
            together, before any calibration; 0 where no line was read.
    """

    box: Box
    label: int
    probability: float
    sure: bool
    line: int
    starts_word: bool
    frame: NDArray[np.uint8] = field(compare=False, repr=False)
    trust: float = field(default=0.0, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "box": list(self.box),
            "label": self.label,
            "probability": self.probability,
            "sure": self.sure,
            "line": self.line,
        }


@dataclass(frozen=True)
class Rejected:
    """A row of ink that is no digits: its box, (left, top, right, bottom) in pixels, and why."""

    box: Box
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {"box": list(self.box), "reason": self.reason}


@dataclass(frozen=True)
class Reading:
    """What a page says.

    Attributes:
        lines: one string per row, words separated by blanks.
        digits: in reading order.
        reason: why there are no lines; None where there are.
        marks: the signs, and what was not read, which is a `?` in its line.
        rejected: rows of ink that are no digits.
        turned: by how many degrees the page was turned clockwise to stand upright, 0 to 359.
            Boxes are in the picture as it was given.
        sheets: the corners of each sheet that was found lying on something else, set upright and
            read as a page of its own; they may lie beyond the picture's ends. None where the
            picture was read as one page. ``turned`` is 0 where there are several.
        line_probabilities: how likely each line is right to its last character.
        line_doubts: why each line is unsure, "unsure: ..."; None for one that is sure.
    """

    lines: tuple[str, ...]
    digits: tuple[ReadDigit, ...]
    reason: str | None
    marks: tuple[Mark, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    turned: int = 0
    sheets: tuple[Quad, ...] = ()
    line_probabilities: tuple[float, ...] = ()
    line_doubts: tuple[str | None, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        return {
            "lines": list(self.lines),
            "line_probabilities": list(self.line_probabilities),
            "line_doubts": list(self.line_doubts),
            "digits": [digit.as_dict() for digit in self.digits],
            "reason": self.reason,
            "marks": [mark.as_dict() for mark in self.marks],
            "rejected": [row.as_dict() for row in self.rejected],
            "turned": self.turned,
            "sheets": [[list(corner) for corner in sheet] for sheet in self.sheets],
        }

    def moved(self, turned: int, move: Callable[[Box], Box]) -> Reading:
        """The reading of a picture that was turned, with boxes in it as it was given.

        Args:
            turned: by how many degrees clockwise.
            move: a box of the turned picture to one of the picture as it was given.
        """
        return replace(
            self,
            turned=turned,
            digits=tuple(replace(one, box=move(one.box)) for one in self.digits),
            marks=tuple(replace(one, box=move(one.box)) for one in self.marks),
            rejected=tuple(replace(one, box=move(one.box)) for one in self.rejected),
        )
