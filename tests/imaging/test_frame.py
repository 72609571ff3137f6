"""Frame: MNIST's side, box and centre, with numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.frame import BOX, SIDE, centre, place


def test_the_frame_is_mnists() -> None:
    assert (SIDE, BOX) == (28, 20)
    assert centre(np.ones((20, 20), np.float32)).shape == (28, 28)


@pytest.mark.parametrize(
    ("middle", "first"),
    [
        (10.0, 4),  # 14 - 10
        (9.99, 5),  # 4.01, up
        (10.01, 4),
        (9.5, 5),
        (5.9, 8),  # 8.1 would be 9, where 20 pixels leave the frame
        (14.5, 0),
        (13.99, 1),
    ],
)
def test_the_centre_of_mass_goes_to_the_middle_or_up_to_a_pixel_beyond(
    middle: float, first: int
) -> None:
    assert place(np.array(middle), 20) == first
    assert first in (0, 8) or 14.0 <= middle + first < 15.0


def test_rounding_errors_do_not_move_the_ink_by_a_pixel() -> None:
    assert place(np.array(10.0 - 5e-7), 20) == 4
    assert place(np.array(10.0 - 5e-6), 20) == 5


def test_ink_is_placed_by_its_mass_and_keeps_its_grey() -> None:
    ink = np.zeros((20, 10), np.float32)
    ink[:, :3] = 1
    frame = centre(ink)
    assert frame.sum() == 60 * 255
    assert np.nonzero(frame.any(axis=0))[0].tolist() == [13, 14, 15]
    assert np.nonzero(frame.any(axis=1))[0].tolist() == list(range(4, 24))
    grey = centre(np.full((20, 20), 0.25, np.float32))
    assert grey[4:24, 4:24].min() == grey.max() == 64  # 63.75


def test_a_corner_heavy_digit_is_moved_as_far_as_it_fits() -> None:
    ink = np.zeros((20, 20), np.float32)
    ink[0, 0] = 1
    ink[19, 19] = 0.001
    assert centre(ink)[8, 8] == 255
    assert centre(ink[::-1, ::-1])[19, 19] == 255
    assert not centre(np.zeros((20, 20), np.float32)).any()
