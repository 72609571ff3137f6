"""Ink at MNIST's own size is taken as it is; anything else goes the long way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.data.idx import load_idx_folder
from digitnet.data.synthetic import synthesize
from digitnet.imaging.framing import frame_picture, framing_stages
from digitnet.imaging.mnist_sized import find_mnist_sized


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """(60, 28, 28): drawn digits, framed as MNIST's are."""
    return synthesize(60, np.random.default_rng(4)).images


def padded(frame: np.ndarray, top: int, left: int) -> np.ndarray:
    picture = np.zeros((28 + top + 9, 28 + left + 5), np.uint8)
    picture[top : top + 28, left : left + 28] = frame
    return picture


def test_mnist_comes_back_to_the_bit(mnist_folder: Path) -> None:
    images = load_idx_folder(mnist_folder).images[:2000]
    ready = [image for image in images if find_mnist_sized(image) is not None]
    assert len(ready) > 0.98 * len(images)
    for image in ready:
        np.testing.assert_array_equal(frame_picture(image).image, image)


def test_negatives_colours_and_any_border_make_no_difference(frames: np.ndarray) -> None:
    found = 0
    for frame in frames:
        ready = find_mnist_sized(frame)
        if ready is None:
            continue
        found += 1
        once = frame_picture(frame)
        for picture in (255 - frame, np.repeat(frame[..., None], 3, axis=2), padded(frame, 40, 11)):
            again = frame_picture(picture)
            np.testing.assert_array_equal(again.image, once.image)
            assert again.reason is None
        assert frame_picture(255 - frame).background == "light"
        left, top, right, bottom = frame_picture(padded(frame, 40, 11)).box
        assert max(right - left, bottom - top) == 20
    assert found > 40


def test_the_stages_end_in_the_frame_that_the_network_sees(frames: np.ndarray) -> None:
    ready = [frame for frame in frames if find_mnist_sized(frame) is not None]
    for picture in [*ready[:5], np.kron(ready[0], np.ones((3, 3), np.uint8))]:
        stages = dict(framing_stages(picture))
        np.testing.assert_array_equal(stages["frame"], frame_picture(picture).image)


def test_what_is_not_at_its_size_goes_the_long_way(frames: np.ndarray) -> None:
    frame = next(frame for frame in frames if find_mnist_sized(frame) is not None)
    hard = np.where(frame > 127, 255, 0).astype(np.uint8)
    speck = frame.copy()
    speck[0, 0] = speck[27, 27] = 90
    uneven = np.maximum(frame, 3)
    tinted = np.repeat(frame[..., None], 3, axis=2)
    tinted[..., 2] //= 2
    large = np.kron(frame, np.ones((2, 2), np.uint8))
    for picture in (hard, speck, uneven, tinted, large, np.zeros((28, 28), np.uint8)):
        assert find_mnist_sized(picture) is None


def test_two_small_digits_side_by_side_are_not_one(frames: np.ndarray) -> None:
    import cv2

    small = cv2.resize(frames[0][4:24, 4:24], (8, 12), interpolation=cv2.INTER_AREA)
    picture = np.zeros((30, 40), np.uint8)
    picture[5:17, 5:13] = picture[5:17, 17:25] = small
    assert find_mnist_sized(picture) is None


def stroke(full: int, soft: int, darkest: int = 255, apart: int = 0) -> np.ndarray:
    """A picture with ink of 20 rows: so many full pixels, soft ones beside them, some apart."""
    picture = np.zeros((40, 40), np.uint8)
    rows = np.arange(full) % 20
    picture[10 + rows, 10 + np.arange(full) // 20] = darkest
    picture[10 + np.arange(soft) % 20, 9 - np.arange(soft) // 20] = 100
    picture[10 + np.arange(apart) % 20, 25] = darkest
    return picture


@pytest.mark.parametrize(
    ("picture", "taken"),
    [
        (stroke(60, 20), True),
        (stroke(80, 20), True),  # a fifth is soft
        (stroke(81, 20), False),
        (stroke(60, 40, darkest=200), True),
        (stroke(60, 40, darkest=199), False),
        (stroke(60, 16, apart=4), True),  # all of it soft enough: 16 of 80
        (stroke(40, 24, apart=16), True),  # four fifths hang together
        (stroke(40, 23, apart=16), False),
        (stroke(60, 20)[:29], False),  # 19 rows
    ],
)  # fmt: skip
def test_each_threshold(picture: np.ndarray, taken: bool) -> None:
    assert (find_mnist_sized(picture) is not None) == taken


def test_what_is_found_is_the_ink_and_its_box() -> None:
    found = find_mnist_sized(255 - stroke(60, 20))
    assert found is not None
    assert found.box == (9, 10, 13, 30)
    assert found.light
    np.testing.assert_array_equal(found.ink, stroke(60, 20)[10:30, 9:13])
    dark = find_mnist_sized(stroke(60, 20))
    assert dark is not None
    assert not dark.light
    grey = stroke(60, 20)
    grey[0, 0] = 1
    assert find_mnist_sized(grey) is None
