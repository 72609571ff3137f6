"""Hands: hands that write the digits, each a little differently every time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.raster import Stroke
from digitnet.handwriting.schools import SCHOOLS
from digitnet.handwriting.splines import N_MARKS, Floats, all_shapes

# How bold each digit is: closed ones are written larger, so that their pen is finer.
HEFT = np.array([1.1, 1.1, 1.0, 1.0, 0.93, 1.0, 1.0, 1.0, 0.95, 0.92], np.float32)

STEEPEST = 0.6  # of a wave in the paper; from 1 on it may fold a digit to a blot
HURRY = 6  # how often a fast pen's way is smoothed: a corner spreads over about as many marks


@dataclass(frozen=True)
class Hand:
    """How somebody writes; n hands at once, every field (n,) unless said otherwise.

    Lengths are in heights of the digit, angles in radians.
    """

    slant: Floats  # how far the top leans to the right
    rotation: Floats
    width: Floats  # factor on the digit's width
    pen: Floats  # radius of the pen
    pressure: Floats  # how much that radius changes on the way, relative
    haste: Floats  # how far a point of the stroke misses its place
    wobble: Floats  # how far a smooth warp of the paper moves it
    taste: Floats  # (n, 10) which of its custom's allographs of each digit, in 0..1
    custom: NDArray[np.int64]  # where it learnt to write, see `schools.N_CUSTOMS`
    speed: Floats  # how much corners are rounded: 0 for as drawn
    steepest: Floats  # of a wave in the paper, as rise by run

    @classmethod
    def sample(
        cls, rng: np.random.Generator, n: int = 1, *, elsewhere: float = 0.0, rare: bool = False
    ) -> Hand:
        """Draw n hands. A hand keeps to one school, and to one allograph of each digit.

        Args:
            rng: draws everything.
            n: how many.
            elsewhere: the share of them from the schools of other parts of the world, each school
                equally often. With 0, all write as MNIST's writers do, no speed rounds
                their corners and no limit tames the paper's waves: made pages keep the bits that
                they had before there were schools.
            rare: all of them are from those schools, and write the rare forms of each.
        """
        natural = rare or elsewhere > 0

        def normal(mean: float, sd: float) -> Floats:
            return (mean + sd * rng.standard_normal(n)).astype(np.float32)

        return cls(
            slant=normal(0.15, 0.22),
            rotation=normal(0.0, 0.12),
            width=np.exp(normal(0.06, 0.20)),
            pen=np.clip(np.exp(normal(np.log(0.071), 0.33)), 0.03, 0.18),
            pressure=np.abs(normal(0.0, 0.12)),
            haste=np.exp(normal(np.log(0.028), 0.4)),
            wobble=np.exp(normal(np.log(0.05), 0.4)),
            taste=rng.random((n, 10), dtype=np.float32),
            custom=_customs(rng, n, elsewhere, rare),
            speed=np.clip(normal(0.0, 0.4), 0, 1) if natural else np.zeros(n, np.float32),
            steepest=np.full(n, STEEPEST if natural else np.inf, np.float32),
        )

    def __len__(self) -> int:
        return len(self.slant)


def _customs(rng: np.random.Generator, n: int, elsewhere: float, rare: bool) -> NDArray[np.int64]:
    if not elsewhere and not rare:
        return np.zeros(n, np.int64)
    school = rng.integers(len(SCHOOLS), size=n)
    if rare:
        return 1 + len(SCHOOLS) + school
    return np.where(rng.random(n) < elsewhere, 1 + school, 0)


def careful(hand: Hand, care: float = 0.5) -> Hand:
    """The same hand taking care: a share ``care`` of its deviations from an even script is gone.

    Forms and sums are written so that others can read them; hands sampled for training reach to
    the edge of what can be read at all.
    """
    left = np.float32(1 - care)
    return replace(
        hand,
        slant=np.float32(0.15) + left * (hand.slant - np.float32(0.15)),
        width=np.float32(1.06) + left * (hand.width - np.float32(1.06)),
        rotation=left * hand.rotation,
        haste=left * hand.haste,
        wobble=left * hand.wobble,
        speed=left * hand.speed,
    )


def odd_hand(rng: np.random.Generator) -> Hand:
    """A hand that is read badly: rare forms, written with care, but leaning and turned far over.

    About 35 degrees of lean and 17 of turn, which no sampled hand comes near.
    """
    hand = careful(Hand.sample(rng, rare=True))
    return replace(
        hand,
        pen=np.minimum(hand.pen, np.float32(0.1)),
        slant=np.full(1, 0.7, np.float32),
        rotation=np.full(1, 0.3, np.float32),
    )


def draw_digit(label: int, rng: np.random.Generator, *, hand: Hand | None = None) -> list[Stroke]:
    """Write one digit: its strokes, lying in 0..1 from top to bottom and from 0 to the right.

    The same hand chooses the same allograph, slant and pen each time; no two digits are equal.

    Raises:
        SettingsError: label is not one of 0 to 9, or `hand` holds several hands.
    """
    if not 0 <= label <= 9:
        raise SettingsError(f"There is no digit {label}; choose one of 0 to 9.")
    hand = Hand.sample(rng) if hand is None else hand
    if len(hand) != 1:
        raise SettingsError(f"One digit is written by one hand, not by {len(hand)}.")
    x, y, radii, stroke = write(np.array([label]), hand, rng)
    left, top = (x - radii).min(), (y - radii).min()
    scale = 1 / ((y + radii).max() - top)
    points = np.stack([x[0] - left, y[0] - top], axis=1).astype(float) * scale
    return [
        Stroke(points[stroke[0] == s], radii[0][stroke[0] == s].astype(float) * scale)
        for s in range(stroke.max() + 1)
    ]


def write(
    labels: NDArray[np.integer],
    hand: Hand,
    rng: np.random.Generator,
    *,
    which: NDArray[np.integer] | None = None,
) -> tuple[Floats, Floats, Floats, NDArray[np.int8]]:
    """Write n digits at once.

    Args:
        labels: (n,) digits 0 to 9.
        hand: n hands, or one that writes them all.
        rng: draws what differs from one digit to the next.
        which: (n,) the allographs to use, by their number in `schools.ways()`; each hand's own if
            not given.

    Returns:
        x, y, radii: (n, N_MARKS) the pen's way and radius, in heights of the plain digit.
        stroke: (n, N_MARKS) which stroke each mark belongs to.
    """
    shapes = all_shapes()
    n, K = len(labels), shapes.control.shape[1]
    hand = Hand(*(np.broadcast_to(v, (n, *v.shape[1:])) for v in _values(hand)))
    if which is None:
        taste = hand.taste[np.arange(n), labels][:, None]
        beyond = (taste >= shapes.quantiles[hand.custom, labels]).sum(axis=1)
        which = shapes.first[labels] + beyond

    # The points the pen aims at, missed a little: each alone, and each stroke as a whole.
    miss = rng.standard_normal((n, K, 2), dtype=np.float32) * shapes.loose[which][:, :, None]
    whole = rng.standard_normal((n, shapes.n_strokes, 2), dtype=np.float32)
    miss += 1.2 * np.take_along_axis(whole, shapes.stroke_of_point[which][:, :, None], axis=1)
    control = shapes.control[which] + hand.haste[:, None, None] * miss
    way = shapes.basis[which] @ control  # (n, P, K) @ (n, K, 2)
    way = _rounded(way, shapes.before[which], shapes.after[which], hand.speed)
    x, y = np.moveaxis(way, 2, 0)

    x, y = _warp(x, y, hand, rng)
    radii = (HEFT[labels] * hand.pen)[:, None] * _swell(hand.pressure, rng)
    return x, y, radii, shapes.stroke_of_mark[which]


def _rounded(
    way: Floats, before: NDArray[np.int64], after: NDArray[np.int64], speed: Floats
) -> Floats:
    """A fast pen's way (n, N_MARKS, 2): each mark drawn towards its neighbours in the stroke."""
    pull = (0.5 * speed[:, None, None]).astype(np.float32)
    for _ in range(HURRY):
        between = np.take_along_axis(way, before[:, :, None], axis=1)
        between += np.take_along_axis(way, after[:, :, None], axis=1)
        way = way + pull * (np.float32(0.5) * between - way)
    return way


def _warp(x: Floats, y: Floats, hand: Hand, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Bend the paper smoothly, then stretch, lean and turn it; x, y (n, P)."""
    n = len(x)

    def one(sd: float) -> Floats:
        return np.float32(sd) * rng.standard_normal((n, 1), dtype=np.float32)

    for _ in range(2):
        phase = np.float32(2 * np.pi) * rng.random((n, 1), dtype=np.float32)
        along, down = one(4.0), one(4.0)
        wave = np.float32(np.sqrt(2)) * hand.wobble[:, None] * np.sin(along * x + down * y + phase)
        across, up = one(1.0), one(1.0)
        steep = np.sqrt(2) * hand.wobble[:, None] * np.hypot(along, down) * np.hypot(across, up)
        limit = hand.steepest[:, None] / np.maximum(steep, np.float32(1e-6))
        wave = wave * np.minimum(limit, 1).astype(np.float32)
        x, y = x + across * wave, y + up * wave
    # Larger or smaller below than above; the middle higher or lower; the whole bent like a bow.
    edge = 0.25 - y * y
    x = x * (1 + one(0.22) * y) + one(0.22) * edge
    y = y + one(0.16) * edge
    x = x * hand.width[:, None]
    x = x - hand.slant[:, None] * y
    cos, sin = (f(hand.rotation)[:, None].astype(np.float32) for f in (np.cos, np.sin))
    return cos * x - sin * y, sin * x + cos * y


def _swell(pressure: Floats, rng: np.random.Generator) -> Floats:
    """The pen's radius along the way relative to its mean, (n, N_MARKS)."""
    n = len(pressure)
    t = np.linspace(0, 1, N_MARKS, dtype=np.float32)
    phase = 2 * np.pi * rng.random((n, 2, 1), dtype=np.float32)
    turns = 2 * np.pi * (0.5 + 3 * rng.random((n, 2, 1), dtype=np.float32))
    waves = np.sin(turns * t + phase).sum(axis=1)
    return np.asarray(np.clip(1 + pressure[:, None] * waves, 0.4, 1.8), dtype=np.float32)


def _values(hand: Hand) -> list[NDArray[Any]]:
    return [getattr(hand, field.name) for field in fields(hand)]
