"""Number fields: made pictures of one number each, as forms, bills and notes ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.handwriting.numbers import amount, signed_number
from digitnet.handwriting.pages import Page, box_of, draw_field, draw_page
from digitnet.handwriting.raster import Stroke, render


def draw_number_field(kind: str, rng: np.random.Generator) -> Page:
    """One number on a page of its own, by a hand and on paper drawn with ``rng``.

    Args:
        kind: one of `KINDS`.
        rng: draws everything; the same state gives the same bits.

    Raises:
        SettingsError: there is no such kind.
    """
    if kind not in KINDS:
        raise SettingsError(f"There is no field {kind!r}: choose one of {', '.join(KINDS)}.")
    return KINDS[kind](rng)


def _amount(rng: np.random.Generator) -> Page:
    return draw_page([amount(rng)], rng, style=_with_room(rng))


def _signs(rng: np.random.Generator) -> Page:
    return draw_page([signed_number(rng)], rng, style=_with_room(rng))


def _with_room(rng: np.random.Generator) -> PageStyle:
    """A page on which no sign is hidden in the digit beside it."""
    return replace(PageStyle.sample(rng), gap=float(rng.uniform(0.15, 0.6)))


def _pair(rng: np.random.Generator) -> Page:
    """Two digits that lie over each other a little."""
    style = replace(PageStyle.sample(rng), gap=float(rng.uniform(-0.06, -0.02)))
    return draw_page(["".join(map(str, rng.integers(0, 10, 2)))], rng, style=style)


def _comb(rng: np.random.Generator) -> Page:
    return _printed(rng, has_teeth=True)


def _boxes(rng: np.random.Generator) -> Page:
    return _printed(rng, has_teeth=False)


def _printed(rng: np.random.Generator, *, has_teeth: bool) -> Page:
    """Four to eight digits, each in its own place: a comb's, or a box."""
    text = "".join(map(str, rng.integers(0, 10, rng.integers(4, 9))))
    style = replace(PageStyle.sample(rng), ruling="plain", slope=float(rng.normal(0, 0.01)))
    hand = careful(Hand.sample(rng))
    written = [draw_digit(int(character), rng, hand=hand) for character in text]
    wide = max(_right(mark) for mark in written) + rng.uniform(0.15, 0.5)
    apart = 0.0 if has_teeth or rng.random() < 0.7 else float(rng.uniform(0.1, 0.4))
    thick, strength = rng.uniform(0.03, 0.12), rng.uniform(0.25, 1.0)
    over, under = rng.uniform(0.12, 0.4, 2)
    tooth = rng.uniform(0.2, 0.6)
    margin = style.margin + 0.5

    strokes: list[list[Stroke]] = []
    lines: list[tuple[float, float, float, float]] = []
    for k, mark in enumerate(written):
        left = margin + k * (wide + apart)
        size = float(np.clip(1 + style.unevenness * rng.standard_normal(), 0.8, 1.1))
        x = left + (wide - size * _right(mark)) / 2 + rng.normal(0, 0.03)
        y = margin + 1 - size + rng.normal(0, 0.03)
        strokes.append([stroke.placed(size, x, y) for stroke in mark])
        top, bottom = margin - over, margin + 1 + under
        upper = bottom - tooth if has_teeth else top
        lines += [(x, upper, x, bottom) for x in (left, left + wide)]
        lines += [(left, y, left + wide, y) for y in ((bottom,) if has_teeth else (top, bottom))]
    tall = 1 + 2 * margin
    across = 2 * margin + len(text) * (wide + apart) - apart
    fall = style.slope * across
    height, width = (int(np.ceil(v * style.digit)) for v in (tall + abs(fall), across))

    def level(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points.T
        at = np.stack([x, y + style.slope * x + max(0.0, -fall)], axis=1)
        return np.asarray(at * style.digit, np.float64)

    marks = [
        [Stroke(level(one.points), one.radii * style.digit) for one in mark] for mark in strokes
    ]
    ink = render([one for mark in marks for one in mark], height, width)
    printed = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in lines:
        ends = np.rint(16 * level(np.array([[x0, y0], [x1, y1]]))).astype(int).tolist()
        pen = max(1, round(thick * style.digit))
        cv2.line(printed, ends[0], ends[1], (255,), pen, cv2.LINE_AA, 4)
    cover = np.maximum(ink / np.float32(255), printed * np.float32(strength / 255))
    picture = photograph(cover, style, margin, rng)
    return Page(picture, (text,), tuple(box_of(mark, height, width) for mark in marks))


def _right(mark: list[Stroke]) -> float:
    return max(float((one.points[:, 0] + one.radii).max()) for one in mark)


KINDS: dict[str, Callable[[np.random.Generator], Page]] = {
    "digits": draw_field, "comb": _comb, "boxes": _boxes, "amount": _amount, "signs": _signs,
    "pair": _pair,
}  # fmt: skip
"""What is asked for: six digits; digits in a comb or in boxes; an amount with a point or a comma;
any number with signs; two digits that overlap."""
