"""The device's framing: what it finds, what it leaves out, and its constants by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitnet.data.synthetic import synthesize
from digitnet.errors import PictureError
from digitnet.imaging import device_frame as device
from digitnet.imaging.device_frame import area_mean, device_frame, is_dark, otsu
from digitnet.models.folder import load_model
from digitnet.models.model import classify


def framed(picture: np.ndarray) -> np.ndarray:
    frame = device_frame(picture.astype(np.uint8))
    assert frame is not None
    return frame


def on_paper(digit: np.ndarray, side: int = 200, at: tuple[int, int] = (60, 50)) -> np.ndarray:
    """A digit (28, 28) three times as large on paper whose light falls off, dark on light."""
    y, x = np.mgrid[:side, :side]
    light = 230 - 0.3 * x - 0.1 * y
    ink = np.zeros((side, side))
    ink[at[0] : at[0] + 84, at[1] : at[1] + 84] = np.kron(digit, np.ones((3, 3))) / 255
    return (light * (1 - 0.8 * ink)).astype(np.uint8)


def test_mnists_own_digits_keep_their_size_and_are_read_as_before() -> None:
    digits = synthesize(60, np.random.default_rng(1)).images
    frames = np.stack([framed(digit) for digit in digits])
    for frame in frames:
        assert max(np.ptp(np.nonzero(frame)[axis]) for axis in (0, 1)) in (18, 19)
    network = load_model("cnn").network
    before, after = (classify(network, images).argmax(axis=1) for images in (digits, frames))
    assert (before == after).mean() >= 0.95


def test_pictures_of_drawn_digits_are_read() -> None:
    digits = synthesize(100, np.random.default_rng(2))
    model = load_model("cnn")
    frames = np.stack([framed(on_paper(digit)) for digit in digits.images])
    labels = classify(model.network, frames).argmax(axis=1)
    assert (labels == digits.labels).mean() >= 0.95


def test_a_negative_is_framed_alike_where_the_light_is_even() -> None:
    picture = np.full((60, 60), 255, np.uint8)
    picture[15:45, 20:24] = picture[15:19, 20:40] = 0
    assert np.array_equal(framed(picture), framed(255 - picture))


def test_the_frame_is_of_mnists_size_and_its_mass_in_the_middle() -> None:
    picture = np.full((90, 120), 200, np.uint8)
    picture[20:70, 30:38] = 20
    picture[62:70, 30:60] = 20  # an L
    frame = framed(picture)
    rows, columns = np.nonzero(frame.any(axis=1))[0], np.nonzero(frame.any(axis=0))[0]
    assert rows[-1] - rows[0] + 1 == 20
    assert 11 <= columns[-1] - columns[0] + 1 <= 13
    y, x = (np.arange(28) + 0.5) @ frame.sum(axis=1), (np.arange(28) + 0.5) @ frame.sum(axis=0)
    assert 14 <= y / frame.sum() < 15
    assert 14 <= x / frame.sum() < 15


@pytest.mark.parametrize("value", [0, 7, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (5, 300), (100, 100)])
def test_an_even_picture_is_blank(shape: tuple[int, int], value: int) -> None:
    assert device_frame(np.full(shape, value, np.uint8)) is None


def test_what_is_fainter_than_the_least_level_is_blank() -> None:
    """Contrast is the share of 255 that is missing: 23 are too little, 24 enough."""
    picture = np.full((40, 40), 255, np.uint8)
    picture[10:30, 18:22] = 255 - device.LEAST_LEVEL + 1
    assert device_frame(picture) is None
    picture[10:30, 18:22] = 255 - device.LEAST_LEVEL
    assert device_frame(picture) is not None


def test_parts_beside_the_digit_join_and_strangers_do_not() -> None:
    picture = np.full((48, 48), 255, np.uint8)
    picture[14:34, 14:18] = 0
    alone = framed(picture)
    dust, far, edge, part, another = (picture.copy() for _ in range(5))
    dust[20, 22] = 0  # 1 of 80 pixels: less than a fiftieth
    far[20:24, 26:30] = 0  # 8 away, and three tenths of 20 are 6
    edge[44:48, 14:18] = 0
    another[14:34, 22:26] = 0  # whole, and 4 of 20 beside it
    for stranger in (dust, far, edge, another):
        assert np.array_equal(framed(stranger), alone)
    part[20:24, 22:26] = 0
    assert not np.array_equal(framed(part), alone)


def test_a_frame_around_the_digit_is_taken_away() -> None:
    picture = np.full((48, 48), 220, np.uint8)
    picture[12:36, 20:25] = 30
    inside = framed(picture)
    for frame in ((slice(0, 3), slice(0, 48)), (slice(0, 48), slice(45, 48))):
        boxed = picture.copy()
        boxed[frame] = 30
        assert np.array_equal(framed(boxed), inside)


def test_thin_strokes_are_made_wider() -> None:
    picture = np.full((120, 120), 255, np.uint8)
    picture[10:110, 59:61] = 0  # 0.4 of a frame's pixel
    columns = np.count_nonzero(framed(picture).any(axis=0))
    assert columns in (2, 3)


def test_colours_are_brought_to_grey() -> None:
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[10:30, 18:22] = [200, 0, 0]
    grey = np.full((40, 40), 255, np.uint8)
    grey[10:30, 18:22] = (77 * 200 + 128) >> 8
    assert np.array_equal(framed(picture), framed(grey))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 65536), (65536, 1)])
def test_sides_that_no_device_takes_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="65,535"):
        device_frame(np.zeros(shape, np.uint8))


def test_the_longest_sides_are_taken() -> None:
    picture = np.full((2, 65535), 255, np.uint8)
    picture[:, 20000:40000] = 0
    device_frame(picture)


def test_otsu_by_hand() -> None:
    contrast = np.array([[0, 0, 0, 1, 100, 103, 100, 0]])
    assert otsu(contrast) == 3  # tones 0 and 25: the first cut between them
    assert otsu(np.full((3, 3), 9)) == 255


def test_polarity_by_the_median() -> None:
    work = np.full((8, 8), 200, np.uint8)
    work[3:5, 3:5] = 0
    assert is_dark(work)
    assert not is_dark(255 - work)
    assert is_dark(np.full((4, 4), 9, np.uint8))  # of equals dark


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 48), st.integers(1, 48),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_area_means_are_those_of_fractions(
    rows: int, columns: int, height: int, width: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)

    def shares(n: int, of: int) -> np.ndarray:
        first, last = np.arange(n)[:, None] * of / n, (np.arange(n)[:, None] + 1) * of / n
        pixels = np.arange(of)
        covered = np.minimum(last, pixels + 1) - np.maximum(first, pixels)
        return covered.clip(0) * n / of

    exact = shares(height, rows) @ picture @ shares(width, columns).T
    assert np.abs(area_mean(picture, height, width) - exact).max() < 0.51
    assert np.array_equal(area_mean(picture, rows, columns), picture)
