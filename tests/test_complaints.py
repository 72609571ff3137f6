"""Complaints: what people report of digit readers again and again, each drawn and read rightly.

The pictures are drawn by our own strokes on made paper, from digits that the small network of
these tests reads with ease when they are clean: what fails here is the way into the frame.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from digitnet.data.sources import open_source
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.lines import line_model_beside
from digitnet.models.model import Model
from digitnet.reading.page import read_page
from support.drawn import (
    BLACK,
    WHITE,
    Digit,
    Picture,
    as_file,
    in_a_window,
    letter,
    on_a_table,
    painted,
    photo,
    side_by_side,
    turned_by_exif,
)
from support.helpers import digitnet

Draw = Callable[[Digit, np.random.Generator], Any]


def misread(model: Model, digits: Iterable[Digit], draw: Draw) -> list[str]:
    """Draw each digit and read it; what is not read rightly, in words."""
    rng = np.random.default_rng(3)
    wrong = []
    for number, digit in enumerate(digits):
        answer = model.predict(draw(digit, rng))
        if answer.label != digit.label:
            wrong.append(
                f"{number}: a {digit.label} read as {answer.label} ({answer.reason}). "
                f"{answer.frame.sentence}"
            )
    return wrong


def test_a_phone_photo_on_grey_paper(trained: Model, clear: list[Digit]) -> None:
    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.cover((240, 320), rng.uniform(70, 140), tuple(rng.uniform(0.4, 0.6, 2)))
        grey = (0.55, 0.55, 0.54)
        return photo(cover, rng, paper=grey, shade=0.35, texture=0.03, noise=0.03, blur=1.0)

    assert not misread(trained, clear, draw)


def test_a_digit_small_in_a_big_picture(trained: Model, clear: list[Digit]) -> None:
    """It is 70 pixels high in 1,600 x 1,200, and covers less than 0.1 % of them."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.cover((1200, 1600), 70, tuple(rng.uniform(0.2, 0.8, 2)))
        paper = rng.normal(235, 3, cover.shape).astype(np.uint8)
        return np.minimum(paper, 255 - cover)

    assert not misread(trained, clear[::2], draw)


def test_a_digit_in_a_corner(trained: Model, clear: list[Digit]) -> None:
    corners = [(0.16, 0.2), (0.84, 0.2), (0.16, 0.8), (0.84, 0.8)]

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        return photo(digit.cover((240, 300), 72, corners[rng.integers(4)]), rng)

    assert not misread(trained, clear[1::2], draw)


def test_a_digit_that_touches_the_edge(trained: Model, clear: list[Digit]) -> None:
    height, side = 140, 240

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        x, y = digit.width * height / 2 / side, height / 2 / side
        sides = [(x, 0.5), (1 - x, 0.5), (0.5, y), (0.5, 1 - y)]
        return photo(digit.cover((side, side), height, sides[rng.integers(4)]), rng)

    assert not misread(trained, clear, draw)


def test_dark_on_light_where_light_on_dark_was_expected(trained: Model, clear: list[Digit]) -> None:
    """The network has learnt light ink on a dark ground; both ways give the same frame."""
    for digit in clear:
        cover = digit.cover((200, 200), 120)
        dark, light = painted(cover), painted(cover, WHITE, BLACK)
        answer = trained.predict(dark)
        assert answer.label == digit.label
        assert answer.frame.polarity == "dark on light"
        np.testing.assert_array_equal(answer.frame.image, frame_picture(light).image)


def test_light_on_dark_where_dark_on_light_was_expected(trained: Model, clear: list[Digit]) -> None:
    """White chalk on a blackboard, grey where the light falls on it."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.cover((240, 240), 120)
        board, chalk = (0.12, 0.16, 0.14), (0.85, 0.85, 0.82)
        return photo(cover, rng, paper=board, ink=chalk, shade=0.3)

    assert not misread(trained, clear, draw)
    drawn = draw(clear[0], np.random.default_rng(3))
    assert frame_picture(drawn).polarity == "light on dark"


def test_thin_pencil(trained: Model, clear: list[Digit]) -> None:
    """A grey line of a fortieth of the digit's height."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.with_pen(0.025).cover((400, 400), 200)
        return photo(cover, rng, ink=(0.6, 0.6, 0.62), texture=0.02, blur=0.8)

    assert not misread(trained, clear[::2], draw)


def test_thick_marker(trained: Model, clear: list[Digit]) -> None:
    """More than a fifth of the digit's height: the loops of an 8 are nearly filled."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.with_pen(0.22).cover((240, 240), 160)
        return photo(cover, rng, ink=(0.05, 0.05, 0.06))

    assert not misread(trained, clear[1::2], draw)


def test_coloured_ink(trained: Model, clear: list[Digit]) -> None:
    """Yellow on white is hardly darker than its paper, red on blue hardly at all."""
    inks = [(0.95, 0.8, 0.1), (0.85, 0.15, 0.15), (0.15, 0.35, 0.8), (0.9, 0.45, 0.7)]
    papers = [(0.95, 0.95, 0.95), (0.75, 0.85, 0.95), (0.97, 0.9, 0.6), (0.8, 0.93, 0.8)]

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        k = int(rng.integers(4))
        return photo(digit.cover((240, 240), 140), rng, ink=inks[k], paper=papers[k])

    assert not misread(trained, clear, draw)


def test_a_shadow_across(trained: Model, clear: list[Digit]) -> None:
    """A shadow that takes half of the light, its edge somewhere in the middle."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        return photo(digit.cover((240, 240), 120), rng, shadow=0.5, shade=0.2)

    assert not misread(trained, clear[::2], draw)


@pytest.mark.parametrize("degrees", [-15, -10, 5, 10, 15])
def test_a_tilted_photo(trained: Model, clear: list[Digit], degrees: int) -> None:
    """The page lies askew on a table, whose corners are in the picture."""
    tables = [(92, 70, 52), (30, 30, 30), (160, 120, 80), (200, 180, 150)]

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        page = photo(digit.cover((300, 300), 120), rng)
        return on_a_table(page, degrees, tables[rng.integers(4)])

    assert not misread(trained, clear[::3], draw)


def test_a_tilted_digit_that_fills_the_photo(trained: Model, clear: list[Digit]) -> None:
    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        turned = digit.turned(rng.choice([-15, -8, 8, 15]))
        return photo(turned.cover((240, 240), 190), rng)

    assert not misread(trained, clear[1::2], draw)


@pytest.mark.parametrize("ink", [BLACK, WHITE, (200, 30, 30)])
def test_a_transparent_png(trained: Model, clear: list[Digit], ink: tuple[int, int, int]) -> None:
    """Only the alpha channel tells ink from ground; colours under full transparency say nothing."""

    def draw(digit: Digit, rng: np.random.Generator) -> bytes:
        cover = digit.cover((120, 120), 80)
        hidden = rng.integers(0, 256, 3) if rng.random() < 0.5 else ink
        colours = np.where(cover[..., None] > 0, ink, hidden).astype(np.uint8)
        return as_file(np.dstack([colours, cover]))

    assert not misread(trained, clear, draw)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_phone_picture(trained: Model, clear: list[Digit], orientation: int) -> None:
    """The pixels lie turned, and the EXIF orientation says how."""

    def draw(digit: Digit, rng: np.random.Generator) -> bytes:
        upright = photo(digit.cover((160, 220), 100), rng)
        return turned_by_exif(upright, orientation, "JPEG")

    assert not misread(trained, clear[orientation % 4 :: 4], draw)


def test_a_squashed_aspect(trained: Model, clear: list[Digit]) -> None:
    """1s and 7s in narrow pictures, which a resize to a square would widen."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        height = 150
        width = int(np.ceil(digit.width * height))
        return painted(digit.cover((height + 20, width + 20), height))

    narrow = [digit for digit in clear if digit.label in (1, 7)]
    assert not misread(trained, clear, draw)
    for digit in narrow:
        rows, columns = np.nonzero(frame_picture(draw(digit, np.random.default_rng(0))).image > 99)
        drawn = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert drawn[0] / drawn[1] == pytest.approx(digit.width, abs=0.1)


def test_a_smooth_canvas_drawing_against_a_pixel_one(trained: Model, clear: list[Digit]) -> None:
    """The same strokes, anti-aliased on a canvas of 280 pixels and as 28 x 28 hard squares."""
    for digit in clear:
        smooth = digit.cover((280, 280), 200)
        small = np.where(digit.cover((28, 28), 20) > 127, np.uint8(255), np.uint8(0))
        squares = cv2.resize(small, (280, 280), interpolation=cv2.INTER_NEAREST)
        answers = [trained.predict(picture) for picture in (smooth, small, squares)]
        assert [answer.label for answer in answers] == [digit.label] * 3
        frames = np.array([answer.frame.image.ravel() for answer in answers], float)
        assert np.corrcoef(frames).min() > 0.7


def test_ruled_paper(trained: Model, clear: list[Digit]) -> None:
    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        ruling = {"digit": 60, "ruling": "lines", "ruling_strength": 0.25}
        return photo(digit.cover((260, 260), 120), rng, line_gap=rng.uniform(0.6, 1.2), **ruling)

    assert not misread(trained, clear[::2], draw)


def test_squared_paper(trained: Model, clear: list[Digit]) -> None:
    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        ruling = {"digit": 60, "ruling": "squares", "ruling_strength": 0.25}
        return photo(digit.cover((260, 260), 120), rng, line_gap=rng.uniform(0.9, 1.5), **ruling)

    assert not misread(trained, clear[1::2], draw)


def test_jpeg_at_quality_30(trained: Model, clear: list[Digit]) -> None:
    def draw(digit: Digit, rng: np.random.Generator) -> bytes:
        height = rng.uniform(40, 120)
        size = (int(1.5 * height), int(2 * height))
        return as_file(photo(digit.cover(size, height), rng), "JPEG", quality=30)

    assert not misread(trained, clear, draw)


def test_a_screenshot_with_a_window_border(trained: Model, clear: list[Digit]) -> None:
    """A drawing program's canvas in its window, and the same on a dark theme."""

    def draw(digit: Digit, rng: np.random.Generator) -> Picture:
        cover = digit.cover((220, 220), rng.uniform(80, 150))
        colours = (BLACK, WHITE) if rng.random() < 0.5 else (WHITE, BLACK)
        return in_a_window(painted(cover, *colours))

    assert not misread(trained, clear[1::2], draw)


def test_a_blank_canvas_read_as_a_digit(trained: Model) -> None:
    rng = np.random.default_rng(3)
    nothing = np.zeros((240, 240), np.uint8)
    blank = {
        "white": painted(nothing),
        "black": painted(nothing, BLACK, BLACK),
        "grey": np.full((240, 240), 128, np.uint8),
        "28 x 28": np.zeros((28, 28), np.uint8),
        "two pixels": np.full((2, 2), 200, np.uint8),
        "paper": photo(nothing, rng),
        "rough paper": photo(nothing, rng, texture=0.03, noise=0.03, shade=0.4),
        "a shadow": photo(nothing, rng, shadow=0.5),
        "ruled paper": photo(nothing, rng, ruling="lines", line_gap=0.6),
        "squared paper": photo(nothing, rng, ruling="squares"),
        "an empty window": in_a_window(painted(nothing)),
        "noise": rng.integers(0, 256, (120, 120)).astype(np.uint8),
    }
    answers = {name: trained.predict(picture) for name, picture in blank.items()}
    assert {name: a.label for name, a in answers.items() if a.label is not None} == {}
    for answer in answers.values():
        assert answer.reason is not None
        assert answer.reason.startswith("no digit: ")


def test_a_letter_read_as_a_digit_at_100_percent(trained: Model) -> None:
    """Letters that look like no digit: hardly one is answered, and none with certainty."""
    answers = {
        (font, character): trained.predict(letter(character, font=font))
        for font in ("DejaVuSans.ttf", "DejaVuSerif-Italic.ttf")
        for character in "AEFHKLMNPRTUVWXYefhkmnprtuvwxy"
    }
    certain = {
        name: answer.label
        for name, answer in answers.items()
        if answer.label is not None and answer.probabilities.max() > 0.99
    }
    assert certain == {}
    assert np.mean([answer.label is None for answer in answers.values()]) > 0.5


def pick(digits: Sequence[Digit], text: str, rng: np.random.Generator) -> list[Digit]:
    """A clear digit for each character."""
    return [digits[2 * int(character) + int(rng.integers(2))] for character in text]


@pytest.mark.parametrize("text", ["10", "11"])
def test_two_digits_read_as_one(trained: Model, clear: list[Digit], text: str) -> None:
    """`predict` does not call them one digit, `read` reads both."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        row = side_by_side(pick(clear, text, rng), 90, rng.uniform(0.2, 0.5))
        picture = photo(row, rng)
        assert trained.predict(picture).label is None
        assert read_page(trained, picture).lines == (text,)


@pytest.mark.parametrize("gap", [0.02, 0.0, -0.04])
def test_touching_digits(trained: Model, clear: list[Digit], gap: float) -> None:
    """Pairs by one pen that meet in the camera's blur, in one place, or lie over each other."""
    rng = np.random.default_rng(3)
    line_model = line_model_beside(trained.class_names)
    wrong = []
    for _ in range(50):
        text = "".join(map(str, rng.integers(0, 10, 2)))
        pair = [digit.with_pen(0.09) for digit in pick(clear, text, rng)]
        picture = photo(side_by_side(pair, 90, gap), rng)
        reading = read_page(trained, picture, line_model)
        if reading.lines != (text,):
            wrong.append((text, *reading.lines))
    assert len(wrong) <= 5, wrong


def test_the_same_digit_by_two_entry_points(
    trained: Model, trained_folder: Path, clear: list[Digit], tmp_path: Path
) -> None:
    """Path, bytes, file, Pillow image, array, training folder, predict and evaluate: one frame."""
    rng = np.random.default_rng(3)
    digits = clear[::2]
    folder = tmp_path / "digits"
    folder.mkdir()
    for k, digit in enumerate(digits):
        cover = digit.cover((150, 200), 90)
        data = [
            lambda c: as_file(photo(c, rng)),
            lambda c: as_file(photo(c, rng), "JPEG", quality=80),
            lambda c: turned_by_exif(photo(c, rng), 6, "JPEG"),
            lambda c: as_file(np.dstack([np.zeros_like(c), c])),
            lambda c: as_file(c, "BMP"),
        ][k % 5](cover)
        (folder / f"{digit.label}_{k:02}.img.png").write_bytes(data)
    paths = sorted(folder.iterdir())

    expected = [trained.predict(path) for path in paths]
    for path, answer in zip(paths, expected, strict=True):
        data = path.read_bytes()
        with Image.open(path) as image:
            sources = (str(path), data, io.BytesIO(data), image, open_picture(path))
            answers = [trained.predict(source) for source in sources]
        for other in answers:
            np.testing.assert_array_equal(other.frame.image, answer.frame.image)
            np.testing.assert_array_equal(other.probabilities, answer.probabilities)

    dataset = open_source(folder)
    np.testing.assert_array_equal(dataset.images, [a.frame.image for a in expected])

    model = ("--model", trained_folder)
    done = digitnet("predict", *paths, "--json", *model, cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] for line in lines] == [digit.label for digit in digits]
    told = np.array([line["probabilities"] for line in lines])
    np.testing.assert_allclose(told, [a.probabilities for a in expected], atol=1e-6)

    done = digitnet("evaluate", folder, "--json", *model, cwd=tmp_path)
    figures = json.loads(done.stdout)
    assert figures["n"] == len(digits)
    assert np.trace(figures["confusion"]) == len(digits)
