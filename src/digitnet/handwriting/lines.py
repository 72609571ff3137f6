"""Lines: rows of handwritten digits and signs, made as a page reader cuts them out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.glyphs import DIGITS, Glyph, LineGlyphs, Writer
from digitnet.handwriting.numbers import number
from digitnet.handwriting.signs import SIGNS
from digitnet.imaging.arrays import Bytes, Floats
from digitnet.imaging.line_frame import BODY, LINE_HEIGHT, normalise_line

ZOOM, MARGIN = 3, 40
"""How much larger a line is drawn on a page of its own, and the paper around it in pixels."""

RUN_IN = 0.2
"""How often a sign touches the digit beside it, or runs into it, in the hardest lines, more than
digits do there: a dash, or a point under the foot of a 2."""


@dataclass(frozen=True)
class Line:
    """A made line.

    Attributes:
        image: (LINE_HEIGHT, W) uint8, ink 255 on 0.
        text: what is written, without blanks; "?" for a mark that is neither digit nor sign.
        boxes: (n, 4) float32: left, top, right, bottom of each character's ink in the image's
            pixels, in the text's order; where a blank was, the boxes stand further apart.
    """

    image: Bytes
    text: str
    boxes: Floats

    @property
    def on_paper(self) -> Bytes:
        """The line as dark strokes on a white page, (H, W)."""
        large = cv2.resize(self.image, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
        return 255 - np.pad(np.asarray(large, np.uint8), MARGIN)


def draw_lines(
    n: int, rng: np.random.Generator, *, digits: LineGlyphs, grade: float = 1.0
) -> list[Line]:
    """Make n lines of 1 to 14 characters.

    Args:
        n: how many.
        rng: draws everything; the same state gives the same bits.
        digits: the glyphs they are written with.
        grade: from 0, apart and clean, to 1, as hard as what is found on paper.

    Raises:
        SettingsError: n is negative, or the grade is not between 0 and 1.
    """
    if n < 0:
        raise SettingsError(f"The number of lines must be at least 0, not {n}.")
    if not 0 <= grade <= 1:
        raise SettingsError(f"The grade of lines must be between 0 and 1, not {grade}.")
    return [_line(number(rng), rng, digits, grade) for _ in range(n)]


def _line(text: str, rng: np.random.Generator, glyphs: LineGlyphs, grade: float) -> Line:
    # Easy and hard lines come in every grade above 0: each line has a grade of its own.
    own = grade * float(rng.beta(1.6, 1.1)) if grade else 0.0
    h = float(np.exp(rng.uniform(np.log(30 - 18 * own), np.log(34))))  # a digit's height, here
    pen = Pen(rng, glyphs, own, h)
    canvas, boxes, base = write_text(text, rng, pen, own)
    ink = canvas
    if own:
        ink = _thickness(ink, rng, own, h)
        ink = _neighbours(ink, rng, pen, own, base)
        if rng.random() < 0.12 * own:  # written on both sides: what shows through, mirrored
            back = np.asarray(cv2.GaussianBlur(ink[:, ::-1], (0, 0), 0.04 * h))
            back = np.roll(back, int(rng.uniform(-h, h)), axis=1)
            ink = np.maximum(ink, (back * rng.uniform(0.1, 0.4)).astype(np.uint8))
        ink = _printed(ink, rng, boxes, own, h, base)
    return _cut_out(ink, text.replace(" ", ""), boxes, rng, own, h, base)


class Pen:
    """Who writes a line, and how large: gives a glyph for each character."""

    def __init__(
        self, rng: np.random.Generator, glyphs: LineGlyphs, grade: float, height: float
    ) -> None:
        self.rng, self.glyphs, self.grade, self.height = rng, glyphs, grade, height
        self.writer: Writer = glyphs.writers[rng.integers(len(glyphs.writers))]
        self.photos = 0.0  # share of digits that are other people's
        if glyphs.photos:
            self.photos = float(rng.choice([0.0, 1.0, 0.5], p=[0.35, 0.5, 0.15]))
        self.slant = float(rng.normal(0.12, 0.1 + 0.15 * grade))
        self.thick = float(rng.random())
        self.width = float(np.exp(rng.normal(0, 0.05 + 0.08 * grade)))

    def glyph(self, character: str) -> tuple[Bytes, float]:
        """The picture of a character, and how far below a digit's top it begins, in pixels."""
        rng = self.rng
        slant = float(rng.normal(0, 0.03 + 0.04 * self.grade))
        drawn = self.writer.glyphs[character]
        glyph = drawn[rng.integers(len(drawn))]
        if character in DIGITS and rng.random() < self.photos:
            bank = self.glyphs.photos[int(character)]
            at = (self.thick + 0.06 * rng.standard_normal()) * len(bank)
            glyph = bank[int(np.clip(at, 0, len(bank) - 1))]
            slant += self.slant
        elif self.photos:  # a slash leans as the digits beside it do
            slant += self.slant - self.writer.slant
        size = self.height * float(np.exp(rng.normal(0, 0.03 + 0.07 * self.grade)))
        image, top = _placed(glyph, size, self.width, slant)
        return image, top + (self.height - size) / 2


def _placed(glyph: Glyph, size: float, width: float, slant: float) -> tuple[Bytes, float]:
    """A glyph at ``size`` pixels a digit, made wider and leaning; and where it begins."""
    image, scale = glyph.image, size / glyph.scale
    if scale < 0.6:
        half = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    h, w = image.shape
    lean = slant * scale * h
    across = scale * width
    out = (int(np.ceil(across * w + abs(lean))) + 2, int(np.ceil(scale * h)) + 2)
    turn = np.array([[across, -slant * scale, max(lean, 0.0) + 1], [0, scale, 1]], np.float64)
    placed = cv2.warpAffine(image, turn, out, flags=cv2.INTER_LINEAR)
    return np.asarray(placed, np.uint8), glyph.top * size - 1


def write_text(
    text: str, rng: np.random.Generator, pen: Pen, grade: float
) -> tuple[Bytes, NDArray[np.float64], NDArray[np.float64]]:
    """Write a text; its ink, (H, W), its characters' boxes (n, 4), and the top of a digit at
    each of its columns (W,).
    """
    h = pen.height
    hard = rng.random() < grade
    kind = rng.random()
    if not hard or kind < 0.35:
        gap, spread = rng.uniform(0.08, 0.35), 0.05
    elif kind < 0.5:
        gap, spread = rng.uniform(0.3, 1.0 if rng.random() < 0.7 else 2.2), 0.12
    elif kind < 0.8:
        gap, spread = rng.uniform(-0.06, 0.06), 0.05
    else:
        gap, spread = rng.uniform(-0.22, -0.04), 0.06
    blank = rng.uniform(0.5, 1.4)
    n = len(text)
    # The cutter sets rows upright; what is left of a drift stays within a part of a digit.
    drift = float(np.clip(rng.normal(0, 0.01 + 0.06 * grade), -0.5 / n, 0.5 / n))
    bend = float(np.clip(rng.normal(0, 0.12 * grade), -0.25, 0.25)) if hard else 0.0
    room = int(1.6 * h)
    tall = int(h) + 2 * room
    wide = int((n * (1.9 + max(gap, 0)) + text.count(" ") * blank + 2) * h)
    canvas = np.zeros((tall, wide), np.uint8)
    right = np.full(tall, -np.inf, np.float32)  # where the ink so far ends in each row
    pad = int(h)
    boxes: list[tuple[int, int, int, int]] = []
    apart = 0.0
    least = float(pad)
    length = max(1.0, 0.8 * n * h)
    before = ""
    for character in text:
        if character == " ":
            apart, before = blank * h, ""
            continue
        image, top = pen.glyph(character)
        x = (least - pad) / h
        swing = drift * x * h + bend * h * np.sin(np.pi * min((least - pad) / length, 1.0))
        lift = swing + rng.normal(0, 0.015 + 0.04 * grade) * h
        y = int(np.clip(round(room + top + lift), 0, tall - image.shape[0]))
        inside = image > 60
        rows = np.asarray(inside.any(axis=1))
        if not rows.any():
            rows[:] = True
            inside = image >= 0
        left = inside.argmax(axis=1)
        edge = image.shape[1] - inside[:, ::-1].argmax(axis=1)
        first, last = int(left[rows].min()), int(edge[rows].max())
        space = rng.normal(gap, spread) * h + apart
        beside_sign = not apart and not {character, before}.isdisjoint(SIGNS)
        if beside_sign and rng.random() < RUN_IN * grade:
            space = rng.uniform(-0.15, 0.02) * h
        before = character
        if not boxes:
            at = float(pad - first)
        else:
            ink_ends = right[y : y + image.shape[0]][rows]
            meet = float((ink_ends - left[rows]).max())
            at = meet + space if np.isfinite(meet) else -np.inf
            # However they overlap, each begins and ends clearly to the right of the one before.
            was = boxes[-1]
            at = max(
                at,
                was[0] + 0.45 * (was[2] - was[0]) + 0.08 * h - first + apart,
                was[2] + 0.3 * min(last - first, h / 2) + 0.04 * h - last + apart,
            )
            if space > 0:  # a dot may sit under an overhang, but not far
                at = max(at, was[2] - 0.25 * h - first + apart + space / 2)
        at_x = int(max(round(at), 0))
        if at_x + image.shape[1] > wide:
            more = np.zeros((tall, at_x + image.shape[1] - wide + 2 * pad), np.uint8)
            canvas = np.hstack([canvas, more])
            wide = canvas.shape[1]
        patch = canvas[y : y + image.shape[0], at_x : at_x + image.shape[1]]
        np.maximum(patch, image, out=patch)
        reach = np.where(rows, edge + at_x, -np.inf).astype(np.float32)
        near = cv2.dilate(reach[:, None], np.ones((2 * int(h / 6) + 1, 1), np.uint8))[:, 0]
        part = right[y : y + image.shape[0]]
        np.maximum(part, near, out=part)
        below = np.flatnonzero(rows)
        boxes.append((at_x + first, y + int(below[0]), at_x + last, y + int(below[-1]) + 1))
        least = float(boxes[-1][2])
        apart = 0.0
    end = int(max(box[2] for box in boxes)) + pad
    canvas = canvas[:, : min(end, wide)]
    columns = np.arange(canvas.shape[1]) - pad
    base = room + drift * columns + bend * h * np.sin(np.pi * np.clip(columns / length, 0, 1))
    return canvas, np.array(boxes, np.float64), base


def _thickness(ink: Bytes, rng: np.random.Generator, grade: float, h: float) -> Bytes:
    """A finer or a bolder pen."""
    if rng.random() > 0.6 * grade:
        return ink
    if rng.random() < 0.5:
        shape = ((2, 2), (3, 3), (3, 3)) if h > 20 else ((2, 2), (2, 1), (1, 2))
        return np.asarray(cv2.dilate(ink, np.ones(shape[rng.integers(3)], np.uint8)), np.uint8)
    thin = cv2.erode(ink, np.ones((2, 2), np.uint8))
    share = rng.uniform(0.3, 0.9)
    return np.asarray(cv2.addWeighted(ink, 1 - share, thin, share, 0), np.uint8)


def _neighbours(
    ink: Bytes, rng: np.random.Generator, pen: Pen, grade: float, base: NDArray[np.float64]
) -> Bytes:
    """Tails and heads of the rows above and below."""
    h = pen.height
    for side in (-1, 1):
        if rng.random() > 0.3 * grade:
            continue
        away = rng.uniform(1.15, 1.6) * h
        x = rng.uniform(0, 3 * h)
        while x < ink.shape[1] - h:
            image, top = pen.glyph(str(rng.integers(0, 10)))
            y = int(base[int(x)] + top + side * away + rng.normal(0, 0.08) * h)
            _lay(ink, image, int(x), y)
            x += image.shape[1] + rng.exponential(0.8) * h
    return ink


def _lay(ink: Bytes, image: Bytes, x: int, y: int) -> None:
    """Lay a picture over the ink in place, what sticks out is cut off."""
    y0, x0 = max(y, 0), max(x, 0)
    y1, x1 = min(y + image.shape[0], ink.shape[0]), min(x + image.shape[1], ink.shape[1])
    if y0 < y1 and x0 < x1:
        patch = ink[y0:y1, x0:x1]
        np.maximum(patch, image[y0 - y : y1 - y, x0 - x : x1 - x], out=patch)


def _printed(
    ink: Bytes,
    rng: np.random.Generator,
    boxes: NDArray[np.float64],
    grade: float,
    h: float,
    base: NDArray[np.float64],
) -> Bytes:
    """Rules, underlines, boxes, margin lines, dots and what else is no writing."""
    W = ink.shape[1]
    top, foot = float(base.mean()), float(base.mean()) + h
    p = 0.22 * grade

    def way(x0: float, y0: float, x1: float, y1: float, thick: float, dark: int) -> None:
        start, end = ((round(x * 16), round(y * 16)) for x, y in ((x0, y0), (x1, y1)))
        layer[:] = 0
        cv2.line(layer, start, end, (dark,), max(1, round(thick)), cv2.LINE_AA, 4)
        np.maximum(ink, layer, out=ink)

    layer = np.zeros_like(ink)
    tilt = rng.normal(0, 0.01)
    left, right = float(boxes[0, 0]), float(boxes[-1, 2])
    if rng.random() < p:  # what is left of ruled lines: whole, or in pieces
        y = float(rng.choice([foot, foot, top, rng.uniform(top, foot)])) + rng.normal(0, 0.12) * h
        dark, thick = int(rng.integers(90, 256)), rng.uniform(0.8, 0.07 * h + 1)
        if rng.random() < 0.5:
            way(0, y, W, y + tilt * W, thick, dark)
        else:
            for _ in range(rng.integers(1, 5)):
                x = rng.uniform(0, W)
                long = rng.exponential(0.7) * h + 2
                way(x, y + tilt * x, x + long, y + tilt * (x + long), thick, dark)
    if rng.random() < p / 2:  # underlined, once or twice
        y = foot + rng.uniform(0.03, 0.3) * h
        for _ in range(rng.integers(1, 3)):
            a, b = left + rng.normal(0, 0.3) * h, right + rng.normal(0, 0.3) * h
            way(a, y, b, y + rng.normal(0, 0.06) * h, rng.uniform(1, 0.1 * h + 1), 255)
            y += rng.uniform(0.1, 0.2) * h
    if rng.random() < p and len(boxes) > 1:  # boxes and combs: a wall between any two digits
        middles = (boxes[:, 0] + boxes[:, 2]) / 2
        step = np.diff(middles)
        walls = [middles[0] - step[0] / 2, *(middles[:-1] + step / 2), middles[-1] + step[-1] / 2]
        y0, y1 = top - rng.uniform(0.05, 0.4) * h, foot + rng.uniform(0.05, 0.4) * h
        comb = rng.random() < 0.4
        if comb:
            y0 = foot - rng.uniform(0.0, 0.4) * h
        dark, thick = int(rng.integers(90, 256)), rng.uniform(0.8, 0.06 * h + 1)
        missing = rng.choice([0.0, 0.0, 0.4, 0.7])
        for x in walls:
            if rng.random() >= missing:
                way(x, y0, x + rng.normal(0, 0.02) * h, y1, thick, dark)
        if rng.random() < 0.6:
            way(walls[0], y1, walls[-1], y1 + tilt * W, thick, dark)
            if not comb:
                way(walls[0], y0, walls[-1], y0 + tilt * W, thick, dark)
    if rng.random() < p:  # a margin line, a table's rule: at an end, clear of the writing
        for x in ((left - rng.uniform(0.15, 0.8) * h), (right + rng.uniform(0.15, 0.8) * h)):
            if rng.random() < 0.6:
                a, b = top - rng.uniform(0.1, 1) * h, foot + rng.uniform(0.1, 1) * h
                thick = rng.uniform(0.8, 0.06 * h + 1)
                way(x, a, x + rng.normal(0, 0.05) * h, b, thick, int(rng.integers(90, 256)))
    if rng.random() < 1.5 * p:  # specks
        for _ in range(rng.integers(1, 6)):
            x, y = rng.uniform(0, W), rng.uniform(top - 0.4 * h, foot + 0.4 * h)
            radius = rng.uniform(0.2, 0.025 * h + 0.4)
            way(x, y, x + radius, y, radius, int(rng.integers(60, 256)))
    return ink


def _cut_out(
    ink: Bytes,
    text: str,
    boxes: NDArray[np.float64],
    rng: np.random.Generator,
    grade: float,
    h: float,
    base: NDArray[np.float64],
) -> Line:
    """Cut the row out, scale it to the height of a line, and blur and threshold it."""
    size = h * float(np.exp(rng.normal(0, 0.02 + 0.1 * grade)))  # what the cutter takes h for
    stretch = float(np.exp(rng.uniform(np.log(0.75), np.log(1.3)) * grade))
    written = np.concatenate([boxes[:, 1], boxes[:, 3]])
    middle = float(base.mean()) + h / 2
    if grade:  # the cutter sees where the ink is, not where the base line was
        middle = (middle + float(written.min() + written.max()) / 2) / 2
    middle += rng.normal(0, 0.01 + 0.07 * grade) * h
    ends = rng.uniform(0.1, 0.5 + 0.5 * grade, 2) * h
    x0 = max(0, int(boxes[:, 0].min() - ends[0]))
    x1 = min(ink.shape[1], int(np.ceil(boxes[:, 2].max() + ends[1])))
    top = middle - size / 2
    lying = normalise_line(ink[:, x0:x1], top, top + size, stretch=stretch).astype(np.float32)
    if grade:
        lying = _seen(lying, rng, grade)
    zoom = BODY / size
    places = boxes.copy()
    places[:, 0::2] = ((places[:, 0::2] - x0) * zoom * stretch).clip(0, lying.shape[1])
    places[:, 1::2] = ((places[:, 1::2] - middle) * zoom + LINE_HEIGHT / 2).clip(0, LINE_HEIGHT)
    image = np.rint(lying.clip(0, 255)).astype(np.uint8)
    return Line(image, text, places.astype(np.float32))


def _seen(ink: NDArray[np.float32], rng: np.random.Generator, grade: float) -> NDArray[np.float32]:
    """Pressure that changes, a lens' blur, a camera's noise, and a threshold."""
    H, W = ink.shape
    if rng.random() < 0.5 * grade:
        cells = (max(2, W // 12), 4)
        flow = rng.normal(1, 0.25 * grade, cells[::-1]).astype(np.float32)
        ink = ink * np.asarray(cv2.resize(flow, (W, H)), np.float32)
    if rng.random() < 0.6 * grade:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, 1.3)), np.float32)
    if rng.random() < 0.5 * grade:
        ink = ink + rng.normal(0, rng.uniform(3, 35), ink.shape).astype(np.float32)
        sharp = rng.uniform(1, 3)
        ink = (ink - rng.uniform(60, 125)) * sharp + 127
    # Full ink is what the strokes' middles reach, however faint they were.
    full = max(float(np.quantile(ink, 0.97)), 60.0)
    ink = ink * np.float32(255 * rng.uniform(0.55, 1.3) / full)
    ink[ink < rng.uniform(8, 60)] = 0
    return np.asarray(ink, np.float32)
