"""Calibration: how far a network's probabilities may be trusted, and when it had better not answer.

Temperature scaling makes the probabilities honest; a threshold on them refuses what is unsure, and
one on an out-of-distribution score (`novelty.py`) what is no digit at all. All three are fitted
once, after training, on digits that the network has not learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.models.novelty import Novelty, fit_novelty
from digitnet.nn import softmax
from digitnet.nn.layer import FloatArray

ACCEPTED_SHARE = 0.98  # of the validation digits
ENOUGH = 20_000  # training images that describe the classes' strokes; more change little
COLDEST, HOTTEST = 0.1, 10.0  # where a temperature is looked for
PRIOR_SPREAD = 0.5  # of ln(temperature) around 0: felt with few validation digits only

NO_DIGIT = "no digit: it looks like none that the network has learnt"


@dataclass(frozen=True, eq=False)
class Calibration:
    """What turns logits into probabilities and decides when there is no answer.

    Attributes:
        temperature: logits are divided by it before the softmax.
        least_probability: the likeliest class needs this much, else the answer is "unsure".
        most_novelty: a frame's out-of-distribution score may be this high, else "no digit".
        novelty: what the strokes of the learnt classes look like; None accepts every frame.

    The default changes and refuses nothing.
    """

    temperature: float = 1.0
    least_probability: float = 0.0
    most_novelty: float = math.inf
    novelty: Novelty | None = None

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Calibrated probabilities (N, K) of logits (N, K)."""
        return softmax(logits if self.temperature == 1.0 else logits / self.temperature)

    def no_digit(self, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which frames (N, 28, 28) look like no class that was learnt, (N,)."""
        if self.novelty is None:
            return np.zeros(len(images), dtype=bool)
        return self.novelty.scores(images) > self.most_novelty

    def unsure(self, probabilities: FloatArray) -> NDArray[np.bool_]:
        """Which answers (N, K) leave too much doubt, (N,)."""
        unsure: NDArray[np.bool_] = probabilities.max(axis=1) < self.least_probability
        return unsure

    def refusal(
        self, image: NDArray[np.uint8], probabilities: FloatArray, class_names: Sequence[str]
    ) -> str | None:
        """Why one frame (28, 28) with its probabilities (K,) gets no answer; None if it gets one.

        "no digit: ..." where nothing that was learnt looks like it, "unsure: 3 or 8" where it
        may be a digit but the likeliest class is not likely enough.
        """
        return self.refusals(image[None], probabilities[None], class_names)[0]

    def refusals(
        self, images: NDArray[np.uint8], probabilities: FloatArray, class_names: Sequence[str]
    ) -> list[str | None]:
        """For each frame (N, 28, 28) with its probabilities (N, K), what `refusal` says."""
        found: list[str | None] = []
        no_digit, unsure = self.no_digit(images), self.unsure(probabilities)
        for row, is_none, is_unsure in zip(probabilities, no_digit, unsure, strict=True):
            likeliest = [class_names[i] for i in row.argsort()[::-1][:2]] if is_unsure else []
            doubt = f"unsure: {' or '.join(likeliest)}" if likeliest else None
            found.append(NO_DIGIT if is_none else doubt)
        return found


def fit_calibration(
    logits: FloatArray,
    validation: Dataset,
    training: Dataset,
    others: NDArray[np.uint8] | None = None,
) -> Calibration:
    """Fit on validation digits: their logits (N, K), and the training part for its strokes.

    `others` are frames (M, 28, 28) of what belongs to no class, where there are such; see
    `fit_novelty`.

    The thresholds accept at least 98 % of the validation digits. They are those of split
    conformal prediction (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random
    world", 2005): the share holds for new digits of the same kind too, on average over the draw
    of the validation part. That takes 49 digits; with fewer nothing is refused.
    """
    temperature = fit_temperature(logits, validation.labels)
    n = len(validation)
    n_refused = n - math.ceil((n + 1) * ACCEPTED_SHARE)
    if n_refused < 0:
        return Calibration(temperature)
    confidence = Calibration(temperature).probabilities(logits).max(axis=1)
    step = max(1, len(training) // ENOUGH)
    novelty = fit_novelty(training.images[::step], training.labels[::step], others)
    strangeness = np.zeros(n) if novelty is None else novelty.scores(validation.images)
    stranger, doubtful = np.argsort(-strangeness), np.argsort(confidence)
    k = _even_share(stranger, doubtful, n_refused)
    return Calibration(
        temperature,
        least_probability=float(confidence[doubtful[k]]),
        most_novelty=float(strangeness[stranger[k]]),
        novelty=novelty,
    )


def _even_share(
    stranger: NDArray[np.integer], doubtful: NDArray[np.integer], n_refused: int
) -> int:
    """The largest k for which the first k of both orders are at most n_refused digits together."""
    place = np.empty((2, len(stranger)), dtype=np.int64)
    place[0, stranger] = place[1, doubtful] = np.arange(len(stranger))
    first = np.sort(place.min(axis=0))  # a digit is refused as soon as k passes its first place
    return int(first[n_refused])


def fit_temperature(logits: FloatArray, labels: NDArray[np.int64]) -> float:
    """The temperature T that makes softmax(logits / T) fit the labels (N,) best; never the argmax.

    C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2: the least
    mean cross-entropy, found by golden-section search over ln T (J. Kiefer, "Sequential minimax
    search for a maximum", 1953). A normal prior on ln T keeps T near 1 where the labels are few.
    """
    z = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)  # 0 for the likeliest
    own = z[np.arange(len(z)), labels]

    def cost(log_t: float) -> float:
        t = math.exp(log_t)
        loss = float(np.mean(np.log(np.exp(z / t).sum(axis=1)) - own / t))
        return loss + (log_t / PRIOR_SPREAD) ** 2 / (2 * len(z))

    golden = (math.sqrt(5) - 1) / 2
    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = cost(left), cost(right)
    while high - low > 1e-4:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = cost(right)
    return math.exp((low + high) / 2)
