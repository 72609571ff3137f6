"""Risk: which share of the answers may be wrong, and how sure an answer must be for that.

Whoever asks says how many of the answers given may be wrong, `--risk 0.5%`, and gets the lowest
threshold on the probability that keeps the promise. That is Learn then Test: A. N. Angelopoulos,
S. Bates, E. J. Candes, M. I. Jordan and L. Lei, "Learn then test: calibrating predictive algorithms
to achieve risk control", arXiv 2110.01052, 2021, sections 2 and 4, for the selective risk, the
share of wrong answers among those given. It need not fall as the threshold rises, so the thresholds
are tested one after the other, from a strict one on (fixed-sequence testing), with exact binomial
tails: of n answers k were wrong, and if a share r of all such answers or more were, so few would be
seen with the chance P(Bin(n, r) <= k). The first threshold that fails ends it. Then, but for a
chance of DELTA over the draw of the digits that are counted, no threshold that has passed is wrong
more often than was promised, for new digits of the same kind.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.nn.layer import FloatArray

RISK = 0.005
"""Of the answers given that may be wrong, where nothing else is said."""
USUAL_RISKS = (RISK, 0.01, 0.02, 0.05, 0.1)
"""What a model is asked for that cannot promise that, or hardly answers then."""
LEAST_ANSWERED = 0.8
"""Of the counted digits: a model that answers fewer is of little use where nobody asked for it."""
OFFERED = (0.001, 0.005, 0.02, 0.0)
"""Risks that a page offers to choose from; the last answers always."""
DELTA = 0.05
"""How likely a table may promise too much: one in twenty draws of the digits that are counted."""
PER_DECADE, DECADES = 8, 4
THRESHOLDS = tuple(
    1.0 - 10.0 ** (-step / PER_DECADE) for step in range(DECADES * PER_DECADE, -1, -1)
)
"""Least probabilities that are tested, from 0.9999 to 0, even steps of the doubt that is left.

They are fixed beforehand: thresholds that were read off the counted digits would need a wider
bound."""
NEAR_THE_LEAST = 1.25
"""How far above the least bound that of the first threshold may be, seen on the tuning digits."""
MOST_ROWS = 1000
"""Of a table that a file may bring."""
ALWAYS = 0.0
"""The risk that stands for an answer to everything."""

_SHARE = re.compile(r"\s*([0-9.eE+-]+)\s*(%?)\s*").fullmatch


class Row(NamedTuple):
    """A threshold and what it promises.

    Attributes:
        least_probability: the likeliest class needs this much.
        bound: of the answers then given, no more than this share is wrong.
        coverage: the share of the counted digits that got an answer.
    """

    least_probability: float
    bound: float
    coverage: float


class RiskTable(NamedTuple):
    """What each threshold promises.

    Attributes:
        rows: from the strictest threshold on; bounds and coverages never fall.
        counted_on: which digits were counted, in words.
        n: how many they were.
    """

    rows: tuple[Row, ...]
    counted_on: str
    n: int

    def row(self, risk: float) -> Row:
        """The least strict threshold whose bound is at most the risk; else the strictest."""
        return max(
            (row for row in self.rows if row.bound <= risk),
            key=lambda row: -row.least_probability,
            default=self.rows[0],
        )


def as_risk(value: float | str) -> float:
    """A risk as a share: 0.005 of 0.005, "0.005", "0.5%" or "0.5 %".

    Raises:
        SettingsError: it is none, or not from 0 to below 1.
    """
    found = _SHARE(value) if isinstance(value, str) else None
    number = value if found is None else found[1]
    try:
        share = math.nan if isinstance(number, str) and found is None else float(number)
    except (TypeError, ValueError):
        share = math.nan
    if found is not None and found[2]:
        share /= 100
    if isinstance(value, bool) or not 0.0 <= share < 1.0:
        raise SettingsError(
            "The risk must be a share of the answers from 0 to below 1, such as 0.5% or 0.005, "
            f"not {value}."
        )
    return share


def usual_risk(table: RiskTable) -> float | None:
    """The least usual risk that can be promised with most digits answered.

    Where that takes too many refusals for all of them, the largest; None where it is not promised.
    """
    rows = [(risk, table.row(risk)) for risk in USUAL_RISKS]
    kept = [(risk, row) for risk, row in rows if row.bound <= risk]
    useful = [risk for risk, row in kept if row.coverage >= LEAST_ANSWERED]
    return next(iter(useful), kept[-1][0] if kept else None)


def risk_table(
    confidence: FloatArray,
    right: NDArray[np.bool_],
    tuning: tuple[FloatArray, NDArray[np.bool_]],
    counted_on: str,
    n: int,
) -> RiskTable:
    """What each threshold promises, counted on answers that nothing else was fitted to.

    The sequence begins with the strictest threshold whose bound on other digits, the tuning ones,
    is about the least there is: stricter ones leave too few answers to show anything.

    Args:
        confidence: (M,) the likeliest class's probability, of counted digits that look like some.
        right: (M,) whether that class is the true one.
        tuning: the same of the tuning digits, which only say where to begin.
        counted_on: which digits these are, in words.
        n: how many were counted, with those that look like no digit.
    """
    bounds = [_bound(*tuning, least) for least in THRESHOLDS]
    start = next(i for i, b in enumerate(bounds) if b <= NEAR_THE_LEAST * min(bounds))
    rows: list[Row] = []
    most = 0.0
    for least in THRESHOLDS[start:]:
        most = max(most, _bound(confidence, right, least))  # a failed test ends the sequence
        rows.append(Row(least, most, float(np.count_nonzero(confidence >= least) / n)))
    return RiskTable(tuple(rows), counted_on, n)


def _bound(confidence: FloatArray, right: NDArray[np.bool_], least: float) -> float:
    """The bound of the answers that reach a threshold."""
    given = confidence >= least
    return upper_bound(int(np.count_nonzero(given & ~right)), int(np.count_nonzero(given)))


def upper_bound(k: int, n: int, delta: float = DELTA) -> float:
    """The least share r with P(Bin(n, r) <= k) <= delta: k of n were wrong, no more than r are.

    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the
    case of the binomial", Biometrika 26 (1934). Rounded up in the last bits; 1 where k = n.
    """
    if k >= n:
        return 1.0
    i = np.arange(1, k + 1)
    ways = np.concatenate([[0.0], np.cumsum(np.log((n - i + 1) / i))])  # ln of n over 0, ..., k
    wrong = np.arange(k + 1)
    low, high = k / n, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        tails = ways + wrong * math.log(middle) + (n - wrong) * math.log1p(-middle)
        if float(np.exp(tails).sum()) > delta:
            low = middle
        else:
            high = middle
    return high
