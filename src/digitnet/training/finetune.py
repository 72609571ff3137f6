"""Finetune: fine-tuning a trained model to someone's own digits; no others are forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.mnist import has_mnist
from digitnet.errors import ModelError, SettingsError
from digitnet.models.model import Model, float_network
from digitnet.nn import Ensemble, Network

N_MIXED = 6_000
"""Images of an epoch at least: half of them one's own, each as often as it takes, half others."""

DEFAULTS: dict[str, Any] = {
    "optimizer": "nesterov",
    "learning_rate": 0.01,
    "batch_size": 64,
    "epochs": 10,
    "augment": "elastic",
    "label_smoothing": 0.05,
    "ema_decay": 0.99,
    "validation": 0.0,
}
"""What a config that starts from a model has where nothing else is said: small steps, few of them,
and much augmentation, because few pictures must stand for many (docs/lab-notes.md)."""

OF_THE_MODEL = ("hidden", "activation", "pool", "deskew", "conv", "batch_norm", "bits", "framing")
"""Settings that the model decides."""


def as_finetuning(given: dict[str, Any], model: Model) -> dict[str, Any]:
    """The settings of a run that starts from a model: those given, and what is usual otherwise.

    Raises:
        SettingsError: a setting that the model decides.
    """
    odd = [name for name in OF_THE_MODEL if name in given]
    if odd:
        raise SettingsError(
            "A run that starts from a model has that model's network and framing.",
            f"leave out {{{odd[0]}}} or {{start}}.",
        )
    return {**DEFAULTS, "framing": model.framing, "mix": others(), **given}


def network_to_finetune(name: str, model: Model, dataset: Dataset) -> Network:
    """The network of a model, to be trained on.

    Raises:
        ModelError: an ensemble, a network of whole numbers, or other classes than the dataset's.
    """
    network = float_network(model, name)
    if isinstance(network, Ensemble):
        raise ModelError(
            f"{name} is an ensemble, which cannot learn.", "start from one of its members."
        )
    if model.class_names != dataset.class_names:
        raise ModelError(
            f"{name} knows the classes {', '.join(model.class_names)}, and {dataset.source} has "
            f"{', '.join(dataset.class_names)}.",
            "start from a model of the same classes.",
        )
    return network


def repeated(own: Dataset) -> Dataset:
    """One's own images, each as often as it takes to make half an epoch."""
    times = -(-N_MIXED // (2 * len(own)))
    return own.take(np.tile(np.arange(len(own)), times))


def others() -> str:
    """What is learnt beside one's own where nothing else is said: MNIST where it is, else drawn."""
    return "mnist" if has_mnist() else "synthetic"


def mixed(own: Dataset, rest: Dataset, share: float, rng: np.random.Generator) -> Dataset:
    """All of one dataset, and so many of another that they are a share of the whole.

    Args:
        own: comes whole.
        rest: gives as many as are needed, chosen at random, or all that it has.
        share: of the others in what is returned, 0 < share < 1.
        rng: chooses among the others.

    Raises:
        SettingsError: the two have different classes.
    """
    if rest.class_names != own.class_names:
        raise SettingsError(
            f"{rest.source} has other classes than {own.source}.", "mix with digits of the same."
        )
    chosen = rng.choice(len(rest), min(n_others(len(own), share), len(rest)), replace=False)
    return Dataset(
        np.concatenate([own.images, rest.images[chosen]]),
        np.concatenate([own.labels, rest.labels[chosen]]),
        own.class_names,
        f"{own.source} and {rest.source}",
        report=own.report,
    )


def n_others(n_own: int, share: float) -> int:
    """How many others make that share of the whole beside n_own."""
    return round(n_own * share / (1.0 - share))
