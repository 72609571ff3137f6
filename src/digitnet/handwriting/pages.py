"""Pages: made pictures of written numbers whose text is known, for tests and measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.camera import RULINGS, PageStyle, photograph
from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.handwriting.raster import Stroke, render
from digitnet.handwriting.signs import OTHER, SIGNS, write_sign

WRITTEN = f"0123456789{SIGNS}{OTHER} "
"""What a line may hold."""


@dataclass(frozen=True)
class Page:
    """A page: its picture (H, W, 3) uint8, its lines of text, and each mark's box in the picture.

    ``boxes`` are (left, top, right, bottom) in pixels, in reading order.
    """

    picture: NDArray[np.uint8]
    lines: tuple[str, ...]
    boxes: tuple[tuple[int, int, int, int], ...]


def draw_page(
    lines: Sequence[str],
    rng: np.random.Generator,
    *,
    style: PageStyle | None = None,
    hand: Hand | None = None,
    size: tuple[int, int] | None = None,
) -> Page:
    """Write lines of digits and signs, words separated by blanks, on a page and photograph it.

    Args:
        lines: digits, blanks, the signs . , - / : and ? for some other mark; there may be none.
        rng: draws everything that is not given.
        style: how the page looks (default: the plain ``PageStyle()``).
        hand: who writes (default: a hand drawn with ``rng``, taking care).
        size: (height, width) in pixels; by default the text with its margin.

    Raises:
        SettingsError: a line holds anything else, or the style names no ruling.
    """
    style = PageStyle() if style is None else style
    hand, rows, (height, width), top = lay_out(lines, rng, style=style, hand=hand, size=size)
    marks = [mark for row in rows for mark in row]
    strokes = [stroke for mark in marks for stroke in mark]
    boxes = tuple(box_of(mark, height, width) for mark in marks)
    cover = render(strokes, height, width).astype(np.float32) / np.float32(255)
    picture = photograph(cover, style, top, rng)
    return Page(picture, tuple(" ".join(line.split()) for line in lines), boxes)


def lay_out(
    lines: Sequence[str],
    rng: np.random.Generator,
    *,
    style: PageStyle,
    hand: Hand | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Hand, list[list[list[Stroke]]], tuple[int, int], float]:
    """Write lines, as for `draw_page`, and say where on the page each stroke lies.

    Returns:
        hand: who wrote.
        rows: the strokes in pixels, by row and character.
        size: (height, width) of the page in pixels.
        top: where the first row begins, in heights of a digit.

    Raises:
        SettingsError: as `draw_page` does.
    """
    for line in lines:
        if set(line) - set(WRITTEN):
            raise SettingsError(
                f"The line {line!r} holds more than digits, blanks and the signs {SIGNS}{OTHER}"
            )
    if style.ruling not in RULINGS:
        raise SettingsError(f"There is no ruling {style.ruling!r}: choose one of {RULINGS}.")
    hand = careful(Hand.sample(rng)) if hand is None else hand
    written = [_write_line(line, style, hand, rng) for line in lines]
    right = max((x for _, x in written), default=1.0)
    fall = style.slope * right
    tall = style.line_gap * max(len(lines) - 1, 0) + 1 + abs(fall)
    needed = np.ceil(np.array([tall, right]) * style.digit + 2 * style.margin * style.digit)
    height, width = size or (int(needed[0]), int(needed[1]))
    # The text lies in the middle of the page.
    left = (width / style.digit - right) / 2
    top = (height / style.digit - tall) / 2 + max(0.0, -fall)
    rows = [
        [
            [
                stroke.placed(
                    style.digit, left * style.digit, (top + row * style.line_gap) * style.digit
                )
                for stroke in mark
            ]
            for mark in marks
        ]
        for row, (marks, _) in enumerate(written)
    ]
    return hand, rows, (height, width), top


def draw_field(rng: np.random.Generator, n_digits: int = 6) -> Page:
    """One row of ``n_digits`` random digits, by a hand and on a page drawn with ``rng``."""
    text = "".join(str(d) for d in rng.integers(0, 10, n_digits))
    return draw_page([text], rng, style=PageStyle.sample(rng))


def _write_line(
    line: str, style: PageStyle, hand: Hand, rng: np.random.Generator
) -> tuple[list[list[Stroke]], float]:
    """A row's digits, its first one's top left at (0, 0), and where the row ends; 1 is a digit."""
    digits: list[list[Stroke]] = []
    pen = 0.0
    gap = style.gap
    for character in line.strip():
        if character == " ":
            gap = style.word_gap
            continue
        size = float(np.clip(1 + style.unevenness * rng.standard_normal(), 0.6, 1.4))
        lift = style.unevenness * rng.standard_normal()
        strokes = _mark(character, hand, rng)
        rise = 1 - size + lift + style.slope * pen
        strokes = [stroke.placed(size, pen, rise) for stroke in strokes]
        if digits:  # the gap is measured where the two digits come closest
            move = _room(digits[-1], strokes) - gap
            strokes = [stroke.placed(1, -move, -style.slope * move) for stroke in strokes]
        digits.append(strokes)
        pen = max(float((s.points[:, 0] + s.radii).max()) for s in strokes)
        gap = style.gap
    return digits, pen


def _mark(character: str, hand: Hand, rng: np.random.Generator) -> list[Stroke]:
    """The strokes of a digit or a sign beside which a digit reaches from 0 to 1."""
    if character.isdigit():
        return draw_digit(int(character), rng, hand=hand)
    pen, slant = float(hand.pen[0]), float(hand.slant[0])
    x, y, radii, stroke = write_sign(character, rng, pen=pen, slant=slant)
    points = np.stack([x, y], axis=1).astype(float)
    return [
        Stroke(points[stroke == s], radii[stroke == s].astype(float))
        for s in range(stroke.max() + 1)
    ]


def _room(before: list[Stroke], after: list[Stroke]) -> float:
    """The least white space between two digits, sideways, over the heights that both have."""
    bands = np.linspace(-1, 2, 61)[:, None]
    heights = [np.concatenate([s.points[:, 1] for s in mark]) for mark in (before, after)]
    if any(y.min() > 1.9 or y.max() < -0.9 for y in heights):  # a long row that falls or rises
        bands = bands + (np.concatenate(heights).mean() - 0.5)
    edges = []
    for strokes, sign in ((before, 1), (after, -1)):
        x, y = np.concatenate([stroke.points for stroke in strokes]).T
        radii = np.concatenate([stroke.radii for stroke in strokes])
        near = np.abs(y - bands) <= np.maximum(radii, 0.05)
        edges.append(np.where(near, sign * x + radii, -np.inf).max(axis=1))
    both = np.isfinite(edges[0]) & np.isfinite(edges[1])
    if both.any():
        return -float((edges[0] + edges[1])[both].max())
    return -float(edges[0].max() + edges[1].max())


def box_of(strokes: list[Stroke], height: int, width: int) -> tuple[int, int, int, int]:
    """The box of strokes on a page, (left, top, right, bottom) in pixels."""
    low = np.min([(s.points - s.radii[:, None]).min(axis=0) for s in strokes], axis=0)
    high = np.max([(s.points + s.radii[:, None]).max(axis=0) for s in strokes], axis=0)
    left, top = np.clip(np.floor(low), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(high), 1, (width, height)).astype(int)
    return int(left), int(top), int(right), int(bottom)
