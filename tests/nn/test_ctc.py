"""CTC: the loss against sums over all paths, its gradient, and what the searches find."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from digitnet.nn import ctc, log_softmax
from digitnet.nn.ctc import (
    BLANK,
    LineLabels,
    beam_search,
    ctc_loss,
    greedy,
    log_likelihood,
    placed,
)
from digitnet.nn.layer import FloatArray

K = 4


def spelt(path: tuple[int, ...]) -> tuple[int, ...]:
    """The text a path spells, written out by hand."""
    return tuple(k for k, _ in itertools.groupby(path) if k != BLANK)


def every_text(logits: FloatArray) -> dict[tuple[int, ...], float]:
    """The probability of each text: the sum over all paths that spell it."""
    log_probs = log_softmax(logits)
    texts: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        p = math.exp(sum(log_probs[t, k] for t, k in enumerate(path)))
        texts[spelt(path)] = texts.get(spelt(path), 0.0) + p
    return texts


@pytest.fixture
def logits() -> FloatArray:
    return 2.0 * np.random.default_rng(0).normal(size=(5, 5, K))


TEXTS = [(1, 1), (2,), (), (3, 1, 3), (2, 2, 2)]
COLUMNS = [5, 4, 3, 3, 5]


def test_a_worked_example() -> None:
    """Two columns, blank 0.6 and 0.3: "1" is 1-, -1 or 11; 0.4 0.3 + 0.6 0.7 + 0.4 0.7 = 0.82."""
    logits = np.log([[[0.6, 0.4], [0.3, 0.7]]])
    loss, gradient = ctc_loss(logits, LineLabels.of([(1,)], [2]))
    assert loss == pytest.approx(-math.log(0.82))
    through = [(0.4 * 0.3 + 0.4 * 0.7) / 0.82, (0.6 * 0.7 + 0.4 * 0.7) / 0.82]
    np.testing.assert_allclose(gradient[0, :, 1], [0.4 - through[0], 0.7 - through[1]])


@pytest.mark.parametrize("n", range(len(TEXTS)))
def test_the_loss_is_the_sum_over_all_paths(logits: FloatArray, n: int) -> None:
    loss, _ = ctc_loss(logits[n : n + 1], LineLabels.of([TEXTS[n]], [COLUMNS[n]]))
    assert loss == pytest.approx(-math.log(every_text(logits[n, : COLUMNS[n]])[TEXTS[n]]))


def test_a_batch_is_the_weighted_mean_of_its_lines(logits: FloatArray) -> None:
    weights = np.array([1.0, 0.0, 2.0, 0.5, 3.0])
    targets = LineLabels.of(TEXTS, COLUMNS)
    each = [ctc_loss(logits[n : n + 1], targets[n : n + 1])[0] for n in range(5)]
    assert ctc_loss(logits, targets)[0] == pytest.approx(np.mean(each))
    assert ctc_loss(logits, targets, weights)[0] == pytest.approx(np.dot(weights, each) / 5)


def worst_difference(logits: FloatArray, gradient: FloatArray, weights: FloatArray) -> float:
    targets = LineLabels.of(TEXTS, COLUMNS)
    numeric = np.empty_like(logits)
    for i in np.ndindex(logits.shape):
        losses = []
        for step in (1e-6, -1e-6):
            moved = logits.copy()
            moved[i] += step
            losses.append(ctc_loss(moved, targets, weights)[0])
        numeric[i] = (losses[0] - losses[1]) / 2e-6
    return float(np.abs(numeric - gradient).max())


def test_the_gradient_is_that_of_central_differences(logits: FloatArray) -> None:
    weights = np.array([1.0, 0.3, 2.0, 0.5, 3.0])
    _, gradient = ctc_loss(logits, LineLabels.of(TEXTS, COLUMNS), weights)
    assert worst_difference(logits, gradient, weights) < 1e-7


@pytest.mark.parametrize("planted", ["no skips", "late ends"])
def test_the_check_finds_a_planted_mistake(
    logits: FloatArray, planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = LineLabels.of(TEXTS, COLUMNS)
    inside = np.arange(targets.labels.shape[1]) < targets.lengths[:, None]
    right = ctc._forward_backward(log_softmax(logits), targets, inside)
    if planted == "no skips":
        skipless = ctc._log_add
        monkeypatch.setattr(ctc, "_log_add", lambda a, b, c: skipless(a, b, c - 0.1))
    else:
        targets = LineLabels(targets.labels, targets.lengths, np.full(5, 5))
    wrong = ctc._forward_backward(log_softmax(logits), targets, inside)
    gradient = (np.exp(log_softmax(logits)) - wrong[1]) / 5
    assert worst_difference(logits, gradient, np.ones(5)) > 1e-4
    assert not np.allclose(right[0], wrong[0])


def test_columns_behind_a_line_do_not_count(logits: FloatArray) -> None:
    targets = LineLabels.of(TEXTS, COLUMNS)
    loss, gradient = ctc_loss(logits, targets)
    longer = np.concatenate([logits, 100.0 * np.ones((5, 3, K))], axis=1)
    wider = LineLabels(np.pad(targets.labels, ((0, 0), (0, 2))), targets.lengths, targets.columns)
    padded_loss, padded = ctc_loss(longer, wider)
    assert padded_loss == loss
    np.testing.assert_array_equal(padded[:, :5], gradient)
    assert not padded[:, 5:].any()


def test_one_column_and_no_text() -> None:
    logits = np.log([[[0.2, 0.5, 0.3]]])
    assert ctc_loss(logits, LineLabels.of([(1,)], [1]))[0] == pytest.approx(-math.log(0.5))
    assert ctc_loss(logits, LineLabels.of([()], [1]))[0] == pytest.approx(-math.log(0.2))


def test_a_long_line_in_float32_stays_finite() -> None:
    logits = np.full((1, 400, K), -1e4, np.float32)
    logits[:, :, BLANK] = 1e4
    loss, gradient = ctc_loss(logits, LineLabels.of([(1, 2) * 50], [400]))
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert gradient.dtype == np.float32


def test_what_does_not_fit_is_told() -> None:
    logits = np.zeros((2, 2, K))
    targets = LineLabels.of([(1, 2), (1, 1)], [2, 2])
    assert targets.fits().tolist() == [True, False]
    with pytest.raises(ValueError, match="Line 1 has 2 columns, too few for its 2 characters"):
        ctc_loss(logits, targets)
    with pytest.raises(ValueError, match="between 1 and 3"):
        ctc_loss(logits, LineLabels.of([(4,), ()], [2, 2]))
    with pytest.raises(ValueError, match="do not fit logits"):
        ctc_loss(logits, LineLabels.of([(1,), ()], [2, 3]))


def test_a_huge_beam_finds_every_text_with_its_probability(logits: FloatArray) -> None:
    for line in logits:
        texts = every_text(line)
        found = beam_search(line, 10_000, least=-np.inf)
        assert {d.classes for d in found} == set(texts)
        for d in found:
            assert d.log_prob == pytest.approx(math.log(texts[d.classes]))
        assert found[0].classes == max(texts, key=lambda text: texts[text])


class TwoEqual:
    """Texts of two equal characters."""

    def allowed(self, prefix: tuple[int, ...], following: int) -> bool:
        return not prefix or prefix == (following,)

    def complete(self, prefix: tuple[int, ...]) -> bool:
        return len(prefix) == 2


def plain_search(logits: FloatArray, width: int) -> list[tuple[int, ...]]:
    """The same search, which looks at every prefix at every column."""
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for row in np.exp(log_softmax(logits.astype(np.float64))).tolist():
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, other) in beams.items():
            here = grown.setdefault(prefix, [0.0, 0.0])
            here[0] += (blank + other) * row[BLANK]
            here[1] += other * row[prefix[-1]] if prefix else 0.0
            for k in range(1, len(row)):
                before = blank if prefix and k == prefix[-1] else blank + other
                grown.setdefault((*prefix, k), [0.0, 0.0])[1] += before * row[k]
        ranked = sorted(grown.items(), key=lambda item: (-sum(item[1]), item[0]))
        beams = {prefix: (ends[0], ends[1]) for prefix, ends in ranked[:width]}
    return list(beams)


@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_prefixes_that_are_not_looked_at_would_not_have_been_kept(
    width: int, rng: np.random.Generator
) -> None:
    for _ in range(30):
        logits = rng.normal(0, rng.choice([1, 3]), (12, 4)).astype(np.float32)
        logits[:, BLANK] += rng.choice([0, 2])
        found = [one.classes for one in beam_search(logits, width)]
        assert found == plain_search(logits, width)


def test_a_constraint_goes_into_the_search(logits: FloatArray) -> None:
    for line in logits:
        texts = {t: p for t, p in every_text(line).items() if len(t) == 2 and t[0] == t[1]}
        found = beam_search(line, 1000, TwoEqual(), least=-np.inf)
        assert {d.classes for d in found} == set(texts)
        assert found[0].log_prob == pytest.approx(math.log(max(texts.values())))


def test_no_text_where_the_constraint_leaves_none() -> None:
    assert beam_search(np.zeros((2, K)), 8, TwoEqual()) == []  # a blank must stand between
    with pytest.raises(ValueError, match="at least one prefix"):
        beam_search(np.zeros((2, K)), 0)


def test_a_sum_of_paths_beats_the_best_path() -> None:
    """The likeliest path is all blank, 0.36; "1" has three paths and 0.64."""
    logits = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert greedy(logits).classes == ()
    best = beam_search(logits)[0]
    assert (best.classes, best.log_prob) == ((1,), pytest.approx(math.log(0.64)))


@pytest.mark.parametrize("search", [greedy, lambda logits: beam_search(logits)[0]])
def test_characters_have_the_column_where_they_are_seen_best(search: object) -> None:
    path = [0, 1, 1, 0, 1, 2, 2, 0]
    logits = np.full((8, K), 0.0)
    logits[np.arange(8), path] = [9, 7, 9, 9, 8, 6, 8, 9]
    read = search(logits)  # type: ignore[operator]
    assert read.classes == (1, 1, 2)
    assert read.columns == (2, 4, 6)
    np.testing.assert_allclose(read.log_probs, log_softmax(logits)[[2, 4, 6], [1, 1, 2]])


def test_the_likelihood_of_a_text_is_what_its_loss_says() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (9, K))
    log_probs = log_softmax(logits)
    for classes in ((), (1,), (2, 2), (1, 2, 1), (1, 1, 1, 1, 1)):
        loss = ctc_loss(logits[None], LineLabels.of([classes], [9]))[0]
        assert log_likelihood(log_probs, classes) == pytest.approx(-loss)
    assert log_likelihood(log_probs, (1,) * 6) == -math.inf


def test_texts_are_placed_together_as_each_alone() -> None:
    rng = np.random.default_rng(6)
    log_probs = log_softmax(rng.normal(0, 2, (12, K)))
    texts: list[tuple[int, ...]] = [(1, 2), (), (2, 2, 1, 1), (1,), (2, 1, 2, 1, 2)]
    chances = [-float(k) for k in range(len(texts))]
    together = placed(texts, log_probs, chances)
    alone = [placed([one], log_probs, [p])[0] for one, p in zip(texts, chances, strict=True)]
    assert together == alone
    assert [len(one.columns) for one in together] == [2, 0, 4, 1, 5]
    assert [one.log_prob for one in together] == chances
    assert placed([], log_probs, []) == []


def test_the_likeliest_path_s_text_stands_where_any_text_does() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        logits = rng.normal(0, 3, (15, K))
        best = greedy(logits)
        (told,) = placed([best.classes], log_softmax(logits), [best.log_prob])
        assert told == best
