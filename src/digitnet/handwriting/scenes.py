"""Scenes: photographs of pages as hard as people's: tables, boxes, tilted sheets, shadows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.numbers import number
from digitnet.handwriting.pages import Page, box_of, lay_out
from digitnet.handwriting.raster import Stroke, render
from digitnet.handwriting.signs import OTHER
from digitnet.handwriting.splines import Floats
from digitnet.handwriting.tabletop import Shown, on_a_table, trimmed, turned, vignette

KINDS = (
    "sheet", "sheets", "askew", "trimmed", "coloured", "dark", "drift", "faint", "through",
    "comb", "table", "margin", "underline", "words", "shadow", "vignette", "turned",
)  # fmt: skip
"""What makes a page hard: a sheet lying on a table of any colour, two of them, one far from level,
one that the picture cuts off; paper of any colour; light ink on dark paper; rows that rise or fall
and curve; faint rows beside dark ones; writing that shows through; combs and boxes, tables, margin
lines, underlines; words that are no numbers; a shadow, a vignette; a picture on its side or head.
"""
LARGEST = 2400
"""Pixels of a sheet's longer side; a larger one is made smaller."""
Bend = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def draw_scene(
    rng: np.random.Generator, *, grade: float = 1.0, kinds: Collection[str] = ()
) -> Page:
    """Photograph a page of 1 to 9 rows of numbers, or two.

    Args:
        rng: draws everything; the same state gives the same bits.
        grade: from 0, a clean page seen from above, to 1. What comes with it are the `KINDS`, and
            slopes, rulings, shadows, blur and noise.
        kinds: of these `KINDS` in any case, at their hardest.

    Returns:
        The page. Its lines and boxes leave out the words and doodles.

    Raises:
        SettingsError: the grade is not between 0 and 1, or there is no such kind.
    """
    if not 0 <= grade <= 1:
        raise SettingsError(f"The grade of pages must be between 0 and 1, not {grade}.")
    for kind in kinds:
        if kind not in KINDS:
            raise SettingsError(f"There is no kind {kind!r} of pages: choose of {', '.join(KINDS)}")

    def comes(kind: str, share: float) -> bool:
        return bool(rng.random() < share * grade) or kind in kinds

    n_sheets = 2 if comes("sheets", 0.1) else 1
    most = 9 // n_sheets
    texts = [[_text(rng) for _ in range(rng.integers(1, most + 1))] for _ in range(n_sheets)]
    sheets = [_sheet(rng, own, grade, comes) for own in texts]
    shown = sheets[0]
    if comes("sheet", 0.5) or n_sheets > 1 or {"askew", "trimmed"} & set(kinds):
        askew = comes("askew", 0.3)
        degrees = 25.0 if askew else 7.0 if {"sheet", "sheets"} & set(kinds) else 7 * grade
        shown = on_a_table(sheets, rng, degrees if n_sheets == 1 else min(degrees, 7))
        if comes("trimmed", 0.2) and n_sheets == 1:
            shown = trimmed(shown, rng)
    if comes("vignette", 0.3):
        shown = shown._replace(picture=vignette(shown.picture, rng))
    if comes("turned", 0.15):
        shown = turned(shown, int(rng.integers(1, 4)))
    picture, corners = shown
    longest = max(picture.shape[:2])
    if longest > LARGEST:
        zoom = LARGEST / longest
        size = (round(picture.shape[1] * zoom), round(picture.shape[0] * zoom))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        corners = corners * np.float32(zoom)
    lines = tuple(text for own in texts for text in own)
    return Page(picture, lines, _bounds(corners, picture.shape))


def _sheet(
    rng: np.random.Generator, texts: list[str], grade: float, comes: Callable[[str, float], bool]
) -> Shown:
    """A sheet of paper with some rows of numbers, as seen from above."""
    style = _style(rng, texts, grade)
    if comes("coloured", 0.1):
        colour = rng.uniform(0.3, 1, 3)
        red, green, blue = (colour * rng.uniform(0.75, 1) / colour.max()).tolist()
        style = replace(style, paper=(red, green, blue))
    if comes("dark", 0.08):
        style = replace(style, paper=style.ink, ink=style.paper)
    if comes("shadow", 0):
        style = replace(style, shade=rng.uniform(0.2, 0.5), shadow=rng.uniform(0.3, 0.5))
    combed = comes("comb", 0.2)
    if combed:
        style = replace(style, gap=float(rng.uniform(0.35, 0.8)), unevenness=style.unevenness / 2)
    doodles = {k for k in (-1, len(texts)) if comes("words", 0.2)}
    lines = [_words(rng)] * (-1 in doodles) + texts + [_words(rng)] * (len(texts) in doodles)
    drifts = comes("drift", 0.1)
    if drifts:
        style = replace(style, slope=float(rng.uniform(0.05, 0.12) * rng.choice([-1, 1])))
    _, rows, (height, width), top = lay_out(lines, rng, style=style)
    amplitude = rng.normal(0, 0.25 * grade) * style.digit
    if drifts:
        amplitude = rng.uniform(0.3, 0.8) * rng.choice([-1, 1]) * style.digit

    def bend(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(amplitude * np.sin(np.pi * x / width))

    rows = [[[_bent(stroke, bend) for stroke in mark] for mark in row] for row in rows]
    shown = rows[-1 in doodles :][: len(texts)]
    cover = np.zeros((height, width), np.float32)
    faint = rng.uniform(0.3, 0.6) if comes("faint", 0.3) else 1.0
    for row in rows:
        strength = faint if rng.random() < 0.5 else 1.0
        ink = render([stroke for mark in row for stroke in mark], height, width)
        np.maximum(cover, ink * np.float32(strength / 255), out=cover)
    boxes = [box_of(mark, height, width) for row in shown for mark in row]
    if comes("through", 0.3):
        cover = _show_through(cover, lines, style, rng)
    if combed:
        _combs(cover, shown, style, rng)
    elif comes("table", 0.25):
        _table(cover, boxes, len(lines), top, bend, style, rng)
    if comes("margin", 0.2):
        _margin(cover, boxes, style, rng)
    if comes("underline", 0.2):
        _underline(cover, shown, style, rng)
    picture = photograph(cover, style, top, rng)
    corners = np.array([[(x, y), (X, y), (X, Y), (x, Y)] for x, y, X, Y in boxes], np.float32)
    return Shown(picture, corners)


def _text(rng: np.random.Generator) -> str:
    """A row of one to three numbers."""
    row = " ".join(number(rng).replace(OTHER, "") for _ in range(rng.integers(1, 4)))
    words = [word for word in row.split() if any(character.isdigit() for character in word)]
    return " ".join(words) or str(rng.integers(0, 10))


def _words(rng: np.random.Generator) -> str:
    return " ".join(OTHER * rng.integers(2, 8) for _ in range(rng.integers(1, 4)))


def _style(rng: np.random.Generator, texts: list[str], grade: float) -> PageStyle:
    """How the page looks: as far from plain as the grade."""
    drawn, plain = PageStyle.sample(rng), PageStyle()
    longest = max(len(text) for text in texts)
    digit = min(drawn.digit, LARGEST / (0.9 * longest + 4))
    between: dict[str, Any] = {
        name: float(getattr(plain, name) + grade * (getattr(drawn, name) - getattr(plain, name)))
        for name in ("gap", "slope", "unevenness", "shade", "shadow", "texture", "noise", "blur")
    }
    coloured: dict[str, Any] = (
        {name: getattr(drawn, name) for name in ("paper", "ink")} if grade else {}
    )
    ruled = rng.random() < grade
    return replace(
        plain, **between, **coloured, digit=digit, margin=drawn.margin, line_gap=drawn.line_gap,
        ruling=drawn.ruling if ruled else "plain", ruling_strength=drawn.ruling_strength,
    )  # fmt: skip


def _bent(stroke: Stroke, bend: Bend) -> Stroke:
    x, y = stroke.points.T
    return Stroke(np.stack([x, y + bend(x)], axis=1), stroke.radii)


def _rule(cover: Floats, points: NDArray[np.float64], thick: float, strength: float) -> None:
    """Draw a line through points (n, 2) into the cover."""
    layer = np.zeros(cover.shape, np.uint8)
    fixed = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(layer, [fixed], False, (255,), max(1, round(thick)), cv2.LINE_AA, 4)
    np.maximum(cover, layer * np.float32(strength / 255), out=cover)


def _across(x0: float, x1: float, y: float, slope: float, bend: Bend) -> NDArray[np.float64]:
    """Points of a line that runs along a row."""
    x = np.linspace(x0, x1, 24)
    return np.stack([x, y + slope * (x - x0) + bend(x)], axis=1)


def _combs(
    cover: Floats,
    rows: list[list[list[Stroke]]],
    style: PageStyle,
    rng: np.random.Generator,
) -> None:
    """Print a box around every character, or a comb under it."""
    strength, thick = rng.uniform(0.25, 1.0), rng.uniform(1, 1 + style.digit / 30)
    comb, above = rng.random() < 0.4, rng.uniform(0.12, 0.35) * style.digit
    for row in rows:
        boxes = np.array([box_of(mark, *cover.shape) for mark in row], float)
        gaps = np.maximum(boxes[1:, 0] - boxes[:-1, 2], 0)
        near = gaps < 1.3 * style.digit  # else a blank is between them
        side = (np.median(gaps[near]) if near.any() else 0.4 * style.digit) / 2
        y0, y1 = boxes[:, 1].min() - above, boxes[:, 3].max() + above
        tooth = y1 - rng.uniform(0.25, 0.6) * style.digit if comb else y0
        groups = np.split(boxes, np.flatnonzero(~near) + 1)
        for group in groups:
            middles = (group[1:, 0] + group[:-1, 2]) / 2
            walls = [group[0, 0] - side, *middles, group[-1, 2] + side]
            for x in walls:
                _rule(cover, np.array([[x, tooth], [x, y1]]), thick, strength)
            for y in (y1,) if comb else (y0, y1):
                ends = np.array([[walls[0], y], [walls[-1], y]])
                _rule(cover, ends, thick, strength)


def _table(
    cover: Floats,
    boxes: list[tuple[int, int, int, int]],
    n_rows: int,
    top: float,
    bend: Bend,
    style: PageStyle,
    rng: np.random.Generator,
) -> None:
    """Print a table: rules between the rows, and upright ones where no ink is."""
    width = cover.shape[1]
    strength, thick = rng.uniform(0.25, 1.0), rng.uniform(1, 1 + style.digit / 25)
    places = np.array(boxes)
    x0 = max(0.0, float(places[:, 0].min()) - rng.uniform(0.3, 0.9) * style.digit)
    x1 = min(width - 1.0, float(places[:, 2].max()) + rng.uniform(0.3, 0.9) * style.digit)
    left = x0 * style.slope
    ys = [
        (top + row * style.line_gap + 0.5 - style.line_gap / 2) * style.digit + left
        for row in range(n_rows + 1)
    ]
    for y in ys:
        _rule(cover, _across(x0, x1, y, style.slope, bend), thick, strength)
    free = np.ones(width, bool)
    for a, _, b, _ in boxes:
        free[max(0, a - 3) : b + 3] = False
    inner = np.flatnonzero(free[int(x0) : int(x1)]) + int(x0)
    walls = [x0, x1]
    for x in rng.choice(inner, min(3, len(inner)), replace=False) if len(inner) else ():
        if min(abs(x - wall) for wall in walls) > style.digit:
            walls.append(float(x))
    for x in walls:
        ends = [_across(x, x, y + (x - x0) * style.slope, 0.0, bend)[0] for y in (ys[0], ys[-1])]
        _rule(cover, np.array(ends), thick, strength)


def _margin(
    cover: Floats,
    boxes: list[tuple[int, int, int, int]],
    style: PageStyle,
    rng: np.random.Generator,
) -> None:
    """A line from top to bottom, beside the writing."""
    left = min(box[0] for box in boxes) - rng.uniform(0.15, 0.8) * style.digit
    x = max(2.0, left)
    ends = np.array([[x, 0.0], [x + rng.normal(0, 0.1) * style.digit, cover.shape[0]]])
    _rule(cover, ends, rng.uniform(1, 1 + style.digit / 25), rng.uniform(0.25, 1))


def _underline(
    cover: Floats, rows: list[list[list[Stroke]]], style: PageStyle, rng: np.random.Generator
) -> None:
    """A row underlined by hand, once or twice."""
    row = rows[rng.integers(len(rows))]
    boxes = np.array([box_of(mark, *cover.shape) for mark in row], float)
    y = np.array([boxes[0, 3], boxes[-1, 3]]) + rng.uniform(0.08, 0.25) * style.digit
    for _ in range(rng.integers(1, 3)):
        x = np.array([boxes[0, 0], boxes[-1, 2]]) + rng.normal(0, 0.2, 2) * style.digit
        _rule(cover, np.stack([x, y], axis=1), max(1.0, 0.1 * style.digit), 0.9)
        y = y + rng.uniform(0.12, 0.25) * style.digit


def _show_through(
    cover: Floats, lines: list[str], style: PageStyle, rng: np.random.Generator
) -> Floats:
    """What is written on the sheet's other side, mirrored, blurred and faint."""
    _, rows, _, _ = lay_out(lines, rng, style=style, size=(cover.shape[0], cover.shape[1]))
    other = render([s for row in rows for mark in row for s in mark], *cover.shape)[:, ::-1]
    soft = cv2.GaussianBlur(other, (0, 0), rng.uniform(1, 2.5)).astype(np.float32) / 255
    return np.maximum(cover, soft * np.float32(rng.uniform(0.05, 0.18)))


def _bounds(corners: Floats, shape: tuple[int, ...]) -> tuple[tuple[int, int, int, int], ...]:
    """The boxes that hold corners (n, 4, 2), within the picture."""
    found = []
    for points in corners:
        left, top = np.floor(points.min(axis=0)).astype(int)
        right, bottom = np.ceil(points.max(axis=0)).astype(int)
        left, top = min(max(left, 0), shape[1] - 1), min(max(top, 0), shape[0] - 1)
        right, bottom = min(max(right, left + 1), shape[1]), min(max(bottom, top + 1), shape[0])
        found.append((int(left), int(top), int(right), int(bottom)))
    return tuple(found)
