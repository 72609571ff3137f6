"""Segmentation: what cutting and joining cost, worked by hand, and the likeliest reading."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.imaging.components import Component
from digitnet.reading.cuts import Part
from digitnet.reading.frames import Frames, novelty, strangeness
from digitnet.reading.line_reader import text_of
from digitnet.reading.segmentation import (
    SKIPPED,
    Aligned,
    Lattice,
    align,
    cost_of_joining,
    cost_of_parting,
    doubtful,
    lattice_of,
    overlap,
    plausibilities,
    read_row,
    runs_of_parts,
)

THREE = np.eye(10)[3]


def plausibility_of(probabilities: Any, box: Any, height: float) -> float:
    return float(plausibilities(probabilities, box, height).max())


def part(left: int, right: int, top: int = 0, bottom: int = 100, **kind: Any) -> Part:
    return Part(left + 1, (left, top, right, bottom), 1.0, **kind)


@pytest.mark.parametrize(
    ("probability", "box", "height", "expected"),
    [
        (1.0, (0, 0, 100, 100), 100, -0.5),  # a square 3 is one spread too wide: log 1 + 0.22
        (0.5, (0, 0, 100, 100), 100, -0.5 - 0.6931),
        (1.0, (7, 9, 207, 209), 200, -0.5),  # only its shape counts, not its place
        (1.0, (0, 0, 100, 100), 100 * np.exp(0.3), -0.5),  # the height is free within 0.3
        (1.0, (0, 0, 100, 100), 100 * np.exp(0.7), -2.5),  # 0.4 beyond: two spreads of 0.2
        (1.0, (0, 0, 100, 100), 100 * np.exp(-0.7), -2.5),
        (1.0, (0, 0, 100, 100), 100 * np.exp(2.0), -12.5),  # at most 12
        (1.0, (0, 0, 120, 100), 100, -0.5 * ((0.18232 + 0.22) / 0.22) ** 2),
        (1.0, (0, 0, 130, 100), 100, -0.5 * ((0.26236 + 0.22) / 0.22) ** 2 - 3.0),  # 30 a height
    ],
)
def test_plausibility_by_hand(
    probability: float, box: tuple[int, int, int, int], height: float, expected: float
) -> None:
    found = plausibility_of(THREE * probability, box, height)
    assert found == pytest.approx(expected, abs=1e-3)


def test_plausibility_takes_the_class_that_fits_shape_and_model_best() -> None:
    """A thin stroke is no 0, whatever the network says: a 1 at 1 % is likelier."""
    probabilities = np.array([0.99, 0.01, *[0.0] * 8])
    thin = plausibility_of(probabilities, (0, 0, 41, 100), 100)
    assert thin == pytest.approx(np.log(0.01), abs=1e-2)
    # and a class of no probability counts as one in a million
    none = plausibility_of(np.zeros(10), (0, 0, 41, 100), 100)
    assert none == pytest.approx(np.log(1e-6), abs=1e-2)


def test_joining_costs_by_the_distance() -> None:
    assert cost_of_joining([part(0, 40)], 100) == 0
    assert cost_of_joining([part(0, 40), part(50, 90)], 100) == pytest.approx(4 + 10 * 0.1)
    assert cost_of_joining([part(0, 40), part(40, 90)], 100) == 4
    # what was cut apart is joined for nothing
    assert cost_of_joining([part(0, 40), part(50, 90, cut=1.0)], 100) == 0
    # dust and bars above cost less: 6 a height and nothing beside
    dust = part(50, 90, small=True)
    assert cost_of_joining([part(0, 40), dust], 100) == pytest.approx(0.6)
    assert cost_of_joining([dust, part(100, 140)], 100) == pytest.approx(0.6)
    bar = part(10, 60, top=-30, bottom=-10)  # 30 of its 50 pixels lie above the part: over a half
    assert cost_of_joining([part(0, 40), bar], 100) == pytest.approx(0.6)
    half = part(15, 65, top=-30, bottom=-10)  # 25 of 50 (40 is narrower: 25 of 40 = 0.625)
    assert cost_of_joining([part(0, 40), half], 100) == pytest.approx(0.6)
    quarter = part(20, 70, top=-30, bottom=-10)  # 20 of 40 is not more than a half
    assert cost_of_joining([part(0, 40), quarter], 100) == pytest.approx(4 + 1)
    # three cost twice, sideways and downwards add as the crow flies
    three = [part(0, 40), part(50, 90), part(80 + 40, 150)]
    assert cost_of_joining(three, 100) == pytest.approx(4 + 1 + 4 + 3)
    far = [part(0, 40), part(70, 90, top=140, bottom=200)]
    assert cost_of_joining(far, 100) == pytest.approx(4 + 10 * 0.5)


def test_parting_costs_where_ink_is_severed_or_one_stands_over_the_other() -> None:
    parts = [part(0, 100), part(100, 200, cut=0.0), part(200, 300, cut=1.5), part(310, 400)]
    assert [cost_of_parting(parts, at) for at in range(4)] == [0.0, 1.0, 4.0, 0.0]
    under = [part(0, 100), part(30, 130, top=120, bottom=160)]  # 70 % below
    assert [cost_of_parting(under, at) for at in range(2)] == [0.0, 2.0]
    beside = [part(0, 100), part(40, 140)]  # 60 %: not more
    assert cost_of_parting(beside, 1) == 0.0


def test_the_overlap_is_a_share_of_the_narrower_box() -> None:
    assert overlap((0, 0, 100, 10), (90, 50, 110, 60)) == 0.5
    assert overlap((90, 50, 110, 60), (0, 0, 100, 10)) == 0.5
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0.0
    assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0.0  # no width at all


def test_runs_of_parts_are_near_and_no_larger_than_a_digit() -> None:
    near = [part(50 * k, 50 * k + 40) for k in range(3)]
    every = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert runs_of_parts(near, 100) == every
    assert runs_of_parts([part(0, 40), part(80, 120)], 100) == [(0, 1), (0, 2), (1, 2)]
    assert runs_of_parts([part(0, 40), part(81, 120)], 100) == [(0, 1), (1, 2)]  # 0.41 heights
    assert runs_of_parts([part(0, 125), part(125, 250)], 100) == [(0, 1), (0, 2), (1, 2)]
    assert runs_of_parts([part(0, 125), part(125, 251)], 100) == [(0, 1), (1, 2)]  # 2.51 wide
    tall = [part(0, 40), part(0, 40, top=100, bottom=200)]
    assert (0, 2) in runs_of_parts(tall, 100)
    assert (0, 2) not in runs_of_parts(tall, 99)
    assert runs_of_parts([part(0, 900)], 100) == [(0, 1)]  # alone a part always may be a digit
    many = [part(k, k + 1) for k in range(10)]
    assert max(b - a for a, b in runs_of_parts(many, 100)) == 8


class Oracle:
    """A model that reads from the frame's first pixel which row of answers is meant."""

    def __init__(self, *answers: np.ndarray, novelty: list[float] | None = None) -> None:
        self.table = np.array(answers)
        scores = None if novelty is None else np.array(novelty)
        look_up = SimpleNamespace(scores=lambda images: scores[images[:, 0, 0]])  # type: ignore[index]
        self.calibration: Any = SimpleNamespace(
            novelty=None if novelty is None else look_up, most_novelty=100.0
        )

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return self.table[images[:, 0, 0]]

    def accepted(
        self, images: np.ndarray, probabilities: np.ndarray, scores: np.ndarray
    ) -> np.ndarray:
        return probabilities.max(axis=1) > 0.5


def frame(number: int) -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[0, 0] = number
    return image


def test_strangeness_counts_from_below_the_models_own_limit() -> None:
    images = np.stack([frame(k) for k in range(3)])
    plain: Any = Oracle(THREE)
    assert strangeness(plain, novelty(plain, images)).tolist() == [0, 0, 0]
    model: Any = Oracle(THREE, novelty=[70.0, 75.0, 95.0])
    assert strangeness(model, novelty(model, images)).tolist() == [0, 0, 20]


def test_two_parts_are_one_digit_or_two_by_the_sum_of_all_costs() -> None:
    """Whole: -0.5 - 0.69 with 3 at one half. Apart: two ones, each about 0, and the cut's cost."""
    one = np.eye(10)[1]
    parts = [part(0, 41), part(41, 82, cut=0.0)]
    boxes = {(1,): (0, 0, 41, 100), (42,): (41, 0, 82, 100), (1, 42): (0, 0, 82, 100)}

    def read(whole: np.ndarray, cut: float, novelty: list[float] | None = None) -> list[int]:
        of = {(1,): 0, (42,): 0, (1, 42): 1}
        frames = {key: (frame(of[key]), box) for key, box in boxes.items()}
        model: Any = Oracle(one, whole, novelty=novelty)
        cut_parts = [parts[0], Part(42, parts[1].box, 1.0, cut=cut)]
        found = read_row(lattice_of(model, None, Frames(frames), cut_parts, 100.0)).digits  # type: ignore[arg-type]
        whole_or_apart = [(1, 42)] if len(found) == 1 else [(1,), (42,)]
        assert [d.box for d in found] == [boxes[key] for key in whole_or_apart]
        return [digit.label for digit in found]

    # A sure 3 of this shape, log(0.82) = -0.198, costs 0.5 (0.022 / 0.22)^2 = 0.005
    assert read(THREE, cut=0.0) == [3]
    # At a probability of e^-2 = 0.135 it costs 2, a cut through nothing 1, through a pen's half 2
    assert read(np.eye(10)[3] * np.exp(-2.0), cut=0.0) == [1, 1]
    assert read(np.eye(10)[3] * np.exp(-2.0), cut=0.45) == [1, 1]
    assert read(np.eye(10)[3] * np.exp(-2.0), cut=0.55) == [3]
    assert read(np.eye(10)[3] * np.exp(-0.9), cut=0.0) == [3]
    assert read(np.eye(10)[3] * np.exp(-1.1), cut=0.0) == [1, 1]
    # each unit of novelty above 75 costs a quarter: 3 units are not enough, 5 are
    assert read(THREE, 0.0, novelty=[0.0, 78.0]) == [3]
    assert read(THREE, 0.0, novelty=[0.0, 80.0]) == [1, 1]


def test_dust_is_left_out_where_that_costs_less_than_a_digit() -> None:
    one = np.eye(10)[1]
    frames = {(1,): (frame(0), (0, 0, 41, 100)), (61,): (frame(1), (60, 0, 101, 100))}

    def read(mass: float, as_digit: float) -> list[int]:
        model: Any = Oracle(one, np.eye(10)[1] * np.exp(-as_digit))
        parts = [
            Part(1, (0, 0, 41, 100), 10.0),
            Part(61, (460, 0, 501, 100), mass, small=True),  # far: never joined with the first
        ]
        found = read_row(lattice_of(model, None, Frames(frames), parts, 100.0)).digits  # type: ignore[arg-type]
        return [digit.label for digit in found]

    # 1 + 15 x 2 / 10 = 4 for leaving it out
    assert read(2.0, as_digit=3.9) == [1, 1]
    assert read(2.0, as_digit=4.1) == [1]
    assert read(0.0, as_digit=1.1) == [1]
    assert read(0.0, as_digit=0.9) == [1, 1]


def test_what_is_read_has_its_label_probability_and_whether_it_is_stood_by() -> None:
    sure, unsure = np.eye(10)[1], np.array([0.2, 0.4, 0.4, *[0.0] * 7])
    frames = {(1,): (frame(0), (0, 0, 41, 100)), (101,): (frame(1), (100, 0, 141, 100))}
    parts = [part(0, 41), part(100, 141)]
    model: Any = Oracle(sure, unsure)
    found = read_row(lattice_of(model, None, Frames(frames), parts, 100.0)).digits  # type: ignore[arg-type]
    assert [(d.label, d.probability, d.sure) for d in found] == [(1, 1.0, True), (1, 0.4, False)]
    assert found[1].frame[0, 0] == 1


def test_wide_and_implausible_components_are_doubted() -> None:
    """Narrow ones never; plausible ones (above -3) not; strange or unlikely ones are."""
    one = np.eye(10)[1]
    likely, unlikely = THREE * np.exp(-2.4), THREE * np.exp(-2.6)  # and 0.5 for a square 3
    components = [
        Component(1, (0, 0, 50, 100), 1.0),  # as wide as half a height: not wider
        Component(2, (0, 0, 100, 100), 1.0),
        Component(3, (0, 0, 100, 100), 1.0),
    ]
    sheet: Any = SimpleNamespace(components=components, height=100.0)
    frames = {(k,): (frame(k - 1), components[k - 1].box) for k in (1, 2, 3)}
    model: Any = Oracle(one * 1e-6, likely, unlikely)
    assert doubtful(model, sheet, Frames(frames)) == {3}
    strange: Any = Oracle(one * 1e-6, THREE, THREE, novelty=[0.0, 84.9, 85.1])  # 2.5 is the limit
    assert doubtful(strange, sheet, Frames(frames)) == {3}
    sheet.components = components[:1]
    assert doubtful(model, sheet, Frames(frames)) == set()


SHAPES = [
    (905, 741), (411, 259), (932, 748), (803, 644), (795, 644),
    (942, 719), (719, 577), (771, 619), (763, 613), (684, 560),
]  # fmt: skip
"""Of each class: width of the usual digit 1000 pixels high, and of one a spread narrower."""


@pytest.mark.parametrize("label", range(10))
def test_each_class_has_a_shape_of_its_own(label: int) -> None:
    usual, narrow = SHAPES[label]
    sure = np.eye(10)[label]
    assert plausibility_of(sure, (0, 0, usual, 1000), 1000) == pytest.approx(0, abs=0.001)
    assert plausibility_of(sure, (0, 0, narrow, 1000), 1000) == pytest.approx(-0.5, abs=0.01)


def test_dust_is_left_out_after_whatever_came_before_it() -> None:
    """A 1 for 0, one for 3, then dust: 4 to leave it out, 2 to read it as one more."""
    ones = [np.eye(10)[1] * np.exp(-cost) for cost in (0.0, 3.0, 2.0)]
    boxes = [(0, 0, 41, 100), (460, 0, 501, 100), (920, 0, 961, 100)]
    frames = {(k,): (frame(k), box) for k, box in enumerate(boxes)}
    parts = [Part(k, box, (10.0, 10.0, 2.0)[k], small=k == 2) for k, box in enumerate(boxes)]
    model: Any = Oracle(*ones)
    found = read_row(lattice_of(model, None, Frames(frames), parts, 100.0)).digits  # type: ignore[arg-type]
    assert [digit.box for digit in found] == boxes
    first = [replace(parts[0], mass=0.0, small=True), *parts[1:]]
    model = Oracle(ones[2], *ones[1:])  # the first, of no mass, is left out for 1
    found = read_row(lattice_of(model, None, Frames(frames), first, 100.0)).digits  # type: ignore[arg-type]
    assert [digit.box for digit in found] == boxes[1:]


def test_what_was_found_is_compared_and_shown_without_its_frame() -> None:
    model: Any = Oracle(np.eye(10)[1], np.eye(10)[1])
    one, other = (
        read_row(
            lattice_of(
                model, None, Frames({(1,): (frame(k), (0, 0, 41, 100))}), [part(0, 41)], 100.0
            )
        ).digits[0]  # type: ignore[arg-type]
        for k in (0, 1)
    )
    assert other.frame[0, 0] == 1
    assert one == other
    assert repr(one) == "Found(box=(0, 0, 41, 100), label=1, probability=1.0, sure=True)"
    with pytest.raises(FrozenInstanceError):
        one.label = 7  # type: ignore[misc]


def aligned(row: Lattice, text: str) -> Aligned | None:
    """One text alone."""
    (found,) = align(row, [text])
    return found


def lattice(
    parts: list[Part], *answers: np.ndarray, signs: dict[Any, tuple[str, float]] | None = None
) -> Lattice:
    """Parts of a row 100 high; ``answers`` are what each span is, in the spans' order."""
    frames: Any = {}
    for k, (a, b) in enumerate(runs_of_parts(parts, 100.0)):
        boxes = np.array([one.box for one in parts[a:b]])
        box = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
        frames[tuple(one.label for one in parts[a:b])] = (frame(min(k, len(answers) - 1)), box)
    model: Any = Oracle(*answers)
    return lattice_of(model, None, Frames(frames), parts, 100.0, signs or {})  # type: ignore[arg-type]


ONE = np.eye(10)[1]
APART = [part(0, 41), part(200, 241), part(400, 441)]
"""Three strokes of a 1's shape (its cost is 0.0003), too far apart to be taken together."""


def test_a_text_of_digits_scores_the_sum_of_their_plausibilities() -> None:
    row = lattice(APART, ONE, ONE * np.exp(-1.0), ONE * np.exp(-0.5))
    found = aligned(row, "111")
    assert found is not None
    assert found.score == pytest.approx(-1.5, abs=0.01)
    assert [box for box, _ in found.places] == [one.box for one in APART]
    digits = [digit for _, digit in found.places if digit is not None]
    assert [d.label for d in digits] == [1, 1, 1]
    assert [d.probability for d in digits] == pytest.approx(np.exp([0, -1, -0.5]))
    # another text is told from the same parts; a digit that is not the likeliest is never sure
    maybe = 0.9 * ONE + 0.1 * np.eye(10)[7]
    other = aligned(lattice(APART, ONE, maybe, ONE), "171")
    assert other is not None
    seven = float(plausibilities(maybe, APART[1].box, 100)[7])
    assert -8 < seven < -4  # log(0.1) and its shape
    assert other.score == pytest.approx(seven, abs=0.01)
    digit = other.places[1][1]
    assert digit is not None
    assert (digit.label, digit.probability, digit.sure) == (7, pytest.approx(0.1), False)


def test_a_text_pays_for_its_cuts_and_for_what_it_joins() -> None:
    """A square that is a 3 whole, at e^-2, and two ones apart."""
    parts = [part(0, 41), Part(42, (41, 0, 82, 100), 1.0, cut=0.5)]
    three = np.eye(10)[3] * np.exp(-2.0)
    row = lattice(parts, ONE, three, ONE)
    whole, apart = aligned(row, "3"), aligned(row, "11")
    assert whole is not None
    assert apart is not None
    assert whole.score == pytest.approx(-2.0, abs=0.01)  # joined for nothing: it was cut apart
    assert apart.score == pytest.approx(-(1 + 2 * 0.5), abs=0.01)
    assert [box for box, _ in whole.places] == [(0, 0, 82, 100)]
    assert [box for box, _ in apart.places] == [(0, 0, 41, 100), (41, 0, 82, 100)]


def test_a_part_is_left_out_for_8_and_dust_for_its_share_of_the_ink() -> None:
    found = aligned(lattice(APART, ONE), "11")
    assert found is not None
    assert found.score == pytest.approx(-8.0, abs=0.01)
    assert len(found.places) == 2
    for mass, cost in ((2.0, 4.0), (0.0, 1.0), (4.0, 7.0)):  # 1 + 15 x mass / 10
        dust = [Part(1, (0, 0, 41, 100), 10.0), Part(2, (200, 0, 241, 100), mass, small=True)]
        found = aligned(lattice(dust, ONE), "1")
        assert found is not None
        assert found.score == pytest.approx(-cost, abs=0.01)
        assert [box for box, _ in found.places] == [dust[0].box]


def test_two_characters_share_a_part_for_8_and_halve_its_box() -> None:
    found = aligned(lattice([part(10, 51)], ONE), "11")
    assert found is not None
    assert found.score == -8.0
    assert found.places == [((10, 0, 30, 100), None), ((30, 0, 51, 100), None)]
    narrow = aligned(lattice([part(10, 11)], ONE), "25")  # a pixel wide: no box is empty
    assert narrow is not None
    assert [box for box, _ in narrow.places] == [(10, 0, 11, 100), (11, 0, 12, 100)]
    # a share of a part that was cut off pays for the cut as well
    parts = [part(0, 41), Part(42, (41, 0, 82, 100), 1.0, cut=0.5)]
    row = lattice(parts, ONE, np.eye(10)[3], ONE * 1e-3)
    found = aligned(row, "111")
    assert found is not None
    assert found.score == pytest.approx(-8.0 - 2.0, abs=0.01)
    # dust is not shared
    assert aligned(lattice([part(0, 41, small=True)], ONE), "11") is None


def test_a_sign_gains_what_signs_say_and_costs_4_elsewhere() -> None:
    row = lattice(APART, ONE, signs={(1, 2): (".", 5.0)})
    point, comma, blank = aligned(row, "1.1"), aligned(row, "1,1"), aligned(row, "1?1")
    assert point is not None
    assert comma is not None
    assert blank is not None
    assert point.score == pytest.approx(5.0, abs=0.01)
    assert comma.score == pytest.approx(3.0, abs=0.01)  # a point is easily a comma
    assert blank.score == pytest.approx(-4.0, abs=0.01)
    assert point.places[1] == comma.places[1] == (APART[1].box, None)
    elsewhere = aligned(row, ".11")
    assert elsewhere is not None
    assert elsewhere.score == pytest.approx(-4.0, abs=0.01)
    # a colon is two parts, one over the other
    dots = [part(200, 210, bottom=10, small=True), part(200, 210, top=60, bottom=70, small=True)]
    colon = lattice([APART[0], *dots, APART[2]], ONE, signs={(1, 3): (":", 3.0)})
    found = aligned(colon, "1:1")
    assert found is not None
    assert found.score == pytest.approx(3.0, abs=0.01)
    assert found.places[1] == ((200, 0, 210, 70), None)


def test_more_characters_than_the_parts_can_hold_are_told_from_none() -> None:
    row = lattice(APART, ONE)
    assert aligned(row, "1" * 6) is not None  # each part shared by two
    assert aligned(row, "1" * 7) is None
    nothing = aligned(row, "")
    assert nothing is not None
    assert nothing.score == -24.0
    assert nothing.places == []


@st.composite
def rows(draw: st.DrawFn) -> Lattice:
    """Parts of any size and cut, what each run of them is, and some signs."""
    parts: list[Part] = []
    at = 0
    for k in range(draw(st.integers(1, 6))):
        cut = draw(st.sampled_from([None, 0.0, 1.0])) if k else None
        at += 0 if cut is not None else draw(st.integers(1, 60))
        wide = draw(st.integers(8, 90))
        top = draw(st.sampled_from([0, 0, 0, 60]))
        small = cut is None and draw(st.booleans())
        box = (at, top, at + wide, 100)
        parts.append(Part(k + 1, box, draw(st.floats(0.5, 9.0)), cut=cut, small=small))
        at += wide
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    answers = rng.dirichlet(np.full(10, 0.2), len(runs_of_parts(parts, 100.0)))
    signs = {
        (k, k + 1): (draw(st.sampled_from(".,-/")), draw(st.sampled_from([5.0, -1.0])))
        for k in range(len(parts))
        if draw(st.booleans())
    }
    return lattice(parts, *answers, signs=signs)


def score_of(row: Lattice, read: Any) -> float:
    """What the way that `read_row` has found is worth, added up again from its boxes."""
    parts, total, at = row.parts, 0.0, 0
    items = [(d.box, d.label) for d in read.digits] + [(box, sign) for box, sign in read.signs]
    items += [(box, None) for box in read.left_out]
    for box, what in sorted(items, key=lambda item: item[0][0]):
        end = next(k + 1 for k, one in enumerate(parts) if one.box[2] == box[2])
        if what is None:
            total -= row.skipped(at)
        elif isinstance(what, str):
            total += row.signs[at, end][1]
        else:
            total += row.scores[row.spans.index((at, end)), what] - cost_of_parting(parts, at)
        at = end
    assert at == len(parts)
    return total


@given(rows())
def test_what_a_row_is_read_as_is_told_at_least_as_well(row: Lattice) -> None:
    """`read_row` takes the best of all texts; told its text, `align` finds no worse a way."""
    read = read_row(row)
    text = text_of(read)
    found = aligned(row, text)
    assert found is not None
    assert found.score >= score_of(row, read) - 1e-6
    assert len(found.places) == len(text)
    lefts = [box[0] for box, _ in found.places]
    assert lefts == sorted(lefts)
    for character, (_, digit) in zip(text, found.places, strict=True):
        assert digit is None or str(digit.label) == character


def test_a_mark_that_was_cut_to_pieces_is_one_sign() -> None:
    """Three pieces of one mark between digits, each a good 1: told that it is one, it is whole."""
    pieces = [part(200, 220), part(220, 240, cut=0.5), part(240, 260, cut=0.5)]
    row = lattice([part(0, 41), *pieces, part(400, 441)], ONE)
    found = aligned(row, "1?1")
    assert found is not None
    assert found.left_out == []
    assert [box for box, _ in found.places] == [
        (0, 0, 41, 100), (200, 0, 260, 100), (400, 0, 441, 100),
    ]  # fmt: skip
    assert [digit is None for _, digit in found.places] == [False, True, False]
    single = aligned(lattice(APART, ONE), "1?1")
    assert single is not None
    assert found.score == pytest.approx(single.score, abs=0.01)


def test_a_clear_sign_is_left_out_only_at_the_price_of_a_digit() -> None:
    signs = {(1, 2): (".", 5.0)}
    row = lattice(APART, ONE, signs=signs)
    small = row._replace(parts=[replace(one, small=True) for one in row.parts])
    assert small.skipped(1) == SKIPPED
    unclear = small._replace(signs={(1, 2): (".", -1.0)})
    assert unclear.skipped(1) != SKIPPED


def test_a_clear_sign_is_a_bit_of_a_digit_only_at_that_price_too() -> None:
    near = [part(0, 41), part(44, 54, 90, 100, small=True)]
    free, clear = (lattice(near, ONE, signs={(1, 2): (".", gain)}) for gain in (4.9, 5.0))
    together = free.spans.index((0, 2))
    lost = free.scores - clear.scores
    assert lost[together].max() == pytest.approx(SKIPPED)
    assert np.delete(lost, together, axis=0).max() == pytest.approx(0)


def test_no_run_holds_two_parts_that_are_digits_as_they_are() -> None:
    parts = [Part(k + 1, (20 * k, 0, 20 * k + 18, 30), 100.0) for k in range(4)]
    every = runs_of_parts(parts, 30.0)
    assert (0, 2) in every
    assert runs_of_parts(parts, 30.0, {1, 2, 3, 4}) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    some = runs_of_parts(parts, 30.0, {1, 3})
    assert set(some) == {run for run in every if not {0, 2} <= set(range(*run))}


@pytest.mark.parametrize("at_once", [1, 40, 100_000])
def test_texts_are_aligned_together_as_each_alone(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitnet.reading.segmentation.ALIGNED", at_once)
    dust = [part(0, 41), part(60, 70, small=True), part(90, 131), part(131, 172, cut=0.2)]
    row = lattice(dust, ONE, THREE, ONE, signs={(1, 2): (".", 3.0)})
    texts = ["11", "", "1.11", "3", "1,3", "1?1", "1" * 9, "311"]
    assert align(row, texts) == [aligned(row, text) for text in texts]
    assert align(row, texts)[6] is None
    assert align(row, []) == []
