"""A line's frame: where the digits come to lie, how wide the line becomes."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.imaging.line_frame import BODY, LINE_HEIGHT, normalise_line


@pytest.mark.parametrize("height", [8, 11, 22, 44, 90, 300])
def test_the_body_becomes_as_high_as_it_should_and_lies_in_the_middle(height: int) -> None:
    ink = np.zeros((3 * height, 4 * height), np.uint8)
    ink[height : 2 * height, height : 2 * height] = 255
    line = normalise_line(ink, height, 2 * height)
    assert line.shape == (LINE_HEIGHT, 4 * BODY)
    assert line.dtype == np.uint8
    share = line.astype(float) / 255
    assert share.sum() == pytest.approx(BODY * BODY, rel=0.03)
    rows, columns = np.arange(LINE_HEIGHT) + 0.5, np.arange(4 * BODY) + 0.5
    assert share.sum(axis=1) @ rows / share.sum() == pytest.approx(LINE_HEIGHT / 2, abs=0.1)
    assert share.sum(axis=0) @ columns / share.sum() == pytest.approx(1.5 * BODY, abs=0.1)
    assert line[0].max() == line[-1].max() == 0


def test_a_stretched_line_is_wider_and_what_is_cut_off_is_background() -> None:
    ink = np.full((22, 50), 255, np.uint8)
    assert normalise_line(ink, 0, 22, stretch=1.3).shape == (LINE_HEIGHT, 65)
    line = normalise_line(ink, 0, 22)
    assert line[:4].max() == line[-4:].max() == 0
    np.testing.assert_array_equal(line[6:-6], 255)
    assert normalise_line(ink[:, :1], 0, 22 * 40).shape == (LINE_HEIGHT, 1)


def test_thin_strokes_keep_their_ink_when_they_shrink() -> None:
    ink = np.zeros((220, 400), np.uint8)
    ink[:, 100:103] = 255
    assert normalise_line(ink, 0, 220)[10:20].sum(axis=1).mean() == pytest.approx(76, rel=0.1)


@pytest.mark.parametrize(("top", "bottom", "width"), [(5, 5, 9), (6, 5, 9), (0, float("nan"), 9),
                                                      (0, 5, 0)])  # fmt: skip
def test_a_line_needs_a_height_and_ink(top: float, bottom: float, width: int) -> None:
    with pytest.raises(SettingsError, match="height"):
        normalise_line(np.zeros((9, width), np.uint8), top, bottom)
