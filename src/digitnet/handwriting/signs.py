"""Signs: marks that stand beside digits, and marks that are none of them, drawn by ourselves.

Paths are written as in `allographs`: x,y in hundredths of a digit's height, y down from 0 (a
digit's top) to 100 (its foot), ! for a corner, a slash (with blanks around it) to lift the pen.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.splines import N_MARKS, Floats, even_places, spline

SIGNS = ".,-/:"
"""The signs that are read."""
OTHER = "?"
"""Stands for any other mark."""

# fmt: off
PATHS: dict[str, tuple[str, ...]] = {
    ".": ("0,97 1,98", "0,97 3,99", "0,95 2,98 4,97", "0,95 4,93 6,97 2,99 0,95"),
    ",": ("4,90 5,98 -3,112", "3,92 1,104 -5,114", "4,88 0,112", "2,92 6,94 5,104 -4,116"),
    "-": ("0,52 30,50", "0,54 22,50", "0,50 45,51", "0,56 18,52 38,54"),
    "/": ("42,-4 -2,108", "36,0 0,100", "55,-2 0,106", "30,-8 4,112", "48,-4 30,50 -6,104"),
    ":": ("2,45 3,46 / 0,92 1,93", "4,36 4,38 / 0,90 1,91", "3,50 4,51 / 2,96 3,97"),
    OTHER: (
        # capital letters that are no digit's likeness
        "0,100 28,0! 56,100 / 10,64 46,62", "0,0 0,100 / 0,0 40,10 42,40 0,48! 48,56 46,96 0,100",
        "50,10 24,0 0,40 6,86 30,100 54,88",
        "46,0 0,0! 0,100! 48,100 / 0,48 36,48", "46,0 0,0! 0,100 / 0,48 36,48",
        "0,0 0,100 / 50,0 50,100 / 0,50 50,50", "0,0 0,100 / 48,0 0,54! 50,100",
        "0,100 6,0! 34,70! 62,0! 68,100", "0,100 0,0! 50,100! 50,0",
        "0,100 0,0! 42,8 44,44 0,54", "0,100 0,0! 42,8 44,42 0,50! 46,100",
        "0,0 56,0 / 28,0 28,100", "0,0 2,70 24,100 48,72 50,0", "0,0 26,100! 52,0",
        "0,0 16,100! 34,30! 52,100! 68,0", "0,0 50,100 / 50,0 0,100",
        "0,0 26,46! 52,0 / 26,46 24,100",
        # small letters
        "36,50 14,44 0,72 12,98 32,90 38,48! 38,98 48,98", "34,56 12,44 0,74 14,100 38,90",
        "2,74 34,70 24,46 4,56 2,86 20,100 40,90", "0,0 0,100! 4,60 24,44 36,60 36,100",
        "0,44 0,100! 6,56 22,44 30,60 30,100! 36,56 52,44 60,60 60,100",
        "0,44 0,100! 8,54 26,44 36,60 36,100", "0,44 0,140 / 0,54 24,42 38,70 20,98 0,88",
        "0,44 0,100! 6,58 26,44", "18,8 16,86 28,100 40,94 / 0,40 38,38",
        "0,44 2,88 20,100 36,80 38,44! 38,100", "0,44 14,100! 26,56! 40,100! 52,44",
        "0,44 36,100 / 36,44 0,100", "0,44 18,86! / 38,44 10,140",
        # arithmetic, brackets, money, per cent
        "0,52 50,52 / 25,26 25,78", "0,40 44,38 / 0,62 44,60", "26,-6 4,18 0,50 6,84 28,108",
        "0,-6 22,16 28,50 22,86 0,108", "22,-4 0,-4! 0,104! 22,104", "0,-4 22,-4! 22,104! 0,104",
        "56,12 34,0 12,24 10,74 32,100 58,88 / 0,42 44,40 / 0,60 42,58",
        "46,14 24,4 4,22 22,46 46,66 40,92 14,96 0,82 / 26,-10 22,112",
        "50,16 36,0 20,14 20,60 4,98! 52,96 / 4,54 40,52",
        "12,0 0,12 10,26 22,12 12,0 / 60,0 4,100 / 56,72 44,86 54,100 66,86 56,72",
        "20,-2 12,100 / 44,-2 36,100 / 0,34 58,32 / -4,66 54,64",
        "24,20 24,74 / 2,34 46,62 / 46,34 2,62",
        # ticks, crosses, scribbles, loops, a tilde, an arrow, a square, a ditto, a long dash
        "0,60 18,92! 60,4", "0,50 14,80! 70,-10", "0,10 60,90 / 60,6 0,94",
        "0,40 20,8 30,90 50,12 54,88 76,20 74,80 96,40", "0,60 24,30 40,70 66,34 88,62",
        "10,50 40,20 70,50 40,80 14,46 44,28 64,56 36,70 24,48",
        "0,58 12,44 28,48 44,60 60,50", "0,50 80,50 / 60,34 82,50! 60,66",
        "0,10 60,10! 60,94! 0,94! 0,10", "0,0 0,22 / 16,0 16,22",
        "0,20 90,90 / 0,50 90,40 / 10,80 80,10",
    ),
}
# fmt: on


@cache
def _ways(
    character: str,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]]:
    """Each way of writing it: a basis (N_MARKS, K), its control points (K, 2), each mark's stroke
    (N_MARKS,).
    """
    ways = []
    for path in PATHS[character]:
        strokes = [
            np.array([_point(word) for word in stroke.split()]) for stroke in path.split(" / ")
        ]
        lengths = [np.hypot(*np.diff(s[:, :2], axis=0).T).sum() + 0.01 for s in strokes]
        cuts = np.rint(N_MARKS * np.cumsum([0.0, *lengths]) / sum(lengths)).astype(int)
        basis = np.zeros((N_MARKS, sum(len(s) for s in strokes)))
        start = 0
        for s, stroke in enumerate(strokes):
            corners = stroke[:, 2] > 0
            places = even_places(stroke[:, :2], corners, cuts[s + 1] - cuts[s])
            basis[cuts[s] : cuts[s + 1], start : start + len(stroke)] = spline(corners, places)
            start += len(stroke)
        of_mark = np.repeat(np.arange(len(strokes)), np.diff(cuts)).astype(np.int8)
        ways.append((basis, np.concatenate(strokes)[:, :2], of_mark))
    return ways


def _point(word: str) -> tuple[float, float, float]:
    x, y = word.removesuffix("!").split(",")
    return int(x) / 100, int(y) / 100, float(word.endswith("!"))


def write_sign(
    character: str, rng: np.random.Generator, *, pen: float, slant: float = 0.0, haste: float = 0.02
) -> tuple[Floats, Floats, Floats, NDArray[np.int8]]:
    """Write a sign, or with `OTHER` some mark that is neither a digit nor a sign.

    Args:
        character: one of `SIGNS`, or `OTHER`.
        rng: draws which way it is written, and how.
        pen: radius of the pen in heights of a digit.
        slant: how far the top leans to the right.
        haste: how far a point of the stroke misses its place.

    Returns:
        x, y, radii: (N_MARKS,) each, in heights of a digit; a digit beside it reaches from y = 0
        to its foot at y = 1, the leftmost ink is at x = 0.
        stroke: (N_MARKS,) which stroke each mark belongs to.

    Raises:
        SettingsError: the character is neither.
    """
    if character not in PATHS:
        raise SettingsError(f"There is no sign {character!r}; choose one of {' '.join(PATHS)}.")
    ways = _ways(character)
    basis, control, stroke = ways[rng.integers(len(ways))]
    spread = haste * (0.5 if character in ".:" else 1.5 if character == OTHER else 1.0)
    points = control + spread * rng.standard_normal(control.shape)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    points = middle + (points - middle) * np.exp(0.15 * rng.standard_normal(2))
    if character in "-:,.":
        points[:, 1] += rng.normal(0, 0.05)
    x, y = (basis @ points).T
    x = x - slant * (y - 0.5)
    thick = pen * np.exp(rng.normal(0.3 if character in ".:" else 0.0, 0.2))
    radii = np.full(N_MARKS, max(thick, 0.02))
    x = x - (x - radii).min()
    return x.astype(np.float32), y.astype(np.float32), radii.astype(np.float32), stroke
