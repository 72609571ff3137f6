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
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from digitnet.models.model import Model

JUDGE = "mlp"
"""The model in the box that judges: the one that answers soonest."""


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
    """The likeliest digit (N,) of frames (N, 28, 28), and whether each looks like a digit."""
    model = _judge()
    digits = model.probabilities(images).argmax(axis=1)
    return digits.astype(np.int64), ~model.calibration.no_digit(images)


@cache
def _judge() -> Model:
    return load_model(in_box(JUDGE))
