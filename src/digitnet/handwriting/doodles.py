"""Doodles: faces, scribbles, and what becomes of digits that are struck out, joined or cut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitnet.handwriting.hands import draw_digit
from digitnet.handwriting.pen_and_paper import Picture, drawn, in_ink, moved, on_paper
from digitnet.handwriting.raster import Stroke

CUT = {"top": (0, 4), "bottom": (0, 2), "left": (2, 4)}
"""The digits whose half is no other digit, by the half that stays."""
MOST_LIKE_A_DIGIT = 3.5
"""Of its box's longer side: a shorter way may well be a digit's."""


def arc(
    x: float, y: float, wide: float, high: float, start: float, end: float, pen: float,
    wobble: float, rng: np.random.Generator,
) -> Stroke:  # fmt: skip
    """A piece of an ellipse from one angle to another, drawn with an unsteady hand."""
    at = np.linspace(start, end, 40)
    far = 1 + wobble * np.sin(at * rng.integers(2, 4) + rng.uniform(0, 7))
    points = np.stack([x + wide * far * np.cos(at), y + high * far * np.sin(at)], axis=1)
    return Stroke(points, np.full(len(at), pen))


def face(rng: np.random.Generator) -> Picture:
    """A face of lines in many styles: round or long, any kind of eyes, with or without the rest."""
    pen, wobble = float(rng.uniform(0.02, 0.07)), float(rng.uniform(0, 0.06))
    wide, high = rng.uniform(0.32, 0.5), rng.uniform(0.4, 0.52)
    begin = rng.uniform(0, 7)
    strokes = [arc(0, 0, wide, high, begin, begin + rng.uniform(6.1, 6.8), pen, wobble, rng)]
    apart, up = rng.uniform(0.1, 0.22), rng.uniform(0.06, 0.2)
    eye, style = rng.uniform(0.02, 0.08), rng.integers(5)
    for side in (-1, 1):
        x, y = side * apart + rng.normal(0, 0.015), -up + rng.normal(0, 0.015)
        if style == 0:
            strokes.append(arc(x, y, eye, eye, 0, 6.4, pen, 0, rng))
        elif style == 1:  # filled
            strokes.append(arc(x, y, eye / 2, eye / 2, 0, 6.4, max(pen, 0.6 * eye), 0, rng))
        elif style == 2:  # a dash, upright
            strokes.append(Stroke(np.array([[x, y - eye], [x, y + eye]]), np.full(2, pen)))
        elif style == 3:  # shut
            strokes.append(arc(x, y, 1.5 * eye, eye, 3.3, 6.1, pen, 0, rng))
        else:  # crossed
            for tilt in (-1, 1):
                ends = np.array([[x - eye, y - tilt * eye], [x + eye, y + tilt * eye]])
                strokes.append(Stroke(ends, np.full(2, pen)))
    mouth, low = rng.uniform(0.08, 0.26), rng.uniform(0.12, 0.26)
    if rng.random() < 0.7:  # glad, or open
        end = float(rng.choice([2.8, 3.0, 6.5], p=[0.45, 0.45, 0.1]))
        strokes.append(
            arc(0, low - 0.05, mouth, rng.uniform(0.04, 0.16), 3.14 - end, end, pen, 0, rng)
        )
    elif rng.random() < 0.5:  # sad
        strokes.append(arc(0, low + 0.12, mouth, rng.uniform(0.05, 0.14), 3.4, 6.0, pen, 0, rng))
    else:
        askew = rng.normal(0, 0.03)
        strokes.append(
            Stroke(np.array([[-mouth, low + askew], [mouth, low - askew]]), np.full(2, pen))
        )
    if rng.random() < 0.5:  # a nose
        nose = np.array([[0, -0.04], [rng.normal(0, 0.05), 0.08], [rng.normal(0, 0.03), 0.09]])
        strokes.append(Stroke(nose, np.full(3, pen)))
    if rng.random() < 0.3:  # hair
        for at in np.linspace(3.6, 5.8, int(rng.integers(3, 9))):
            root = np.array([wide * np.cos(at), high * np.sin(at)])
            strokes.append(Stroke(np.array([root, root * rng.uniform(1.15, 1.4)]), np.full(2, pen)))
    if rng.random() < 0.3:  # ears
        for side in (-1, 1):
            strokes.append(arc(side * (wide + 0.05), 0, 0.06, 0.1, 0, 6.4, pen, 0, rng))
    return drawn(strokes, rng)


def scribble(rng: np.random.Generator) -> Picture:
    """A pen that wanders, to and fro, about the place, or round and round, for long enough."""
    while True:
        n = int(rng.integers(6, 18))
        if rng.random() < 0.3:
            turns = np.linspace(0, rng.uniform(9, 30), n)[:, None] + [0, np.pi / 2]
            away = np.linspace(0, 1, n)[:, None] * rng.normal(0, 2.0, 2)
            points = np.sin(turns) * rng.uniform(0.3, 1, 2) + away + rng.normal(0, 0.15, (n, 2))
        elif rng.random() < 0.5:
            points = rng.uniform(0, 1, (n, 2)) * rng.uniform(0.4, 1, 2)
        else:
            points = np.cumsum(rng.normal(0, 0.3, (n, 2)), axis=0)
        at = np.linspace(0, n - 1, 24 * n)
        dense = np.stack([np.interp(at, np.arange(n), axis) for axis in points.T], axis=1)
        kernel = np.hanning(int(rng.integers(7, 70)))
        smooth = [np.convolve(axis, kernel / kernel.sum(), mode="valid") for axis in dense.T]
        way = np.stack(smooth, axis=1)
        way /= max(float(np.ptp(way, axis=0).max()), 1e-3)
        if np.hypot(*np.diff(way, axis=0).T).sum() > MOST_LIKE_A_DIGIT:
            return drawn([Stroke(way, np.full(len(way), rng.uniform(0.015, 0.07)))], rng)


def zigzag(rng: np.random.Generator, wide: float, high: float, pen: float) -> Stroke:
    """A pen that goes to and fro on its way down."""
    n = int(rng.integers(4, 14))
    x = np.where(np.arange(n) % 2, wide, 0.0) + rng.normal(0, 0.05, n)
    points = np.stack([x, np.linspace(0, high, n) + rng.normal(0, 0.02, n)], axis=1)
    return Stroke(points, np.full(n, pen))


def hatching(rng: np.random.Generator) -> Picture:
    """Strokes side by side, to and fro or each alone, at times crossed by others."""
    pen, strokes = float(rng.uniform(0.015, 0.06)), []
    for _ in range(int(rng.integers(1, 3))):
        if rng.random() < 0.5:
            layer = [zigzag(rng, rng.uniform(0.5, 1), rng.uniform(0.4, 1), pen)]
        else:
            layer = [
                Stroke(np.array([[0, y], [1, y]]) + rng.normal(0, 0.04, (2, 2)), np.full(2, pen))
                for y in np.linspace(0, rng.uniform(0.5, 1), int(rng.integers(3, 8)))
            ]
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        strokes += [Stroke((s.points - 0.5) @ turn, s.radii) for s in layer]
    return drawn(strokes, rng)


def crossing_out(rng: np.random.Generator) -> Picture:
    """A digit that its writer took back, by a zigzag, lines or a cross all over it."""
    digit = draw_digit(int(rng.integers(10)), rng)
    wide = max(float((s.points[:, 0] + s.radii).max()) for s in digit)
    pen = float(digit[0].radii.mean()) * rng.uniform(0.7, 1.2)
    left, right = -rng.uniform(0.05, 0.3), wide + rng.uniform(0.05, 0.3)
    kind = rng.integers(3)
    if kind == 0:
        over = moved(
            [zigzag(rng, right - left, rng.uniform(0.5, 0.9), pen)], left, rng.uniform(0.05, 0.2)
        )
    elif kind == 1:
        over = [
            Stroke(np.array([[left, y], [right, y + rng.normal(0, 0.1)]]), np.full(2, pen))
            for y in rng.uniform(0.2, 0.8, int(rng.integers(2, 5)))
        ]
    else:
        over = [
            Stroke(np.array([[left, 1.05 * down], [right, 1.05 * (1 - down)]]), np.full(2, pen))
            for down in (0, 1)
        ]
    return drawn([*digit, *over], rng)


def joined(n: int) -> Callable[[np.random.Generator], Picture]:
    """So many digits written together, so close that they touch or nearly do."""

    def draw(rng: np.random.Generator) -> Picture:
        strokes: list[Stroke] = []
        right = 0.0
        for _ in range(n):
            digit = moved(draw_digit(int(rng.integers(10)), rng), 0, rng.normal(0, 0.05))
            left = min(float((s.points[:, 0] - s.radii).min()) for s in digit)
            digit = moved(digit, right - left - rng.uniform(0.0, 0.12), 0)
            right = max(float((s.points[:, 0] + s.radii).max()) for s in digit)
            strokes += digit
        return drawn(strokes, rng)

    return draw


def half(rng: np.random.Generator) -> Picture:
    """Half a digit, cut straight off; halves that are other digits are left out."""
    side = sorted(CUT)[rng.integers(len(CUT))]
    ink = in_ink(draw_digit(int(rng.choice(CUT[side])), rng), rng)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    at, extent = rng.uniform(0.42, 0.55), rows if side in ("top", "bottom") else columns
    cut = int(extent[0] + at * (extent[-1] - extent[0]))
    kept = ink.copy()
    match side:
        case "top":
            kept[cut:] = 0
        case "bottom":
            kept[:cut] = 0
        case _:
            kept[:, cut:] = 0
    return on_paper(kept, rng)
