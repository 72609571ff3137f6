"""Plausibility: whether images lie as their labels say, judged by somebody who reads digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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

TURNS: dict[str, Callable[[Images], Images]] = {
    "lay transposed, rows for columns": lambda images: images.transpose(0, 2, 1),
    "stood upside down": lambda images: images[:, ::-1, ::-1],
    "lay on their left side": lambda images: np.rot90(images, -1, axes=(1, 2)),
    "lay on their right side": lambda images: np.rot90(images, 1, axes=(1, 2)),
    "were mirrored": lambda images: images[:, :, ::-1],
    "were mirrored top to bottom": lambda images: images[:, ::-1],
    "were negatives": lambda images: 255 - images,
}


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
    turns = dict(TURNS)
    if reframe is not None:
        turns["were framed unlike MNIST's"] = reframe
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
        return Verdict(images, labels, ())
    told = f"of {len(sample)} images looked at, a digit model reads {n_right} as labelled"
    if like_digits.mean() >= MOSTLY:
        raise DataError(
            f"{where}: the images look like digits, but the labels do not say which: {told}.",
            "check that they belong together, or take them all the same with {as_is}.",
        )
    return Verdict(images, labels, (f"These may be no digits: {told}.",))
