"""Comparison: whether one model is better than another on the same images, or only luckier."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SURE = 0.05


class McNemar(NamedTuple):
    """Two models on the same images.

    Attributes:
        only_first: images that only the first read rightly.
        only_second: images that only the second read rightly.
        p_value: how likely so uneven a split, or one more uneven, were if both were as good.
    """

    only_first: int
    only_second: int
    p_value: float

    @property
    def sure(self) -> bool:
        """Whether the difference is more than luck, at 5 %."""
        return self.p_value < SURE


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """McNemar's exact test on which images (N,) each of two models read rightly.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12 (1947): of the images that only one of them read, either had
    the same chance; the two-sided tail of that binomial distribution, exactly.
    """
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = 2 * sum(math.comb(n, k) for k in range(fewer + 1))
    p_value = min(1.0, float(Fraction(tail, 2**n)))  # exact: 2^n alone is beyond any float
    return McNemar(only_first, only_second, p_value)
