"""Print painted over, writing left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.imaging.printed import printed_on, without_print


def box() -> np.ndarray:
    """A box of thin dark lines, (60, 200)."""
    blank = np.full((60, 200), 240, np.uint8)
    cv2.rectangle(blank, (10, 8), (189, 51), (90,), 2)
    return blank


def test_print_alone_leaves_paper() -> None:
    clean = without_print(box(), box(), slack=1, ground=19)
    assert clean.min() > 220
    assert (printed_on(box(), 19)[30, 20:180] == 0).all()


def test_print_a_pixel_beside_its_place_goes_too() -> None:
    moved = np.roll(box(), (1, 1), axis=(0, 1))
    assert without_print(moved, box(), slack=2, ground=19).min() > 200


@pytest.mark.parametrize("ink", [90, 30])
def test_a_stroke_across_print_stays_whole(ink: int) -> None:
    written = box()
    cv2.line(written, (100, 20), (100, 58), (ink,), 4)  # through the lower line
    cv2.line(written, (60, 20), (60, 40), (ink,), 4)
    clean = without_print(written, box(), slack=1, ground=19)
    assert (clean[22:57, 99:101] < 170).all()
    assert clean[8:12].min() > 200
    labels, _ = cv2.connectedComponents((clean < 170).astype(np.uint8))
    assert labels == 3  # the ground and the two strokes


def test_a_dark_bit_of_a_line_is_no_stroke() -> None:
    seen = box()
    seen[51:53, 80:100] = 10
    assert without_print(seen, box(), slack=1, ground=19).min() > 200


def test_colours() -> None:
    colour = np.repeat(box()[..., None], 3, axis=2)
    colour[..., 2][box() < 200] = 240  # yellow's opposite: blue print
    clean = without_print(colour, colour, slack=1, ground=19)
    assert clean.shape == colour.shape
    assert clean.min() > 220
