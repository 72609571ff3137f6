"""Line calibration set: made pages of known text, on which a reader of lines is calibrated.

What a reader promises holds for lines like those that were counted. Three in four stand on white
pages of a few rows, each by another writer, of digits that nobody has learnt from, or of drawn
hands where there are none: from apart and clean to as hard as what is found on paper, each as
likely as the next. The others are drawn by a hand each, in usual and in rare forms, on paper of any
ruling, and photographed: of two numbers on a page one counts, since what one hand writes hangs
together. Alone on its page a number of few characters would be tilted until it is clear, which
takes ten times as long to read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.lines import Line, draw_lines
from digitnet.handwriting.numbers import number
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.pictures import open_picture
from digitnet.training.calibration_set import BEST_JPEG, CARE, TALLEST, THICKEST_PEN, WORST_JPEG
from digitnet.training.lines import glyph_sources

N_WRITERS = 200
"""Hands that write the rows, signs and digits, or the signs beside others' digits."""
ROWS, RARE = 6, 0.3
"""Lines of a page of rows; and the share of the photographed that are in rare forms."""
PHOTOGRAPHED = 2
"""Photographed numbers for each page of rows."""
GAP, INDENT = 50, 150
"""Pixels between two rows, and by which a row begins further right, at most."""


class MadePage(NamedTuple):
    """A page of lines.

    Attributes:
        picture: (H, W) or (H, W, 3) uint8.
        texts: of its lines, without blanks; None of one that does not count.
        middles: how far below the picture's top the middle of each line lies, in pixels.
    """

    picture: Bytes
    texts: tuple[str | None, ...]
    middles: tuple[float, ...]


def made_pages(n: int, digits: Dataset | None, rng: np.random.Generator) -> Iterator[MadePage]:
    """Pages of at least n lines that count.

    Args:
        n: lines.
        digits: that rows are made of; None for drawn hands alone.
        rng: draws everything.

    Raises:
        SettingsError: of one of the ten digits there is none, or the classes are others.
    """
    if digits is None:
        glyphs = LineGlyphs.make(rng, n_writers=N_WRITERS)
    else:
        each = [digits.images[digits.labels == k] for k in range(len(digits.class_names))]
        glyphs = LineGlyphs.of_digits(rng, each, n_writers=N_WRITERS)
    made = 0
    while made < n:
        lines = [
            draw_lines(1, rng, digits=glyphs, grade=float(rng.random()))[0] for _ in range(ROWS)
        ]
        yield rows_page(lines, rng)
        for _ in range(PHOTOGRAPHED):
            yield _photographed(rng)
        made += ROWS + PHOTOGRAPHED


def rows_page(lines: Sequence[Line], rng: np.random.Generator) -> MadePage:
    """A white page of rows below one another, with gaps and indents drawn by ``rng``."""
    papers = [
        np.pad(
            line.on_paper,
            ((0, int(rng.integers(GAP + 1))), (int(rng.integers(INDENT + 1)), 0)),
            constant_values=255,
        )
        for line in lines
    ]
    width = max(paper.shape[1] for paper in papers)
    page = [
        np.pad(paper, ((0, 0), (0, width - paper.shape[1])), constant_values=255)
        for paper in papers
    ]
    tops = np.cumsum([0, *(len(paper) for paper in page[:-1])]).tolist()
    middles = tuple(top + line.on_paper.shape[0] / 2 for top, line in zip(tops, lines, strict=True))
    return MadePage(np.concatenate(page), tuple(line.text for line in lines), middles)


def _photographed(rng: np.random.Generator) -> MadePage:
    """Two numbers on paper, seen by a camera, kept as JPEG and opened; the first counts."""
    hand = careful(Hand.sample(rng, rare=bool(rng.random() < RARE)), CARE)
    hand = replace(hand, pen=np.minimum(hand.pen, THICKEST_PEN))
    style = PageStyle.sample(rng)
    style = replace(style, digit=min(style.digit, TALLEST))
    text, other = number(rng), number(rng)
    page = draw_page([text, other], rng, style=style, hand=hand)
    n = len(text.replace(" ", ""))
    middles = [
        float(np.median([(top + bottom) / 2 for _, top, _, bottom in boxes]))
        for boxes in (page.boxes[:n], page.boxes[n:])
    ]
    content = io.BytesIO()
    quality = int(rng.integers(WORST_JPEG, BEST_JPEG + 1))
    Image.fromarray(page.picture).save(content, "JPEG", quality=quality)
    picture = open_picture(content.getvalue())
    return MadePage(picture, (text.replace(" ", ""), None), tuple(middles))


def unseen_digits(learnt: Dataset, set_aside: Dataset) -> Dataset:
    """Digits that neither a reader of lines nor a model of single digits has learnt from.

    Args:
        learnt: what lines were made of when the reader learnt.
        set_aside: what the other model set aside when it learnt.

    Raises:
        SettingsError: as of `glyph_sources`; or of some digit there is none.
    """
    _, held_out = glyph_sources(learnt)
    kept = {image.tobytes() for images in held_out for image in images}
    chosen = [k for k, image in enumerate(set_aside.images) if image.tobytes() in kept]
    unseen = set_aside.take(np.array(chosen, np.int64))
    if not unseen.counts().all():
        raise SettingsError(
            "Of some digit none was set aside by both trainings.",
            "name a SOURCE of labelled digits that neither has learnt from.",
        )
    return unseen
