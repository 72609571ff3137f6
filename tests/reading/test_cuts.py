"""Cuts: the cheapest ways through ink, worked by hand, and the parts that they leave."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from digitnet.imaging.components import Component
from digitnet.reading.cuts import Part, cheapest, cut_apart, find_cuts, trace
from digitnet.reading.sheet import Sheet


def bars(*spans: tuple[int, int], rows: int = 40, columns: int = 60) -> np.ndarray:
    """Full bars from top to bottom between columns, joined by a bridge one pixel high."""
    mask = np.zeros((rows, columns), np.uint8)
    for left, right in spans:
        mask[:, left:right] = 1
    mask[rows // 2, spans[0][0] : spans[-1][1]] = 1
    return mask


def sheet_of(mask: np.ndarray, fragments: tuple[Component, ...] = ()) -> Sheet:
    height, width = mask.shape
    one = Component(1, (0, 0, width, height), float(mask.sum()))
    labels = mask.astype(np.int32)
    return Sheet(
        mask.astype(np.float32) * np.float32(0.5), None, labels, (one,), fragments, 40.0, 4.0,
        1.0,
    )  # fmt: skip


def test_the_cheapest_way_by_hand() -> None:
    """Rows of costs; a step sideways costs 0.02, so the second row's 0 is worth it."""
    ink = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]], np.float32)
    total, steps = cheapest(ink)
    np.testing.assert_allclose(total, [[1, 1, 1], [2, 2, 1], [3, 1.02, 2]])
    assert steps[2].tolist() == [0, 1, 0]  # the middle of the last row came from the right
    np.testing.assert_array_equal(total[1] - ink[1], [1, 1, 1])


def test_a_straight_way_is_taken_where_all_cost_the_same() -> None:
    total, steps = cheapest(np.zeros((6, 5), np.float32))
    assert not total.any()
    assert not steps.any()


def test_a_way_is_traced_up_and_down_through_its_pixel() -> None:
    back = np.array([[0, 0, 0], [0, 0, 1], [0, -1, 0]], np.int32)
    ahead = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0]], np.int32)
    assert trace(back, ahead, 2, 1).tolist() == [0, 0, 1]
    ahead[1, 1] = 1
    assert trace(back, ahead, 1, 1).tolist() == [1, 1, 2]


def test_a_bridge_is_cut_where_it_is_all_that_is_severed() -> None:
    cuts = find_cuts(bars((0, 20), (40, 60)), pen=2.0)
    best = min(cuts, key=lambda cut: cut.ink)
    assert best.ink == 0.5  # one pixel of ink, by a pen of two
    with pytest.raises(FrozenInstanceError):
        best.ink = 0.0  # type: ignore[misc]
    assert best.columns.shape == (40,)
    assert 20 <= best.columns.min() <= best.columns.max() <= 40
    assert all(cut.ink <= 4 * 1.0 for cut in cuts)


def test_cuts_come_from_left_to_right_apart_and_at_most_so_many() -> None:
    mask = bars((0, 10), (30, 40), (60, 70), (90, 100), columns=100)
    cuts = find_cuts(mask, 4.0, most=9)
    middles = [float(cut.columns.mean()) for cut in cuts]
    assert middles == sorted(middles)
    ways = [cut.columns for cut in cuts]
    apart = [np.abs(a - b).mean() for k, a in enumerate(ways) for b in ways[:k]]
    assert 0.12 * 40 - 1 <= min(apart) < 0.16 * 40  # each column is rounded to whole ones
    assert len(find_cuts(mask, 4.0, most=2)) == 2
    assert len(find_cuts(mask, 4.0)) == 5


def test_a_cut_leaves_eight_percent_of_the_ink_on_both_sides() -> None:
    """A bar of 40 x 20 and a spur beside it: 2 columns of 40 are too little, 3 are enough."""

    def spur(columns: int) -> np.ndarray:
        return bars((0, 20), (30, 30 + columns), columns=30 + columns)

    assert [c for c in find_cuts(spur(1), 4.0) if 20 <= c.columns.mean() <= 30] == []
    assert [c for c in find_cuts(spur(3), 4.0) if 20 <= c.columns.mean() <= 30]


@pytest.mark.parametrize(("thick", "cut"), [(7, True), (9, False)])
def test_more_than_four_pens_of_ink_are_not_severed(thick: int, cut: bool) -> None:
    mask = bars((0, 20), (40, 60))
    mask[20 - thick // 2 : 20 - thick // 2 + thick, 20:40] = 1
    found = [c for c in find_cuts(mask, 2.0) if 20 <= c.columns.mean() <= 40]
    assert bool(found) == cut


@pytest.mark.parametrize(("thick", "cut"), [(4, True), (5, False)])
def test_exactly_four_pens_of_ink_are_severed(thick: int, cut: bool) -> None:
    mask = bars((0, 20), (40, 60))
    mask[18 : 18 + thick, 20:40] = 1
    assert bool([c for c in find_cuts(mask, 1.0) if 20 <= c.columns.mean() <= 40]) == cut


def test_a_large_component_is_cut_on_a_grid_of_forty_rows() -> None:
    mask = np.kron(bars((0, 20), (40, 60)), np.ones((5, 5), np.uint8))
    best = min(find_cuts(mask, 10.0), key=lambda cut: cut.ink)
    assert best.columns.shape == (200,)
    assert 100 <= best.columns.min() <= best.columns.max() <= 200
    assert best.ink == pytest.approx(0.5)  # five pixels by a pen of ten


def test_the_cheapest_cut_goes_between_two_rings() -> None:
    y, x = np.mgrid[:52, :102]
    rings = [np.abs(np.hypot(y - 26, x - middle) - 20) < 3 for middle in (24, 78)]
    mask = (rings[0] | rings[1] | ((np.abs(y - 26) < 2) & (x > 44) & (x < 58))).astype(np.uint8)
    cuts = find_cuts(mask, 6.0)
    best = min(cuts, key=lambda cut: cut.ink)
    assert best.columns.mean() == pytest.approx(51, abs=5)
    assert best.ink < 1.2
    assert [c.columns.mean() for c in cuts] == sorted(c.columns.mean() for c in cuts)


def test_what_is_not_doubted_stays_one_part() -> None:
    mask = bars((0, 20), (40, 60))
    dust = Component(7, (70, 0, 72, 2), 3.0)
    sheet, parts = cut_apart(sheet_of(mask, (dust,)), set())
    assert parts[1] == [Part(1, (0, 0, 60, 40), float(mask.sum()))]
    assert parts[7] == [Part(7, (70, 0, 72, 2), 3.0, small=True)]
    np.testing.assert_array_equal(sheet.labels, mask)


def test_parts_have_labels_boxes_and_masses_of_their_own() -> None:
    mask = bars((0, 20), (40, 60))
    sheet, parts = cut_apart(sheet_of(mask), {1})
    found = parts[1]
    assert len(found) >= 2
    assert found[0].cut is None
    assert all(part.cut is not None for part in found[1:])
    assert [part.label for part in found] == list(range(2, 2 + len(found)))
    assert found[0].box[:2] == (0, 0)
    assert found[-1].box[2:] == (60, 40)
    assert sum(part.mass for part in found) == pytest.approx(0.5 * mask.sum())
    for part in found:
        y, x = np.nonzero(sheet.labels == part.label)
        assert (x.min(), y.min(), x.max() + 1, y.max() + 1) == part.box
        assert part.mass == pytest.approx(0.5 * len(x))
    assert not (sheet.labels == 1).any()
    assert ((sheet.labels > 0) == (mask > 0)).all()


def test_wider_components_may_have_more_cuts() -> None:
    """3 and 2 for each height of width: 8 heights wide are cut at 19 places at most."""
    spans = [(16 * k, 16 * k + 8) for k in range(20)]
    mask = bars(*spans, columns=320)
    _, parts = cut_apart(sheet_of(mask), {1})
    assert len(parts[1]) == 20


TEXTURE = np.random.default_rng(1).random((12, 24)) < 0.5
NARROW = np.random.default_rng(2).random((13, 9)) < 0.5
COARSE = np.kron(np.random.default_rng(3).random((90, 70))[::5, ::5] < 0.5, np.ones((5, 5)))


@pytest.mark.parametrize(
    ("mask", "pen", "most", "cuts"),
    [
        (
            TEXTURE, 1.0, 9,
            [
                (0, "2 2 2 2 4 2 2 2 2 2 4 4"),
                (1, "6 6 6 6 6 6 6 8 8 10 10 10"),
                (0, "10 10 10 10 10 12 12 10 10 10 10 10"),
                (1, "20 20 20 18 18 16 16 16 14 14 14 14"),
                (0, "20 20 20 18 18 18 18 18 20 20 22 22"),
                (2, "20 20 20 22 22 24 24 22 22 22 22 22"),
            ],
        ),
        (
            NARROW, 0.5, 5,  # a pen is a pixel wide at least
            [(2, "4 4 4 4 4 4 2 2 2 2 0 0 0"), (0, "6 6 8 8 8 8 8 8 6 6 6 6 6")],
        ),
        (
            COARSE, 3.0, 5,  # 90 rows on a grid of 40
            [(0.6488, "17 17 19 21 17 17 19 28 28"), (1.9048, "28 30 33 35 42 46 39 30 28")],
        ),
    ],
    ids=["wide", "narrow", "coarse"],
)  # fmt: skip
def test_cuts_to_the_pixel(
    mask: np.ndarray, pen: float, most: int, cuts: list[tuple[float, str]]
) -> None:
    """What goes through ink that is scattered at random; of the large one, every tenth row."""
    found = find_cuts(mask.astype(np.uint8), pen, most)
    step = 10 if len(mask) > 40 else 1
    ways = [" ".join(map(str, cut.columns[::step].tolist())) for cut in found]
    assert ways == [way for _, way in cuts]
    assert [cut.ink for cut in found] == pytest.approx([ink for ink, _ in cuts], abs=1e-4)


def test_components_are_cut_where_they_lie_on_the_sheet() -> None:
    """Three bars joined by a thread are cut at both sides of each; a square beside them is not."""
    labels = np.zeros((30, 60), np.int32)
    labels[5:25, 8:14] = labels[5:25, 20:26] = labels[5:25, 32:40] = labels[14, 8:40] = 3
    labels[10:20, 44:50] = 5
    contrast = np.arange(1800, dtype=np.float32).reshape(30, 60) / 1000
    square, bars = Component(5, (44, 10, 50, 20), 2.0), Component(3, (8, 5, 40, 25), 1.0)
    page = Sheet(contrast, None, labels, (square, bars), (), 20.0, 2.0, 1.0)
    sheet, parts = cut_apart(page, {3, 5})
    assert parts[5] == [Part(5, square.box, 2.0)]  # 3 cuts are allowed, none is cheap enough
    assert [(part.label, part.box, part.cut) for part in parts[3]] == [
        (6, (8, 5, 15, 25), None),
        (7, (15, 14, 19, 15), 0.5),
        (8, (19, 5, 23, 25), 0.5),
        (9, (21, 5, 27, 25), 2.5),
        (10, (27, 14, 31, 15), 0.5),
        (11, (31, 5, 35, 25), 0.5),
        (12, (33, 5, 40, 25), 2.5),
    ]
    assert [(sheet.labels == part.label).sum() for part in parts[3]] == [121, 4, 27, 95, 4, 27, 134]
    masses = [float(contrast[sheet.labels == part.label].sum()) for part in parts[3]]
    assert [part.mass for part in parts[3]] == pytest.approx(masses)
    assert labels.max() == 5  # the page itself is as it was
    with pytest.raises(FrozenInstanceError):
        parts[5][0].small = True  # type: ignore[misc]
