"""Fast: recipes of fixed length that reach an accuracy on MNIST as soon as they can."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.idx import Part, has_idx
from digitnet.data.sources import open_source
from digitnet.errors import SettingsError
from digitnet.models.model import Model, classify
from digitnet.nn import Network
from digitnet.training.checkpoints import begin
from digitnet.training.config import Plan
from digitnet.training.events import EpochDone
from digitnet.training.loop import train
from digitnet.training.recipes import read_recipe

TARGETS = ("97", "98", "99")
"""Percent right on MNIST's test digits; each has its recipe, `fast-97` and so on."""


class FastResult(NamedTuple):
    """What a recipe brought.

    Attributes:
        model: trained, not calibrated.
        accuracy: share of the test part answered right.
        n_test: digits in the test part.
    """

    model: Model
    accuracy: float
    n_test: int


def train_fast(
    target: str, source: str, seed: int, go_on: Callable[[EpochDone, int], bool]
) -> FastResult:
    """Train by a recipe, and open the test part once, at the end.

    The test part is unpacked in a second thread while the steps run.

    Args:
        target: one of TARGETS.
        source: `mnist`, `synthetic` or a folder with MNIST's IDX files.
        seed: of the start and the shuffling.
        go_on: called after each epoch with it and the number of epochs; False ends the training
            there, and what was learnt by then is measured and kept.

    Raises:
        SettingsError: an unknown target, or a source without a test part of its own.
        DataError, TrainingDivergedError: as reading and training do.
    """
    if target not in TARGETS:
        raise SettingsError(f"--fast takes one of {', '.join(TARGETS)}, not {target}.")
    plan = Plan(**{**read_recipe(f"fast-{target}"), "source": source, "seed": seed})
    with ThreadPoolExecutor(1) as helper:
        training = _part(source, "train")
        coming = helper.submit(_part, source, "test")
        rng = np.random.default_rng(seed)
        network = Network(plan.layers(training.images[0].size, len(training.class_names)))
        network.initialize(rng)
        settings = plan.settings()
        for event in train(network, training, None, settings, begin(network, settings, rng)):
            if isinstance(event, EpochDone) and not go_on(event, settings.epochs):
                break
        test = coming.result()
    right = classify(network, test.images).argmax(axis=1) == test.labels
    record = {"plan": plan.as_dict(), "fast": target}
    model = Model(network, training.class_names, plan.framing, record)
    return FastResult(model, float(right.mean()), len(test))


def _part(source: str, part: Part) -> Dataset:
    """One part of a source that has two."""
    if source not in ("mnist", "synthetic") and not has_idx(Path(source)):
        raise SettingsError(
            f"--fast needs a source with a test part: mnist, synthetic or a folder with MNIST's "
            f"IDX files, not {source}."
        )
    return open_source(source, part=part)[0]
