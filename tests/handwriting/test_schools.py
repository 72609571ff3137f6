"""Schools: the table of the world's forms, and hands that keep to one school."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitnet.data import synthetic
from digitnet.data.sources import open_source
from digitnet.data.synthetic import ELSEWHERE, draw_forms
from digitnet.handwriting.allographs import ALLOGRAPHS
from digitnet.handwriting.hands import STEEPEST, Hand, write
from digitnet.handwriting.schools import (
    FORMS,
    N_CUSTOMS,
    SCHOOLS,
    Form,
    first_ways,
    odds,
    ways,
)
from digitnet.handwriting.splines import all_shapes
from digitnet.models.folder import load_model

N = 12


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """(forms, N, 28, 28) by hands that take care."""
    forms = np.repeat(np.arange(len(FORMS)), N)
    return draw_forms(forms, np.random.default_rng(2)).reshape(len(FORMS), N, 28, 28)


def ways_of(hand: Hand, label: int) -> np.ndarray:
    """Each hand's allograph of a digit, counted from the digit's first."""
    quantiles = all_shapes().quantiles[hand.custom, label]
    return np.asarray((hand.taste[:, label, None] >= quantiles).sum(axis=1))


@pytest.mark.parametrize("label", range(10))
def test_the_shares_of_every_custom_add_up(label: int) -> None:
    mine = [form for form in FORMS if form.label == label]
    assert len(mine) >= 4
    assert len({form.name for form in mine}) == len(mine)
    for form in mine:
        assert len(form.shares) == len(SCHOOLS), form.name
        assert min(form.shares) >= 0 < max(form.shares), form.name
        assert form.lift >= 1, form.name
    assert max(np.sum([form.shares for form in mine], axis=0)) <= 100
    table = odds(label)
    assert table.shape == (N_CUSTOMS, sum(way.label == label for way in ways()))
    assert table.min() >= 0
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_a_school_writes_by_its_shares_and_the_rest_as_mnist() -> None:
    seven = odds(7)
    n_usual = sum(way.label == 7 for way in ALLOGRAPHS)
    mine = [form for form in FORMS if form.label == 7]
    german = SCHOOLS.index("German")
    crossed = mine[0]
    assert crossed.name == "crossed"
    own = seven[1 + german, n_usual : n_usual + len(crossed.paths)]
    np.testing.assert_allclose(own, crossed.shares[german] / 100 / len(crossed.paths))
    rest = 1 - sum(form.shares[german] for form in mine) / 100
    np.testing.assert_allclose(seven[1 + german, :n_usual], rest * seven[0, :n_usual])
    assert seven[0, n_usual:].sum() == 0


def test_rare_forms_are_lifted_and_nothing_else_is_drawn() -> None:
    for label in range(10):
        n_usual = sum(way.label == label for way in ALLOGRAPHS)
        mine = [form for form in FORMS if form.label == label]
        for school in range(len(SCHOOLS)):
            row = odds(label)[1 + len(SCHOOLS) + school]
            assert row[:n_usual].sum() == pytest.approx(0)
            weight = np.array([form.shares[school] * form.lift for form in mine])
            starts = np.cumsum([0, *(len(form.paths) for form in mine)])[:-1]
            per_form = np.add.reduceat(row[n_usual:], starts)
            np.testing.assert_allclose(per_form, weight / weight.sum())


def test_the_ways_stand_by_digit_and_each_form_is_found_among_them() -> None:
    every = ways()
    assert [way.label for way in every] == sorted(way.label for way in every)
    assert len(every) == len(ALLOGRAPHS) + sum(len(form.paths) for form in FORMS)
    for form, start in zip(FORMS, first_ways(), strict=True):
        found = [way.path for way in every[start : start + len(form.paths)]]
        assert found == list(form.paths), form.name


def test_where_a_form_is_usual() -> None:
    def form(*shares: int) -> Form:
        return Form(1, "", shares, 1, ())

    assert form(3, 0, 6, 4, 0, 0, 0, 9).usual_in() == ("Japanese", "French")
    assert form(2, 2, 2, 2, 2, 2, 3, 2).usual_in() == ()
    assert form(1, 1, 1, 1, 1, 1, 1, 0).usual_in() == ()
    assert form(1, 1, 1, 1, 1, 1, 0, 0).usual_in() == SCHOOLS[:6]
    assert form(6, 4, 3, 0, 0, 0, 0, 0).usual_in() == ("American", "British")
    assert form(0, 0, 0, 0, 1, 0, 0, 0).usual_in() == ("Polish",)


def test_hands_come_from_elsewhere_as_often_as_said(rng: np.random.Generator) -> None:
    n = 20_000
    assert not Hand.sample(rng, 100).custom.any()
    usual = Hand.sample(rng, n, elsewhere=ELSEWHERE).custom
    rare = Hand.sample(rng, n, rare=True).custom
    assert np.mean(usual > 0) == pytest.approx(ELSEWHERE, abs=0.01)
    assert set(usual) == set(range(1 + len(SCHOOLS)))
    counts = np.bincount(rare, minlength=N_CUSTOMS)
    assert counts[: 1 + len(SCHOOLS)].sum() == 0
    np.testing.assert_allclose(counts[1 + len(SCHOOLS) :] / n, 1 / len(SCHOOLS), atol=0.01)


def test_hands_of_a_school_write_its_forms_as_often_as_it_does(rng: np.random.Generator) -> None:
    hand = Hand.sample(rng, 60_000, rare=True)
    for label in (1, 7):
        for custom in range(1 + len(SCHOOLS), N_CUSTOMS):
            seen = ways_of(hand, label)[hand.custom == custom]
            share = np.bincount(seen, minlength=odds(label).shape[1]) / len(seen)
            np.testing.assert_allclose(share, odds(label)[custom], atol=0.03)


def test_one_hand_writes_one_form_of_each_digit(rng: np.random.Generator) -> None:
    for _ in range(20):
        hand = Hand.sample(rng, rare=True)
        strokes = {write(np.array([7]), hand, rng)[3].tobytes() for _ in range(5)}
        assert len(strokes) == 1


def test_every_form_is_drawn_and_stays_inside_the_frame(drawn: np.ndarray) -> None:
    ink = drawn > 100
    assert (ink.sum(axis=(2, 3)) > 20).all()
    rows, columns = ink.any(axis=3), ink.any(axis=2)
    high = 28 - rows.argmax(axis=2) - rows[:, :, ::-1].argmax(axis=2)
    wide = 28 - columns.argmax(axis=2) - columns[:, :, ::-1].argmax(axis=2)
    assert np.maximum(high, wide).max() <= 20
    assert np.maximum(high, wide).min() >= 17


def test_no_form_is_another_one() -> None:
    """The paths of a digit, laid on each other, are apart somewhere."""
    shapes = all_shapes()
    marks = shapes.basis @ shapes.control
    for label in range(10):
        mine = [a for a, way in enumerate(ways()) if way.label == label]
        for i, a in enumerate(mine):
            for b in mine[i + 1 :]:
                if ways()[a].share and ways()[b].share:
                    continue  # MNIST's own are as near to each other as its writers are
                away = np.hypot(*np.moveaxis(marks[a][:, None] - marks[b][None], 2, 0))
                apart = max(away.min(axis=0).max(), away.min(axis=1).max())
                assert apart > 0.03, (ways()[a].name, ways()[b].name, apart)


def test_what_is_not_lifted_the_model_in_the_box_reads() -> None:
    """A drawing that a human takes for another digit would fail here; lifted forms are new."""
    model = load_model("cnn")
    for k, form in enumerate(FORMS):
        images = draw_forms(np.full(20, k), np.random.default_rng([5, k]), care=0.8)
        right = model.probabilities(images).argmax(axis=1) == form.label
        assert right.mean() >= (0.85 if form.lift == 1 else 0.4), form.name


def test_same_seed_same_forms() -> None:
    forms = np.arange(len(FORMS))
    one, same, other = (draw_forms(forms, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_source_draws_every_form_as_often() -> None:
    found = open_source("forms", n_synthetic=3 * len(FORMS))
    expected = np.bincount(np.repeat([form.label for form in FORMS], 3), minlength=10)
    assert found.counts().tolist() == expected.tolist()


def test_a_fast_hand_rounds_corners_and_keeps_ends(rng: np.random.Generator) -> None:
    angular = next(k for k, form in enumerate(FORMS) if (form.label, form.name) == (3, "angular"))
    which = first_ways()[[angular]]

    def written(speed: float) -> tuple[np.ndarray, np.ndarray]:
        still = np.zeros(1, np.float32)
        hand = Hand(
            slant=still, rotation=still, width=still + 1, pen=still + 0.07, pressure=still,
            haste=still, wobble=still, taste=np.zeros((1, 10), np.float32),
            custom=np.zeros(1, np.int64), speed=still + np.float32(speed), steepest=still + 1,
        )  # fmt: skip
        x, y, _, _ = write(np.array([3]), hand, np.random.default_rng(4), which=which)
        return x[0], y[0]

    def turns(way: tuple[np.ndarray, np.ndarray]) -> float:
        dx, dy = (np.diff(v.astype(float)) for v in way)
        direction = np.unwrap(np.arctan2(dy, dx))
        return float(np.abs(np.diff(direction)).max())

    slow, fast = written(0.0), written(1.0)
    assert turns(fast) < 0.6 * turns(slow)
    assert np.hypot(fast[0][-1] - slow[0][-1], fast[1][-1] - slow[1][-1]) < 0.05


def test_no_wave_of_the_paper_is_too_steep(rng: np.random.Generator) -> None:
    """However wild a hand, places next to each other stay so."""
    hand = Hand.sample(rng, 500, elsewhere=0.1)
    assert (hand.steepest == np.float32(STEEPEST)).all()
    wild = replace(hand, wobble=hand.wobble * 20, haste=hand.haste * 0)

    def longest_step(hand: Hand) -> np.ndarray:
        x, y, _, stroke = write(np.full(500, 0), hand, np.random.default_rng(5))
        steps = np.hypot(np.diff(x), np.diff(y))
        return np.where(stroke[:, 1:] == stroke[:, :-1], steps, 0).max(axis=1)

    torn = longest_step(replace(wild, steepest=np.full(500, np.inf, np.float32)))
    assert np.median(longest_step(wild)) < 0.1 < 0.3 < np.median(torn)


def test_rare_forms_are_not_written_with_a_fat_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = np.repeat(np.arange(len(FORMS)), 4)
    thin = draw_forms(forms, np.random.default_rng(1))
    monkeypatch.setattr(synthetic, "THICKEST", 1.0)
    fat = draw_forms(forms, np.random.default_rng(1))
    changed = (thin != fat).any(axis=(1, 2))
    assert 0.05 < changed.mean() < 0.3
    assert np.mean(fat[changed].mean(axis=(1, 2)) > thin[changed].mean(axis=(1, 2))) > 0.9


def test_the_default_digits_hold_the_worlds_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    with_them = synthetic.synthesize(600, np.random.default_rng(1))
    monkeypatch.setattr(synthetic, "ELSEWHERE", 1e-12)
    without = synthetic.synthesize(600, np.random.default_rng(1))
    differ = (with_them.images != without.images).any(axis=(1, 2)).mean()
    # A tenth of the hands; about every other digit of theirs is such a form.
    assert 0.02 < differ <= 0.13
