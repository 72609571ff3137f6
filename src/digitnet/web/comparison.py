"""Comparison: two models of a server asked about the same digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.data.mnist import has_mnist
from digitnet.data.sources import open_source
from digitnet.errors import DataError
from digitnet.evaluation import mcnemar, wilson_interval
from digitnet.imaging.png import in_base64
from digitnet.models.model import Model
from digitnet.web.datasets import OfferedDataset
from digitnet.web.errors import Problem
from digitnet.web.model_store import StoredModel

N_COMPARED = 1000
"""Digits that both are asked about; of more, so many spread over all."""
MOST_SHOWN = 24
"""Digits on which they differ that are sent along as pictures."""


def compared(
    first: StoredModel, second: StoredModel, digits: OfferedDataset, check: Callable[[], None]
) -> dict[str, Any]:
    """Both models' answers to the same digits; neither refuses one here.

    Args:
        first: a model.
        second: another one.
        digits: what they are asked about; of those with a test part, that part.
        check: called between the steps; raises where nobody waits any more.

    Raises:
        Problem: 422, they would have to be downloaded first.
        DataError: they cannot be read, or not alike for both models.
    """
    if digits.place == "mnist" and not has_mnist():
        raise Problem(422, "MNIST is not on this machine yet; a training on it fetches it.")
    datasets: dict[str, Dataset] = {}
    for stored in (first, second):
        framing = stored.model.framing
        if framing not in datasets:
            datasets[framing] = open_source(
                digits.place, part="test", framing=framing, n_synthetic=N_COMPARED
            )
            check()
    here, there = (datasets[stored.model.framing] for stored in (first, second))
    if len(here) != len(there):
        raise DataError(f"{digits.title} has pictures that only one of the two models can frame.")
    few = np.unique(np.linspace(0, len(here) - 1, min(N_COMPARED, len(here))).round().astype(int))
    labels, one = _answers(first.model, here, few)
    check()
    _, other = _answers(second.model, there, few)
    test = mcnemar(one == labels, other == labels)
    differ = np.flatnonzero(one != other)
    return {
        "title": digits.title,
        "n": len(few),
        "of": len(here),
        "models": [_figures(first, one == labels), _figures(second, other == labels)],
        "only_first": test.only_first,
        "only_second": test.only_second,
        "p_value": test.p_value,
        "sure": test.sure,
        "n_differ": len(differ),
        "differ": [
            {
                "frame": in_base64(here.images[few[i]]),
                "label": int(labels[i]),
                "read_as": [int(one[i]), int(other[i])],
            }
            for i in differ[:MOST_SHOWN]
        ],
    }


def _answers(
    model: Model, dataset: Dataset, few: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels and answers (N,) for some of a dataset's digits."""
    known = dataset.in_classes(model.class_names)
    return known.labels[few], model.probabilities(known.images[few]).argmax(axis=1)


def _figures(stored: StoredModel, right: NDArray[np.bool_]) -> dict[str, Any]:
    n_right = int(right.sum())
    return {
        "name": stored.name,
        "right": n_right,
        "interval": list(wilson_interval(n_right, len(right))),
    }
