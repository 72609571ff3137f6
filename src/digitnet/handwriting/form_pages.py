"""Form pages: made pictures of filled-in forms whose values are known, to measure with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.handwriting.lines import Pen, write_text
from digitnet.imaging.arrays import Bytes, Floats
from digitnet.imaging.boxes import Box

WIDTH, HEIGHT = 992, 1403
"""Pixels of a blank form: an A4 page at 120 dots per inch."""
FINE = 1.5
"""Pixels of a form as it is written on, per pixel of the blank form."""
CELL = 40
"""Pixels of a comb's cell: as wide as this, and a sixth higher."""
EMPTY = 0.1
"""The share of fields that nobody fills in."""


class Kind(NamedTuple):
    """What a field asks for.

    Attributes:
        printed: "comb", "boxes" and "teeth" have a place for each character; "box" and "line" do
            not.
        characters: the places, or about how many characters there will be.
        constraints: of a template's field, by their words there.
    """

    printed: str
    characters: int
    constraints: dict[str, object]


KINDS = {
    "number": Kind("comb", 7, {"length": 7, "allow": "0123456789"}),
    "postcode": Kind("boxes", 5, {"length": 5, "allow": "0123456789"}),
    "customer": Kind("comb", 8, {"length": 8, "allow": "0123456789", "checksum": "luhn"}),
    "card": Kind("box", 10, {"length": 10, "allow": "0123456789", "checksum": "luhn"}),
    "born": Kind("box", 10, {"pattern": "dd.dd.dddd"}),
    "year": Kind("boxes", 4, {"pattern": "dddd", "min": 1900, "max": 2030}),
    "amount": Kind("box", 8, {"allow": "0123456789.,"}),
    "total": Kind("line", 8, {"allow": "0123456789.,", "max": 99999}),
    "phone": Kind("line", 12, {"allow": "0123456789/-"}),
    "hours": Kind("box", 5, {"pattern": "dd:dd"}),
    "count": Kind("box", 3, {"allow": "0123456789", "min": 0, "max": 250}),
    "meter": Kind("teeth", 6, {"length": 6, "allow": "0123456789"}),
}
"""Fields that a form may have, by their names."""


@dataclass(frozen=True)
class BlankForm:
    """A form before anybody wrote on it.

    Attributes:
        picture: (HEIGHT, WIDTH) uint8, as a scanner sees it.
        boxes: of each field, (left, top, right, bottom) in its pixels.
        print_ink: what is printed, (H, W) in 0..1, `FINE` times as large.
    """

    picture: Bytes
    boxes: dict[str, Box]
    print_ink: Floats


@dataclass(frozen=True)
class FilledForm:
    """A form that somebody filled in, as a scanner or a camera saw it.

    Attributes:
        picture: (H, W, 3) uint8.
        values: what each field says, without blanks; "" where nothing is written.
        view: (3, 3), from the blank form's pixels to the picture's.
    """

    picture: Bytes
    values: dict[str, str]
    view: NDArray[np.float64]


def draw_blank_form(rng: np.random.Generator, n_fields: int = 10) -> BlankForm:
    """Print a form with so many fields of `KINDS`, at most all of them, in two columns."""
    ink = np.zeros((round(HEIGHT * FINE), round(WIDTH * FINE)), np.uint8)
    page = _Print(ink, rng)
    y = 70
    page.text(60, y, _words(rng, 3).upper(), 1.1, 2)
    cv2.circle(ink, _fixed(900, 75), round(34 * FINE), (255,), round(3 * FINE), cv2.LINE_AA)
    page.text(885, 85, _words(rng, 1)[:2].upper(), 0.9, 2)
    y += 30
    for _ in range(rng.integers(2, 5)):
        page.text(60, y, _words(rng, int(rng.integers(7, 11))), 0.42, 1)
        y += 18
    page.rule((50, y), (940, y), 2)
    names = [str(name) for name in rng.choice(list(KINDS), n_fields, replace=False)]
    boxes: dict[str, Box] = {}
    x, y = 60, y + 50
    for name in names:
        kind = KINDS[name]
        gap = 10 if kind.printed == "boxes" else 0
        wide = (CELL + gap) * kind.characters - gap if kind.printed in PLACES else 0
        wide = wide or round(kind.characters * rng.uniform(34, 40)) + 20
        if x > 60 and x + wide > 940:
            x, y = 60, y + int(rng.integers(95, 125))
        page.text(x, y, f"{name.capitalize()} {_words(rng, int(rng.integers(0, 2)))}", 0.5, 1)
        boxes[name] = page.field(kind, x, y + 14, wide)
        x += wide + int(rng.integers(50, 90))
    y = max(box[3] for box in boxes.values()) + 50
    while y < HEIGHT - 120:
        page.text(60, y, _words(rng, int(rng.integers(8, 12))), 0.42, 1)
        y += 18 if rng.random() < 0.8 else 50
    page.rule((50, HEIGHT - 90), (940, HEIGHT - 90), 1)
    page.text(60, HEIGHT - 60, _words(rng, 4), 0.4, 1)
    cover = ink.astype(np.float32) / np.float32(255) * np.float32(rng.uniform(0.55, 1.0))
    seen = cv2.resize(1 - cover, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    seen = 0.97 * seen + 0.01 * rng.standard_normal(seen.shape)
    picture = np.asarray(np.rint(seen.clip(0, 1) * 255), np.uint8)
    return BlankForm(picture, boxes, cover)


PLACES = ("comb", "boxes", "teeth")
"""What has a place for each character."""


class _Print:
    """Prints on a form, in the blank form's pixels."""

    def __init__(self, ink: Bytes, rng: np.random.Generator) -> None:
        self.ink, self.rng = ink, rng
        self.thick = int(rng.integers(1, 3))
        self.high = round(CELL * 7 / 6)

    def text(self, x: float, y: float, words: str, size: float, thick: int) -> None:
        """Print words, their base line's left end at (x, y)."""
        cv2.putText(
            self.ink, words, _fixed(x, y), cv2.FONT_HERSHEY_SIMPLEX, size * FINE, (255,),
            max(1, round(thick * FINE * 0.8)), cv2.LINE_AA,
        )  # fmt: skip

    def rule(self, a: tuple[float, float], b: tuple[float, float], thick: int) -> None:
        """Print a straight line."""
        cv2.line(self.ink, _fixed(*a), _fixed(*b), (255,), max(1, round(thick * FINE * 0.8)))

    def field(self, kind: Kind, x: int, y: int, wide: int) -> Box:
        """Print what is written into; its box."""
        bottom = y + self.high
        if kind.printed == "boxes":
            for k in range(kind.characters):
                left = x + k * (CELL + 10)
                self._box(left, y, left + CELL, bottom)
        elif kind.printed in ("line", "teeth"):
            self.rule((x, bottom), (x + wide, bottom), self.thick)
            if kind.printed == "teeth":
                for k in range(kind.characters + 1):
                    at = x + k * CELL
                    self.rule((at, bottom - 10), (at, bottom), self.thick)
        else:
            self._box(x, y, x + wide, bottom)
            for k in range(1, kind.characters if kind.printed == "comb" else 0):
                self.rule((x + k * CELL, y), (x + k * CELL, bottom), self.thick)
        return x, y, x + wide, bottom

    def _box(self, left: int, top: int, right: int, bottom: int) -> None:
        for a, b in (
            ((left, top), (right, top)), ((left, bottom), (right, bottom)),
            ((left, top), (left, bottom)), ((right, top), (right, bottom)),
        ):  # fmt: skip
            self.rule(a, b, self.thick)


def fill_form(
    blank: BlankForm, rng: np.random.Generator, glyphs: LineGlyphs, *, photo: bool = False
) -> FilledForm:
    """Write a form's fields and scan it, or photograph it on a table.

    A scan is shifted by up to 3 % of the page, turned by up to 5 degrees and scaled by 0.8 to 1.5;
    a photograph is seen in perspective, with uneven light.
    """
    ink = np.zeros(blank.print_ink.shape, np.uint8)
    size = CELL * FINE * float(rng.uniform(0.62, 0.85))
    pen = Pen(rng, glyphs, 0.2, size)
    values: dict[str, str] = {}
    for name, box in blank.boxes.items():
        empty = rng.random() < EMPTY
        values[name] = "" if empty else _value(name, rng)
        if not empty:
            _write(ink, KINDS[name], values[name], box, pen, rng)
    written = ink.astype(np.float32) / np.float32(255)
    hue = rng.uniform(0.05, 0.2) + rng.uniform(0, 0.3, 3) * (rng.random(3) < 0.3)
    red, green, blue = (float(v) for v in hue.clip(0, 1))
    drawn = PageStyle.sample(rng)
    style = PageStyle(
        digit=size, ink=(red, green, blue), paper=drawn.paper if photo else (0.96, 0.96, 0.95),
        shade=drawn.shade if photo else 0.0, shadow=drawn.shadow if photo else 0.0,
        texture=drawn.texture / 2, noise=drawn.noise, blur=drawn.blur,
    )  # fmt: skip
    cover = np.maximum(blank.print_ink, written * np.float32(rng.uniform(0.75, 1.0)))
    sheet = photograph(cover, style, 0.0, rng)
    view, (width, height) = (_from_above if photo else _scanned)(rng)
    fine = view @ np.diag([1 / FINE, 1 / FINE, 1.0])
    ground = rng.uniform(20, 110) if photo else rng.uniform(225, 250)
    back = np.full((height, width, 3), 0.0, np.float32) + ground + rng.normal(0, 3, 3)
    back += rng.normal(0, 3, back.shape)
    seen = cv2.warpPerspective(sheet, fine, (width, height), flags=cv2.INTER_AREA)
    full = np.full(sheet.shape[:2], 255, np.uint8)
    inside = cv2.warpPerspective(full, fine, (width, height)).astype(np.float32)[..., None] / 255
    mixed = seen.astype(np.float32) + back * (1 - inside)
    return FilledForm(np.asarray(np.rint(mixed.clip(0, 255)), np.uint8), values, view)


def _scanned(rng: np.random.Generator) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """How a scanner sees a form: its view, and the (width, height) of its picture."""
    scale, turn = rng.uniform(0.8, 1.5), np.deg2rad(rng.uniform(-5, 5))
    shift = rng.uniform(-0.03, 0.03, 2) * (WIDTH, HEIGHT)
    size = np.array([WIDTH, HEIGHT]) * scale
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    view = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    middle = view[:2, :2] @ (WIDTH / 2, HEIGHT / 2)
    view[:2, 2] = size / 2 - middle + shift * scale
    return view, (round(size[0]), round(size[1]))


def _from_above(rng: np.random.Generator) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """How a camera sees a form on a table, likewise."""
    scale = rng.uniform(0.9, 1.5)
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float64)
    angle = np.deg2rad(rng.normal(0, 4))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    there = (corners - corners.mean(axis=0)) @ turn.T + rng.uniform(-0.04, 0.04, (4, 2)) * WIDTH
    there -= there.min(axis=0) - rng.uniform(10, 80, 2)
    there *= scale
    width, height = np.ceil(there.max(axis=0) + rng.uniform(10, 80, 2) * scale).astype(int)
    view = cv2.getPerspectiveTransform(corners.astype(np.float32), there.astype(np.float32))
    return np.asarray(view, np.float64), (int(width), int(height))


def _write(ink: Bytes, kind: Kind, text: str, box: Box, pen: Pen, rng: np.random.Generator) -> None:
    """Write a text into its field."""
    left, top, right, bottom = (v * FINE for v in box)
    middle = (top + bottom) / 2 + rng.normal(0, 0.04) * pen.height
    if kind.printed in PLACES:
        step = (CELL + 10 * (kind.printed == "boxes")) * FINE
        for k, character in enumerate(text):
            image, below = pen.glyph(character)
            x = left + k * step + CELL * FINE / 2 - image.shape[1] / 2
            x += rng.normal(0, 0.05) * pen.height
            _paste(ink, image, x, middle - pen.height / 2 + below + rng.normal(0, 1))
        return
    written, boxes, base = write_text(text, rng, pen, 0.25)
    x0, x1 = boxes[:, 0].min(), boxes[:, 2].max()
    room = 0.96 * (right - left)
    zoom = min(1.0, room / (x1 - x0))
    small = cv2.resize(written, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    spare = room - (x1 - x0) * zoom
    x = left + 0.02 * (right - left) + rng.uniform(0.1, 0.6) * spare - x0 * zoom
    y = middle - (float(np.median(base)) + pen.height / 2) * zoom
    if kind.printed == "line":
        y += 0.02 * pen.height
    _paste(ink, np.asarray(small, np.uint8), x, y)


def _paste(ink: Bytes, image: Bytes, x: float, y: float) -> None:
    """Add ink, its top left at (x, y) to the nearest pixel; what is outside goes."""
    left, top = round(x), round(y)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + image.shape[1], ink.shape[1]), min(top + image.shape[0], ink.shape[0])
    if x1 > x0 and y1 > y0:
        part = ink[y0:y1, x0:x1]
        np.maximum(part, image[y0 - top : y1 - top, x0 - left : x1 - left], out=part)


def _value(name: str, rng: np.random.Generator) -> str:
    """What somebody might write into a field."""

    def digits(n: int) -> str:
        return "".join(map(str, rng.integers(0, 10, n)))

    kind = KINDS[name]
    if "checksum" in kind.constraints:
        body = digits(kind.characters - 1)
        return body + luhn_digit(body)
    if name == "born":
        return f"{rng.integers(1, 32):02}.{rng.integers(1, 13):02}.{rng.integers(1920, 2027)}"
    if name == "year":
        return str(rng.integers(1900, 2031))
    if name in ("amount", "total"):
        whole = rng.integers(0, int(10 ** rng.integers(1, 5)))
        return f"{whole}{rng.choice(list('.,'))}{digits(2)}"
    if name == "phone":
        return f"0{digits(3)}{rng.choice(list('/-'))}{digits(int(rng.integers(5, 8)))}"
    if name == "hours":
        return f"{rng.integers(0, 24):02}:{rng.integers(0, 60):02}"
    return str(rng.integers(0, 251)) if name == "count" else digits(kind.characters)


def luhn_digit(body: str) -> str:
    """The check digit that a number's other digits ask for (Luhn, US patent 2,950,048)."""
    doubled = [int(digit) * (2 - k % 2) for k, digit in enumerate(reversed(body))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _words(rng: np.random.Generator, n: int) -> str:
    """Made-up words."""
    parts = ["ka", "lo", "mi", "ter", "no", "vas", "ri", "en", "do", "sul", "pa", "gre", "tin"]
    return " ".join("".join(rng.choice(parts, int(rng.integers(2, 4)))) for _ in range(n))


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * FINE), round(y * FINE)
