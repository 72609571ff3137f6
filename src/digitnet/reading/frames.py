"""Frames: components of a sheet as a model of single digits sees them, each asked about once.

Framing and classifying take most of a page's time. Whether a component is wide enough for two
digits, whether it is one as it is, and what it and its neighbours make together are questions
about the same frames, and all of them are answered by what is remembered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.boxes import Box
from digitnet.models.model import Model
from digitnet.reading.sheet import Sheet, frame_components
from digitnet.threads import on_all_cores, one_blas_thread

Run = tuple[int, ...]
"""Labels of the components that make up one digit, from left to right."""

SURE_OF_PART = 0.968
"""How likely the likeliest class of a part of a row must be, whatever the model's risk: parts are
more often none than pictures are."""
USUAL = 25.0
"""How far below the model's own limit of novelty strangeness is counted from."""
AT_ONCE = 32
"""Frames that a thread makes and classifies at a time."""


class Seen(NamedTuple):
    """One frame and what the model says of it.

    Attributes:
        image: (28, 28) uint8.
        box: of its ink in the sheet.
        probabilities: (K,), of the model.
        strange: see `strangeness`.
        sure: whether the model stands by its likeliest class.
    """

    image: NDArray[np.uint8]
    box: Box
    probabilities: NDArray[np.float32]
    strange: float
    sure: bool


class Frames:
    """What was framed of a sheet, and what a model said of it.

    Args:
        framed: the frame and the box of components that were framed already.
    """

    def __init__(self, framed: Mapping[Run, tuple[NDArray[np.uint8], Box]] | None = None) -> None:
        self._framed = dict(framed or {})
        self._seen: dict[Run, Seen] = {}

    def __len__(self) -> int:
        """How many were classified."""
        return len(self._seen)

    def look(self, model: Model, sheet: Sheet, wanted: Sequence[tuple[Run, Box]]) -> list[Seen]:
        """What a model says of components: their labels, and a box that holds all of them.

        Many new ones are framed and classified on all cores.
        """
        new = list({run: box for run, box in wanted if run not in self._seen}.items())

        def see(some: Sequence[tuple[Run, Box]]) -> None:
            framed = [
                self._framed.get(run) or frame_components(sheet, list(run), box)
                for run, box in some
            ]
            images = np.stack([image for image, _ in framed])
            probabilities = model.probabilities(images)
            scores = novelty(model, images)
            sure = model.accepted(images, probabilities, scores)
            sure &= probabilities.max(axis=1) >= SURE_OF_PART
            strange = strangeness(model, scores).tolist()
            for k, (run, _) in enumerate(some):
                self._seen[run] = Seen(*framed[k], probabilities[k], strange[k], bool(sure[k]))

        chunks = [new[k : k + AT_ONCE] for k in range(0, len(new), AT_ONCE)]
        if len(chunks) > 1:
            with one_blas_thread():
                on_all_cores(see, chunks)
        elif chunks:
            see(chunks[0])
        return [self._seen[run] for run, _ in wanted]


def novelty(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Out-of-distribution scores (N,) of frames (N, 28, 28); minus infinity without a scorer."""
    scorer = model.calibration.novelty
    return np.full(len(images), -np.inf) if scorer is None else scorer.scores(images)


def strangeness(model: Model, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far frames of these scores (N,) are from looking like usual digits; 0 for most digits.

    In units of -2 log density, counted from somewhat below the model's own limit of novelty.
    """
    return np.maximum(scores - (model.calibration.most_novelty - USUAL), 0)
