"""Pixels: sizes and depths of arrays at their limits, and what transparent ink is laid on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from digitnet.errors import PictureError
from digitnet.imaging import pixels
from digitnet.imaging.pixels import check_sides, compose, from_array, from_pillow


def test_the_sides_of_a_picture() -> None:
    check_sides(2, 2, "It", 4)
    check_sides(2, 3, "It", 6)
    for height, width in ((1, 2), (2, 1)):
        with pytest.raises(PictureError) as error:
            check_sides(height, width, "It", 100)
        assert str(error.value) == (
            f"It is {width} x {height} pixels: a digit needs at least 2 on each side."
        )
    with pytest.raises(PictureError) as error:
        check_sides(2, 3000, "It", 5999)
    assert str(error.value) == (
        "It has 3000 x 2 pixels, more than the limit of 5,999: make the picture smaller."
    )


@pytest.mark.parametrize(
    ("dtype", "highest", "white"),
    [
        (float, 0.5, 1), (float, 1.0, 1), (float, 1.01, 255), (float, 255.0, 255),
        (np.uint16, 1, 1), (np.uint16, 2, 255), (np.uint16, 255, 255), (np.uint16, 256, 1023),
        (np.uint16, 1023, 1023), (np.uint16, 1024, 4095), (np.int32, 4095, 4095),
        (np.int32, 4096, 16383), (np.int32, 16383, 16383), (np.int32, 16384, 65535),
        (np.int64, 65535, 65535), (np.int64, 65536, 65536), (np.float32, 1e6, 1e6),
    ],
)  # fmt: skip
def test_the_smallest_depth_that_holds_the_largest_value(
    dtype: type, highest: float, white: float
) -> None:
    array = np.zeros((3, 4), dtype)
    array[1, 2] = highest
    assert from_array(array, 99)[1, 2] == round(255 * highest / white)
    assert from_array(array, 99).sum() == round(255 * highest / white)


def test_numbers_are_rounded_and_small_strips_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = np.linspace(0, 1, 7 * 5 * 3).reshape(7, 5, 3)
    expected = np.rint(array * 255)
    np.testing.assert_array_equal(from_array(array, 99), expected)
    for strip in (1, 30, 31, 10_000):
        monkeypatch.setattr(pixels, "_STRIP", strip)
        np.testing.assert_array_equal(from_array(array, 99), expected)
        image = Image.fromarray(expected.astype(np.uint8)).convert("CMYK")
        np.testing.assert_array_equal(from_pillow(image), expected)
    flags = np.array([[True, False], [False, True]])
    assert from_array(flags, 99).tolist() == [[255, 0], [0, 255]]


def test_an_array_is_copied_and_its_channels_are_told_by_their_number() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert from_array(grey, 12) is not grey
    np.testing.assert_array_equal(from_array(grey[..., None], 12), grey)
    opaque = np.stack([grey, np.full_like(grey, 255)], axis=2)
    np.testing.assert_array_equal(from_array(opaque, 12), grey)
    colour = np.stack([grey, grey + 1, grey + 2], axis=2)
    np.testing.assert_array_equal(from_array(colour, 12), colour)
    alpha = np.concatenate([colour, np.full((3, 4, 1), 255, np.uint8)], axis=2)
    np.testing.assert_array_equal(from_array(alpha, 12), colour)
    for shape in ((12,), (3, 4, 5), (3, 4, 0), (2, 2, 2, 2)):
        with pytest.raises(PictureError, match="is not a picture"):
            from_array(np.zeros(shape, np.uint8), 99)
    with pytest.raises(PictureError, match="the limit of 11"):
        from_array(grey, 11)
    with pytest.raises(PictureError, match="negative"):
        from_array(grey.astype(float) - 0.5, 12)
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(PictureError, match="The array holds NaN or infinite"):
            from_array(np.where(grey > 3, value, 0.5), 12)


def ink(colour: int, alpha: int, n: int, ground: int = 0, ground_alpha: int = 0) -> np.ndarray:
    """(10, 20, 2): n pixels of ink, row by row, on a ground."""
    made = np.full((200, 2), (ground, ground_alpha), np.uint8)
    made[:n] = (colour, alpha)
    return made.reshape(10, 20, 2)


@pytest.mark.parametrize(
    ("picture", "first", "last"),
    [
        (ink(0, 255, 20), 0, 255),  # dark ink on nothing stands on white
        (ink(255, 255, 20), 255, 0),  # light ink on black
        (ink(0, 128, 20), 127, 255),  # 255 x 127 / 255
        (ink(0, 127, 20), 128, 255),
        (ink(100, 51, 20), 224, 255),  # 0.2 x 100 + 0.8 x 255
        (ink(131, 255, 20), 131, 255),  # 131 above black, 124 below white: not over 8 more
        (ink(132, 255, 20), 132, 0),  # 132 against 123: over 8
        (ink(60, 255, 101), 60, 255),  # mostly opaque, but of one grey: ink
    ],
)  # fmt: skip
def test_what_ink_stands_on(picture: np.ndarray, first: int, last: int) -> None:
    composed = compose(picture)
    assert composed.shape == (10, 20)
    assert (composed[0, 0], composed[-1, -1]) == (first, last)


@pytest.mark.parametrize(
    ("opaque", "dark", "ground"),
    [
        (101, 151, 200),  # over half of it: paper of 200
        (100, 151, 0),  # half: ink, of light grey
        (101, 152, 0),  # light and dark are 48 levels apart: no more
        (101, 100, 200),
    ],
)
def test_cut_off_corners_are_filled_with_the_papers_grey(
    opaque: int, dark: int, ground: int
) -> None:
    picture = ink(200, 255, opaque)
    picture.reshape(200, 2)[:8, 0] = dark
    assert compose(picture)[-1, -1] == ground


@pytest.mark.parametrize(("alpha", "ground"), [(128, 200), (127, 0)])
def test_half_opaque_is_opaque(alpha: int, ground: int) -> None:
    picture = ink(200, alpha, 101)
    picture.reshape(200, 2)[:8, 0] = 100
    assert compose(picture)[-1, -1] == ground


@pytest.mark.parametrize(
    ("colour", "ground"),
    [((255, 0, 0), 255), ((0, 255, 0), 0), ((0, 0, 255), 255), ((255, 100, 0), 0)],
)  # their brightness: 76, 150, 29, 135
def test_coloured_ink_stands_on_what_it_is_seen_on_by_its_brightness(
    colour: tuple[int, int, int], ground: int
) -> None:
    picture = np.zeros((10, 20, 4), np.uint8)
    picture[0] = (*colour, 255)
    composed = compose(picture)
    assert composed[0, 0].tolist() == list(colour)
    assert composed[9, 19].tolist() == [ground] * 3


def test_a_colour_is_laid_on_the_papers_colour() -> None:
    picture = np.zeros((10, 20, 4), np.uint8)
    picture[:8] = (200, 180, 90, 255)
    picture[0, :8] = (10, 20, 30, 255)
    picture[9, 19] = (0, 0, 0, 51)
    composed = compose(picture)
    assert composed[9, 0].tolist() == [200, 180, 90]
    assert composed[9, 19].tolist() == [160, 144, 72]
    assert composed[0, 0].tolist() == [10, 20, 30]


def test_composing_in_strips_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (7, 5, 4)).astype(np.uint8)
    whole = compose(picture)
    for strip in (1, 10, 12):
        monkeypatch.setattr(pixels, "_STRIP", strip)
        np.testing.assert_array_equal(compose(picture), whole)


def test_nothing_to_see_and_everything() -> None:
    with pytest.raises(PictureError, match="It is fully transparent"):
        compose(ink(9, 0, 20), "It")
    seen = compose(ink(9, 1, 20))  # as good as nothing, but something
    assert (seen[0, 0], seen[9, 19]) == (254, 255)
    opaque = ink(9, 255, 20, ground=70, ground_alpha=255)
    np.testing.assert_array_equal(compose(opaque), opaque[..., 0])


def test_a_large_picture_is_sampled_unless_the_sample_misses_the_ink() -> None:
    """Of a million pixels every second one each way; ink between them is found all the same."""
    picture = np.zeros((1000, 1000, 2), np.uint8)
    picture[1::2, 1::2] = (255, 255)
    assert compose(picture)[0, 0] == 0
    picture[::2, ::2] = (0, 255)  # the sample sees dark ink alone
    assert compose(picture)[0, 1] == 255


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 77, 77), ("1", 1, 255), ("I", 77, 77), ("F", 0.5, 128), ("LA", (77, 255), 77),
        ("RGB", (10, 20, 30), [10, 20, 30]), ("RGBA", (10, 20, 30, 255), [10, 20, 30]),
        ("LAB", (90, 3, 4), 90),
    ],
)  # fmt: skip
def test_modes(mode: str, colour: object, expected: object) -> None:
    image = Image.new(mode, (4, 3), colour)  # type: ignore[arg-type]
    found = from_pillow(image)
    assert found.shape[:2] == (3, 4)
    assert found[2, 3].tolist() == expected


def test_what_is_hardly_transparent_is_composed_too_and_one_row_is_a_picture() -> None:
    """Black at 254 of 255 over white: 255 (1 - 254 / 255) = 1; the rest is white paper."""
    row = np.full((1, 9, 4), 255, np.uint8)
    row[0, 0] = (0, 0, 0, 254)
    assert compose(row, "x")[0, :2].tolist() == [[1, 1, 1], [255, 255, 255]]
