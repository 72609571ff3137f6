"""Made lines: their text, their boxes, their size, and what the grade adds."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import SettingsError
from digitnet.handwriting.glyphs import ALPHABET, LineGlyphs
from digitnet.handwriting.lines import Line, draw_lines
from digitnet.imaging.line_frame import BODY, LINE_HEIGHT


@pytest.fixture(scope="module")
def glyphs() -> LineGlyphs:
    drawn = synthesize(300, np.random.default_rng(1))
    frames = [drawn.images[drawn.labels == k] for k in range(10)]
    return LineGlyphs.make(np.random.default_rng(2), frames, n_writers=12)


def lines(glyphs: LineGlyphs, grade: float, n: int = 150, seed: int = 4) -> list[Line]:
    return draw_lines(n, np.random.default_rng(seed), digits=glyphs, grade=grade)


@pytest.mark.parametrize("grade", [0.0, 0.5, 1.0])
def test_a_line_is_as_its_text_says(glyphs: LineGlyphs, grade: float) -> None:
    for line in lines(glyphs, grade):
        height, width = line.image.shape
        assert line.image.dtype == np.uint8
        assert height == LINE_HEIGHT
        assert 4 <= width <= 1400
        assert 1 <= len(line.text) <= 14
        assert not set(line.text) - set(ALPHABET)
        assert line.boxes.shape == (len(line.text), 4)
        left, top, right, bottom = line.boxes.T
        assert (left >= 0).all()
        assert (right <= width).all()
        assert (top >= 0).all()
        assert (bottom <= LINE_HEIGHT).all()
        assert (left < right).all()
        assert (np.diff((left + right) / 2) > 0).all()  # in the text's order
        assert line.image.any()


def test_the_same_seed_gives_the_same_bits(glyphs: LineGlyphs) -> None:
    first, second = lines(glyphs, 1.0), lines(glyphs, 1.0)
    other = lines(glyphs, 1.0, seed=5)
    for one, two in zip(first, second, strict=True):
        assert one.text == two.text
        np.testing.assert_array_equal(one.image, two.image)
        np.testing.assert_array_equal(one.boxes, two.boxes)
    assert [line.text for line in first] != [line.text for line in other]


def test_every_character_comes(glyphs: LineGlyphs) -> None:
    text = "".join(line.text for line in lines(glyphs, 0.5, 600))
    assert set(text) == set(ALPHABET)
    assert min(text.count(character) for character in ALPHABET) > 0.01 * len(text)


def test_grade_0_is_clean(glyphs: LineGlyphs) -> None:
    """There is ink in every box, and none outside of them."""
    for line in lines(glyphs, 0.0):
        left_over = line.image.copy()
        for left, top, right, bottom in line.boxes:
            x0, y0 = int(max(0, left - 2)), int(max(0, top - 2))
            x1, y1 = int(right + 3), int(bottom + 3)
            assert left_over[y0:y1, x0:x1].max() > 60
        for left, top, right, bottom in line.boxes:
            x0, y0 = int(max(0, left - 2)), int(max(0, top - 2))
            left_over[y0 : int(bottom + 3), x0 : int(right + 3)] = 0
        assert left_over.max() < 60
    digits = [
        bottom - top
        for line in lines(glyphs, 0.0)
        for character, (_, top, _, bottom) in zip(line.text, line.boxes, strict=True)
        if character.isdigit()
    ]
    assert np.median(digits) == pytest.approx(BODY, abs=2)


def test_harder_grades_have_marks_between_and_digits_that_overlap(glyphs: LineGlyphs) -> None:
    def stray(grade: float) -> float:
        """Share of lines with ink outside every box."""
        found = []
        for line in lines(glyphs, grade):
            image = line.image.copy()
            for left, top, right, bottom in line.boxes.astype(int):
                image[max(0, top - 2) : bottom + 3, max(0, left - 2) : right + 3] = 0
            found.append(image.max() > 60)
        return float(np.mean(found))

    def overlapping(grade: float) -> float:
        gaps = [line.boxes[1:, 0] - line.boxes[:-1, 2] for line in lines(glyphs, grade)]
        return float(np.mean(np.concatenate(gaps) < -1))

    assert stray(0.0) == 0
    assert stray(0.4) > 0.1
    assert stray(1.0) > stray(0.4)
    assert overlapping(1.0) > overlapping(0.0) + 0.03


def test_without_frames_the_writers_write_everything() -> None:
    drawn = LineGlyphs.make(np.random.default_rng(0), n_writers=2)
    assert len(draw_lines(20, np.random.default_rng(0), digits=drawn)) == 20
    assert draw_lines(0, np.random.default_rng(0), digits=drawn) == []


@pytest.mark.parametrize(("n", "grade"), [(-1, 0.5), (1, -0.1), (1, 1.5), (1, float("nan"))])
def test_bad_orders(glyphs: LineGlyphs, n: int, grade: float) -> None:
    with pytest.raises(SettingsError, match=str(n) if n < 0 else str(grade)):
        draw_lines(n, np.random.default_rng(0), digits=glyphs, grade=grade)
