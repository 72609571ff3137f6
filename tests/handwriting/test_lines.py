"""Made lines: their text, their boxes, their size, and what the grade adds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import SettingsError
from digitnet.handwriting import lines as made_lines
from digitnet.handwriting.glyphs import ALPHABET, LineGlyphs
from digitnet.handwriting.lines import Line, Pen, draw_lines, write_text
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


def test_a_slash_leans_as_the_digits_beside_it(glyphs: LineGlyphs) -> None:
    """Where digits are other people's, set upright, the writer's own slant is taken back."""
    rng = np.random.default_rng(3)
    leans = []
    for slant in (-0.3, 0.5):
        pen = Pen(rng, glyphs, 0.0, 30.0)
        pen.photos, pen.slant, pen.width = 1.0, slant, 1.0
        widths = []
        for writer in glyphs.writers:
            pen.writer = writer
            widths += [int((pen.glyph("/")[0] > 60).any(axis=0).sum()) for _ in range(4)]
        leans.append(float(np.mean(widths)))
    # A slash is about 1.1 digits high: 0.8 more of slant is some 26 of 30 pixels of its width.
    assert 20 < leans[1] - leans[0] < 32


def test_signs_run_into_digits_in_the_hardest_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """More often than digits meet there, and in clean lines not at all."""
    drawn = LineGlyphs.make(np.random.default_rng(0), n_writers=12)

    def meet(grade: float) -> float:
        """How many pieces of ink there are for each character of a row of 8s and dashes."""
        rng = np.random.default_rng(1)
        found = []
        for _ in range(100):
            ink, _, _ = write_text("8-8-8-8", rng, Pen(rng, drawn, grade, 30.0), grade)
            found.append((cv2.connectedComponents((ink > 60).astype(np.uint8))[0] - 1) / 7)
        return float(np.mean(found))

    with_them, clean = meet(1.0), meet(0.0)
    monkeypatch.setattr(made_lines, "RUN_IN", 0.0)
    assert with_them < meet(1.0) - 0.02
    assert clean == meet(0.0) == pytest.approx(1.0, abs=0.02)
