"""Calibration: how far a network's probabilities may be trusted, and when it had better not answer.

Temperature scaling makes the probabilities honest; a threshold on them refuses what is unsure, and
one on an out-of-distribution score (`novelty.py`) what is no digit at all. All three are fitted
once, after training, on digits that the network has not learnt from. Which threshold is taken is a
question of the risk that is asked for (`risk.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.models.novelty import Novelty, fit_novelty
from digitnet.models.risk import ALWAYS, RiskTable, as_risk, risk_table, usual_risk
from digitnet.nn import softmax
from digitnet.nn.layer import FloatArray

MOST_LOST, LOST_BESIDE = 0.02, 0.003
"""Of the digits, to "no digit": by Gaussians alone, and beside a network that has learnt others."""
TUNING = 3  # every third digit chooses temperature and limit, the others are counted
FEWEST = 150  # digits in all: with fewer not even 3 % could be promised
FEWEST_TO_LIMIT = 49  # of them the highest score loses one new digit in fifty
ENOUGH = 20_000  # training images that describe the classes' strokes; more change little
COLDEST, HOTTEST = 0.1, 10.0  # where a temperature is looked for
PRIOR_SPREAD = 0.5  # of ln(temperature) around 0: felt with few validation digits only

BEFORE = "before it learnt on: "
NO_DIGIT = "no digit: it looks like none that the network has learnt"


@dataclass(frozen=True, eq=False)
class Calibration:
    """What turns logits into probabilities and decides when there is no answer.

    Attributes:
        temperature: logits are divided by it before the softmax.
        least_probability: the likeliest class needs this much, else the answer is "unsure".
        most_novelty: a frame's out-of-distribution score may be this high, else "no digit".
        novelty: what the strokes of the learnt classes look like; None accepts every frame.
        risks: what each threshold promises; None where that was never counted.
        risk: the share of wrong answers that was asked for, by which the threshold was chosen;
            0 answers always, None promises nothing.

    The default changes and refuses nothing.
    """

    temperature: float = 1.0
    least_probability: float = 0.0
    most_novelty: float = math.inf
    novelty: Novelty | None = None
    risks: RiskTable | None = None
    risk: float | None = None

    def at(self, risk: float | str) -> Calibration:
        """The same for another risk: 0.005 or "0.5%" of the answers given may be wrong.

        The threshold is the lowest that keeps the promise; where none does, the strictest there
        is, and `promised` is then more than the risk. 0 answers always: nothing is refused.

        Raises:
            SettingsError: it is no risk, or was never counted and is not 0.
        """
        share = as_risk(risk)
        if share == ALWAYS:
            return replace(self, least_probability=0.0, risk=share)
        if self.risks is None:
            raise SettingsError(
                "What this model's answers risk was never counted, so none can be promised.",
                "calibrate it on digits that it has not learnt from, or answer always, {risk:0}.",
            )
        least = self.risks.row(share).least_probability
        return replace(self, least_probability=least, risk=share)

    @property
    def answers_always(self) -> bool:
        """Whether nothing is refused, as risk 0 asks."""
        return self.risk == ALWAYS

    @property
    def promised(self) -> float | None:
        """At most this share of the answers given is wrong; None where nothing is promised."""
        if self.risks is None or self.risk is None or self.answers_always:
            return None
        return self.risks.row(self.risk).bound

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Calibrated probabilities (N, K) of logits (N, K)."""
        return softmax(logits if self.temperature == 1.0 else logits / self.temperature)

    def no_digit(
        self, images: NDArray[np.uint8], scores: NDArray[np.float64] | None = None
    ) -> NDArray[np.bool_]:
        """Which frames (N, 28, 28) look like no class that was learnt, (N,).

        ``scores`` (N,) are their out-of-distribution scores, where they are known already.
        """
        if self.novelty is None or self.answers_always:
            return np.zeros(len(images), dtype=bool)
        scores = self.novelty.scores(images) if scores is None else scores
        return scores > self.most_novelty

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
    digits: Dataset,
    training: Dataset | None,
    risk: float | None = None,
    novelty: Novelty | None = None,
    others: NDArray[np.uint8] | None = None,
) -> Calibration:
    """Fit on digits that the weights were not learnt from, in no order.

    A third of them, the tuning digits, choose the temperature and the limit of novelty: by split
    conformal prediction (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random
    world", 2005) it loses at most 2 % of new digits of the same kind, on average over the draw,
    0.3 % where the novelty has learnt others; of fewer than 49 or 333 it loses none of them. On
    the others, which nothing was fitted to, the risk of each threshold is counted (`risk.py`).
    With fewer than FEWEST in all nothing can be promised, all are tuning digits, and nothing is
    unsure; with fewer than FEWEST_TO_LIMIT nothing at all is refused.

    Args:
        logits: (N, K) of the digits.
        digits: N of them, such as `training/calibration_set.py` makes.
        training: what the classes' strokes look like is learnt from these, where `novelty` does
            not know it yet; with neither, nothing is called "no digit".
        risk: the share of wrong answers that is asked for where nobody says another; None takes
            a usual one, and where none can be promised nothing is unsure.
        novelty: tells what is no digit, and is only given a limit here.
        others: frames (M, 28, 28) of what belongs to no class, where there are such, for a novelty
            that is learnt here; see `fit_novelty`.
    """
    is_counted = np.arange(len(digits)) % TUNING != 0
    is_counted &= len(digits) >= FEWEST
    tuning = ~is_counted
    temperature = fit_temperature(logits[tuning], digits.labels[tuning])
    if len(digits) < FEWEST_TO_LIMIT:
        return Calibration(temperature)
    if novelty is None and training is not None:
        step = max(1, len(training) // ENOUGH)
        novelty = fit_novelty(training.images[::step], training.labels[::step], others)
    strangeness = np.zeros(len(digits)) if novelty is None else novelty.scores(digits.images)
    most = _limit(strangeness[tuning], novelty)
    if len(digits) < FEWEST:
        return Calibration(temperature, most_novelty=most, novelty=novelty)
    probabilities = Calibration(temperature).probabilities(logits)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == digits.labels
    known = strangeness <= most
    aside, counted = tuning & known, is_counted & known
    table = risk_table(
        confidence[counted],
        right[counted],
        (confidence[aside], right[aside]),
        digits.source,
        int(np.count_nonzero(is_counted)),
    )
    calibration = Calibration(temperature, 0.0, most, novelty, table)
    if risk is None:
        risk = usual_risk(table)
    return calibration if risk is None else calibration.at(risk)


def _limit(strangeness: NDArray[np.floating], novelty: Novelty | None) -> float:
    """The score that at most the share to be lost lies above, of new ones like those given, (N,).

    The highest of too few.
    """
    lost = MOST_LOST if novelty is None or novelty.hidden is None else LOST_BESIDE
    n = len(strangeness)
    rank = min(math.ceil((n + 1) * (1 - lost)), n)
    return float(np.sort(strangeness)[rank - 1])


def inherited(calibration: Calibration) -> Calibration:
    """What a model that learns on keeps: it was counted before, and its table says so."""
    if calibration.risks is None:
        return calibration
    words = calibration.risks.counted_on.removeprefix(BEFORE)
    return replace(calibration, risks=calibration.risks._replace(counted_on=BEFORE + words))


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
