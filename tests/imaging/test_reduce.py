"""Reduce: sizes and channels, on small pictures."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.imaging.reduce import drop_grey_channels, enlarge, reduce, reduce_by_whole


def test_a_picture_is_reduced_to_its_longer_side() -> None:
    picture = np.arange(100 * 50 % 256, dtype=np.uint8)
    picture = np.resize(picture, (100, 50))
    assert reduce(picture, 40).shape == (40, 20)
    assert reduce(picture.T, 40).shape == (20, 40)
    assert reduce(picture, 100) is picture
    assert reduce(np.zeros((1000, 3), np.uint8), 10).shape == (10, 1)
    assert reduce(np.array([[0, 100], [100, 200]], np.uint8), 1).tolist() == [[100]]


def test_a_page_is_reduced_by_a_whole_number() -> None:
    picture = np.kron(np.array([[10, 30, 50]], np.uint8), np.ones((3, 3), np.uint8))
    assert reduce_by_whole(picture, 3).tolist() == [[10, 30, 50]]
    assert reduce_by_whole(picture, 4).tolist() == [[10, 30, 50]]  # 9 / 4: by three
    assert reduce_by_whole(picture, 5).shape == (1, 4)  # by two, the ninth column goes
    assert reduce_by_whole(picture, 9) is picture
    assert reduce_by_whole(np.full((1, 100), 7, np.uint8), 10).tolist() == [[7] * 10]


def test_a_small_picture_is_enlarged_by_a_whole_number() -> None:
    assert enlarge(np.zeros((10, 8), np.uint8), 24, 56, 28).shape == (50, 40)
    assert enlarge(np.zeros((23, 8), np.uint8), 24, 56, 28).shape == (46, 16)
    assert enlarge(np.zeros((2, 2, 3), np.uint8), 24, 56, 6).shape == (12, 12, 3)
    picture = np.zeros((24, 8), np.uint8)
    assert enlarge(picture, 24, 56, 28) is picture


@pytest.mark.parametrize("channel", [0, 2])
def test_channels_that_differ_by_six_levels_at_most_are_grey(channel: int) -> None:
    picture = np.full((4, 5, 3), 100, np.uint8)
    picture[2, 2, 1] = 101
    picture[1, 1, channel] = 106
    assert drop_grey_channels(picture).tolist() == picture[..., 1].tolist()
    picture[1, 1, channel] = 107
    assert drop_grey_channels(picture) is picture
    grey = picture[..., 0]
    assert drop_grey_channels(grey) is grey
