"""The page's framing: a worked example, and beside Python's own way from picture to frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.export.page_format import FRAME
from digitnet.handwriting.raster import Stroke, render
from digitnet.imaging.framing import frame_picture
from support.drawn import written
from support.page import run_module


def framed_ink(ink: NDArray[np.floating[Any]], folder: Path) -> NDArray[np.uint8] | None:
    """The page's frame of ink, (h, w) in 0..1; None where there is none."""
    script = """
import { frameOfInk } from "./network/framing.js";
const ink = Float32Array.from(given.ink);
const frame = frameOfInk(ink, given.width, given.height, given.numbers);
console.log(JSON.stringify(frame && [...frame]));
"""
    height, width = ink.shape
    frame = run_module(
        folder, script, ink=ink.ravel().tolist(), width=width, height=height, numbers=FRAME
    )
    return None if frame is None else np.array(frame, np.uint8).reshape(28, 28)


def framed_strokes(
    drawings: list[list[Stroke]], folder: Path, framing: str = "mnist"
) -> list[NDArray[np.uint8] | None]:
    """The page's frames of drawings."""
    script = """
import { frameOf } from "./network/framing.js";
const { drawings, framing, numbers } = given;
const frames = drawings.map((strokes) => frameOf(strokes, framing, numbers));
console.log(JSON.stringify(frames.map((frame) => frame && [...frame])));
"""
    plain = [
        [
            [{"x": x, "y": y, "r": r} for (x, y), r in zip(each.points, each.radii, strict=True)]
            for each in strokes
        ]
        for strokes in drawings
    ]
    frames = run_module(folder, script, drawings=plain, framing=framing, numbers=FRAME)
    return [None if f is None else np.array(f, np.uint8).reshape(28, 28) for f in frames]


BY = (-1, 0, 1)


def test_a_worked_example(tmp_path: Path) -> None:
    """60 x 30 pixels of ink, the lower half grey, become 20 x 10; the weight decides the place.

    Rows 0 to 9 weigh 10 each, rows 10 to 19 half: the centre of mass is at (10 x 5 + 5 x 15) / 15
    = 8.33 from the top and 5 from the left, so the box begins at ceil(14 - 8.33) = 6 and 9.
    """
    ink = np.zeros((90, 70))
    ink[12:42, 21:51] = 1.0
    ink[42:72, 21:51] = 0.5
    expected = np.zeros((28, 28), np.uint8)
    expected[6:16, 9:19] = 255
    expected[16:26, 9:19] = 128
    frame = framed_ink(ink, tmp_path)
    np.testing.assert_array_equal(frame, expected)


def test_areas_are_averaged(tmp_path: Path) -> None:
    """30 pixels to 20: every other pixel is half of one and all of another, a third and two."""
    ink = np.zeros((30, 30))
    ink[:, 0] = ink[:, 29] = 1.0
    frame = framed_ink(ink, tmp_path)
    assert frame is not None
    row = frame[10]
    left = int(np.flatnonzero(row)[0])
    assert row[left : left + 20].tolist() == [170, *[0] * 18, 170]  # 1 of 1.5 pixels


def test_a_small_drawing_grows_and_nothing_is_nothing(tmp_path: Path) -> None:
    assert framed_ink(np.zeros((9, 9)), tmp_path) is None
    grown = framed_ink(np.pad(np.ones((4, 2)), 3), tmp_path)
    assert grown is not None
    assert (grown == 255).sum() == 200
    assert framed_strokes([[]], tmp_path) == [None]


@pytest.mark.parametrize("pen", [0.05, 0.11, 0.2])
def test_it_is_pythons_frame_of_the_same_strokes(
    pen: float, rng: np.random.Generator, tmp_path: Path
) -> None:
    """Python finds the ink in a picture, the page has the strokes: the frames look alike.

    Where the centre of mass is near a pixel's edge they may be a pixel apart.
    """
    digits = [written(label, rng).with_pen(pen) for label in range(10)]
    pictures = [255 - np.pad(d.cover((200, 220), 160), 30) for d in digits]
    frames = framed_strokes([list(d.strokes) for d in digits], tmp_path)
    n_in_place = 0
    for picture, frame in zip(pictures, frames, strict=True):
        assert frame is not None
        ours = frame_picture(picture).image.astype(int)
        shifted = [np.roll(frame.astype(int), (y, x), (0, 1)) for y in BY for x in BY]
        differences = [float(np.abs(one - ours).mean()) for one in shifted]
        assert min(differences) < 8, (frame, ours)
        n_in_place += differences[4] == min(differences)
        ink = frame > 127
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
    assert n_in_place >= 7


def test_place_and_size_do_not_matter(rng: np.random.Generator, tmp_path: Path) -> None:
    strokes = written(4, rng).strokes
    moved = [stroke.placed(0.3, 0.5, 0.1) for stroke in strokes]
    one, other = framed_strokes([list(strokes), moved], tmp_path)
    assert one is not None
    assert other is not None
    assert np.abs(one.astype(int) - other).max() <= 1


def test_a_pen_of_mnists_width_is_left_as_it_is(tmp_path: Path) -> None:
    """An upright line 1 high with its pen: 3 pixels wide at a height of 20."""
    line = Stroke(np.array([[0.0, 0.0], [0.0, 0.85]]), np.full(2, 0.075))
    thin = Stroke(line.points, np.full(2, 0.01))
    thick = Stroke(line.points, np.full(2, 0.2))
    frame, thickened, thinned = framed_strokes([[line], [thin], [thick]], tmp_path)
    assert frame is not None
    assert frame[14].sum() == pytest.approx(3 * 255, rel=0.03)
    assert thickened is not None
    assert thickened[14].sum() == pytest.approx(2.3 * 255, rel=0.03)
    assert thinned is not None
    assert thinned[14].sum() == pytest.approx(4.2 * 255, rel=0.03)


def test_a_dot_is_no_drawing(tmp_path: Path) -> None:
    dot = Stroke(np.array([[0.5, 0.5]]), np.array([0.03]))
    smudge = Stroke(np.array([[0.5, 0.5], [0.52, 0.5]]), np.array([0.03, 0.03]))
    assert framed_strokes([[dot], [smudge]], tmp_path) == [None, None]


def test_a_model_for_stretched_pictures_gets_the_whole_pad(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    strokes = [stroke.placed(0.4, 0.5, 0.5) for stroke in written(3, rng).strokes]
    (frame,) = framed_strokes([strokes], tmp_path, framing="stretch")
    large = render([stroke.placed(224, 0, 0) for stroke in strokes], 224, 224)
    ours = large.reshape(28, 8, 28, 8).mean(axis=(1, 3))
    assert frame is not None
    assert np.abs(frame - ours).max() < 12
    assert frame[:14].sum() == 0


def test_the_frame_is_as_large_as_the_model_says(tmp_path: Path) -> None:
    """A square of ink in a frame of 40 with a box of 30: 30 x 30, from pixel 5 on."""
    script = """
import { frameOfInk } from "./network/framing.js";
const ink = new Float32Array(60 * 60).fill(1);
console.log(JSON.stringify([...frameOfInk(ink, 60, 60, given.numbers)]));
"""
    numbers = FRAME | {"side": 40, "box": 30}
    frame = np.reshape(run_module(tmp_path, script, numbers=numbers), (40, 40))
    rows, columns = np.nonzero(frame)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 34, 5, 34)
    assert (frame[5:35, 5:35] == 255).all()
