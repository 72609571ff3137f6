"""Bulk: the answers for very many frames, in batches of one size, in order.

Products of matrices of other shapes round otherwise in their last bits. Where there are many, a
batch that is not full is filled up, so that an answer does not depend on what stands beside the
picture: a run that was stopped and goes on, and another machine's share of the pictures, give the
same bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from digitnet.errors import PictureError, as_option
from digitnet.imaging.framing import Frame
from digitnet.models.description import arrays_of, describe, to_json
from digitnet.models.npy import sha256, to_npy
from digitnet.threads import one_blas_thread

if TYPE_CHECKING:
    from digitnet.models.model import Model, Prediction

HEADER = ("path", "label", "probability", "reason")
"""The columns of a table of answers."""
BATCH = 256
"""Pictures that are classified at once where there are more."""
MARK = 12
"""Hexadecimal digits of what tells one model, asked at one risk, from others."""


def answers_of(
    model: Model, framed: Iterable[Frame | PictureError], *, many: bool
) -> Iterator[Prediction | PictureError]:
    """One answer for each frame, and each error in its place, in order; memory is bounded.

    Args:
        model: that answers.
        framed: as of `frame_files`.
        many: whether they are more than BATCH: they are answered in batches of that size; few are
            answered one by one, as soon as each is there.
    """
    coming = iter(framed)
    with one_blas_thread():  # the other cores are busy with the next pictures
        while batch := list(islice(coming, BATCH if many else 1)):
            frames = [one for one in batch if not isinstance(one, PictureError)]
            full = frames + frames[:1] * (BATCH - len(frames)) if many else frames
            answers = iter(model.answers(full))
            yield from (one if isinstance(one, PictureError) else next(answers) for one in batch)


def row_of(
    class_names: Sequence[str], name: str, answer: Prediction | PictureError
) -> tuple[str, str, str, str]:
    """The row for a picture, as of HEADER; one without an answer has no label, but the reason."""
    if isinstance(answer, PictureError):
        return name, "", "", answer.worded(as_option)
    if answer.label is None:
        return name, "", "", answer.reason or ""
    return name, class_names[answer.label], f"{answer.probabilities[answer.label]:.4f}", ""


def is_unread(row: Sequence[str]) -> bool:
    """Whether a row is of a picture that could not be read."""
    return not row[1] and not row[3].startswith(("unsure", "no digit"))


def mark_of(model: Model) -> str:
    """A name for what a model answers: another model, risk or framing has another one.

    Raises:
        ModelError: it has a layer that could not be loaded again.
    """
    hashes = {f"{name}.npy": sha256(to_npy(array)) for name, array in arrays_of(model).items()}
    return hashlib.sha256(to_json(describe(model, hashes))).hexdigest()[:MARK]
