"""Combs, single cells and boxes go by their shape; digits and words do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.handwriting.raster import render
from digitnet.imaging.combs import comb_pixels


def comb(
    n: int,
    *,
    wide: int = 50,
    high: int = 30,
    thick: int = 4,
    apart: int = 0,
    degrees: float = 0.0,
    closed: bool = False,
) -> np.ndarray:
    """Cells side by side, open above or closed, in a mask."""
    mask = np.zeros((300, 700), np.uint8)
    for k in range(n):
        x0 = 40 + k * (wide + apart)
        cv2.line(mask, (x0, 160), (x0 + wide, 160), (1,), thick)
        if closed:
            cv2.line(mask, (x0, 160 - high), (x0 + wide, 160 - high), (1,), thick)
        for x in (x0, x0 + wide):
            cv2.line(mask, (x, 160 - high), (x, 160), (1,), thick)
    turn = cv2.getRotationMatrix2D((350, 150), degrees, 1.0)
    return np.asarray(cv2.warpAffine(mask, turn, (700, 300), flags=cv2.INTER_NEAREST), np.uint8)


@pytest.mark.parametrize(
    "mask",
    [
        comb(8),
        comb(1),
        comb(1, wide=30, high=60),
        comb(5, apart=20),
        comb(8, thick=9),
        comb(8, thick=2, high=20),
        comb(8, apart=5, thick=4),
        comb(3, apart=6, thick=4) | np.roll(comb(1, wide=8, high=4), 50, axis=1),
        comb(8, thick=8, degrees=3),
        comb(8, thick=3, degrees=-5, high=40),
        comb(1, closed=True, degrees=3),
        comb(6, closed=True, degrees=-4, thick=6, high=50),
    ],
    ids=[
        "comb",
        "U",
        "high U",
        "Us",
        "thick",
        "thin",
        "one bar for two",
        "two that touch",
        "turned",
        "turned back",
        "a box",
        "boxes",
    ],
)
def test_cells_go(mask: np.ndarray) -> None:
    assert (comb_pixels(mask) == (mask > 0)).all()


def test_a_comb_goes_from_around_digits_that_do_not_touch_it() -> None:
    mask = comb(6)
    digits = np.zeros_like(mask)
    for k in range(6):
        cv2.line(digits, (65 + 50 * k, 100), (65 + 50 * k, 150), (1,), 5)
    assert (comb_pixels(mask | digits) == (mask > 0)).all()


def changed(what: str) -> np.ndarray:
    """A comb that is none by one thing."""
    mask = comb(2)
    if what == "no bar at its end":
        mask[:, 35:70] = 0
    elif what == "a bar that is higher":
        mask[110:130, 88:93] = 1
    elif what == "a bar far through the line":
        mask[160:180, 88:93] = 1
    elif what == "a stroke between the bars":
        cv2.line(mask, (92, 140), (138, 150), (1,), 4)
    elif what == "closed above in part":
        mask[130:134, 38:93] = 1
    elif what == "round":
        mask[:] = 0
        cv2.ellipse(mask, (100, 130), (26, 40), 0, 0, 180, (1,), 5)
    elif what == "bars close together":
        mask = comb(1, wide=14, high=60)
    elif what == "a leaning bar":
        mask[125:157, 88:93] = 0
        cv2.line(mask, (90, 158), (104, 130), (1,), 4)
    elif what == "low bars":
        mask[:155] = 0
    return mask


@pytest.mark.parametrize(
    "what",
    [
        "no bar at its end",
        "a bar that is higher",
        "a bar far through the line",
        "a stroke between the bars",
        "closed above in part",
        "round",
        "bars close together",
        "a leaning bar",
        "low bars",
    ],
)
def test_what_is_no_comb_stays(what: str) -> None:
    assert not comb_pixels(changed(what)).any()


def test_digits_are_no_combs() -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        hand = careful(Hand.sample(rng))
        for digit in range(10):
            strokes = [one.placed(60.0, 20.0, 20.0) for one in draw_digit(digit, rng, hand=hand)]
            mask = (render(strokes, 120, 120) > 100).astype(np.uint8)
            assert mask.any()
            assert not comb_pixels(mask).any()
