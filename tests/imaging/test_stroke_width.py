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


def two() -> np.ndarray:
    """Grey and full ink, 13 x 9: a foot, a stem of two pixels, a hook."""
    ink = np.zeros((13, 9), np.float32)
    ink[1:12, 4:6] = ink[11:13, 1:9] = 1
    ink[2:4, 2:6] = 0.8
    ink[0, 5] = 0.4
    return ink


def test_a_drawing_in_the_box_to_a_hundredth() -> None:
    """How much ink each row and each column holds, in pixels; lying it is the same, turned."""
    box = into_box(two())
    rows = [0.624, 1.917, 3.387, 4.746, 5.362, 4.931, 3.607, 3.067, 3.082, 3.084]
    rows += [3.084, 3.084, 3.084, 3.084, 3.077, 2.97, 5.031, 11.037, 12.372, 12.335]
    columns = [0.05, 1.506, 3.427, 5.143, 5.763, 6.86, 14.504]
    columns += [18.362, 17.387, 8.105, 3.02, 3.068, 3.078, 2.693]
    np.testing.assert_allclose(box.sum(axis=1), rows, atol=0.01)
    np.testing.assert_allclose(box.sum(axis=0), columns, atol=0.01)
    np.testing.assert_allclose(into_box(np.ascontiguousarray(two().T)), box.T, atol=1e-3)


def test_bold_strokes_in_the_box_to_a_hundredth() -> None:
    bold = into_box(np.kron(two(), np.ones((3, 6), np.float32))[:, :48])
    rows = [0.979, 4.019, 6.593, 8.046, 7.977, 5.141, 5, 5, 5, 5, 5, 5, 5, 8.111, 17.503, 17.5]
    columns = [0, 0, 1.26, 2.5, 2.596, 4.498, 4.541, 4.541, 4.541, 4.984]
    columns += [14.039, 14.49, 14.738, 14.975, 14.47, 3.073, 2.5, 2.5, 2.5, 2.5]
    np.testing.assert_allclose(bold.sum(axis=1), [*rows, 4.375], atol=0.01)
    np.testing.assert_allclose(bold.sum(axis=0), columns, atol=0.01)


def test_redrawn_to_the_pixel() -> None:
    fine = resized(two(), 160 / 13)
    assert outline(fine).sum() == 6017
    redrawn = with_width(fine, stroke_width(outline(fine)) / FINE, 3.0)
    assert redrawn.shape == (160, 104)
    assert redrawn.sum() == pytest.approx(5921, abs=1)
