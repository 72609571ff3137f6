"""Field: lines around a digit go, whatever the pen, and a digit's own strokes stay."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.background import without_solid_strokes
from digitnet.imaging.field import erase_field
from digitnet.imaging.field_lines import find_lines
from digitnet.imaging.framing import frame_picture
from support.drawn import written

SIDES = "ltrb"


def digit_on(side: int, label: int, seed: int, share: float = 0.5) -> np.ndarray:
    """A digit's ink, 255 on 0, in the middle of a square."""
    return written(label, np.random.default_rng(seed), care=0.9).cover((side, side), share * side)


def with_walls(ink: np.ndarray, walls: str, thick: int, inset: int, dark: int = 255) -> np.ndarray:
    """The ink with straight walls from edge to edge, ``inset`` pixels from the picture's edges."""
    framed, n = ink.copy(), len(ink)
    for wall in walls:
        at = inset if wall in "lt" else n - inset - thick
        band = framed[at : at + thick] if wall in "tb" else framed[:, at : at + thick]
        np.maximum(band, dark, out=band)
    return framed


def change(one: np.ndarray, other: np.ndarray) -> float:
    """How much two pictures' frames differ, as a share of the ink, wherever the ink is centred."""
    a, b = (frame_picture(255 - ink).image.astype(float) for ink in (one, other))
    places = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(float(np.abs(a - np.roll(b, to, (0, 1))).sum() / a.sum()) for to in places)


def test_frames_of_all_kinds_change_next_to_nothing() -> None:
    rng = np.random.default_rng(0)
    changes = []
    for k in range(40):
        seed, side = int(rng.integers(99)), int(rng.integers(40, 161))
        walls = str(rng.choice(["l", "b", "tb", "lr", "lb", "tr", "ltb", "ltrb"]))
        thick, inset = rng.uniform(0.012, 0.05) * side, rng.uniform(0, 0.08) * side
        ink = digit_on(side, k % 10, seed)
        framed = with_walls(ink, walls, max(1, round(thick)), round(inset))
        changes.append(change(ink, framed))
    assert np.quantile(changes, 0.5) < 0.03
    assert np.quantile(changes, 0.9) < 0.2
    assert max(changes) < 0.5


@pytest.mark.parametrize("dark", [150, 255])
def test_a_box_that_ends_inside_the_picture(dark: int) -> None:
    ink = digit_on(120, 3, 1, 0.4)
    box = np.zeros_like(ink)
    box[22:98, 22:98] = dark
    box[25:95, 25:95] = 0
    assert change(ink, np.maximum(ink, box)) < 0.1


@pytest.mark.parametrize("thick", [6, 10, 12])
def test_a_narrow_box_by_a_bold_pen(thick: int) -> None:
    """Its short sides are less than eight times as long as they are thick."""
    ink = digit_on(120, 3, 1, 0.4)[:, 22:98]
    box = np.zeros_like(ink)
    box[8:112, 2:74] = 255
    box[8 + thick : 112 - thick, 2 + thick : 74 - thick] = 0
    assert change(ink, np.maximum(ink, box)) < 0.15


def test_what_crosses_a_line_stays_whole() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[10:56, 28:33] = 1
    mask[10:14, 20:33] = 1
    stroke = mask.copy()
    mask[45:48] = 1
    cleared = erase_field(mask, mask.astype(np.float32))
    assert cleared is not None
    np.testing.assert_array_equal(cleared > 0.5, stroke > 0)


def test_one_line_or_none_is_found_at_its_place() -> None:
    mask = np.zeros((50, 80), np.uint8)
    assert find_lines(mask, False) == []
    mask[30:33] = 1
    (line,) = find_lines(mask, False)
    assert (line.start, line.end, line.middle, line.thick) == (0, 80, 31.5, 5.0)
    (upright,) = find_lines(np.ascontiguousarray(mask), True)
    assert upright.band((80, 50)).sum() == 80 * 5
    assert upright.band((80, 50))[:, 29:34].all()


def test_crooked_short_and_thick_ink_is_no_line() -> None:
    y, x = np.mgrid[:100, :100]
    ring = np.abs(np.hypot(y - 50, x - 50) - 35) < 3
    assert find_lines(ring.astype(np.uint8), False) == []
    mask = np.zeros((100, 100), np.uint8)
    mask[40:60, 10:90] = 1
    assert find_lines(mask, False) == []


def glyph(*strokes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((60, 40), np.uint8)
    for left, top, right, bottom in strokes:
        mask[top:bottom, left:right] = 1
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        glyph((18, 0, 22, 60)),  # 1
        glyph((18, 5, 22, 55), (8, 51, 32, 55), (12, 5, 22, 9)),  # 1 with a foot
        glyph((0, 0, 40, 4), (30, 4, 34, 60)),  # 7
        glyph((8, 8, 32, 12), (26, 12, 30, 54), (16, 30, 38, 34)),  # crossed 7
        glyph((25, 0, 29, 60), (4, 8, 8, 38), (4, 34, 40, 38)),  # 4
        glyph((6, 6, 34, 10), (6, 50, 34, 54), (6, 6, 10, 54), (30, 6, 34, 54)),  # square 0
    ],
    ids=["1", "footed 1", "7", "crossed 7", "4", "0"],
)
def test_a_digits_own_straight_strokes_stay(mask: np.ndarray) -> None:
    assert erase_field(mask, mask.astype(np.float32)) is None


def test_light_on_dark_is_the_same() -> None:
    framed = with_walls(digit_on(64, 5, 3), SIDES, 2, 1)
    one, other = frame_picture(255 - framed), frame_picture(framed)
    np.testing.assert_array_equal(one.image, other.image)
    assert one.dropped == other.dropped == {"line or frame": 1}


def test_solid_strokes_of_two_tones_are_ink() -> None:
    picture = np.full((32, 32), 255, np.uint8)
    picture[2:20, 8:12] = 0
    picture[20:28, 8:24] = 0
    ground = picture.copy()
    ground[2:20] = 255  # the thin part was closed, the wide one was not
    assert (without_solid_strokes(ground, picture) == 255).all()
    photo = picture.copy()
    photo[:, 24:] = np.linspace(60, 220, 8, dtype=np.uint8)
    assert without_solid_strokes(ground, photo) is ground
    frame = np.zeros((32, 32), np.uint8)
    frame[4:28, 4:28] = 255  # ground, not ink: it takes the border
    ground = frame.copy()
    ground[0] = 255
    assert without_solid_strokes(ground, frame) is ground


def comb(heights: tuple[int, int]) -> np.ndarray:
    """A digit that leans on a tooth of a comb, whose base goes on beyond both teeth."""
    mask = np.zeros((100, 100), np.uint8)
    mask[80:84] = 1
    for at, height in zip((20, 76), heights, strict=True):
        mask[84 - height : 84, at : at + 4] = 1
    mask[30:70, 45:49] = mask[30:34, 24:49] = 1
    return mask


@pytest.mark.parametrize(
    ("heights", "gone"), [((50, 50), True), ((50, 58), True), ((50, 30), False)]
)
def test_teeth_of_a_comb_are_alike(heights: tuple[int, int], gone: bool) -> None:
    cleared = erase_field(comb(heights), comb(heights).astype(np.float32))
    assert cleared is not None
    assert cleared[34:78, 45:49].any()
    assert (not cleared[50:78, 20:24].any()) == gone
