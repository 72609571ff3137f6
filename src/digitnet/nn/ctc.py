"""CTC: the loss of a line whose characters' places nobody has told, and how a line is read.

A. Graves, S. Fernandez, F. Gomez and J. Schmidhuber, "Connectionist temporal classification:
labelling unsegmented sequence data with recurrent neural networks", ICML 2006. A network gives
for each column of a line a distribution over the characters and a blank, class 0. A path names a
class for each column; the text it spells is what is left when runs of one class are made one and
blanks are taken out. The probability of a text is the sum over all paths that spell it.

Shapes: N lines, T columns, K classes (the blank and the characters), L characters a text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitnet.nn.layer import Context, FloatArray
from digitnet.nn.losses import log_softmax

BLANK = 0
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LineLabels:
    """What N lines of one batch say, and how many columns of it are theirs.

    Attributes:
        labels: (N, L), each line's classes, 1 to K - 1, filled up with blanks.
        lengths: (N,), how many of them are the line's.
        columns: (N,), how many columns are the line's; those behind them do not count.
    """

    labels: Ints
    lengths: Ints
    columns: Ints

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]], columns: Sequence[int]) -> LineLabels:
        """From each line's classes, and its number of columns."""
        lengths = np.array([len(text) for text in texts], np.int64)
        labels = np.full((len(texts), max(lengths, default=0)), BLANK, np.int64)
        for row, text in zip(labels, texts, strict=True):
            row[: len(text)] = text
        return cls(labels, lengths, np.array(columns, np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice | NDArray[Any]) -> LineLabels:
        return LineLabels(self.labels[part], self.lengths[part], self.columns[part])

    def fits(self) -> NDArray[np.bool_]:
        """(N,), whether a line has a column for each character, and one between equal ones."""
        inside = np.arange(1, self.labels.shape[1]) < self.lengths[:, None]
        repeats = ((self.labels[:, 1:] == self.labels[:, :-1]) & inside).sum(axis=1)
        return np.asarray(self.lengths + repeats <= self.columns)


def ctc_loss(
    logits: FloatArray,
    targets: LineLabels,
    sample_weights: FloatArray | None = None,
    ctx: Context | None = None,
) -> tuple[float, FloatArray]:
    """Mean of -log p(text) in nats, and its gradient with respect to the logits.

    The text with a blank before, between and behind its characters is a row of S = 2 L + 1
    states. alpha[t, s] is the log-probability of all beginnings of paths that are in state s at
    column t; from there a path stays, goes on one state, or skips a blank between two different
    characters. beta is the same from the end, without column t. At each column
    p = sum over s of exp(alpha + beta), and dL/dlogits is softmax minus the share of p that goes
    through each class (Graves et al., eq. 16). Sums are of logarithms, in float64.

    Args:
        logits: (N, T, K).
        targets: N lines.
        sample_weights: (N,), each line's loss is multiplied by its weight, as in `cross_entropy`.
        ctx: as in `cross_entropy`; nothing is kept in it.

    Returns:
        (loss, dL/dlogits of shape (N, T, K)); it is 0 at columns that are not the line's.

    Raises:
        ValueError: a class outside 1 .. K - 1, more columns than there are, or a text too long
            for its line.
    """
    N, T, K = logits.shape
    labels, lengths = targets.labels, targets.lengths
    inside = np.arange(labels.shape[1]) < lengths[:, None]
    if len(targets) != N or not (targets.columns <= T).all() or (targets.columns < 1).any():
        raise ValueError(f"Labels of {len(targets)} lines do not fit logits of shape {(N, T, K)}.")
    if (inside & ((labels < 1) | (labels >= K))).any():
        raise ValueError(f"Classes of characters must lie between 1 and {K - 1}; 0 is the blank.")
    if not targets.fits().all():
        worst = int(np.argmin(targets.fits()))
        raise ValueError(
            f"Line {worst} has {targets.columns[worst]} columns, too few for its "
            f"{lengths[worst]} characters, with a blank between equal ones."
        )
    log_probs = log_softmax(logits.astype(np.float64, copy=False))
    log_p, shares = _forward_backward(log_probs, targets, inside)
    dlogits = np.exp(log_probs) - shares
    dlogits[np.arange(T) >= targets.columns[:, None]] = 0.0
    weights = np.ones(N) if sample_weights is None else sample_weights.astype(np.float64)
    dlogits *= (weights / N)[:, None, None]
    return float(-np.vdot(weights, log_p)) / N, dlogits.astype(logits.dtype, copy=False)


def _forward_backward(
    log_probs: FloatArray, targets: LineLabels, inside: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """(log p(text) of each line (N,), the share of p through each class (N, T, K))."""
    N, T, K = log_probs.shape
    lengths, columns = targets.lengths, targets.columns
    L = targets.labels.shape[1]
    S = 2 * L + 1
    states = np.full((N, S), BLANK)
    states[:, 1::2] = np.where(inside, targets.labels, BLANK)
    rows = np.arange(N)
    # The log-probability of each state's class at each column; -inf behind the text's end.
    emit = np.take_along_axis(log_probs, states[:, None, :], axis=2).transpose(1, 0, 2).copy()
    emit[:, np.arange(S) > 2 * lengths[:, None]] = -np.inf
    skips = np.full((N, S), -np.inf)  # 0 where a path may come from two states before
    may = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    skips[:, 2:][may] = 0.0

    alpha = _forward(emit, skips)

    beta = np.full((T, N, S + 2), -np.inf)  # two states behind the last
    last = np.full((N, S), -np.inf)  # 0 in the two states that a path may end in
    last[rows, 2 * lengths] = 0.0
    last[rows, np.maximum(2 * lengths - 1, 0)] = 0.0
    ahead = np.full((N, S), -np.inf)
    ahead[:, :-2] = skips[:, 2:]
    for t in range(T - 1, -1, -1):
        if t < T - 1:
            coming = beta[t + 1].copy()
            coming[:, :S] += emit[t + 1]
            beta[t, :, :S] = _log_add(coming[:, :S], coming[:, 1:-1], coming[:, 2:] + ahead)
        ends = columns - 1 == t
        beta[t, ends, :S] = last[ends]
    through = alpha + beta[:, :, :S]
    first = _log_add(through[0, :, 0], through[0, :, min(1, S - 1)], np.full(N, -np.inf))
    log_p = first if S > 1 else through[0, :, 0]
    with np.errstate(invalid="ignore"):
        share = np.exp(np.nan_to_num(through - log_p[:, None], nan=-np.inf, neginf=-np.inf))
    share[np.arange(T)[:, None] >= columns] = 0.0
    classes = (states[:, :, None] == np.arange(K)).astype(np.float64)
    return log_p, np.matmul(share.transpose(1, 0, 2), classes)


def _forward(emit: FloatArray, skips: FloatArray) -> FloatArray:
    """All of alpha, (T, N, S), of the states' log-probabilities and what skipping costs, (N, S)."""
    T, N, S = emit.shape
    alpha = np.full((T, N, S + 2), -np.inf)  # two states before the first, never reached
    alpha[0, :, 2:4] = emit[0, :, :2]
    for t in range(1, T):
        before = alpha[t - 1]
        step = _log_add(before[:, 2:], before[:, 1:-1], before[:, :-2] + skips)
        np.add(step, emit[t], out=alpha[t, :, 2:])
    return alpha[:, :, 2:]


def log_likelihood(log_probs: FloatArray, classes: Sequence[int]) -> float:
    """How likely a text is: log p of all paths that spell it, of log-probabilities (T, K).

    Minus infinity where it has too few columns; see `ctc_loss`.
    """
    states, skips = _states([classes])
    last = _forward(log_probs[:, states], skips)[-1, 0, -2:]
    return float(np.logaddexp.reduce(last))


def _states(texts: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], FloatArray]:
    """The states of texts, (B, S), and 0 where a path may skip one, else minus infinity, (B, S).

    Blanks are behind the end of a shorter text.
    """
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, classes in zip(states, texts, strict=True):
        row[1 : 2 * len(classes) : 2] = classes
    skips = np.full(states.shape, -np.inf)
    skips[:, 2:][(states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])] = 0.0
    return states, skips


def _log_add(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """log(exp(a) + exp(b) + exp(c)), also where all are -inf."""
    largest = np.maximum(np.maximum(a, b), c)
    base = np.where(np.isfinite(largest), largest, 0.0)
    total = np.exp(a - base)
    total += np.exp(b - base)
    total += np.exp(c - base)
    with np.errstate(divide="ignore"):
        np.log(total, out=total)
    total += base
    return np.asarray(total)


@dataclass(frozen=True)
class Decoded:
    """A text read from a line's logits.

    Attributes:
        classes: its characters, without blanks.
        columns: where each of them is seen best, in columns, rising.
        log_probs: the log-probability of each at that column.
        log_prob: the log-probability of the text: of all paths found that spell it.
    """

    classes: tuple[int, ...]
    columns: tuple[int, ...]
    log_probs: tuple[float, ...]
    log_prob: float


class Constraint(Protocol):
    """What texts a search may find: a field's length, its pattern, its check digit."""

    def allowed(self, prefix: tuple[int, ...], following: int) -> bool:
        """Whether a text may begin with these classes and this one behind them."""

    def complete(self, prefix: tuple[int, ...]) -> bool:
        """Whether a text may end here."""


def greedy(logits: FloatArray) -> Decoded:
    """The text that the most likely path spells, from logits (T, K)."""
    log_probs = log_softmax(logits.astype(np.float64))
    path = log_probs.argmax(axis=1)
    seen = log_probs.max(axis=1)
    classes: list[int] = []
    columns: list[int] = []
    before = BLANK
    for t, k in enumerate(path.tolist()):
        if k != BLANK and k != before:
            classes.append(k)
            columns.append(t)
        elif k != BLANK and seen[t] >= seen[columns[-1]]:
            columns[-1] = t
        before = k
    return Decoded(tuple(classes), tuple(columns), tuple(seen[columns].tolist()), float(seen.sum()))


def beam_search(
    logits: FloatArray,
    width: int = 8,
    constraint: Constraint | None = None,
    least: float = -16.0,
) -> list[Decoded]:
    """The most likely texts of a line, best first: a search over prefixes.

    A. Hannun, A. Maas, D. Jurafsky and A. Ng, "First-pass large vocabulary continuous speech
    recognition using bi-directional recurrent DNNs", 2014, algorithm 1, without its language
    model: at each column the `width` most likely prefixes are kept, each with the log-probability
    of its paths that end in a blank and of those that do not.

    Args:
        logits: (T, K).
        width: prefixes kept.
        constraint: which texts may be found; None allows all.
        least: classes below this log-probability at a column begin no character there.

    Returns:
        At most `width` texts; none where no kept prefix is complete.

    Raises:
        ValueError: a width below 1.
    """
    if width < 1:
        raise ValueError(f"A search keeps at least one prefix, not {width}.")
    log_probs = log_softmax(logits.astype(np.float64))
    ranked = 1 + np.argsort(-log_probs[:, 1:], axis=1, kind="stable")
    n_likely = (log_probs[:, 1:] >= least).sum(axis=1)
    nothing = -math.inf
    # Of each prefix's paths, those that end in a blank, those that do not, and both.
    beams: dict[tuple[int, ...], tuple[float, float, float]] = {(): (0.0, nothing, 0.0)}
    for row, ranks, n in zip(log_probs.tolist(), ranked.tolist(), n_likely.tolist(), strict=True):
        likely = ranks[:n]
        grown: dict[tuple[int, ...], tuple[float, float, float]] = {}
        followed: dict[tuple[int, ...], list[int]] = {}
        for prefix, (_, other, both) in beams.items():
            blank = both + row[BLANK]
            if not prefix:
                grown[prefix] = blank, nothing, blank
                continue
            last = prefix[-1]
            again = other + row[last]
            grown[prefix] = blank, again, _sum(blank, again)
            if row[last] >= least:
                followed.setdefault(prefix[:-1], []).append(last)
        # A text that only one prefix leads to is not kept if it is below all that stay as they are.
        full = len(beams) == width
        floor = min(total for _, _, total in grown.values()) if full else nothing
        for prefix, (blank, _, both) in beams.items():
            last = prefix[-1] if prefix else BLANK
            kept = followed.get(prefix, ())
            for k in kept:
                before = blank if k == last else both
                longer = (*prefix, k)
                its_blank, its_other, _ = grown[longer]
                other = _sum(its_other, before + row[k])
                grown[longer] = its_blank, other, _sum(its_blank, other)
            for k in likely:
                gained = both + row[k]
                if gained < floor:
                    break  # and so are those that are less likely
                if k == last:
                    gained = blank + row[k]
                if k in kept or gained == nothing or gained < floor:
                    continue
                if constraint is None or constraint.allowed(prefix, k):
                    grown[*prefix, k] = nothing, gained, gained
        beams = dict(sorted(grown.items(), key=lambda item: (-item[1][2], item[0]))[:width])
    found = [
        (prefix, both)
        for prefix, (_, _, both) in beams.items()
        if both > nothing and (constraint is None or constraint.complete(prefix))
    ]
    return placed([prefix for prefix, _ in found], log_probs, [p for _, p in found])


def _sum(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a + math.log1p(math.exp(b - a)) if b > -math.inf else a


def placed(
    texts: Sequence[tuple[int, ...]], log_probs: FloatArray, of_texts: Sequence[float]
) -> list[Decoded]:
    """Texts with their characters' columns: on the likeliest path that spells each (Viterbi).

    Args:
        texts: the classes of each, which fit the columns.
        log_probs: (T, K), of each class at each column.
        of_texts: the log-probability of each text.
    """
    if not texts:
        return []
    T = len(log_probs)
    states, skips = _states(texts)
    emit = log_probs[:, states]  # (T, B, S)
    B, S = states.shape
    best = np.full((B, S + 2), -np.inf)  # two states before the first, never reached
    best[:, 2:4] = emit[0, :, :2]
    came = np.zeros((T, B, S), np.int8)  # how many states a path came on
    ways = np.empty((3, B, S))
    for t in range(1, T):
        ways[0], ways[1] = best[:, 2:], best[:, 1:-1]
        np.add(best[:, :-2], skips, out=ways[2])
        came[t] = ways.argmax(axis=0)
        np.add(ways.max(axis=0), emit[t], out=best[:, 2:])
    found = []
    for b, (classes, log_prob) in enumerate(zip(texts, of_texts, strict=True)):
        s = 2 * len(classes)
        if classes and best[b, s + 2] < best[b, s + 1]:
            s -= 1
        columns = [0] * len(classes)
        seen = [-np.inf] * len(classes)
        for t in range(T - 1, -1, -1):
            if s % 2 and emit[t, b, s] > seen[s // 2]:
                columns[s // 2], seen[s // 2] = t, float(emit[t, b, s])
            s -= int(came[t, b, s])
        found.append(Decoded(classes, tuple(columns), tuple(seen), log_prob))
    return found
