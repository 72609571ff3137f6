"""Sheet: which scan of a page is taken, its rows, and the frames of its components."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import numpy as np
import pytest

from digitnet.imaging.components import Component
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.ink import Ink
from digitnet.imaging.scan import ScanPlan
from digitnet.imaging.stroke_width import stroke_width
from digitnet.reading import sheet as module
from digitnet.reading.sheet import (
    Sheet,
    component_rows,
    frame_components,
    scan_page,
    usual_height,
)


def component(label: int, left: int, top: int, right: int, bottom: int) -> Component:
    return Component(label, (left, top, right, bottom), 100.0)


def sheet(*components: Component, fragments: tuple[Component, ...] = (), **changes: float) -> Sheet:
    nothing = np.zeros((200, 300), np.float32)
    made = Sheet(
        nothing, None, nothing.astype(np.int32), components, fragments, 40.0, 4.0, 2.0,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def drawn() -> np.ndarray:
    """White paper with two bars of ink, 60 pixels high and 8 wide, and a dot beside the first."""
    picture = np.full((200, 300), 255, np.uint8)
    picture[70:130, 60:68] = picture[70:130, 160:168] = 0
    picture[95:105, 72:82] = 0
    return picture


def inked(*bars: tuple[int, int, int, int], pen: float = 4.0) -> Sheet:
    """A sheet with bars of full ink, each a component."""
    labels = np.zeros((200, 300), np.int32)
    components = []
    for k, (left, top, right, bottom) in enumerate(bars, 1):
        labels[top:bottom, left:right] = k
        components.append(Component(k, (left, top, right, bottom), (right - left) * (bottom - top)))
    return replace(sheet(*components), labels=labels, pen=pen)


def test_the_score_is_the_strokes_length_less_where_they_are_blobs() -> None:
    two = inked((10, 0, 18, 40), (30, 0, 38, 40))
    assert two.mass == 2 * 8 * 40
    width = stroke_width((two.labels > 0).astype(np.uint8))
    assert 7 < width < 10
    assert two.score == pytest.approx(two.mass / width)  # 40 pixels high: over three pens
    with pytest.raises(FrozenInstanceError):
        two.pen = 5.0  # type: ignore[misc]
    low = replace(two, height=1.5 * width)
    assert low.score == pytest.approx(two.score / 64)


def test_the_score_does_not_go_by_the_pen_that_was_looked_for() -> None:
    """A bold stroke's pieces are no great length of a fine pen."""
    assert inked((10, 0, 18, 40), pen=2.0).score == inked((10, 0, 18, 40), pen=8.0).score
    assert sheet().score == 0


def test_boxes_in_the_picture_are_zoomed_and_never_empty_or_outside() -> None:
    made = sheet(zoom=2.5)
    assert made.in_picture((2, 4, 10, 20), (400, 500)) == (5, 10, 25, 50)
    assert made.in_picture((199, 3, 300, 200), (400, 500)) == (498, 8, 500, 400)
    assert made.in_picture((300, 300, 301, 301), (400, 500)) == (499, 399, 500, 400)
    assert made.in_picture((2, 2, 2, 2), (400, 500)) == (5, 5, 6, 6)


@pytest.mark.parametrize(("away", "in_row"), [(27, True), (28, False)])
def test_a_fragment_joins_the_row_of_what_lies_nearer_than_07_heights_beside_it(
    away: int, in_row: bool
) -> None:
    """0.7 x 40 = 28: nearer than that; downwards half of it."""
    one, other = component(1, 0, 0, 20, 40), component(2, 60, 0, 80, 40)
    below = component(3, 0, 200, 20, 240)
    for dust in (
        component(4, 80 + away, 10, 86 + away, 14),
        component(4, 70, 40 + away // 2, 76, 44 + away // 2),
    ):
        rows = component_rows(sheet(other, below, one, fragments=(dust,)))
        assert [[c.label for c in row] for row in rows] == [[1, 2, 4] if in_row else [1, 2], [3]]


def test_a_fragment_beside_one_of_the_row_is_of_the_row_too() -> None:
    """The dash of `5,-` is far from the 5; one behind dust is not."""
    five, other = component(1, 0, 0, 20, 40), component(3, 0, 200, 20, 240)
    dash = component(6, 52, 6, 70, 12)  # beside the comma's digit, not level with the comma
    for thick, labels in ((8, [1, 5, 6]), (1, [1, 5])):
        comma = component(5, 25, 34, 25 + thick, 46)
        for fragments in ((dash, comma), (comma, dash)):
            rows = component_rows(sheet(five, other, fragments=fragments))
            assert [[c.label for c in row] for row in rows] == [labels, [3]]


@pytest.mark.parametrize(("top", "bottom", "hangs"), [(33, 58, True), (45, 70, False)])
def test_a_long_comma_is_of_the_row_it_hangs_from(top: int, bottom: int, hangs: bool) -> None:
    one, other = component(1, 0, 0, 20, 40), component(2, 60, 0, 80, 40)
    comma = component(3, 36, top, 44, bottom)
    rows = component_rows(sheet(one, other, comma))
    assert [[c.label for c in row] for row in rows] == ([[1, 3, 2]] if hangs else [[1, 2], [3]])


def test_a_fragment_takes_its_place_by_its_middle_in_the_nearer_row() -> None:
    one, other = component(1, 0, 0, 20, 40), component(2, 30, 0, 50, 40)
    below = component(3, 0, 60, 20, 100)
    bar = component(4, 0, 49, 60, 52)  # 9 below the first row, 8 above the second
    rows = component_rows(sheet(one, other, below, fragments=(bar,)))
    assert [[c.label for c in row] for row in rows] == [[1, 2], [3, 4]]
    nearer = component(4, 0, 44, 60, 47)
    rows = component_rows(sheet(one, other, below, fragments=(nearer,)))
    assert [[c.label for c in row] for row in rows] == [[1, 4, 2], [3]]
    assert component_rows(sheet(fragments=(bar,))) == []


def test_the_usual_height_of_a_row_leaves_fragments_out() -> None:
    row = [component(k, 0, 0, 10, height) for k, height in enumerate((17, 18, 40, 44))]
    assert usual_height(sheet(), row) == 40  # 0.45 x 40 = 18 counts, 17 does not


def test_a_page_is_worked_on_at_a_whole_fraction_of_its_size() -> None:
    large = np.kron(drawn(), np.ones((8, 8), np.uint8))  # 1600 x 2400: halved, to at most 1400
    made = scan_page(large)
    assert made.contrast.shape == (800, 1200)
    assert made.zoom == 2
    assert scan_page(np.kron(drawn(), np.ones((4, 4), np.uint8))).zoom == 1
    small = scan_page(np.pad(drawn(), 0)[60:140, 40:90])  # 80 pixels: enlarged by 1
    assert small.zoom == 1
    tiny = scan_page(drawn()[60:140:4, 40:90:4])  # 20 x 13: five times
    assert tiny.zoom == pytest.approx(0.2)


def test_how_a_page_is_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these moves what is read on real pages; a change needs a look at the benchmark."""
    plans: list[ScanPlan] = []
    monkeypatch.setattr(module, "scan", lambda picture, plan: plans.append(plan) or [])
    blank = scan_page(drawn())
    assert (blank.height, blank.pen, blank.zoom) == (0.0, 1.0, 1.0)
    assert blank.contrast.shape == blank.labels.shape == (200, 300)
    (plan,) = plans
    assert (plan.longest, plan.whole, plan.small) == (1400, True, 480)
    assert (plan.least, plan.enlarged, plan.most_times) == (100, 100, 6)
    assert (plan.wedges, plan.dark, plan.close_vote) == (False, 0.2, 0)
    assert (plan.ruled_from, plan.ruling, plan.crossing) == (0, 1, False)


@pytest.mark.parametrize(
    ("masses", "taken"),
    [((100, 150), 100), ((100, 151), 151), ((100, 160, 230), 160), ((100, 160, 250), 250)],
)
def test_a_later_scan_has_to_show_half_as_much_again(
    monkeypatch: pytest.MonkeyPatch, masses: tuple[int, ...], taken: int
) -> None:
    bar = inked((0, 0, 8, 40))
    made = [replace(bar, components=(Component(1, (0, 0, 8, 40), float(m)),)) for m in masses]
    seen = [SimpleNamespace(contrast=np.zeros((100, 150)), sheet=one) for one in made]
    zooms = []
    monkeypatch.setattr(module, "scan", lambda picture, plan: [seen[0], *seen])
    monkeypatch.setattr(module, "_sheet", lambda one, zoom: zooms.append(zoom) or one.sheet)
    assert scan_page(drawn()).mass == taken
    assert set(zooms) == {2.0}


def test_soft_edges_are_framed_and_neighbours_are_not() -> None:
    """Two bars, three pixels apart, each with a grey edge that belongs to neither."""
    labels = np.zeros((60, 40), np.int32)
    labels[10:50, 10:16], labels[10:50, 19:25] = 1, 2
    contrast = (labels > 0).astype(np.float32)
    contrast[10:50, [9, 16, 18, 25]] = 0.4
    ink = Ink((labels > 0).astype(np.uint8), labels > 0, 1.0, 0.0)
    made = replace(sheet(), contrast=contrast, labels=labels, ink=ink)
    for label, left in ((1, 10), (2, 19)):
        _, box = frame_components(made, [label], (left, 10, left + 6, 50))
        assert box == (left - 1, 10, left + 7, 50)
    _, box = frame_components(made, [1, 2], (10, 10, 25, 50))
    assert box == (9, 10, 26, 50)
    corner = replace(made, contrast=contrast[10:, 10:], labels=labels[10:, 10:])
    assert frame_components(corner, [1], (0, 0, 6, 40))[1] == (0, 0, 7, 40)


def test_a_scanned_page_has_its_components() -> None:
    made = scan_page(drawn())
    assert [one.box for one in made.components] == [(60, 70, 68, 130), (160, 70, 168, 130)]
    assert [one.box for one in made.fragments] == [(72, 95, 82, 105)]
    assert made.height == 60
    assert [one.box for one in scan_page(255 - drawn()).components] == [
        (60, 70, 68, 130),
        (160, 70, 168, 130),
    ]


def test_a_blank_page_has_none() -> None:
    blank = scan_page(np.full((50, 70), 255, np.uint8))
    assert (blank.components, blank.fragments, blank.score) == ((), (), 0.0)
    assert blank.labels.shape == (50, 70)
    image, box = frame_components(blank, [1], (3, 4, 9, 9))
    assert not image.any()
    assert box == (3, 4, 9, 9)


def test_a_frame_holds_its_own_components_alone() -> None:
    made = scan_page(drawn())
    bar, dot = made.components[0], made.fragments[0]
    alone, box = frame_components(made, [bar.label], bar.box)
    assert box == (60, 70, 68, 130)
    y, x = np.nonzero(alone > 127)
    assert y.max() - y.min() + 1 == 20
    assert x.max() - x.min() + 1 <= 4
    both, box = frame_components(made, [bar.label, dot.label], (60, 70, 82, 130))
    assert box == (60, 70, 82, 130)
    assert (both > 127).sum() > (alone > 127).sum()
    picture = drawn()[50:150, 40:71]
    assert np.abs(frame_picture(picture).image.astype(int) - alone).mean() < 2


@pytest.mark.parametrize(("side", "framed"), [(3, False), (4, True)])
def test_what_is_smaller_than_four_pixels_has_an_empty_frame(side: int, framed: bool) -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[10 : 10 + side, 10] = 1
    contrast = (labels > 0).astype(np.float32)
    ink = Ink(labels.astype(np.uint8), labels > 0, 1.0, 0.0)
    made = replace(sheet(), contrast=contrast, labels=labels, ink=ink, pen=1.0)
    image, box = frame_components(made, [1], (10, 10, 11, 10 + side))
    assert image.any() == framed
    assert box == (10, 10, 11, 10 + side)


def test_nothing_of_the_component_in_its_box_is_an_empty_frame() -> None:
    labels = np.zeros((30, 30), np.int32)
    ink = Ink(labels.astype(np.uint8), labels > 0, 1.0, 0.0)
    made = replace(sheet(), contrast=np.zeros((30, 30), np.float32), labels=labels, ink=ink)
    image, box = frame_components(made, [1], (10, 10, 20, 20))
    assert not image.any()
    assert box == (10, 10, 20, 20)
