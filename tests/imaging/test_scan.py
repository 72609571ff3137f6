"""Scan: which polarities and pens are tried, and what each shows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from digitnet.imaging import scan as module
from digitnet.imaging.background import Pens
from digitnet.imaging.scan import ScanPlan, _crosses, resize, scan

PLAN = ScanPlan(
    longest=400, whole=False, least=24, enlarged=56, most_times=28, wedges=False, small=200,
    dark=0, close_vote=0.4, ruled_from=0, ruling=1, crossing=False,
    field=False,
)  # fmt: skip


def bar(shape: tuple[int, int] = (100, 120)) -> np.ndarray:
    picture = np.full(shape, 200, np.uint8)
    picture[20:80, 50:58] = 50
    return picture


@pytest.mark.parametrize(
    ("vote", "close", "tried"),
    [
        (0.4, 0.4, [(True, 1.4)]),
        (0.39, 0.4, [(True, 1.39), (False, 0.61)]),
        (0.0, 0.4, [(True, 1.0), (False, 1.0)]),
        (-0.39, 0.4, [(True, 0.61), (False, 1.39)]),
        (-0.41, 0.4, [(False, 1.41)]),
        (0.0, 0.0, [(True, 1.0)]),
        (-0.01, 0.0, [(False, 1.01)]),
    ],
)
def test_both_polarities_are_tried_where_the_vote_is_close(
    monkeypatch: pytest.MonkeyPatch, vote: float, close: float, tried: list[tuple[bool, float]]
) -> None:
    pens = Pens((9,), 1.0)
    monkeypatch.setattr(module, "polarity", lambda small: (vote, pens, pens))
    found = list(scan(bar(), replace(PLAN, close_vote=close)))
    assert [(one.light, pytest.approx(one.trust)) for one in found] == tried


@pytest.mark.parametrize(
    ("widths", "tried"),
    [
        ((9, 25), [9, 25]),  # a quarter of 100 pixels
        ((9, 26), [9]),
        ((9, 26, 40), [9]),
        ((26, 40), [26]),  # the only one so far, and it shows ink
        ((5, 26, 40), [5]),
    ],
)
def test_pens_wider_than_a_quarter_are_tried_only_where_no_other_shows_ink(
    monkeypatch: pytest.MonkeyPatch, widths: tuple[int, ...], tried: list[int]
) -> None:
    pens = Pens(widths, 1.0)
    monkeypatch.setattr(module, "polarity", lambda small: (1.0, pens, pens))
    found = list(scan(bar(), PLAN))
    assert [one.pen for one in found] == [pytest.approx(0.8 * width) for width in tried]


def test_a_wide_pen_is_tried_where_nothing_else_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    pens = Pens((3, 26, 40), 1.0)
    monkeypatch.setattr(module, "polarity", lambda small: (1.0, pens, pens))
    blank = np.full((100, 120), 200, np.uint8)
    assert [one.ink for one in scan(blank, PLAN)] == [None] * 3


def test_a_pen_is_08_of_its_size_in_the_pixels_that_are_worked_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pens = Pens((5,), 1.0)
    monkeypatch.setattr(module, "polarity", lambda small: (1.0, pens, pens))
    (found,) = scan(np.kron(bar(), np.ones((3, 3), np.uint8)), PLAN)  # 360 wide, 200 reduced
    assert found.pen == pytest.approx(0.8 * 5 * 360 / 200)
    assert found.contrast.shape == (300, 360)


def test_a_scan_shows_ground_contrast_and_ink() -> None:
    (dark,) = scan(bar(), replace(PLAN, close_vote=0))
    assert dark.light
    assert (dark.ground == 200).all()
    assert dark.contrast[50, 53] == pytest.approx(0.75)
    assert dark.ink is not None
    assert dark.ink.level == pytest.approx(0.75)
    np.testing.assert_array_equal(dark.ink.mask > 0, bar() < 100)
    (light,) = scan(255 - bar(), replace(PLAN, close_vote=0))
    assert not light.light
    np.testing.assert_array_equal(light.contrast, dark.contrast)


def test_what_outshines_its_ground_counts_no_more_than_02() -> None:
    picture = np.full((100, 120), 90, np.uint8)
    picture[20:80, 50:58] = 20
    picture[:, 100:] = 250
    least = min(float(one.contrast.min()) for one in scan(picture, PLAN) if one.light)
    assert least == pytest.approx(-0.2)


@pytest.mark.parametrize(("table", "inked"), [(41, True), (39, False)])
def test_on_a_very_dark_ground_nothing_is_ink(table: int, inked: bool) -> None:
    """A fifth of 200."""
    picture = np.full((200, 240), 200, np.uint8)
    picture[40:160, 40:48] = 50
    picture[:, 180:] = table
    picture[80:120, 205:211] = 0
    found = next(iter(scan(picture, replace(PLAN, dark=0.2, close_vote=2))))
    assert (found.contrast[100, 208] > 0.5) == inked
    assert found.contrast[100, 44] == pytest.approx(0.75)


def ruled() -> np.ndarray:
    picture = np.full((200, 300), 220, np.uint8)
    picture[60:62] = picture[140:142] = 120
    picture[30:150, 100:110] = 20
    return picture


def test_ruled_lines_are_left_out_of_the_ink_and_named() -> None:
    found = max(scan(ruled(), replace(PLAN, close_vote=0)), key=lambda one: one.pen)
    assert found.ink is not None
    assert found.ruling[60:62, :90].all()
    assert not found.ruling[30:59].any()
    assert not found.ink.mask[60:62, :90].any()
    assert not found.ink.seeds[60:62, :90].any()
    assert found.ink.mask[40:130, 102:108].all()
    assert not (found.ruling & (found.ink.mask > 0)).any()


def test_pens_thinner_than_asked_for_have_no_ruling() -> None:
    plan = replace(PLAN, close_vote=0)
    pen = max(one.pen for one in scan(ruled(), plan))
    for ruled_from, any_ruling in ((pen, True), (pen + 0.01, False)):
        found = max(scan(ruled(), replace(plan, ruled_from=ruled_from)), key=lambda one: one.pen)
        assert found.ruling.any() == any_ruling
    thin = max(scan(ruled(), replace(plan, ruling=0.05)), key=lambda one: one.pen)
    assert not thin.ruling.any()


def test_ruled_lines_are_looked_for_where_ink_crosses_the_picture() -> None:
    """A line that ends before the edge is one to a page, and none to a single digit."""
    plan = replace(PLAN, close_vote=0)
    short = ruled()
    short[:, :2] = short[:, -2:] = short[0, 0]
    for picture, crossing, any_ruling in (
        (ruled(), False, True), (ruled(), True, True), (ruled().T, True, True),
        (short, False, True), (short, True, False), (short.T, True, False),
    ):  # fmt: skip
        scans = scan(np.ascontiguousarray(picture), replace(plan, crossing=crossing))
        assert max(scans, key=lambda one: one.pen).ruling.any() == any_ruling


def test_pictures_are_brought_to_size() -> None:
    assert resize(np.zeros((500, 900, 3), np.uint8), PLAN).shape == (222, 400)
    assert resize(np.zeros((500, 900), np.uint8), replace(PLAN, whole=True)).shape == (166, 300)
    assert resize(np.zeros((10, 20), np.uint8), PLAN).shape == (20, 40)
    askew = np.full((200, 200), 235, np.uint8)
    for k in range(50):
        askew[k, : 50 - k] = 20
    assert resize(askew, PLAN)[0, 0] == 20
    assert resize(askew, replace(PLAN, wedges=True))[0, 0] > 200


def test_ruled_lines_are_sought_in_shares_of_full_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def erase(mask: np.ndarray, contrast: np.ndarray, pen: float) -> np.ndarray:
        seen.append((float(contrast.max()), pen))
        return mask

    monkeypatch.setattr(module, "erase_ruling", erase)
    (found,) = scan(bar(), replace(PLAN, close_vote=0, ruling=0.4))
    assert seen == [(pytest.approx(1), pytest.approx(0.4 * found.pen))]
    with pytest.raises(FrozenInstanceError):
        found.pen = 1.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        PLAN.ruling = 1.0  # type: ignore[misc]
    assert not found.ruling.any()


@pytest.mark.parametrize(
    ("pixels", "crosses"),
    [
        ([(3, 0), (1, 6)], True),  # left and right, in a picture of 5 rows and 7 columns
        ([(0, 2), (4, 5)], True),  # upper and lower
        ([(3, 0)], False), ([(1, 6)], False), ([(0, 2)], False), ([(4, 5)], False),
        ([(3, 0), (4, 5)], False),  # left and lower
        ([(3, 0), (1, 1)], False), ([(3, 0), (1, 5)], False), ([(3, 1), (1, 6)], False),
        ([(0, 2), (1, 5)], False), ([(0, 2), (3, 5)], False), ([(1, 2), (4, 5)], False),
        ([], False),
    ],
)  # fmt: skip
def test_ink_crosses_from_edge_to_edge(pixels: list[tuple[int, int]], crosses: bool) -> None:
    mask = np.zeros((5, 7), np.uint8)
    for place in pixels:
        mask[place] = 1
    assert _crosses(mask) == crosses


def test_ground_far_darker_than_usual_is_told_by_its_brightest_channel() -> None:
    """Usual is what nine tenths do not exceed, 200 here; 0.2 of it is 40."""
    ground = np.full((4, 6, 3), 200, np.uint8)
    ground[0, 0], ground[0, 1], ground[3, 5] = (39, 10, 0), (0, 0, 40), (0, 39, 0)
    dark = module._too_dark(ground, (4, 6), 0.2)
    assert np.argwhere(dark).tolist() == [[0, 0], [3, 5]]
    assert module._too_dark(ground, (8, 12), 0.2).sum() == 8
    np.testing.assert_array_equal(module._too_dark(ground.max(axis=2), (4, 6), 0.2), dark)
