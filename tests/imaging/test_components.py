"""Components of a picture: which make up the digit, and the reasons against the others."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from digitnet.imaging.components import (
    Components,
    Distances,
    Group,
    _centrality,
    _join,
    choose_components,
    connected_components,
    group_components,
    is_line,
    stranger,
)
from digitnet.imaging.ink import Ink


def ink_of(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (120, 100)) -> Ink:
    """Full rectangles of ink (left, top, right, bottom), all of it sure."""
    mask = np.zeros(shape, np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 1
    return Ink(mask, mask > 0, 1.0, 0.0)


def full(ink: Ink) -> np.ndarray:
    return ink.mask.astype(np.float32)


def test_connected_components_with_their_figures() -> None:
    ink = ink_of((10, 20, 14, 30), (50, 40, 53, 42))
    ink.mask[42, 53] = 1  # touches by its corner
    ink.seeds[:, 40:] = False
    contrast = full(ink) * np.float32(0.5)
    contrast[20, 10] = -3  # below nothing counts as nothing
    found = connected_components(ink, contrast)
    assert found.area.tolist() == [120 * 100 - 47, 40, 7]
    assert found.mass.tolist() == [0, 19.5, 3.5]
    assert found.seeded.tolist() == [False, True, False]
    one = found[2]
    assert (one.label, one.box, one.mass) == (2, (50, 40, 54, 43), 3.5)
    assert (one.width, one.height) == (4, 3)
    with pytest.raises(FrozenInstanceError):
        one.mass = 0.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        found.mass = found.mass  # type: ignore[misc]


MAIN = Group((1,), (40, 20, 60, 100), 1000.0, False, 0.0)  # 20 x 80
LABELS = np.zeros((120, 100), np.int32)
LABELS[20:100, 40:60] = 1


def beside(gap: int, *, height: int = 60, width: int = 10, mass: float = 300.0) -> Group:
    return Group((2,), (60 + gap, 30, 60 + gap + width, 30 + height), mass, False, 0.0)


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (beside(9), None),  # 0.12 x 80 = 9.6
        (beside(10), "another digit"),
        (beside(10, height=48), None),  # 0.6 x 80: not higher
        (beside(10, height=49), "another digit"),
        (beside(10, mass=200.0), None),  # 0.2 x 1000: not more
        (beside(10, mass=201.0), "another digit"),
        (beside(1, width=59), None),  # together 80 wide and 80 high
        (beside(1, width=60), "another digit"),
        (beside(0, width=70), None),  # not beside it
        (beside(3, mass=19.0), "dust"),  # under 2 % of the ink
        (beside(3, mass=20.0), None),
        (beside(24, height=10), None),  # 0.3 x 80 = 24
        (beside(25, height=10), "far away"),
    ],
)
def test_why_a_group_is_not_of_the_digit(group: Group, reason: str | None) -> None:
    assert stranger(group, MAIN, Distances(LABELS)) == reason


def test_a_gap_downwards_counts_too() -> None:
    below = Group((2,), (45, 123, 55, 130), 300.0, False, 0.0)
    assert stranger(below, MAIN, Distances(LABELS)) is None
    assert stranger(below._replace(box=(45, 125, 55, 130)), MAIN, Distances(LABELS)) == "far away"


@pytest.mark.parametrize(("left", "reason"), [(64, None), (65, "at the border")])
def test_what_touches_the_border_must_lie_closer(left: int, reason: str | None) -> None:
    """0.06 x 80 = 4.8 from ink to ink; OpenCV's quick distance has 0.955 for a pixel."""
    labels = LABELS.copy()
    labels[50:55, left:] = 2
    group = Group((2,), (left, 50, 100, 55), 100.0, True, 0.0)
    assert stranger(group, MAIN, Distances(labels)) == reason


def test_a_line_or_frame_is_none_unless_the_digit_is_one() -> None:
    line = Group((2,), (0, 101, 100, 103), 200.0, True, 0.81)
    assert stranger(line, MAIN, Distances(LABELS)) == "line or frame"
    labels = LABELS.copy()
    labels[101:103] = 2
    assert stranger(line._replace(along=0.8), MAIN, Distances(labels)) is None
    assert stranger(line, MAIN._replace(along=0.9), Distances(labels)) is None


def groups(ink: Ink, reach: float) -> list[tuple[int, ...]]:
    found = connected_components(ink, full(ink))
    return [group.labels for group in group_components(found, np.arange(1, len(found.area)), reach)]


def test_components_nearer_than_reach_are_one_group() -> None:
    """Two rectangles with 4 empty columns between them: 5 pixels from ink to ink."""
    ink = ink_of((10, 20, 20, 40), (24, 20, 34, 40))
    assert groups(ink, 4.5) == [(1, 2)]
    assert groups(ink, 1.0) == [(1,), (2,)]


def test_a_group_has_box_mass_and_place() -> None:
    ink = ink_of((0, 20, 20, 40), (24, 30, 34, 50))
    found = connected_components(ink, full(ink))
    (group,) = group_components(found, np.array([1, 2]), 5.0)
    assert group.box == (0, 20, 34, 50)
    assert group.mass == 600
    assert group.touches
    assert group.along == pytest.approx(20 / 120)  # of the left edge
    assert (group.height, group.size) == (30, 34)
    inner = ink_of((10, 20, 20, 40))
    found = connected_components(inner, full(inner))
    (group,) = group_components(found, np.array([1]), 5.0)
    assert not group.touches
    assert group.along == 0


@pytest.mark.parametrize(
    ("box", "touches"),
    [((0, 5, 9, 9), True), ((5, 0, 9, 9), True), ((90, 5, 100, 9), True), ((5, 99, 9, 120), True),
     ((1, 1, 99, 119), False)],
)  # fmt: skip
def test_each_side_of_the_picture_is_its_border(
    box: tuple[int, int, int, int], touches: bool
) -> None:
    ink = ink_of(box)
    found = connected_components(ink, full(ink))
    (group,) = group_components(found, np.array([1]), 5.0)
    assert group.touches == touches


def test_a_line_is_never_grouped() -> None:
    ink = ink_of((0, 50, 100, 53), (40, 10, 50, 48))
    found = connected_components(ink, full(ink))
    made = group_components(found, np.array([1, 2]), 6.0)
    assert sorted(group.labels for group in made) == [(1,), (2,)]
    assert max(group.along for group in made) == 1.0


@pytest.mark.parametrize(
    ("width", "height", "rows", "columns", "line"),
    [
        (100, 14, 120, 100, True),  # from side to side, less than 0.15 of its length high
        (100, 15, 120, 100, False),
        (99, 3, 120, 100, False),
        (17, 120, 120, 361, True),  # from top to bottom only in a wide picture
        (18, 120, 120, 361, False),
        (17, 119, 120, 361, False),
        (17, 120, 120, 360 // 7, False),
        (5, 120, 120, 15, False),  # a 1 that fills its picture
    ],
)
def test_what_a_line_is(width: int, height: int, rows: int, columns: int, line: bool) -> None:
    assert is_line(width, height, rows, columns) == line


def test_upright_lines_are_sought_where_the_picture_is_over_three_lines_wide() -> None:
    assert not is_line(5, 120, 120, 15)
    assert is_line(5, 120, 120, 16)


def test_the_heaviest_group_is_the_digit_and_strangers_are_counted() -> None:
    ink = ink_of((40, 20, 60, 100), (72, 30, 82, 90), (20, 20, 23, 23), (5, 5, 6, 6))
    chosen = choose_components(ink, full(ink), 5.0)
    expected = ink_of((40, 20, 60, 100)).mask
    np.testing.assert_array_equal(chosen.mask, expected)
    # the last is smaller than 0.15 x 25 = 3.75 pixels, the third has under 2 % of 1600
    assert chosen.dropped == {"another digit": 1, "dust": 1, "grain": 1}
    assert chosen.others == 1
    assert not chosen.noisy


def test_what_touches_the_edge_counts_035_and_what_runs_along_it_005() -> None:
    """A lighter digit inside beats a heavier patch at the edge."""
    inside, patch = (40, 40, 60, 60), (80, 20, 100, 70)  # 400 against 1000 x 0.35 = 350
    chosen = choose_components(ink_of(inside, patch), full(ink_of(inside, patch)), 5.0)
    assert chosen.mask[50, 50] == 1
    assert chosen.mask[50, 90] == 0
    larger = (77, 20, 100, 73)  # 1219 x 0.35 = 427
    chosen = choose_components(ink_of(inside, larger), full(ink_of(inside, larger)), 5.0)
    assert chosen.mask[50, 90] == 1
    band = (0, 0, 100, 14)  # 1400 x 0.05 = 70
    small = (40, 60, 50, 68)  # 80
    chosen = choose_components(ink_of(small, band), full(ink_of(small, band)), 5.0)
    assert chosen.mask[64, 45] == 1
    smaller = (40, 60, 48, 68)  # 64
    chosen = choose_components(ink_of(smaller, band), full(ink_of(smaller, band)), 5.0)
    assert chosen.mask[7, 45] == 1


def test_a_piece_may_belong_to_the_digit_once_another_has_joined() -> None:
    """Three bars in a column, each 20 pixels above the next: the last is near the second only."""
    ink = ink_of((40, 10, 60, 70), (45, 80, 55, 90), (45, 105, 55, 110))
    chosen = choose_components(ink, full(ink), 2.0)
    np.testing.assert_array_equal(chosen.mask, ink.mask)
    alone = ink_of((40, 10, 60, 70), (45, 105, 55, 110))
    assert choose_components(alone, full(alone), 2.0).dropped == {"far away": 1}


def test_only_grain_is_no_digit_and_noisy() -> None:
    ink = ink_of((40, 20, 41, 21))
    chosen = choose_components(ink, full(ink), 5.0)
    assert not chosen.mask.any()
    assert chosen.noisy
    assert chosen.dropped == {"grain": 1}
    unsure = ink_of((40, 20, 60, 100))._replace(seeds=np.zeros((120, 100), bool))
    assert not choose_components(unsure, full(unsure), 5.0).mask.any()


@pytest.mark.parametrize(("n", "noisy"), [(20, False), (21, True)])
def test_more_ink_in_over_twenty_specks_than_in_the_digit_is_noise(n: int, noisy: bool) -> None:
    """The digit has 3 x 6 pixels; each speck, of one, is grain."""
    specks = [(10 + 9 * (k % 10), 10 + 30 * (k // 10), 11 + 9 * (k % 10), 11 + 30 * (k // 10))
              for k in range(n)]  # fmt: skip
    ink = ink_of((48, 20, 51, 26), *specks)
    chosen = choose_components(ink, full(ink), 4.0)
    assert chosen.dropped["grain"] == n
    assert chosen.noisy == noisy


@pytest.mark.parametrize(("n", "noisy"), [(149, False), (150, True)])
def test_from_150_specks_on_a_tenth_of_the_ink_is_enough(n: int, noisy: bool) -> None:
    specks = [(3 * (k % 25) + 2, 4 * (k // 25) + 2, 3 * (k % 25) + 3, 4 * (k // 25) + 3)
              for k in range(n)]  # fmt: skip
    ink = ink_of((85, 20, 92, 100), *specks)  # 560 pixels
    assert choose_components(ink, full(ink), 4.0).noisy == noisy


def test_five_hundred_components_are_looked_at() -> None:
    boxes = [(5 * (k % 30) + 1, 5 * (k // 30) + 1, 5 * (k % 30) + 3, 5 * (k // 30) + 3)
             for k in range(510)]  # fmt: skip
    ink = ink_of(*boxes, shape=(90, 152))
    chosen = choose_components(ink, full(ink), 1.0)
    assert chosen.dropped["grain"] == 10


def test_components_are_a_record_of_arrays() -> None:
    assert isinstance(connected_components(ink_of((1, 1, 3, 3)), np.ones((120, 100), np.float32)),
                      Components)  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "pixels", "first", "last", "dropped", "others"),
    [
        (0, 192, 614, 2090, {"far away": 1, "at the border": 3}, 0),
        (1, 166, 117, 585, {"far away": 3, "at the border": 3}, 0),
        (2, 380, 488, 2463, {"dust": 2}, 0),
        (3, 72, 950, 1245, {"another digit": 1, "at the border": 2, "far away": 5}, 1),
        (4, 56, 1419, 1810, {"another digit": 2, "at the border": 3, "far away": 2}, 2),
        (5, 64, 626, 862, {"far away": 4, "at the border": 3, "dust": 1}, 0),
        (6, 78, 1559, 1891, {"another digit": 2, "at the border": 1, "far away": 2}, 2),
        (9, 350, 282, 2179, {"at the border": 2}, 0),
        (11, 80, 292, 658, {"another digit": 1, "at the border": 3, "far away": 1}, 1),
    ],
)
def test_what_is_chosen_of_scattered_bars(
    seed: int, pixels: int, first: int, last: int, dropped: dict[str, int], others: int
) -> None:
    """Ten bars and patches of uneven ink in a wide or a tall picture, some across its edge."""
    rng = np.random.default_rng(seed)
    height, width = ((40, 64), (64, 36))[seed % 2]
    mask = np.zeros((height, width), np.uint8)
    for _ in range(10):
        y, x = rng.integers(0, height - 2), rng.integers(0, width - 2)
        high, wide = rng.integers(1, 14, 2)
        if rng.random() < 0.5:
            high = max(1, high // 5)
        mask[y : y + high, x : x + wide] = 1
    contrast = mask * rng.uniform(0.3, 1, mask.shape).astype(np.float32)
    chosen = choose_components(Ink(mask, contrast > 0.5, 1.0, 0.0), contrast, 2.0)
    assert np.flatnonzero(chosen.mask)[[0, -1]].tolist() == [first, last]
    assert chosen.mask.sum() == pixels
    assert (dict(chosen.dropped), chosen.others, chosen.noisy) == (dropped, others, False)


def test_joined_groups_add_up() -> None:
    one = Group((1, 4), (5, 6, 20, 30), 10.0, False, 0.2)
    other = Group((3,), (2, 8, 25, 28), 4.0, True, 0.5)
    assert _join(one, other) == Group((1, 4, 3), (2, 6, 25, 30), 14.0, True, 0.5)
    assert _join(other, one) == Group((3, 1, 4), (2, 6, 25, 30), 14.0, True, 0.5)
    assert not _join(one, one).touches


@pytest.mark.parametrize(
    ("along", "touches", "weight"),
    [(0.8, True, 0.35), (0.81, True, 0.05), (0.0, False, 1.0), (0.9, False, 0.05)],
)
def test_how_readily_a_group_is_the_digit(along: float, touches: bool, weight: float) -> None:
    assert _centrality(Group((1,), (0, 0, 9, 9), 10.0, touches, along)) == weight
