"""Plausibility: sources opened with a model at hand that sees where digits lie wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data import sources
from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.report import Report
from digitnet.data.synthetic import synthesize
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.models.novelty import Novelty

JUDGE = "mlp"
"""The model in the box that judges: the one that answers soonest."""
N_USUAL, USUAL = 400, 0.9
"""Drawn digits that say what is usual, and the share of them that is."""


def open_source(source: str | Path, **options: Any) -> Dataset:
    """Read the digits a SOURCE word or path stands for, and turn right what lies wrong.

    Args:
        source: `synthetic`, `mnist`, a file or a folder; see `digitnet.data.sources`.
        options: as of `digitnet.data.sources.open_source`; as_is=True lets nothing be judged.

    Returns:
        the digits; their `report` says what was understood.

    Raises:
        DataError, SettingsError: as there.
    """
    return sources.open_source(source, judge=read_digits, **options)


def open_unlabelled(
    source: str | Path, class_names: tuple[str, ...], **options: Any
) -> tuple[NDArray[np.uint8], NDArray[np.int64], Report]:
    """Read images whose labels do not matter, and turn right digits that lie wrong.

    Args:
        source: a path.
        class_names: of the model that is to read them; other things than digits are not turned.
        options: as of `digitnet.data.sources.open_unlabelled`.

    Returns:
        the frames (N, 28, 28), which rows of the source they are (N,), and the report.

    Raises:
        DataError, SettingsError: as there.
    """
    judge = read_digits if class_names == DIGITS else None
    return sources.open_unlabelled(source, judge=judge, **options)


def read_digits(images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The likeliest digit (N,) of frames (N, 28, 28), and whether each looks like a usual digit.

    Stricter than an answer is: what is stretched or odd may be a digit, and yet say nothing of how
    a whole source lies.
    """
    model, novelty, most = _judge()
    digits = model.probabilities(images).argmax(axis=1)
    return digits.astype(np.int64), novelty.scores(images) <= most


@cache
def _judge() -> tuple[Model, Novelty, float]:
    """The model that judges, and the score that most drawn digits do not pass."""
    model = load_model(in_box(JUDGE))
    novelty = model.calibration.novelty
    assert novelty is not None, "the models in the box are calibrated"
    usual = np.sort(novelty.scores(synthesize(N_USUAL, np.random.default_rng(0)).images))
    return model, novelty, float(usual[int(USUAL * (N_USUAL - 1))])
