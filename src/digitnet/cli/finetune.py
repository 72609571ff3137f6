"""Finetune: what `digitnet train FOLDER --from MODEL` adds to a training: before and after."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitnet.cli.source_options import N_TEST, read_source
from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.evaluation import evaluate
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.training.config import Plan
from digitnet.training.finetune import OF_THE_MODEL, SETTINGS, others


def as_adaptation(given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a plan that starts from a model: those given, and what it has otherwise.

    Raises:
        SettingsError: a setting that the model decides.
        ModelError: there is no such model.
    """
    odd = [name for name in OF_THE_MODEL if name in given]
    if odd:
        raise SettingsError(
            f"--{odd[0].replace('_', '-')} is decided by the model of --from; leave one out."
        )
    framing = load_model(given["start"]).framing
    return {**SETTINGS, "framing": framing, "mix": others(), **given}


def tell_before_and_after(plan: Plan, before: Model, after: Model, own: Dataset) -> None:
    """A small table: the old model and the new, on one's own digits and on the others."""
    words = f"{own.source}, learnt from"
    if plan.validation:  # the same split as in training
        own = own.split(plan.validation, np.random.default_rng(plan.seed))[1]
        words = f"{own.source}, set aside"
    sources = [(f"{words} ({len(own):,})", own)]
    if plan.mix is not None:
        options = {"framing": plan.framing, "part": "test", "n_synthetic": N_TEST}
        rest, _ = read_source(plan.mix, quiet=True, **options)
        sources.append((f"{rest.source} ({len(rest):,})", rest))
    width = max(len(name) for name, _ in sources)
    print(f"\n{'':<{width}}   before    after")
    for name, dataset in sources:
        shares = [f"{_accuracy(model, dataset):>8.2%}" for model in (before, after)]
        print(f"{name:<{width}} {' '.join(shares)}")


def _accuracy(model: Model, dataset: Dataset) -> float:
    probabilities = model.probabilities(dataset.images)
    return evaluate(probabilities, dataset.labels, model.class_names).accuracy
