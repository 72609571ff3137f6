"""Fields: one digit as it is cut out of a form, a table or a copybook, with the lines around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.raster import Stroke, render

KINDS = ("border", "box", "cell", "comb", "rule", "underline")
"""What is drawn: lines at the crop's own edges, on one to four sides; a box; a cell of a table,
whose lines go on; a comb; ruled lines from edge to edge; an underline with free ends."""

CONTACTS = ("apart", "touching", "crossing")
"""How near the digit comes to one of the lines."""

Lines = list[NDArray[np.float64]]


@dataclass(frozen=True)
class Field:
    """A digit in a field, and the very same picture without the lines; (H, W, 3) uint8 each."""

    picture: NDArray[np.uint8]
    bare: NDArray[np.uint8]


def draw_in_field(
    ink: NDArray[np.uint8], pen: float, kind: str, contact: str, rng: np.random.Generator
) -> Field:
    """Put a digit into a field and photograph it.

    Args:
        ink: (h, w), 255 where all is ink, cut to the digit's box.
        pen: width of its strokes in pixels.
        kind: one of `KINDS`.
        contact: one of `CONTACTS`.
        rng: draws places, thickness, slope, darkness, paper and light; half of the lines are
            drawn by hand.

    Raises:
        SettingsError: an unknown kind or contact.
    """
    if kind not in KINDS or contact not in CONTACTS:
        raise SettingsError(
            f"There is no field {kind!r}, {contact!r}: choose one of {', '.join(KINDS)} "
            f"and one of {', '.join(CONTACTS)}."
        )
    size = max(ink.shape)
    sides = _sides(kind, rng)
    gaps = dict(zip("ltrb", rng.uniform(0.15, 0.45, 4) * size, strict=True))
    thick = max(1.0, pen * float(np.exp(rng.uniform(np.log(0.3), np.log(1.4)))))
    thick = min(thick, 0.12 * size)
    if contact != "apart":
        deep = rng.uniform(0.05, 0.2) * size if contact == "crossing" else 0.3 * thick
        near = sides[int(rng.integers(len(sides)))]
        gaps[near] = -deep
    cover, (x0, y0, x1, y1) = _placed(ink, kind, sides, gaps, thick, rng)
    lines = _lines(kind, sides, cover.shape, (x0, y0, x1, y1), size, rng)
    by_hand = bool(rng.random() < 0.5)
    slope = rng.normal(0, 0.02)
    strokes = [_stroke(line, thick, slope, by_hand, size, rng) for line in lines]
    drawn = render(strokes, *cover.shape) * np.float32(rng.uniform(0.5, 1.0) / 255)
    shade = np.float32(rng.uniform(0.5, 1.0) / 255)
    digit = cover * shade
    seed = int(rng.integers(1 << 62))
    style = replace(
        PageStyle.sample(rng), ruling="plain", digit=float(size), blur=float(rng.uniform(0.3, 0.8))
    )
    with_lines, bare = (
        photograph(each, style, 0.0, np.random.default_rng(seed))
        for each in (np.maximum(digit, drawn), digit)
    )
    return Field(with_lines, bare)


def _sides(kind: str, rng: np.random.Generator) -> str:
    """On which sides of the digit lines are: some of l, t, r and b."""
    if kind in ("box", "cell"):
        return "ltrb"
    if kind == "comb":
        return "lrb"
    if kind == "underline":
        return "b"
    if kind == "rule":
        return str(rng.choice(["b", "t", "tb"], p=[0.6, 0.1, 0.3]))
    return "".join(rng.permutation(list("ltrb"))[: rng.integers(1, 5)])


def _placed(
    ink: NDArray[np.uint8],
    kind: str,
    sides: str,
    gaps: dict[str, float],
    thick: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """The digit on its canvas, and where the lines on its four sides are: left, top, ..."""
    size = max(ink.shape)
    beyond = {}
    for side in "ltrb":
        if side not in sides:
            beyond[side] = 0.0
        elif kind == "border":
            beyond[side] = float(rng.uniform(0.2, 1.0) * thick + rng.uniform(0, 0.05) * size)
        else:
            beyond[side] = float(rng.uniform(0.15, 0.5) * size)
        beyond[side] = max(beyond[side], -gaps[side] * 1.02 + 1)  # the digit itself is not cut
    pad = {side: gaps[side] + beyond[side] for side in "ltrb"}
    left, top, right, bottom = (max(1, round(pad[side])) for side in "ltrb")
    cover = np.pad(ink, ((top, bottom), (left, right)))
    h, w = ink.shape
    places = (left - gaps["l"], top - gaps["t"], left + w + gaps["r"], top + h + gaps["b"])
    return cover, places


def _lines(
    kind: str,
    sides: str,
    shape: tuple[int, ...],
    places: tuple[float, float, float, float],
    size: int,
    rng: np.random.Generator,
) -> Lines:
    """The ends (2, 2) of each line."""
    far = 2 * size
    x0, y0, x1, y1 = places
    if kind == "underline":
        a, b = rng.uniform(-0.05, 0.5, 2) * size
        inner = 0.3 * size  # the gaps beside the digit are no part of it
        return [np.array([[x0 + inner - a, y1], [x1 - inner + b, y1]])]
    closed = kind == "box"
    left, right = (x0, x1) if closed else (-far, shape[1] + far)
    up, down = (y0, y1) if closed else (-far, shape[0] + far)
    if kind == "comb":
        up, down = y1 - rng.uniform(0.25, 1.0) * (y1 - y0), y1
    ends = {
        "l": [[x0, up], [x0, down]],
        "r": [[x1, up], [x1, down]],
        "t": [[left, y0], [right, y0]],
        "b": [[left, y1], [right, y1]],
    }
    return [np.array(ends[side], float) for side in sides]


def _stroke(
    ends: NDArray[np.float64],
    thick: float,
    slope: float,
    by_hand: bool,
    size: int,
    rng: np.random.Generator,
) -> Stroke:
    """A line through its ends: turned a little, and unsteady where a hand has drawn it."""
    t = np.linspace(0, 1, 48)[:, None]
    points = ends[0] + t * (ends[1] - ends[0])
    way = points - points.mean(axis=0)
    across = np.stack([-way[:, 1], way[:, 0]], axis=1)
    points = points + slope * across
    radii = np.full(len(points), thick / 2)
    if by_hand:
        normal = across / (np.hypot(*across.T)[:, None] + 1e-9)
        normal[: len(points) // 2] *= -1
        length = float(np.hypot(*(ends[1] - ends[0])))
        phase, turns = rng.uniform(0, 2 * np.pi, 2), rng.uniform(1, 5, 2) * length / (4 * size)
        wave = sum(np.sin(2 * np.pi * (n * t + p)) for n, p in zip(turns, phase, strict=True))
        points = points + rng.uniform(0.003, 0.012) * size * wave * normal
        points = points + rng.normal(0, 0.01) * across
        radii = radii * rng.uniform(0.85, 1.15)
    return Stroke(points, radii)
