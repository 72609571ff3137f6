"""Stroke width: measured, brought to MNIST's range, and fitted into the box."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.stroke_width import (
    FINE,
    THICKEST,
    THINNEST,
    into_box,
    outline,
    resized,
    shrink,
    stroke_width,
    with_width,
)


def bar(width: int, height: int = 160) -> np.ndarray:
    mask = np.zeros((height + 20, width + 20), np.uint8)
    mask[10:-10, 10:-10] = 1
    return mask


@pytest.mark.parametrize("width", [4, 8, 20])
def test_the_width_of_a_bar_is_measured(width: int) -> None:
    """Distances 1, 2, ... 2, 1 across it: four times their mean is (w / 2 + 1) 2, near its ends
    a little less.
    """
    assert stroke_width(bar(width, 2000)) == pytest.approx(width + 2, rel=0.02)
    assert stroke_width(np.zeros((5, 5), np.uint8)) == 0


def test_mnists_range() -> None:
    assert (THINNEST, THICKEST, FINE) == (2.3, 4.2, 8)


def across(box: np.ndarray) -> float:
    """The ink across the middle of an upright bar, in frame pixels."""
    return float(box[len(box) // 2 - 3 : len(box) // 2 + 3].sum(axis=1).mean())


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (2, 1.875),  # thinner than MNIST's: 2.3 as the measure has it
        (8, 1.875),
        (16, 2.0),
        (24, 3.0),  # in the range: as it is
        (30, 3.75),
        (32, 4.0),
        (40, 4.5),
        (60, 5.125),
    ],
)
def test_strokes_outside_of_the_range_are_redrawn(width: int, expected: float) -> None:
    """A bar 160 pixels high, so eight to a frame pixel."""
    box = into_box(np.ones((160, width), np.float32))
    assert box.shape[0] == 20
    assert across(box) == pytest.approx(expected, abs=0.05)


def test_ink_that_has_its_size_and_thickness_is_left_alone() -> None:
    ink = np.zeros((20, 20), np.float32)
    ink[:, 8:11] = 1
    ink[:, 11] = 0.3
    ink[0] = ink[19] = 1
    ink[2:, 0] = 0.01
    assert into_box(ink) is ink


def test_a_blot_has_no_strokes_to_redraw() -> None:
    blot = np.ones((50, 50), np.float32)
    box = into_box(blot)
    assert box.shape == (20, 20)
    assert box.min() > 0.95


def test_the_longer_side_is_twenty_and_the_aspect_stays() -> None:
    assert into_box(np.ones((100, 25), np.float32)).shape[0] == 20
    assert into_box(np.ones((25, 100), np.float32)).shape[1] == 20
    ring = np.ones((60, 40), np.float32)
    ring[7:-7, 7:-7] = 0
    assert into_box(ring).shape == (20, 14)  # 13.3, rounded up


def test_shrinking_means_over_eight_by_eight() -> None:
    fine = np.zeros((16, 9), np.float32)
    fine[:8, :8] = 1
    fine[8:, 8] = 1
    np.testing.assert_allclose(shrink(fine), [[1, 0], [0, 1 / 8]])


def test_resizing_stays_within_0_and_1() -> None:
    ink = np.zeros((4, 4), np.float32)
    ink[1:3, 1:3] = 1
    large = resized(ink, 5)
    assert large.shape == (20, 20)
    assert large.min() == 0
    assert large.max() == 1
    np.testing.assert_allclose(resized(ink, 0.5), [[0.25, 0.25], [0.25, 0.25]])
    assert resized(ink, 0.01).shape == (1, 1)


def test_the_outline_is_half_as_dark_as_the_stroke_is_there() -> None:
    fine = np.zeros((10, 200), np.float32)
    fine[:, 20:24] = [0.49, 0.51, 1.0, 0.3]
    fine[:, 120:124] = [0.19, 0.21, 0.4, 0.1]  # lighter pressure, far away
    fine[:, 180] = 0.14  # under half of 0.3: nothing
    fine[:, 60] = 0.16
    edge = outline(fine)[5]
    assert edge[20:24].tolist() == [0, 1, 1, 0]
    assert edge[120:124].tolist() == [0, 1, 1, 0]
    assert edge[180] == 0
    assert edge[60] == 1
    near = np.zeros((3, 60), np.float32)
    near[:, 10], near[:, 22], near[:, 23] = 1.0, 0.4, 0.4  # 12 pixels: within a stroke and a half
    assert outline(near)[1, [22, 23]].tolist() == [0, 1]


@pytest.mark.parametrize(("width", "wanted"), [(2.0, 4.0), (6.0, 3.0)])
def test_redrawn_strokes_have_the_width_that_is_wanted(width: float, wanted: float) -> None:
    """A cross of two strokes in a box of 160: its arms become thicker or thinner, its side not."""
    ink = np.zeros((160, 160), np.float32)
    half = int(4 * width)
    ink[80 - half : 80 + half] = ink[:, 80 - half : 80 + half] = 1
    fine = with_width(ink, width, wanted)
    assert max(fine.shape) == 160
    arm = (fine[10:40] > 0.5).sum(axis=1).mean() / FINE
    assert arm == pytest.approx(wanted, abs=0.4)


def test_a_stroke_that_would_vanish_is_only_resized() -> None:
    ink = np.full((30, 30), 0.1, np.float32)  # nowhere ink
    assert with_width(ink, 3.0, 2.3).shape == (160, 160)
