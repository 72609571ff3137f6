"""What may be asked about: one picture or a batch, told apart by written rules, or refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from digitnet.errors import PictureError
from digitnet.models.inputs import LEAST_OF_255, as_frames, pictures_in


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def assert_one(given: Any, expected: np.ndarray) -> None:
    (picture,), is_batch = pictures_in(given)
    assert not is_batch
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, expected)


def assert_batch(given: Any, expected: Any) -> None:
    pictures, is_batch = pictures_in(given)
    assert is_batch
    assert len(pictures) == len(expected)
    for picture, right in zip(pictures, expected, strict=True):
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, right)


def test_every_kind_of_one_picture_means_the_same(tmp_path: Path) -> None:
    picture = random(28, 28)
    Image.fromarray(picture).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    kinds: list[Any] = [
        tmp_path / "a.png", str(tmp_path / "a.png"), content, io.BytesIO(content),
        Image.fromarray(picture), picture, picture / 255, (picture / 255).astype(np.float32),
        picture.astype(np.int64), picture[..., None], picture.reshape(784), picture.ravel() / 255,
        picture.tolist(), tuple(picture.ravel().tolist()),
    ]  # fmt: skip
    for kind in kinds:
        assert_one(kind, picture)
    kinds[3] = io.BytesIO(content)  # the first has been read to its end
    assert_batch(kinds, [picture] * len(kinds))
    assert_batch(tuple(kinds[:2]), [picture] * 2)
    with (tmp_path / "a.png").open("rb") as file:
        assert_one(file, picture)


@pytest.mark.parametrize("shape", [(28, 28), (784,), (40, 50), (9, 783), (9, 785), (28, 784 * 2)])
def test_one_grey_picture(shape: tuple[int, ...]) -> None:
    array = random(*shape)
    assert_one(array, array.reshape(28, 28) if shape == (784,) else array)


@pytest.mark.parametrize("shape", [(3, 5, 3), (28, 28, 3), (784, 784, 3)])
def test_one_coloured_picture(shape: tuple[int, ...]) -> None:
    assert_one(random(*shape), random(*shape))


def test_one_picture_with_one_two_or_four_channels() -> None:
    grey = random(28, 28)
    assert_one(grey[..., None], grey)
    opaque = np.full_like(grey, 255)
    assert_one(np.stack([grey, opaque], axis=-1), grey)
    assert_one(np.stack([grey, grey, grey, opaque], axis=-1), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize(
    "shape",
    [
        (1, 784), (2, 784), (784, 784),
        (1, 28, 28), (2, 28, 28), (3, 28, 28), (4, 28, 28), (28, 28, 28),
        (1, 30, 40), (2, 30, 40), (5, 30, 40), (6, 7, 5),
    ],
    ids=str,
)  # fmt: skip
def test_a_batch_of_grey_pictures(shape: tuple[int, ...]) -> None:
    array = random(*shape)
    assert_batch(array, array.reshape(-1, 28, 28) if len(shape) == 2 else array)
    assert_batch(array / 255, array.reshape(-1, 28, 28) if len(shape) == 2 else array)


def test_a_batch_of_coloured_pictures() -> None:
    array = random(4, 30, 40, 3)
    assert_batch(array, array)
    assert_batch(array / 255, array)
    assert_batch(array[..., :1], array[..., 0])
    opaque = np.full((4, 30, 40, 1), 255, dtype=np.uint8)
    assert_batch(np.concatenate([array, opaque], axis=-1), array)
    assert_batch(np.concatenate([array[..., :1], opaque], axis=-1) / 255, array[..., 0])


def test_an_empty_batch_is_no_error() -> None:
    for empty in ([], (), np.zeros((0, 28, 28)), np.zeros((0, 784), np.uint8)):
        assert pictures_in(empty) == ([], True)


def test_nested_lists_of_numbers_are_the_array_they_make() -> None:
    array = random(3, 784)
    assert_batch(array.tolist(), array.reshape(3, 28, 28))
    assert_batch(array.reshape(3, 28, 28).tolist(), array.reshape(3, 28, 28))
    assert_batch((array / 255).tolist(), array.reshape(3, 28, 28))
    assert_one([[True, False], [False, True]], np.array([[255, 0], [0, 255]]))
    assert_one([[np.bool_(True), np.bool_(False)]] * 2, np.array([[255, 0], [255, 0]]))


def test_a_batch_array_is_scaled_as_a_whole() -> None:
    """A nearly black picture in a batch up to 255 stays nearly black."""
    array = np.zeros((2, 28, 28))
    array[0, 3, 3], array[1, 3, 3] = 1, 200
    assert_batch(array, array)
    assert_batch(array.astype(np.int32), array)


@pytest.mark.parametrize("shape", [(3, 30, 40), (4, 30, 40), (3, 28, 29), (4, 29, 28)])
def test_channels_first_cannot_be_told_from_a_batch(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match=f"may be {shape[0]} pictures, or one"):
        pictures_in(random(*shape))


@pytest.mark.parametrize(
    "shape", [(), (1,), (783,), (785,), (28, 28, 0), (2, 1, 28, 28), (2, 28, 28, 5), (1,) * 5]
)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError):
        pictures_in(random(*shape))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
@pytest.mark.parametrize("shape", [(28, 28), (2, 28, 28), (784,), (2, 784)])
def test_what_is_no_grey_is_refused(shape: tuple[int, ...], wrong: float) -> None:
    array = np.zeros(shape)
    array.flat[5] = wrong
    with pytest.raises(PictureError, match=r"NaN or infinite|negative"):
        pictures_in(array)


def test_what_is_no_picture_is_refused() -> None:
    for wrong in (3, None, {"a": 1}, [None], [[1, 2], [3]], [["a"]], np.array([["a", "b"]] * 2)):
        with pytest.raises(PictureError):
            pictures_in(wrong)  # type: ignore[arg-type]
    with pytest.raises(PictureError, match="Picture 1 of the batch is a batch itself"):
        pictures_in([random(28, 28), random(2, 28, 28)])
    with pytest.raises(PictureError, match="rows of different lengths"):
        pictures_in([[1, 2], [3]])


@pytest.mark.parametrize("read", [pictures_in, as_frames])
def test_floats_a_little_above_1_are_refused(read: Any) -> None:
    array = np.zeros((2, 28, 28))
    for high in (1.001, 2.0, LEAST_OF_255 - 0.1):
        array[0, 4, 4] = high
        with pytest.raises(PictureError, match=f"floats up to {high:g}"):
            read(array)
    assert LEAST_OF_255 == 16
    for high, byte in ((1.0, 255), (16.0, 16)):
        array[0, 4, 4] = high
        found = read(array)
        assert (found[0] if read is pictures_in else found)[0][4, 4] == byte


@given(arrays(np.uint8, (2, 28, 28)).filter(lambda a: a.max() > 1))
def test_bytes_floats_and_whole_numbers_are_the_same_frames(images: np.ndarray) -> None:
    for same in (images, images / 255, (images / 255).astype(np.float32), images.astype(np.int16)):
        for shape in ((2, 28, 28), (2, 784)):
            found = as_frames(same.reshape(shape))
            assert found.dtype == np.uint8
            np.testing.assert_array_equal(found, images)


def test_frames_of_bytes_are_not_copied() -> None:
    images = random(3, 28, 28)
    assert np.shares_memory(as_frames(images), images)


def test_frames_in_floats_up_to_255_are_rounded() -> None:
    images = np.zeros((1, 28, 28))
    images[0, 0, :3] = 254.6, 0.4, 100.5001
    assert as_frames(images)[0, 0, :3].tolist() == [255, 0, 101]
    images[0, 0, 0] = 255.0
    assert as_frames(images)[0, 0, 0] == 255


def test_bools_are_ink_or_none() -> None:
    images = np.zeros((1, 784), dtype=bool)
    images[0, 2] = True
    assert as_frames(images)[0, 0, :4].tolist() == [0, 0, 255, 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_whole_numbers_up_to_1_are_refused_and_blank_ones_are_not(dtype: type) -> None:
    images = np.zeros((2, 28, 28), dtype=dtype)
    assert not as_frames(images).any()
    images[0, 0, 0] = 2
    assert as_frames(images)[0, 0, 0] == 2
    images[0, 0, 0] = 1
    with pytest.raises(PictureError, match="all ink, or nearly none"):
        as_frames(images)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -0.01, 255.01, 256.0, 65535.0])
def test_numbers_that_no_frame_holds_are_refused(wrong: float) -> None:
    images = np.zeros((2, 28, 28))
    images[1, 5, 5] = wrong
    with pytest.raises(PictureError, match="from 0 to 255, or floats from 0 to 1"):
        as_frames(images)


@pytest.mark.parametrize(
    "shape", [(28, 28), (784,), (), (2, 28, 27), (2, 783), (2, 28, 28, 1), (0,), (2, 27, 28)]
)
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match=r"Frames are \(N, 28, 28\) or \(N, 784\), not"):
        as_frames(random(*shape))


def test_frames_are_numbers_and_may_be_none() -> None:
    with pytest.raises(PictureError, match="numbers, not"):
        as_frames(np.full((1, 784), "a"))
    for dtype in (np.uint8, np.float64, bool):
        assert as_frames(np.zeros((0, 28, 28), dtype)).shape == (0, 28, 28)
    assert as_frames(np.zeros((0, 784))).dtype == np.uint8


@given(st.integers(1, 40), st.integers(1, 40))
def test_any_small_array_is_one_picture_a_batch_or_refused(height: int, width: int) -> None:
    array = random(height, width)
    if min(height, width) >= 2:
        assert_one(array, array)
    else:
        with pytest.raises(PictureError, match="at least 2"):
            pictures_in(array)
