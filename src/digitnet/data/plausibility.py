"""Plausibility: whether images lie as their labels say, judged by somebody who reads digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import DataError

Images = NDArray[np.uint8]

Judge = Callable[[Images], tuple[NDArray[np.int64], NDArray[np.bool_]]]
"""Reads frames (N, 28, 28): the likeliest digit of each, and whether it looks like a digit."""

N_JUDGED = 400
FEWEST = 10
READABLE, UNREADABLE = 0.7, 0.3
"""Share read as labelled from which on all is well, and below which something is wrong."""
BETTER = 0.3
"""Share that must be read better after a turn, before anything is turned."""
MOSTLY = 0.5
UPRIGHT, TURNED, MORE = 0.8, 0.9, 0.2
"""Share that looks like digits from which on images without labels lie right, the least share
after a turn, and how much more that must be: of MNIST's that lie wrong, at most 0.62 look so."""

LEAST_ALIKE = 0.15
"""Correlation of neighbours: of digits on 8 x 8 pixels 0.3 and more, of no image's about 0."""

TURNS: dict[str, Callable[[Images], Images]] = {
    "lay transposed, rows for columns": lambda images: images.transpose(0, 2, 1),
    "stood upside down": lambda images: images[:, ::-1, ::-1],
    "lay on their left side": lambda images: np.rot90(images, -1, axes=(1, 2)),
    "lay on their right side": lambda images: np.rot90(images, 1, axes=(1, 2)),
    "were mirrored": lambda images: images[:, :, ::-1],
    "were mirrored top to bottom": lambda images: images[:, ::-1],
    "were negatives": lambda images: 255 - images,
}


def check_pixels(images: NDArray[Any], where: str, *, fewest: int = FEWEST) -> None:
    """Refuse a table's columns that make a square but no images, such as 64 measurements.

    Pixels are like their neighbours, beside them and below.

    Args:
        images: (N, H, W), any numbers.
        where: the source, for the sentence.
        fewest: so many tell something; one does where it is large.

    Raises:
        DataError: they are not like their neighbours.
    """
    sample = np.asarray(images[:: 1 + len(images) // N_JUDGED], np.float64)
    if len(sample) < fewest or not np.isfinite(sample).all():
        return
    beside = _correlation(sample[:, :, 1:], sample[:, :, :-1])
    below = _correlation(sample[:, 1:], sample[:, :-1])
    if min(beside, below) < LEAST_ALIKE:
        n_pixels = sample[0].size
        raise DataError(
            f"{where}: its {n_pixels} columns beside the label seem to be measurements and not the "
            "pixels of images: neighbours are not alike.",
            "give images, or take them for pixels all the same with {as_is}.",
        )


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's, of all pairs; 1 where nothing varies."""
    a, b = a - a.mean(), b - b.mean()
    product = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / product if product > 0 else 1.0


class Verdict(NamedTuple):
    """The images and labels as they should be, and what was done to them, if anything."""

    images: Images
    labels: NDArray[np.int64]
    notes: tuple[str, ...]


def judge_digits(
    images: Images,
    labels: NDArray[np.int64],
    judge: Judge,
    where: str,
    *,
    reframe: Callable[[Images], Images] | None = None,
) -> Verdict:
    """Turn digits right that are read only after a turn; refuse labels that cannot be theirs.

    Args:
        images: (N, 28, 28), ink bright.
        labels: (N,) 0 to 9.
        judge: reads digits.
        where: the source, for the sentences.
        reframe: frames images anew, where they may be framed in another way than MNIST's.

    Raises:
        DataError: they look like digits and are read, but not as their labels say.
    """
    chosen = np.unique(np.linspace(0, len(images) - 1, min(N_JUDGED, len(images))).astype(int))
    sample, truth = images[chosen], labels[chosen]
    read, like_digits = judge(sample)
    n_right = int((read == truth).sum())
    if len(sample) < FEWEST or n_right >= READABLE * len(sample):
        return Verdict(images, labels, ())
    turns = _turns(reframe)
    scores = {}
    for name, turn in turns.items():
        turned = np.ascontiguousarray(turn(sample))
        scores[name] = int((judge(turned)[0] == truth).sum())
    best = max(scores, key=lambda name: scores[name])
    gain = scores[best] - n_right
    if gain >= max(5, BETTER * len(sample)) and scores[best] >= MOSTLY * len(sample):
        note = (
            f"The images {best}, and were turned right: of {len(sample)}, a digit model reads "
            f"{scores[best]} as labelled, and {n_right} as they lay."
        )
        return Verdict(np.ascontiguousarray(turns[best](images)), labels, (note,))
    for shift in (1, -1):
        if int(((read + shift) % 10 == truth).sum()) >= READABLE * len(sample):
            note = (
                "Each label was one too " + ("high" if shift == 1 else "low") + ", which a digit "
                "model noticed, and was set right."
            )
            return Verdict(images, (labels - shift) % 10, (note,))
    if n_right > UNREADABLE * len(sample):
        doubt = (
            f"Of {len(sample)} images looked at, a digit model reads only {n_right} as labelled: "
            "some may lie wrong, or have wrong labels."
        )
        return Verdict(images, labels, (doubt,))
    told = f"of {len(sample)} images looked at, a digit model reads {n_right} as labelled"
    if like_digits.mean() >= MOSTLY:
        raise DataError(
            f"{where}: the images look like digits, but the labels do not say which: {told}.",
            "check that they belong together, or take them all the same with {as_is}.",
        )
    return Verdict(images, labels, (f"These may be no digits: {told}.",))


def turn_upright(
    images: Images, judge: Judge, *, reframe: Callable[[Images], Images] | None = None
) -> tuple[Images, tuple[str, ...]]:
    """Images without labels, turned right where they look like digits only after a turn.

    Args:
        images: (N, 28, 28), ink bright; fewer than ten are left as they are.
        judge: tells what looks like a digit.
        reframe: as of `judge_digits`.

    Returns:
        the images, and what was done, if anything.
    """
    chosen = np.unique(np.linspace(0, len(images) - 1, min(N_JUDGED, len(images))).astype(int))
    sample = images[chosen]
    if len(sample) < FEWEST:
        return images, ()
    n_as_lying = int(judge(sample)[1].sum())
    if n_as_lying >= UPRIGHT * len(sample):
        return images, ()
    turns = _turns(reframe)
    scores = {
        name: int(judge(np.ascontiguousarray(turn(sample)))[1].sum())
        for name, turn in turns.items()
    }
    best = max(scores, key=lambda name: scores[name])
    gain = scores[best] - n_as_lying
    if scores[best] < TURNED * len(sample) or gain < MORE * len(sample):
        return images, ()
    note = (
        f"The images {best}, and were turned right: of {len(sample)}, {scores[best]} look like "
        f"digits then, and {n_as_lying} as they lay."
    )
    return np.ascontiguousarray(turns[best](images)), (note,)


def _turns(reframe: Callable[[Images], Images] | None) -> dict[str, Callable[[Images], Images]]:
    """All that images may be put right by."""
    return TURNS if reframe is None else {**TURNS, "were framed unlike MNIST's": reframe}
