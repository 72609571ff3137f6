"""Evaluation: how well a model's probabilities fit the true labels, and how sure we may be of it.

Works on arrays alone, so any model's answers can be judged: (N, K) probabilities in, one
`Evaluation` out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import DataError, SettingsError

Z_95 = 1.959963984540054  # the standard normal's 97.5 % quantile
SURE = 0.05  # a difference that luck makes less often than this is more than luck
SMALLEST = float(np.finfo(np.float32).tiny)  # a float32 probability of 0 counts as this much


@dataclass(frozen=True)
class ClassScores:
    """One class's row of the report; a share whose denominator is zero is 0."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model made of N labelled images of K classes.

    Attributes:
        class_names: K names.
        confusion: (K, K) int64, how many of true class (row) were read as class (column).
        loss: mean cross-entropy in nats per image.
        calibration_error: expected calibration error, 0 to 1.
        mistakes: (M,) int64, indices of the wrongly read images, the most confident first.
        n_accepted: how many answers the model stood by (all of them where it never declines).
        n_accepted_right: how many of those were right.

    `accuracy` and `confusion` count every image by its likeliest class, declined or not, so that
    they compare with other people's figures; the accepted answers are counted beside them.
    """

    class_names: tuple[str, ...]
    confusion: NDArray[np.int64]
    loss: float
    calibration_error: float
    mistakes: NDArray[np.int64]
    n_accepted: int
    n_accepted_right: int

    @property
    def n(self) -> int:
        """How many images were judged."""
        return int(self.confusion.sum())

    @property
    def n_right(self) -> int:
        """How many were read as what they are."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """The share read rightly."""
        return self.n_right / self.n

    @property
    def coverage(self) -> float:
        """The share that got an answer."""
        return self.n_accepted / self.n

    @property
    def risk(self) -> float:
        """The share of wrong answers among those given; 0 where none was."""
        return 1 - self.n_accepted_right / self.n_accepted if self.n_accepted else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The accuracy's 95 % Wilson interval, (low, high)."""
        return wilson_interval(self.n_right, self.n)

    @property
    def per_class(self) -> tuple[ClassScores, ...]:
        """Precision, recall, F1 and support of each class, in class order."""
        right = np.diagonal(self.confusion)
        support = self.confusion.sum(axis=1)
        precision = _share(right, self.confusion.sum(axis=0))
        recall = _share(right, support)
        f1 = _share(2 * right, support + self.confusion.sum(axis=0))  # = 2 p r / (p + r)
        columns = zip(self.class_names, precision, recall, f1, support, strict=True)
        return tuple(
            ClassScores(c, float(p), float(r), float(f), int(s)) for c, p, r, f, s in columns
        )

    def worst_mistakes(self, k: int) -> NDArray[np.int64]:
        """Indices of at most k wrong answers, the most confident first."""
        return self.mistakes[: max(k, 0)]

    def as_dict(self, source: str) -> dict[str, Any]:
        """Everything as plain JSON types; `source` says in words where the images came from."""
        return {
            "source": source,
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "confusion": self.confusion.tolist(),
            "class_names": list(self.class_names),
            "per_class": [asdict(scores) for scores in self.per_class],
            "calibration_error": self.calibration_error,
            "n_accepted": self.n_accepted,
            "n_accepted_right": self.n_accepted_right,
            "coverage": self.coverage,
            "risk": self.risk,
        }


def evaluate(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    class_names: Sequence[str],
    accepted: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Judge probabilities (N, K) by the true labels (N,).

    `accepted` (N,) marks the answers the model stands by; None means all of them.

    Raises:
        DataError: the arrays do not fit together, are empty, or are not probabilities.
    """
    _check(probabilities, labels, len(class_names), accepted)
    p = probabilities.astype(np.float64)
    predicted = p.argmax(axis=1)
    confidence = p.max(axis=1)
    right = predicted == labels
    kept = np.ones(len(p), dtype=bool) if accepted is None else accepted
    true_class = p[np.arange(len(p)), labels]
    return Evaluation(
        class_names=tuple(class_names),
        confusion=confusion_matrix(labels, predicted, len(class_names)),
        loss=float(-np.log(np.maximum(true_class, SMALLEST)).mean()),
        calibration_error=expected_calibration_error(confidence, right),
        mistakes=worst_mistakes(probabilities, labels),
        n_accepted=int(kept.sum()),
        n_accepted_right=int((kept & right).sum()),
    )


class RiskCurve(NamedTuple):
    """What any threshold would do, from the strictest on; an entry for each confidence there is.

    Attributes:
        confidence: (M,) the threshold, falling.
        coverage: (M,) the share of all images that then get an answer.
        risk: (M,) the share of wrong answers among those.
    """

    confidence: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]


def risk_curve(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], known: NDArray[np.bool_]
) -> RiskCurve:
    """Risk against coverage of images (N,) by how sure each answer is.

    Y. Geifman and R. El-Yaniv, "Selective classification for deep neural networks", NeurIPS 2017.
    `known` marks those that look like a class at all; the others never get an answer. Images of
    one confidence are answered together.
    """
    order = np.flatnonzero(known)[np.argsort(-confidence[known], kind="stable")]
    sorted_ = confidence[order].astype(np.float64)
    last = np.flatnonzero(np.diff(sorted_, append=-1.0))
    n_given = last + 1
    n_wrong = np.cumsum(~right[order])[last]
    return RiskCurve(sorted_[last], n_given / len(right), n_wrong / n_given)


def wilson_interval(k: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Where the true share lies when k of n came out right: (low, high), 95 % unless told.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212. With p = k / n:

        (p + z^2/2n  -+  z sqrt(p (1 - p) / n + z^2/4n^2)) / (1 + z^2/n)

    Unlike p -+ z sqrt(p (1 - p) / n) it stays inside 0 to 1 and is honest for k = n.
    Knowing nothing (n = 0), it is (0, 1).

    Raises:
        SettingsError: not 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise SettingsError(f"A share needs 0 <= k <= n, not k = {k} of n = {n}.")
    if n == 0:
        return 0.0, 1.0
    p, zz = k / n, z * z / n
    centre = p + zz / 2
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n))
    low = 0.0 if k == 0 else (centre - half) / (1 + zz)
    high = 1.0 if k == n else (centre + half) / (1 + zz)
    return low, high


def confusion_matrix(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """(K, K) int64: row = true class, column = class it was read as; all labels in 0 to K - 1."""
    cells = labels.astype(np.int64) * n_classes + predicted
    counts = np.bincount(cells, minlength=n_classes * n_classes)
    return counts.astype(np.int64).reshape(n_classes, n_classes)


def worst_mistakes(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Indices (M,) of all wrong answers in (N, K) probabilities, the most confident first."""
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-confidence[wrong], kind="stable")]


def expected_calibration_error(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """How far confidence (N,) and the share that was right (N,) lie apart on average, 0 to 1.

    Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
    equation 3: over equal bins ((m - 1) / M, m / M], the sum of
    (bin's size / N) |bin's accuracy - bin's mean confidence|.
    """
    index = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.bincount(index, weights=right.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """The part of the whole, and 0 where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def _check(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    n_classes: int,
    accepted: NDArray[np.bool_] | None,
) -> None:
    shape = (len(labels), n_classes)
    if probabilities.shape != shape or (accepted is not None and accepted.shape != shape[:1]):
        raise DataError(
            f"{len(labels)} labels of {n_classes} classes need probabilities of shape {shape}, "
            f"not {probabilities.shape}, and one accepted mark each."
        )
    if len(labels) == 0:
        raise DataError("There is nothing to evaluate: the source has no labelled image.")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise DataError(
            f"The labels run from {labels.min()} to {labels.max()}, but the model knows the "
            f"classes 0 to {n_classes - 1}; evaluate it on the classes it was trained for."
        )
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if not (np.abs(sums - 1) < 1e-3).all() or (probabilities < 0).any():
        raise DataError("The model's answers are not probabilities: each row must add up to 1.")


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
