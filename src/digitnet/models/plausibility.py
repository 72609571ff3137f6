"""Plausibility: sources opened with a model at hand that sees where digits lie wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data import sources
from digitnet.data.dataset import Dataset
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


def read_digits(images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The likeliest digit (N,) of frames (N, 28, 28), and whether each looks like a digit."""
    model = _judge()
    digits = model.probabilities(images).argmax(axis=1)
    return digits.astype(np.int64), ~model.calibration.no_digit(images)


@cache
def _judge() -> Model:
    return load_model(in_box(JUDGE))
