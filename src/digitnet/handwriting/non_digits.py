"""Non-digits: pictures of what is no single digit, drawn from our own strokes, one kind at a time.

What tells digits from the rest learns from these, too (outlier exposure, D. Hendrycks, M. Mazeika
and T. Dietterich, "Deep anomaly detection with outlier exposure", ICLR 2019).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence

import cv2
import numpy as np

from digitnet.errors import SettingsError
from digitnet.handwriting.doodles import (
    crossing_out,
    face,
    half,
    hatching,
    joined,
    scribble,
)
from digitnet.handwriting.non_digit_paths import (
    CAPITALS,
    DRAWINGS,
    LOOK_ALIKES,
    SIGNS,
    SMALL,
)
from digitnet.handwriting.pen_and_paper import (
    LARGEST,
    SMALLEST,
    Picture,
    drawn,
    on_paper,
    written,
)

Draw = Callable[[np.random.Generator], Picture]

HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip
PRINTED = "".join(c for c in string.ascii_letters if c not in LOOK_ALIKES) + "+=?&%#@*$<>"


def draw_non_digit(kind: str, rng: np.random.Generator) -> Picture:
    """A picture, (H, W) uint8 and at most 160 pixels a side, of something that is no digit.

    Args:
        kind: one of `KINDS`, or "look-alikes", letters that may as well be digits.
        rng: draws everything; the same state gives the same bytes.

    Raises:
        SettingsError: there is no such kind.
    """
    draw = look_alike if kind == "look-alikes" else KINDS.get(kind)
    if draw is None:
        raise SettingsError(
            f"There is no kind of non-digit {kind!r}: choose one of {', '.join(KINDS)}."
        )
    return draw(rng)


def draw_non_digits(
    n: int, rng: np.random.Generator, kinds: Sequence[str] = ()
) -> Iterator[tuple[str, Picture]]:
    """Draw n pictures of the given kinds, or of all, by turns: each with its kind."""
    names = tuple(kinds) or tuple(KINDS)
    for k in range(n):
        name = names[k % len(names)]
        yield name, draw_non_digit(name, rng)


def of_paths(
    table: Mapping[str, Sequence[str]], rng: np.random.Generator, *, haste: float = 0.025
) -> Picture:
    """One of a table's names, each as likely, in one of its ways."""
    ways = table[sorted(table)[rng.integers(len(table))]]
    return drawn(written(ways[int(rng.integers(len(ways)))], rng, haste=haste), rng)


def capital(rng: np.random.Generator) -> Picture:
    """A capital letter."""
    return of_paths(CAPITALS, rng)


def small_letter(rng: np.random.Generator) -> Picture:
    """A small letter."""
    return of_paths(SMALL, rng)


def look_alike(rng: np.random.Generator) -> Picture:
    """A letter that may as well be a digit."""
    return of_paths(LOOK_ALIKES, rng)


def sign(rng: np.random.Generator) -> Picture:
    """A sign, such as + or an arrow."""
    return of_paths(SIGNS, rng)


def drawing(rng: np.random.Generator) -> Picture:
    """A small drawing, such as a heart or a house."""
    return of_paths(DRAWINGS, rng, haste=0.035)


def printed(rng: np.random.Generator) -> Picture:
    """A printed letter or sign, in the fonts that come with the packages, slanted or bold."""
    return on_paper(_print(PRINTED[rng.integers(len(PRINTED))], rng), rng)


def printed_word(rng: np.random.Generator) -> Picture:
    """Some printed letters in a row."""
    letters = rng.choice(list(string.ascii_letters), int(rng.integers(2, 7)))
    return on_paper(_print("".join(letters), rng), rng)


def _print(text: str, rng: np.random.Generator) -> Picture:
    from PIL import Image, ImageDraw, ImageFont

    if rng.random() < 0.5:
        font, scale, pen = int(rng.choice(HERSHEY)), rng.uniform(1, 2.2), int(rng.integers(1, 6))
        (wide, high), below = cv2.getTextSize(text, font, scale, pen)
        canvas = np.zeros((high + below + 24, wide + 24), np.uint8)
        cv2.putText(canvas, text, (12, 12 + high), font, scale, (255,), pen, cv2.LINE_AA)
    else:
        size, bold = int(rng.integers(36, 80)), int(rng.choice([0, 0, 1, 2, 3]))
        letters = ImageFont.load_default(size)
        left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox(
            (0, 0), text, font=letters, stroke_width=bold
        )
        sheet = Image.new("L", (int(right - left) + 24, int(bottom - top) + 24))
        ImageDraw.Draw(sheet).text(
            (12 - left, 12 - top), text, fill=255, font=letters, stroke_width=bold
        )
        canvas = np.array(sheet)
    slant, turn = rng.normal(0, 0.12), np.radians(rng.normal(0, 5))
    h, w = canvas.shape
    shift = abs(slant) * h
    matrix = np.array(
        [
            [np.cos(turn), -slant, slant * h / 2 + shift / 2],
            [np.sin(turn), 1, -np.sin(turn) * w / 2],
        ]
    )
    turned = cv2.warpAffine(canvas, matrix, (int(w + shift), h))
    longest = max(turned.shape)
    if longest > 160:
        turned = cv2.resize(
            turned, None, fx=160 / longest, fy=160 / longest, interpolation=cv2.INTER_AREA
        )
    return np.asarray(turned, np.uint8)


def blot(rng: np.random.Generator) -> Picture:
    """A filled shape with an uneven edge, at times with drops beside it or a hole in it."""
    at = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    far = np.ones(60)
    for k in range(2, 7):
        far += rng.normal(0, 0.28 / k) * np.sin(k * at + rng.uniform(0, 7))
    side = int(rng.integers(SMALLEST, LARGEST)) + 24
    ways = side * (
        0.5 + 0.32 * far[:, None] * np.stack([np.cos(at), np.sin(at)], 1) * rng.uniform(0.7, 1, 2)
    )
    ink = np.zeros((side, side), np.uint8)
    cv2.fillPoly(ink, [np.rint(ways).astype(np.int32)], (255,), cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0.1, 0.9, 2) * side
        tone = 255 if rng.random() < 0.7 else 0
        cv2.circle(ink, (int(x), int(y)), int(rng.integers(2, 8)), (tone,), -1, cv2.LINE_AA)
    return on_paper(ink, rng)


def specks(rng: np.random.Generator) -> Picture:
    """Dots and short dashes here and there."""
    side = int(rng.integers(SMALLEST, LARGEST)) + 20
    ink = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(8, 30))):
        x, y = rng.integers(0, side, 2).tolist()
        dx, dy = rng.integers(-4, 5, 2).tolist()
        cv2.line(ink, (x, y), (x + dx, y + dy), (255,), int(rng.integers(1, 6)), cv2.LINE_AA)
    return on_paper(ink, rng)


def blank(rng: np.random.Generator) -> Picture:
    """Paper or a canvas with nothing on it."""
    return on_paper(np.zeros(tuple(rng.integers(28, 100, 2)), np.uint8), rng)


def noise(rng: np.random.Generator) -> Picture:
    """Even, normal, salt-and-pepper, blocky or blurred noise, and smooth clouds."""
    side, kind = int(rng.integers(28, 90)), rng.integers(5)
    if kind == 0:
        image = rng.uniform(0, 255, (side, side))
    elif kind == 1:
        image = rng.normal(rng.uniform(60, 200), rng.uniform(10, 60), (side, side))
    elif kind == 2:
        image = np.where(rng.random((side, side)) < rng.uniform(0.02, 0.4), 0, 255)
    elif kind == 3:
        n = int(rng.integers(3, 12))
        image = rng.uniform(0, 255, (n, n)).repeat(side // n + 1, 0).repeat(side // n + 1, 1)
    else:
        clouds = cv2.GaussianBlur(rng.normal(0, 1, (side, side)), (0, 0), rng.uniform(1, 6))
        image = np.asarray(128 + 60 * clouds / max(float(clouds.std()), 1e-6), np.float64)
        if rng.random() < 0.5:
            image = np.where(image > 128 + rng.uniform(0, 90), 255, 0)
    return np.asarray(image).clip(0, 255).astype(np.uint8)


def rules(rng: np.random.Generator) -> Picture:
    """Printed lines with nothing in them: rulings, boxes, corners, a comb, crossing lines."""
    high, wide = rng.integers(SMALLEST, LARGEST, 2).tolist()
    ink = np.zeros((high + 24, wide + 24), np.uint8)
    pen, kind = int(rng.integers(1, 6)), rng.integers(6)
    top, left, bottom, right = 12, 12, 12 + high, 12 + wide
    across = [12 + int(v) for v in np.linspace(0, high, int(rng.integers(2, 5)))]
    down = [12 + int(v) for v in np.linspace(0, wide, int(rng.integers(2, 5)))]
    horizontal = {
        0: across,
        1: [top, bottom],
        2: [bottom],
        3: [bottom],
        4: across,
        5: [(top + bottom) // 2],
    }
    upright = {0: [], 1: [left, right], 2: [left], 3: down, 4: down, 5: [(left + right) // 2]}
    for y in horizontal[int(kind)]:
        cv2.line(ink, (left, y), (right, y), (255,), pen, cv2.LINE_AA)
    for x in upright[int(kind)]:
        cv2.line(ink, (x, top), (x, bottom), (255,), pen, cv2.LINE_AA)
    return on_paper(ink, rng)


def painting(rng: np.random.Generator) -> Picture:
    """Shaded shapes on one another, softened: heads, fruit, landscapes out of focus."""
    side = int(rng.integers(50, 130))
    image = np.full((side, side), rng.uniform(30, 230), np.float32)
    image *= np.linspace(rng.uniform(0.5, 1), 1, side, dtype=np.float32)[:, None]
    for _ in range(int(rng.integers(2, 8))):
        x, y = (rng.uniform(0.15, 0.85, 2) * side).astype(int).tolist()
        axes = (rng.uniform(0.05, 0.4, 2) * side).astype(int).tolist()
        if rng.random() < 0.7:
            cv2.ellipse(
                image, (x, y), axes, rng.uniform(0, 180), 0, 360, (rng.uniform(0, 255),), -1
            )
        else:
            corner = (x + axes[0], y + axes[1])
            cv2.rectangle(image, (x, y), corner, (rng.uniform(0, 255),), -1)
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 4)) + rng.normal(0, 2, image.shape)
    return np.asarray(np.rint(soft.clip(0, 255)), np.uint8)


KINDS: dict[str, Draw] = {
    "capitals": capital,
    "small letters": small_letter,
    "signs": sign,
    "drawings": drawing,
    "faces": face,
    "scribbles": scribble,
    "hatching": hatching,
    "crossings-out": crossing_out,
    "two digits": joined(2),
    "three digits": joined(3),
    "halves": half,
    "print": printed,
    "printed words": printed_word,
    "blots": blot,
    "specks": specks,
    "blank": blank,
    "noise": noise,
    "rules": rules,
    "paintings": painting,
}
"""What is drawn, by name."""
