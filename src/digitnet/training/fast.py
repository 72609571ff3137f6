"""Fast: recipes of fixed length that reach an accuracy on MNIST as soon as they can."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.idx import has_idx
from digitnet.data.sources import open_source
from digitnet.errors import SettingsError
from digitnet.model import Model, classify
from digitnet.nn import Network
from digitnet.training.events import EpochDone
from digitnet.training.loop import begin, train
from digitnet.training.plan import Plan

# Means of 2 x 2 pixels: a quarter of the work, and no accuracy lost at these lengths.
_COMMON = Plan(
    pool=2,
    activation="relu",
    input_dropout=0.0,
    batch_size=128,
    optimizer="nesterov",
    learning_rate=0.6,
    schedule="linear",
    validation=0.0,
)

# Percent right on MNIST's test digits to the plan that gets there; chosen on the last 10,000 of
# the training digits (docs/lab-notes.md).
RECIPES: dict[str, Plan] = {
    "97": replace(_COMMON, hidden=(192,), epochs=2),
    "98": replace(_COMMON, hidden=(384,), epochs=4, label_smoothing=0.05),
    "99": replace(
        _COMMON,
        hidden=(512, 256),
        epochs=17,
        learning_rate=0.3,
        label_smoothing=0.05,
        augment="affine",
    ),
}


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

    Both parts are unpacked in threads: the test part while the steps run.

    Args:
        target: one of RECIPES.
        source: `mnist`, `synthetic` or a folder with MNIST's IDX files.
        seed: of the start and the shuffling.
        go_on: called after each epoch with it and the number of epochs; False ends the training
            there, and what was learnt by then is measured and kept.

    Raises:
        SettingsError: an unknown target, or a source without a test part of its own.
        DataError, TrainingDivergedError: as reading and training do.
    """
    if target not in RECIPES:
        raise SettingsError(f"--fast takes one of {', '.join(RECIPES)}, not {target}.")
    plan = RECIPES[target]
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
    record = {"plan": {**plan.as_dict(), "source": source, "seed": seed}, "fast": target}
    model = Model(network, training.class_names, plan.framing, record)
    return FastResult(model, float(right.mean()), len(test))


def _part(source: str, part: str) -> Dataset:
    """One part of a source that has two."""
    if source not in ("mnist", "synthetic") and not has_idx(Path(source)):
        raise SettingsError(
            f"--fast needs a source with a test part: mnist, synthetic or a folder with MNIST's "
            f"IDX files, not {source}."
        )
    return open_source(source, part="train" if part == "train" else "test")[0]
