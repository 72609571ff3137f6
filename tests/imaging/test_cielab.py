"""CIELAB: the numbers are OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.imaging.cielab import to_lab


def test_colours_are_those_of_opencv() -> None:
    levels = np.array([*range(0, 256, 5), *range(1, 24), 253, 254], np.uint8)
    every = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    picture = np.ascontiguousarray(every.reshape(len(levels), -1, 3))
    np.testing.assert_array_equal(to_lab(picture), cv2.cvtColor(picture, cv2.COLOR_RGB2LAB))


def test_colours_that_round_either_way_in_single_precision() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (500, 500, 3)).astype(np.uint8)
    np.testing.assert_array_equal(to_lab(picture), cv2.cvtColor(picture, cv2.COLOR_RGB2LAB))


def test_black_white_and_grey() -> None:
    grey = np.array([[[0] * 3, [255] * 3, [119] * 3]], np.uint8)
    assert to_lab(grey).tolist() == [[[0, 128, 128], [255, 128, 128], [128, 128, 128]]]
