"""Glyphs: single digits and signs as small pictures, by writer, from which lines are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.handwriting.hands import Hand, careful, write
from digitnet.handwriting.raster import cover
from digitnet.handwriting.signs import OTHER, SIGNS, write_sign
from digitnet.handwriting.splines import Floats

DIGITS = "0123456789"
ALPHABET = DIGITS + SIGNS + OTHER
"""What a line may hold."""
TALL = 30
"""Pixels of a drawn digit's height."""
CHUNK = 256
WAYS = 8
"""Digits of a kind that a writer has who is given others' digits, of like pens."""


@dataclass(frozen=True)
class Glyph:
    """A mark as a picture.

    Attributes:
        image: (h, w) uint8, ink 255 on 0, cropped to the ink.
        scale: its pixels per height of a digit.
        top: where it begins, in heights of a digit below a digit's top.
    """

    image: NDArray[np.uint8]
    scale: float
    top: float


@dataclass(frozen=True)
class Writer:
    """One hand's glyphs: for each character of `ALPHABET` several ways it came out."""

    glyphs: dict[str, tuple[Glyph, ...]]
    slant: float


@dataclass(frozen=True)
class LineGlyphs:
    """The glyphs that lines are made of.

    Attributes:
        writers: who write everything, drawn from our own strokes.
        photos: for each digit written glyphs set upright, by the width of their strokes; empty
            where there are none.
    """

    writers: tuple[Writer, ...]
    photos: tuple[tuple[Glyph, ...], ...]

    @classmethod
    def make(
        cls,
        rng: np.random.Generator,
        images: Sequence[NDArray[np.uint8]] = (),
        *,
        n_writers: int = 600,
    ) -> LineGlyphs:
        """Draw writers, and prepare digits that people wrote.

        Args:
            rng: draws the writers.
            images: for each of the ten digits its frames (n, 28, 28), ink 255 on 0; or nothing.
            n_writers: how many hands are drawn, at least 1.

        Raises:
            SettingsError: no writers, not ten digits, or a digit without a frame that has ink.
        """
        if n_writers < 1:
            raise SettingsError(f"Lines need at least 1 writer, not {n_writers}.")
        if len(images) not in (0, 10):
            raise SettingsError(f"Lines need frames of all ten digits, not of {len(images)}.")
        photos = tuple(_upright(each) for each in images)
        for digit, each in enumerate(photos):
            if not each:
                raise SettingsError(f"None of the frames of the digit {digit} has ink.")
        return cls(tuple(_writer(rng) for _ in range(n_writers)), photos)

    @classmethod
    def of_digits(
        cls, rng: np.random.Generator, images: Sequence[NDArray[np.uint8]], *, n_writers: int
    ) -> LineGlyphs:
        """Writers whose signs are drawn, and whose digits are all of those given: to measure with.

        Args:
            rng: as of `make`.
            images: as of `make`; of each digit some.
            n_writers: as of `make`.

        Raises:
            SettingsError: as of `make`.
        """
        made = cls.make(rng, images, n_writers=n_writers)
        pens = [min(one.glyphs["-"][0].image.shape) for one in made.writers]
        writers = []
        for rank, k in enumerate(np.argsort(pens, kind="stable")):  # a fine pen's signs, its digits
            writer, pen = made.writers[k], rank / n_writers
            own = {}
            for digit, bank in zip(DIGITS, made.photos, strict=True):
                first = int(pen * max(len(bank) - WAYS, 0))
                own[digit] = bank[first : first + WAYS]
            writers.append(replace(writer, glyphs={**writer.glyphs, **own}))
        return cls(tuple(writers), ())


def _writer(rng: np.random.Generator, ways: int = 2) -> Writer:
    hand = careful(Hand.sample(rng, rare=bool(rng.random() < 0.4)), float(rng.uniform(0.3, 0.8)))
    labels = np.repeat(np.arange(10), ways)
    x, y, radii, _ = write(labels, hand, rng)
    top, bottom = (y - radii).min(axis=1), (y + radii).max(axis=1)
    scale = (1 / (bottom - top))[:, None]
    x = (x - (x - radii).min(axis=1)[:, None]) * scale
    y, radii = (y - top[:, None]) * scale, radii * scale
    pen, slant = float(hand.pen[0]), float(hand.slant[0])
    marks = [
        (character, write_sign(character, rng, pen=pen, slant=slant)[:3])
        for character in SIGNS * ways + OTHER * 4
    ]
    drawn = [(str(label), (x[k], y[k], radii[k])) for k, label in enumerate(labels)]
    glyphs: dict[str, list[Glyph]] = {character: [] for character in ALPHABET}
    for (character, _), glyph in zip(
        drawn + marks, _rasters([m for _, m in drawn + marks]), strict=True
    ):
        glyphs[character].append(glyph)
    for _ in range(2):
        struck = glyphs[str(rng.integers(0, 10))][0]
        glyphs[OTHER].append(_crossed_out(struck, pen, rng))
    return Writer({character: tuple(each) for character, each in glyphs.items()}, slant)


def _crossed_out(glyph: Glyph, pen: float, rng: np.random.Generator) -> Glyph:
    """A digit that its writer took back: a zigzag all over it."""
    pad = TALL // 5
    image = cv2.copyMakeBorder(glyph.image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    h, w = image.shape
    n = int(rng.integers(4, 9))
    x = np.where(np.arange(n) % 2, rng.uniform(0.75, 0.85, n), rng.uniform(0.15, 0.25, n)) * w
    y = (np.linspace(0.2, 0.8, n) + rng.normal(0, 0.05, n)).clip(0.15, 0.85) * h
    way = np.rint(np.stack([x, y], axis=1) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(image, [way], False, (255,), max(1, round(1.6 * pen * TALL)), cv2.LINE_AA, 4)
    return Glyph(np.asarray(image, np.uint8), glyph.scale, glyph.top - pad / TALL)


def _rasters(marks: list[tuple[Floats, Floats, Floats]]) -> list[Glyph]:
    """Draw pen marks (x, y, radii), in heights of a digit, leftmost ink at 0."""
    x, y, radii = (np.stack(each) for each in zip(*marks, strict=True))
    top = (y - radii).min(axis=1)
    wide, high = (x + radii).max(axis=1), (y + radii).max(axis=1) - top
    H, W = (int(np.ceil(v.max() * TALL)) + 2 for v in (high, wide))
    ink = cover(
        np.ascontiguousarray(x.T * TALL + 1),
        np.ascontiguousarray((y - top[:, None]).T * TALL + 1),
        np.ascontiguousarray(np.maximum(radii.T * TALL, 0.6)),
        np.ones(len(x), np.float32),
        H, W,
    )  # fmt: skip
    images = np.rint(ink.transpose(2, 0, 1) * 255).astype(np.uint8)
    return [
        Glyph(
            np.ascontiguousarray(
                image[: int(np.ceil(high[k] * TALL)) + 2, : int(np.ceil(wide[k] * TALL)) + 2]
            ),
            float(TALL),
            float(top[k]) - 1 / TALL,
        )
        for k, image in enumerate(images)
    ]


def _upright(images: NDArray[np.uint8]) -> tuple[Glyph, ...]:
    """Frames (n, 28, 28) with their slant taken out, cropped, from thin strokes to thick."""
    found: list[tuple[float, int, Glyph]] = []
    for image in images:
        moments = cv2.moments(image)
        if moments["m00"] == 0:
            continue
        lean = float(np.clip(moments["mu11"] / max(moments["mu02"], 1e-6), -0.8, 0.8))
        middle = moments["m01"] / moments["m00"]
        turn = np.array([[1, -lean, lean * middle + 6], [0, 1, 0]], np.float32)
        straight = cv2.warpAffine(image, turn, (image.shape[1] + 12, image.shape[0]))
        x, y, w, h = cv2.boundingRect((straight > 40).astype(np.uint8))
        if h < 6:
            continue
        x0, y0 = max(x - 1, 0), max(y - 1, 0)
        crop = np.ascontiguousarray(straight[y0 : y + h + 1, x0 : x + w + 1])
        scale = float(max(h, 14))
        glyph = Glyph(np.asarray(crop, np.uint8), scale, (1 - h / scale) / 2 - (y - y0) / scale)
        depth = cv2.distanceTransform((crop > 100).astype(np.uint8), cv2.DIST_L2, 3)
        found.append((float(depth.max()) / scale, len(found), glyph))
    return tuple(glyph for _, _, glyph in sorted(found, key=lambda each: each[:2]))
