"""Adaptation: a trained model goes on learning from someone's own digits, and forgets no others."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.errors import ModelError, SettingsError
from digitnet.model import Model
from digitnet.nn import Ensemble, Network

N_MIXED = 6_000
"""Images of an epoch: half of them one's own, each as often as it takes, half others."""

SETTINGS: dict[str, Any] = {
    "optimizer": "nesterov",
    "learning_rate": 0.01,
    "batch_size": 64,
    "epochs": 10,
    "augment": "elastic",
    "label_smoothing": 0.05,
    "ema_decay": 0.99,
    "validation": 0.0,
}
"""What a plan that starts from a model has where nothing else is said: small steps, few of them,
and much variation, because few pictures must stand for many (docs/lab-notes.md)."""

OF_THE_MODEL = ("hidden", "activation", "pool", "deskew", "conv", "batch_norm", "framing")
"""Settings that the model decides."""


def network_to_adapt(name: str, model: Model, dataset: Dataset) -> Network:
    """The network of a model, to be trained on.

    Raises:
        ModelError: an ensemble, or other classes than the dataset's.
    """
    if isinstance(model.network, Ensemble):
        raise ModelError(
            f"{name} is an ensemble, which cannot learn; start from one of its members."
        )
    if model.class_names != dataset.class_names:
        raise ModelError(
            f"{name} knows the classes {', '.join(model.class_names)}, and {dataset.source} has "
            f"{', '.join(dataset.class_names)}; start from a model of the same classes."
        )
    return model.network


def mixed(own: Dataset, rest: Dataset | None, rng: np.random.Generator) -> Dataset:
    """One's own images, repeated until there are enough of them, and as many others.

    Args:
        own: what to learn.
        rest: what not to forget; None for no others.
        rng: chooses among the others.

    Raises:
        SettingsError: the two have different classes.
    """
    times = -(-N_MIXED // (2 * len(own)))
    repeated = np.tile(np.arange(len(own)), times)
    if rest is None:
        return own.take(repeated)
    if rest.class_names != own.class_names:
        raise SettingsError(
            f"{rest.source} has other classes than {own.source}; mix with digits of the same."
        )
    chosen = rng.choice(len(rest), min(len(repeated), len(rest)), replace=False)
    return Dataset(
        np.concatenate([own.images[repeated], rest.images[chosen]]),
        np.concatenate([own.labels[repeated], rest.labels[chosen]]),
        own.class_names,
        f"{own.source} and {rest.source}",
    )
