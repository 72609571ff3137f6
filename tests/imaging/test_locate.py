"""Locate: how much of a digit a scan shows, and which of several is taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from digitnet.imaging import locate as module
from digitnet.imaging.ink import Ink
from digitnet.imaging.locate import DIGIT, Located, better, digit_score, locate, locate_in
from digitnet.imaging.scan import Scan, ScanPlan
from digitnet.imaging.stroke_width import stroke_width


def mask_of(*box: int, shape: tuple[int, int] = (80, 100)) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    left, top, right, bottom = box
    mask[top:bottom, left:right] = 1
    return mask


def located(*box: int, score: float, light: bool = True, trust: float = 1.0, strokes: float = 0.0):  # type: ignore[no-untyped-def]
    mask = mask_of(*box)
    contrast = mask.astype(np.float32)
    ink = Ink(mask, mask > 0, 1.0, 0.0)
    scan = Scan(light, trust, 4.0, mask, contrast, ink, mask > 9)
    return Located(scan, mask, Counter(), 0, False, 1, score, strokes)


def score(*box: int, shape: tuple[int, int] = (80, 100)) -> float:
    mask = mask_of(*box, shape=shape)
    return digit_score(mask, np.full(shape, 0.5, np.float32))


def test_how_one_digit_is_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these moves frames of real pictures; a change needs a new FRAMING_VERSION."""
    plans: list[ScanPlan] = []
    monkeypatch.setattr(module, "scan", lambda picture, plan: plans.append(plan) or [])
    assert locate(np.zeros((80, 100), np.uint8)) is None
    assert plans == [DIGIT]
    assert (DIGIT.longest, DIGIT.whole, DIGIT.small) == (960, False, 320)
    assert (DIGIT.least, DIGIT.enlarged, DIGIT.most_times) == (24, 56, 28)
    assert (DIGIT.wedges, DIGIT.dark, DIGIT.close_vote) == (True, 0, 0.4)
    assert (DIGIT.ruled_from, DIGIT.ruling, DIGIT.crossing, DIGIT.field) == (8, 0.4, True, True)


def test_the_score_is_ink_less_where_it_is_bold_or_at_the_edge() -> None:
    slender = 0.5 * 40 * 3
    assert score(40, 20, 43, 60) == pytest.approx(slender)
    assert score(0, 20, 3, 60) == pytest.approx(0.35 * slender)
    assert score(97, 20, 100, 60) == pytest.approx(0.35 * slender)
    assert score(40, 0, 43, 40) == pytest.approx(0.35 * slender)
    assert score(40, 40, 43, 80) == pytest.approx(0.35 * slender)
    assert score(40, 0, 43, 80) == pytest.approx(0.35 * 0.3 * 0.5 * 240)
    assert score(0, 20, 100, 23) == pytest.approx(0.35 * 0.3 * 0.5 * 300)
    square = mask_of(40, 20, 60, 40)
    boldness = stroke_width(square) / 20
    assert boldness > 0.3
    assert score(40, 20, 60, 40) == pytest.approx(0.5 * 400 * (0.3 / boldness) ** 6)
    assert digit_score(np.zeros((5, 5), np.uint8), np.ones((5, 5), np.float32)) == 0


def test_a_wider_pen_must_show_more_in_the_same_place_and_much_more_in_another() -> None:
    first = located(40, 20, 50, 60, score=100)
    assert better(None, first) is first
    near = (45, 20, 59, 60)  # its sides moved by 9, less than a quarter of 40
    assert better(first, located(*near, score=125)) is first
    assert better(first, other := located(*near, score=126)) is other
    far = (45, 20, 60, 60)
    assert better(first, located(*far, score=300)) is first
    assert better(first, other := located(*far, score=301)) is other
    nothing = located(0, 0, 0, 0, score=1)
    assert better(nothing, located(*near, score=3)) is nothing
    assert better(first, replace(nothing, score=299.0)) is first


def test_of_two_polarities_the_one_with_more_strokes_wins_by_its_vote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def choice(dark: tuple[float, float], light: tuple[float, float]) -> bool:
        two = [
            located(40, 20, 46, 60, score=9, light=True, trust=dark[0], strokes=dark[1]),
            located(40, 20, 46, 60, score=1, light=False, trust=light[0], strokes=light[1]),
        ]
        scans = {id(one.scan): one for one in two}
        monkeypatch.setattr(module, "scan", lambda picture, plan: [one.scan for one in two])
        monkeypatch.setattr(module, "locate_in", lambda seen: scans[id(seen)])
        found = locate(np.zeros((80, 100), np.uint8))
        assert found is not None
        return found.scan.light

    assert choice((1.1, 10), (0.9, 12))  # 11 against 10.8
    assert not choice((1.1, 10), (0.9, 13))
    assert choice((1.0, 10), (1.0, 10))


def test_nothing_to_scan_is_nothing_located(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "scan", lambda picture, plan: [])
    assert locate(np.zeros((80, 100), np.uint8)) is None


def test_a_bar_is_located_with_its_strokes() -> None:
    picture = np.full((80, 100), 255, np.uint8)
    picture[20:60, 40:46] = 0
    found = locate(picture)
    assert found is not None
    assert found.scan.light
    np.testing.assert_array_equal(found.mask, mask_of(40, 20, 46, 60))
    assert found.score == pytest.approx(240)
    assert found.strokes == pytest.approx(240 / stroke_width(found.mask) ** 2)
    np.testing.assert_allclose(found.cover()[30, 39:47], [0, 1, 1, 1, 1, 1, 1, 0], atol=1e-6)
    assert not found.is_shapeless()
    assert (found.others, found.noisy, found.dropped) == (0, False, Counter())
    with pytest.raises(FrozenInstanceError):
        found.others = 1  # type: ignore[misc]


def test_blots_and_patches_of_light_are_shapeless() -> None:
    square = located(40, 20, 60, 40, score=100)
    assert (stroke_width(square.mask) > 0.55 * 20) == square.is_shapeless()
    assert located(40, 20, 58, 40, score=100).is_shapeless() == (
        stroke_width(mask_of(40, 20, 58, 40)) > 11
    )
    slender = located(40, 20, 46, 60, score=1.3)  # 0.005 x 240 = 1.2
    assert not slender.is_shapeless()
    assert replace(slender, score=1.1).is_shapeless()


def test_nothing_covers_nothing() -> None:
    one = located(40, 20, 46, 60, score=1)
    blank = replace(one, mask=np.zeros((80, 100), np.uint8))
    assert not blank.cover().any()
    assert not replace(one, scan=replace(one.scan, ink=None)).cover().any()


def test_the_same_place_is_a_quarter_of_the_longer_side_of_a_lying_digit() -> None:
    first = located(20, 40, 60, 50, score=100)
    assert better(first, other := located(29, 40, 69, 50, score=126)) is other
    assert better(first, located(30, 40, 70, 50, score=126)) is first
    assert better(first, other := located(20, 49, 60, 59, score=126)) is other
    assert better(first, located(20, 50, 60, 60, score=126)) is first


def test_without_ink_there_is_a_digit_of_nothing() -> None:
    contrast = np.zeros((3, 5), np.float32)
    ground, ruling = np.zeros((3, 5), np.uint8), np.zeros((3, 5), np.bool_)
    found = locate_in(Scan(True, 1.0, 2.0, ground, contrast, None, ruling))
    assert found.mask.shape == (3, 5)
    assert not found.mask.any()
    assert (found.dropped.total(), found.others, found.noisy) == (0, 0, False)
    assert (found.score, found.strokes) == (0.0, 0.0)


@pytest.mark.parametrize(("beside", "half", "shaded"), [
    (0.0, 1.0, False), (0.25, 1.0, False), (0.5, 1.0, True), (0.0, 0.8, False), (0.0, 0.2, True),
])  # fmt: skip
def test_ink_has_one_tone_and_paper_another(beside: float, half: float, shaded: bool) -> None:
    """A ring whose inside is of half the ink's tone is a face in its hair; so is one shaded."""
    mask = np.zeros((80, 100), np.uint8)
    mask[5:75, 10:90], mask[15:65, 20:80] = 1, 0
    contrast = np.where(mask > 0, 1.0, beside).astype(np.float32)
    contrast[:, 56:][mask[:, 56:] > 0] = half
    one = located(40, 20, 46, 60, score=240)
    ring = replace(one, mask=mask, scan=replace(one.scan, contrast=contrast))
    assert ring.is_shaded() == shaded
