"""Calibration set: digits as people bring them, on which a model that has learnt is calibrated.

What a model promises holds for digits like those that were counted, and nobody brings MNIST alone.
So half of the set are digits that the weights were not learnt from: as they are, changed in shape
and ink, or small and stretched as arrays of digits come. The other half are drawn by many hands,
in usual and in rare forms, on paper, seen by a camera, opened and framed as every picture is. Each
place draws its kind and its digit alone, and no digit comes twice, so that binomial bounds may be
counted on them (`models/risk.py`).
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.non_digits import non_digit_frames, raw_frames
from digitnet.data.synthetic import synthesize
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.augment import AUGMENTATIONS, augmented
from digitnet.imaging.boxes import bounds
from digitnet.imaging.frame import SIDE
from digitnet.imaging.framing import FRAMINGS, frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.calibration import Calibration, fit_calibration
from digitnet.models.model import AnyNetwork, classify
from digitnet.nn import Ensemble, Network
from digitnet.threads import on_all_cores


class Effort(NamedTuple):
    """What is drawn for a calibration: each picture takes some milliseconds.

    Attributes:
        digits: in the set, at most; a bound of half a percent takes some 900, of a tenth 4,500.
        others: non-digits, at most; the more, the better those that were never seen are told.
    """

    digits: int
    others: int


AT_TRAINING, THOROUGH = Effort(1_800, 1_500), Effort(5_400, 6_000)
"""Some seconds behind a training; a minute where somebody asks for it."""
LEAST_READ = 0.5
"""Of drawn digits that a network must read, else it has learnt something other than digits."""
LEAST_DIGITS = 5_000
"""Learnt digits below which no non-digits are drawn: fewer do not hold these off."""
OTHERS_SHARE, RAW_SHARE = 0.1, 0.15
"""How many non-digits are drawn, as a share of the learnt digits, if these are few; and beside
them noise and patterns, as a share of those."""
N_ASKED = 200
"""Drawn digits that tell."""
SMALLEST, LARGEST = 8, 20
"""Sides of the arrays that people have digits in, ink alone."""
WORST_JPEG, BEST_JPEG = 60, 95
CARE = 0.6
"""What one writes for others to be read; of less care some digits are none that anybody reads."""
THICKEST_PEN = 0.11
"""Its radius in heights of a digit: a thicker one fills the loops."""
TALLEST, WIDEST = 60.0, 1.0
"""Pixels of a photographed digit, and its margin in heights: larger pictures only take longer."""
PAPER = "plain"
"""Where a printed line is taken for ink, the frame shows more than a digit; that is no question of
how sure the network may be."""

Kinds = dict[str, float]
OWN: Kinds = {"as it is": 0.15, "affine": 0.15, "ink": 0.1, "small": 0.1}
DRAWN: Kinds = {"photographed": 0.2, "photographed, rare": 0.3}
"""Shares of ten digits' set."""
MILD: Kinds = {"as it is": 0.5, "affine": 0.5}
"""Shares where the classes are others: nobody knows how those are written."""
SPARE = 0.9
"""Of one's own digits that are taken on average, so that kinds drawn at random do not run out."""


def calibration_set(
    validation: Dataset, rng: np.random.Generator, *, drawn: bool, most: int = THOROUGH.digits
) -> Dataset:
    """Digits to calibrate on, in no order.

    Args:
        validation: digits that the weights were not learnt from.
        rng: draws everything.
        drawn: whether digits are drawn beside them, where the classes are the digits.
        most: digits in the set.
    """
    kinds = {**OWN, **DRAWN} if drawn else MILD
    own_share = sum(share for name, share in kinds.items() if name not in DRAWN)
    n = min(max(1, int(len(validation) / own_share * (SPARE if drawn else 1))), most)
    places = rng.choice(list(kinds), n, p=list(kinds.values()))
    is_own = ~np.isin(places, list(DRAWN))
    places[np.flatnonzero(is_own)[len(validation) :]] = next(iter(DRAWN))
    images, labels = np.empty((n, *validation.images.shape[1:]), np.uint8), np.empty(n, np.int64)
    free = rng.permutation(len(validation))
    for name in kinds:
        here = np.flatnonzero(places == name)
        if len(here) == 0:
            continue
        if name in DRAWN:
            made = _drawn(name, len(here), rng)
            images[here], labels[here] = made.images, made.labels
        else:
            taken, free = free[: len(here)], free[len(here) :]
            images[here] = _changed(name, validation.images[taken], rng)
            labels[here] = validation.labels[taken]
    words = "digits that were set aside when it learnt, as they are and varied"
    if drawn:
        words += ", and as many drawn by many hands, on paper and photographed"
    return Dataset(images, labels, validation.class_names, words)


def calibrated(
    network: Network | Ensemble,
    validation: Dataset,
    training: Dataset,
    rng: np.random.Generator,
    *,
    framing: str = FRAMINGS[0],
    risk: float | None = None,
    effort: Effort = THOROUGH,
) -> Calibration:
    """A calibration of a network that has learnt, on a set made for it.

    Args:
        network: as it is to answer.
        validation: digits that its weights were not learnt from.
        training: digits that they were: what looks like none of them is no digit.
        rng: draws the set.
        framing: how its pictures are framed; drawn digits are framed as MNIST's only.
        risk: as of `fit_calibration`.
        effort: how much is drawn.
    """
    drawn = validation.class_names == DIGITS and framing == FRAMINGS[0]
    drawn = drawn and reads_digits(network, rng)
    digits = calibration_set(validation, rng, drawn=drawn, most=effort.digits)
    others = None  # of letters as classes nobody knows what is none
    if drawn and len(training) >= LEAST_DIGITS:
        n = min(int(OTHERS_SHARE * len(training)), effort.others)
        others = np.concatenate([non_digit_frames(n, rng), raw_frames(int(RAW_SHARE * n), rng)])
    logits = classify(network, digits.images)
    return fit_calibration(logits, digits, training, risk, others=others)


def reads_digits(network: AnyNetwork, rng: np.random.Generator) -> bool:
    """Whether a network of ten classes has learnt digits, and no other things by their names."""
    asked = synthesize(N_ASKED, rng)
    right = classify(network, asked.images).argmax(axis=1) == asked.labels
    return bool(right.mean() >= LEAST_READ)


def _changed(kind: str, images: Bytes, rng: np.random.Generator) -> Bytes:
    """Frames (N, 28, 28) changed as a kind says."""
    if kind == "small":
        return np.stack([_small(image, rng) for image in images])
    augmentation = None if kind == "as it is" else AUGMENTATIONS[kind].augmentation
    return images if augmentation is None else augmented(images, augmentation, rng)


def _small(image: Bytes, rng: np.random.Generator) -> Bytes:
    """A frame (28, 28) as an array of few pixels has it, mostly stretched, and framed again."""
    if not image.any():
        return image
    left, top, right, bottom = bounds(image)
    ink = Image.fromarray(image[top:bottom, left:right])
    high = int(rng.integers(SMALLEST, LARGEST + 1))
    fair = high * ink.width / ink.height
    wide = round(fair + rng.random() * (high - fair))  # from its own width to a square's
    seen = np.asarray(ink.resize((max(2, wide), high), Image.Resampling.BOX))
    return frame_picture(np.pad(seen, int(rng.integers(1, 4)))).image


def _drawn(kind: str, n: int, rng: np.random.Generator) -> Dataset:
    """N digits, each by a hand of its own."""
    labels = rng.integers(0, 10, n)
    images = np.empty((n, SIDE, SIDE), np.uint8)
    seeds = rng.integers(0, 2**32, (n, 4))

    def photograph(k: int) -> None:
        own = np.random.default_rng(seeds[k])
        images[k] = _photographed(int(labels[k]), own, rare=kind.endswith("rare"))

    on_all_cores(photograph, range(n))
    return Dataset(images, labels)


def _photographed(label: int, rng: np.random.Generator, *, rare: bool) -> Bytes:
    """One digit on paper, seen by a camera, kept as JPEG, opened and framed: (28, 28)."""
    hand = careful(Hand.sample(rng, rare=rare), CARE)
    hand = replace(hand, pen=np.minimum(hand.pen, THICKEST_PEN))
    style = PageStyle.sample(rng)
    style = replace(
        style, ruling=PAPER, digit=min(style.digit, TALLEST), margin=min(style.margin, WIDEST)
    )
    page = draw_page([str(label)], rng, style=style, hand=hand)
    content = io.BytesIO()
    quality = int(rng.integers(WORST_JPEG, BEST_JPEG + 1))
    Image.fromarray(page.picture).save(content, "JPEG", quality=quality)
    return frame_picture(open_picture(content.getvalue())).image
