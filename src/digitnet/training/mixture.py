"""Mixture: digits of another source added to those that are learnt."""

from __future__ import annotations

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError


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
            f"{rest.source} has other classes than {own.source}; mix with digits of the same."
        )
    chosen = rng.choice(len(rest), min(n_others(len(own), share), len(rest)), replace=False)
    return Dataset(
        np.concatenate([own.images, rest.images[chosen]]),
        np.concatenate([own.labels, rest.labels[chosen]]),
        own.class_names,
        f"{own.source} and {rest.source}",
    )


def n_others(n_own: int, share: float) -> int:
    """How many others make that share of the whole beside n_own."""
    return round(n_own * share / (1.0 - share))
