"""Synthetic: handwriting drawn from our own strokes, framed like MNIST; no data needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.data.found import Found, Options
from digitnet.errors import SettingsError
from digitnet.handwriting.hands import Hand, careful, write
from digitnet.handwriting.raster import cover
from digitnet.handwriting.schools import FORMS, first_ways
from digitnet.imaging.frame import BOX, SIDE, place

CHUNK = 128  # images drawn at once: bounds the memory and makes threads irrelevant to the result
ELSEWHERE = 0.1  # of the hands of `synthetic` learnt to write in other parts of the world
THICKEST = 0.1  # radius of the pen that writes rare forms: a thicker one fills loops
CARE = 0.6  # of who writes rare forms: nobody learns one from where it can hardly be told


def read_synthetic(word: str, options: Options) -> Found:
    """The source `synthetic`: as many digits as asked for, another stream for each part."""
    return _read(word, options, rare=False)


def read_rare_forms(word: str, options: Options) -> Found:
    """The source `rare-forms`."""
    return _read(word, options, rare=True)


def read_forms(word: str, options: Options) -> Found:
    """The source `forms`: every form of `schools.FORMS` in turn, shuffled."""
    rng = np.random.default_rng([options.seed, 0 if options.part == "train" else 1])
    require_some(options.n_synthetic)
    forms = rng.permutation(np.arange(options.n_synthetic) % len(FORMS))
    images = draw_forms(forms, rng, progress=options.progress)
    labels = np.array([form.label for form in FORMS])[forms]
    return Found(images, labels, word, framed=True, trusted=True)


def _read(word: str, options: Options, *, rare: bool) -> Found:
    rng = np.random.default_rng([options.seed, 0 if options.part == "train" else 1])
    drawn = synthesize(options.n_synthetic, rng, rare=rare, progress=options.progress)
    return Found(drawn.images, drawn.labels, word, framed=True, trusted=True)


def synthesize(
    n: int,
    rng: np.random.Generator,
    *,
    hand: Hand | None = None,
    rare: bool = False,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Draw n labelled digits that look handwritten.

    Every digit is written by a hand of its own, or all by the one given. The classes are as equal
    in number as n allows, and shuffled. The same state of `rng` gives the same bytes, whatever
    the number of threads; memory beyond the result is bounded for any n.

    Args:
        n: how many, at least 1.
        rng: draws everything.
        hand: one hand that writes them all.
        rare: in forms that are rare in MNIST and common elsewhere, such as a 1 with flag and foot
            and a hooked 9: each hand is from one of `schools.SCHOOLS`, and a form comes as often
            as it is written there, times its `lift`; by hands that take care, since nobody learns
            a form from where it can hardly be told.
        threads: how many chunks are drawn at the same time.
        progress: called with (drawn, n) now and then.

    Returns:
        A Dataset of n images, source "synthetic" or "rare-forms".

    Raises:
        SettingsError: n or threads is not positive, or `hand` holds several hands.
    """
    require_some(n)
    if threads < 1:
        raise SettingsError(f"The number of threads must be at least 1, not {threads}.")
    if hand is not None and len(hand) != 1:
        raise SettingsError(f"Give one hand that writes all digits, not {len(hand)}.")
    labels = rng.permutation(np.arange(n, dtype=np.int64) % 10)
    images = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    starts = range(0, n, CHUNK)
    seeds = rng.integers(0, 2**32, size=(len(starts), 4))

    def draw(k: int) -> None:
        chunk = slice(starts[k], starts[k] + CHUNK)
        own = np.random.default_rng(seeds[k])
        hands = hand or Hand.sample(own, len(labels[chunk]), elsewhere=ELSEWHERE, rare=rare)
        if rare:
            hands = _clear(hands, CARE)
        images[chunk] = _frames(labels[chunk], hands, own)

    with ThreadPoolExecutor(threads) as pool:
        for k, _ in enumerate(pool.map(draw, range(len(starts)))):
            if progress is not None:
                progress(min(starts[k] + CHUNK, n), n)
    return Dataset(images, labels, source="rare-forms" if rare else "synthetic")


def require_some(n: int) -> None:
    """Raise SettingsError if fewer than one digit is asked for."""
    if n < 1:
        raise SettingsError(f"The number of digits to draw must be at least 1, not {n}.")


def draw_forms(
    forms: NDArray[np.integer],
    rng: np.random.Generator,
    *,
    care: float = CARE,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Draw one digit in each of the given forms, each by a hand of its own that takes care.

    Args:
        forms: (n,) places in `schools.FORMS`; one of a form's paths is drawn for each.
        rng: draws everything.
        care: see `hands.careful`.
        progress: called with (drawn, n) now and then.

    Returns:
        (n, 28, 28) uint8, framed as MNIST frames its digits.
    """
    n_paths = np.array([len(form.paths) for form in FORMS])
    labels = np.array([form.label for form in FORMS])[forms]
    first = first_ways()[forms]
    images = np.empty((len(forms), SIDE, SIDE), np.uint8)
    for start in range(0, len(forms), CHUNK):
        own = slice(start, start + CHUNK)
        which = first[own] + rng.integers(n_paths[forms[own]])
        hands = _clear(Hand.sample(rng, len(which), elsewhere=1.0), care)
        images[own] = _frames(labels[own], hands, rng, which)
        if progress is not None:
            progress(start + len(which), len(forms))
    return images


def _clear(hand: Hand, care: float) -> Hand:
    """The hand taking care, with a pen that leaves loops open."""
    return careful(replace(hand, pen=np.minimum(hand.pen, np.float32(THICKEST))), care)


def _frames(
    labels: NDArray[np.int64],
    hand: Hand,
    rng: np.random.Generator,
    which: NDArray[np.int64] | None = None,
) -> NDArray[np.uint8]:
    """Write and frame: the ink's longer side fills the box, its centre of mass is in the middle.

    Returns:
        (n, 28, 28), as MNIST frames its digits: drawn in a 20 x 20 box, then moved by whole pixels.
    """
    n = len(labels)
    x, y, radii, _ = write(labels, hand, rng, which=which)
    left, right = (x - radii).min(axis=1), (x + radii).max(axis=1)
    top, bottom = (y - radii).min(axis=1), (y + radii).max(axis=1)
    scale = BOX / np.maximum(right - left, bottom - top)
    wide, high = (right - left) * scale, (bottom - top) * scale
    x = (x - left[:, None]) * scale[:, None] + np.rint((BOX - wide) / 2)[:, None]
    y = (y - top[:, None]) * scale[:, None] + np.rint((BOX - high) / 2)[:, None]
    softness = rng.uniform(0.9, 1.6, n).astype(np.float32)
    ink = cover(
        np.ascontiguousarray(x.T),
        np.ascontiguousarray(y.T),
        np.ascontiguousarray((radii * scale[:, None]).T),
        softness,
        BOX,
        BOX,
    )  # (20, 20, n)
    drawn = np.rint(ink.transpose(2, 0, 1) * 255).astype(np.uint8)
    mass = ink.sum(axis=(0, 1))
    middle = np.arange(BOX, dtype=np.float32) + np.float32(0.5)
    centre_x = middle @ ink.sum(axis=0) / mass
    centre_y = middle @ ink.sum(axis=1) / mass
    across, down = place(centre_x, BOX), place(centre_y, BOX)
    frames = np.zeros((n, SIDE, SIDE), dtype=np.uint8)
    inside = np.arange(BOX)
    frames[
        np.arange(n)[:, None, None],
        (down[:, None] + inside)[:, :, None],
        (across[:, None] + inside)[:, None, :],
    ] = drawn
    return frames
