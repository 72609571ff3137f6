"""Line calibration: how far a reader of lines may be trusted, by the character and by the line.

What `models/calibration.py` does for single digits: a temperature makes the probabilities honest,
and `models/risk.py` counts what each threshold on them promises. A reader of lines has two such
promises: of the characters that it gives no more than a share is wrong, and of the lines that it
gives whole. Characters of one line stand and fall together, so that of each line one, drawn at
random, is counted: exact binomial bounds need answers that do not hang together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.models.calibration import FEWEST, TUNING, Calibration, fit_temperature
from digitnet.models.risk import USUAL_RISKS, RiskTable, risk_table
from digitnet.nn.layer import FloatArray

SURE = 0.95
"""How likely a character or a line must be right where nothing was counted."""
CLOSE = 1e-9
"""How near to 0 and 1 a probability is taken for what it is."""


def _uncounted() -> Calibration:
    return Calibration(least_probability=SURE)


@dataclass(frozen=True)
class LineCalibration:
    """What turns a reader's probabilities into honest ones, and decides what is unsure.

    Each is a `Calibration` of two classes, right and wrong. The default changes no probability,
    promises nothing, and is sure from `SURE`.

    Attributes:
        characters: of single characters.
        lines: of whole lines, whose probability is the product of their characters'.
    """

    characters: Calibration = field(default_factory=_uncounted)
    lines: Calibration = field(default_factory=_uncounted)

    def at(self, risk: float | str) -> LineCalibration:
        """The same where that share of the characters given, and of the lines, may be wrong.

        Raises:
            SettingsError: as for `Calibration.at`.
        """
        return LineCalibration(self.characters.at(risk), self.lines.at(risk))


def honest(calibration: Calibration, probabilities: Sequence[float]) -> FloatArray:
    """A reader's probabilities (N,) as they are worth, by that of characters or of lines."""
    p = np.array(probabilities, np.float64)
    if calibration.temperature == 1.0 or not len(p):
        return p
    return calibration.probabilities(_logits(p))[:, 0]


def _logits(probabilities: FloatArray) -> FloatArray:
    """Probabilities of being right, (N,), as logits of right and wrong, (N, 2)."""
    p = probabilities.clip(CLOSE, 1 - CLOSE)
    return np.stack([np.log(p), np.log1p(-p)], axis=1)


class ReadLine(NamedTuple):
    """A line whose text is known, as it was read.

    Attributes:
        said: its characters, without blanks; "" where nothing was read.
        probabilities: of each of them, before any calibration.
        right: whether each is what is written there; see `right_characters`.
        is_right: whether the whole line is.
    """

    said: str
    probabilities: tuple[float, ...]
    right: tuple[bool, ...]
    is_right: bool

    @classmethod
    def of(cls, said: str, probabilities: Sequence[float], text: str) -> ReadLine:
        """What was read of a text, both without blanks, with a probability a character."""
        return cls(said, tuple(probabilities), right_characters(said, text), said == text)


def fit_line_calibration(
    lines: Sequence[ReadLine],
    unread: str,
    counted_on: str,
    rng: np.random.Generator,
    risk: float | None = None,
) -> LineCalibration:
    """Fit on lines that neither the reader nor the model beside it has learnt from, in no order.

    Every third line is for the temperatures and for where the counting begins, the others are
    counted, as in `fit_calibration`. With fewer than `FEWEST` nothing can be promised.

    Args:
        lines: one for each that was written, those that were not read, too.
        unread: the character that stands for a mark that was not read: it gives no answer.
        counted_on: which lines these are, in words.
        rng: draws which character of each line is counted.
        risk: which share may be wrong where nobody asks; None takes, for each, the least usual
            one that can be promised.
    """
    if len(lines) < FEWEST:
        return LineCalibration()
    aside = np.arange(len(lines)) % TUNING == 0
    drawn = [int(rng.integers(len(line.said))) if line.said else -1 for line in lines]
    own = [_character(line, k, unread) for line, k in zip(lines, drawn, strict=True)]
    characters = _fitted(own, aside, counted_on, risk)
    of_lines = [_line(line, unread, characters) for line in lines]
    return LineCalibration(characters, _fitted(of_lines, aside, counted_on, risk))


_Given = tuple[float, bool] | None
"""An answer's probability and whether it is right; None where none was given."""


def _character(line: ReadLine, k: int, unread: str) -> _Given:
    if k < 0 or line.said[k] == unread:
        return None
    return line.probabilities[k], line.right[k]


def _line(line: ReadLine, unread: str, characters: Calibration) -> _Given:
    if not line.said or unread in line.said:
        return None
    return together(characters, line.probabilities), line.is_right


def together(characters: Calibration, probabilities: Sequence[float]) -> float:
    """The probability of a line by those of its characters, before the lines' own calibration."""
    return float(honest(characters, probabilities).prod())


def _fitted(
    answers: Sequence[_Given], aside: NDArray[np.bool_], counted_on: str, risk: float | None
) -> Calibration:
    given = np.array([one is not None for one in answers])
    confidence = np.array([0.0 if one is None else one[0] for one in answers])
    right = np.array([one is not None and one[1] for one in answers])
    tuning, counted = aside & given, ~aside & given
    wrong = (~right[tuning]).astype(np.int64)
    temperature = fit_temperature(_logits(confidence[tuning]), wrong)
    worth = honest(Calibration(temperature), confidence.tolist())
    table = risk_table(
        worth[counted],
        right[counted],
        (worth[tuning], right[tuning]),
        counted_on,
        int(np.count_nonzero(~aside)),
    )
    calibration = Calibration(temperature, risks=table)
    return calibration.at(_usual(table) if risk is None else risk)


def _usual(table: RiskTable) -> float:
    """The least usual risk that is promised; the largest where none is."""
    kept = (risk for risk in USUAL_RISKS if table.row(risk).bound <= risk)
    return next(kept, USUAL_RISKS[-1])


def right_characters(said: str, text: str) -> tuple[bool, ...]:
    """Whether each character of what was read is what is written there.

    By the fewest changes from one to the other. A character that was left out makes the one wrong
    that stands where it should: the next one, or the last at the end of a line.
    """
    n, m = len(said), len(text)
    cost = np.zeros((n + 1, m + 1), np.int64)
    cost[:, 0], cost[0] = np.arange(n + 1), np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            change = cost[i - 1, j - 1] + (said[i - 1] != text[j - 1])
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, change)
    right = [True] * n
    i, j = n, m
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (said[i - 1] != text[j - 1]):
            i, j = i - 1, j - 1
            right[i] = right[i] and said[i] == text[j]
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            right[i] = False
        else:
            j -= 1
            if n:
                right[min(i, n - 1)] = False
    return tuple(right)
