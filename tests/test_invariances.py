"""Invariances: what changes in a picture and must not change its label, on small samples.

The whole measurement is benchmarks/invariances.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitnet.data.idx import load_idx_folder
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.model import Model
from support.drawn import Digit, Picture, as_file, linear_shadow, painted, photo, turned_by_exif

Change = Callable[[Digit, np.random.Generator], "Picture | bytes"]

digit_numbers = st.integers(0, 19)
lengths = st.integers(0, 150)
few = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def on_paper(digit: Digit) -> Picture:
    return photo(digit.cover((120, 100), 70), np.random.default_rng(1))


def border_colour(picture: Picture) -> list[int]:
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return [int(value) for value in np.atleast_1d(np.median(edges, axis=0))]


def padded(picture: Picture, top: int, bottom: int, left: int, right: int) -> Picture:
    """More background around a picture, of the colour of its border."""
    colour = border_colour(picture)
    sides = (top, bottom, left, right)
    return np.asarray(
        cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=colour), np.uint8
    )


@few
@given(number=digit_numbers)
def test_inversion(trained: Model, clear: list[Digit], number: int) -> None:
    """A picture and its negative have one frame, so they have one label."""
    picture = on_paper(clear[number])
    one, other = frame_picture(picture), frame_picture(255 - picture)
    np.testing.assert_array_equal(one.image, other.image)
    assert one.polarity != other.polarity
    assert trained.answer(one).label == trained.answer(other).label == clear[number].label


@few
@given(number=digit_numbers, sides=st.tuples(lengths, lengths, lengths, lengths))
def test_padding_with_background(
    trained: Model, clear: list[Digit], number: int, sides: tuple[int, int, int, int]
) -> None:
    picture = padded(painted(clear[number].cover((120, 100), 70)), *sides)
    assert trained.predict(picture).label == clear[number].label


@few
@given(number=digit_numbers, orientation=st.integers(1, 8), kind=st.sampled_from(["PNG", "TIFF"]))
def test_any_exif_turn(clear: list[Digit], number: int, orientation: int, kind: str) -> None:
    """The opened pixels are the same, so everything after them is."""
    picture = on_paper(clear[number])
    opened = open_picture(turned_by_exif(picture, orientation, kind))
    np.testing.assert_array_equal(opened, picture)


def scaled(times: float) -> Change:
    """Drawn larger or smaller; at 1 the digit is 40 pixels high."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        return painted(digit.cover((round(60 * times), round(60 * times)), 40 * times))

    return draw


def shifted(digit: Digit, rng: np.random.Generator) -> Picture:
    x, y = rng.uniform(0.2, 0.8, 2)
    return photo(digit.cover((260, 260), 80, (x, y)), rng)


def tinted(digit: Digit, rng: np.random.Generator) -> Picture:
    return np.rint(on_paper(digit) * rng.uniform(0.6, 1.0, 3)).astype(np.uint8)


def in_shadow(digit: Digit, rng: np.random.Generator) -> Picture:
    return linear_shadow(on_paper(digit), rng.uniform(0, 360), 0.5)


def penned(times: float) -> Change:
    """Written by a thicker or a thinner pen than the digit was."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        mean = float(np.mean(np.concatenate([stroke.radii for stroke in digit.strokes])))
        return painted(digit.with_pen(2 * mean * times).cover((120, 120), 80))

    return draw


def compressed(digit: Digit, rng: np.random.Generator) -> bytes:
    return as_file(on_paper(digit), "JPEG", quality=30)


def noisy(digit: Digit, rng: np.random.Generator) -> Picture:
    picture = on_paper(digit)
    return (picture + rng.normal(0, 0.05 * 255, picture.shape)).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    **{f"scale {times:g}": scaled(times) for times in (0.25, 0.5, 1, 4, 20)},
    "shift": shifted,
    "paper tint": tinted,
    "shadow 50 %": in_shadow,
    "stroke -20 %": penned(0.8),
    "stroke +20 %": penned(1.2),
    "JPEG quality 30": compressed,
    "noise 5 %": noisy,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_leaves_the_label(trained: Model, clear: list[Digit], change: str) -> None:
    """At most one of twenty digits may be read otherwise, and at most every tenth at 10 pixels."""
    rng = np.random.default_rng(3)
    chosen = clear[::4] if change == "scale 20" else clear  # 1,200 x 1,200 pixels
    wrong = [
        digit.label
        for digit in chosen
        if trained.predict(CHANGES[change](digit, rng)).label != digit.label
    ]
    assert len(wrong) <= (2 if change == "scale 0.25" else 1), wrong


def of_mnist(times: float) -> Callable[[Picture], Picture]:
    way = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    return lambda image: np.asarray(cv2.resize(image, None, fx=times, fy=times, interpolation=way))


MNIST_CHANGES: dict[str, tuple[Callable[[Picture], Picture], float]] = {
    "inversion": (lambda image: 255 - image, 1.0),
    "padding": (lambda image: padded(image, 13, 4, 22, 9), 1.0),
    "scale 0.5": (of_mnist(0.5), 0.9),
    "scale 3": (of_mnist(3), 0.95),
    "scale 20": (of_mnist(20), 0.9),
    "shadow": (lambda image: 255 - linear_shadow(255 - image, 30, 0.5), 0.95),
}


@pytest.mark.parametrize("change", MNIST_CHANGES)
def test_a_change_of_mnist_leaves_the_label(
    trained: Model, mnist_folder: Path, change: str
) -> None:
    """Real digits by strange hands, right or wrong: the likeliest class stays the same."""
    changed, least = MNIST_CHANGES[change]
    images = load_idx_folder(mnist_folder).images[-20 if change == "scale 20" else -60 :]

    def likeliest(pictures: list[Picture]) -> np.ndarray:
        frames = np.stack([frame_picture(picture).image for picture in pictures])
        return trained.probabilities(frames).argmax(axis=1)

    before, after = likeliest(list(images)), likeliest([changed(image) for image in images])
    assert np.mean(before == after) >= least


def test_real_pictures_keep_their_label(trained: Model, pictures_folder: Path) -> None:
    """Every twelfth of the shared pictures, its negative, and it with more background around."""
    paths = sorted(path for path in pictures_folder.glob("*/*") if path.is_file())[::12]
    pictures = [open_picture(path) for path in paths]

    def likeliest(changed: list[Picture]) -> np.ndarray:
        frames = np.stack([frame_picture(picture).image for picture in changed])
        return trained.probabilities(frames).argmax(axis=1)

    before = likeliest(pictures)
    np.testing.assert_array_equal(likeliest([255 - picture for picture in pictures]), before)
    wide = [padded(picture, *[max(picture.shape) // 4] * 4) for picture in pictures]
    assert np.mean(likeliest(wide) == before) >= 0.9
