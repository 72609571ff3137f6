"""Finetune: what `digitnet train FOLDER --from MODEL` adds to a training: before and after."""

from __future__ import annotations

import numpy as np

from digitnet.cli.output import show, shown
from digitnet.cli.source_options import N_TEST, read_source
from digitnet.data.dataset import Dataset
from digitnet.evaluation import evaluate
from digitnet.models.model import Model
from digitnet.training.config import TrainingConfig


def tell_before_and_after(
    config: TrainingConfig, before: Model, after: Model, own: Dataset
) -> None:
    """A small table: the old model and the new, on one's own digits and on the others."""
    words = f"{own.source}, learnt from"
    if config.validation:  # the same split as in training
        own = own.split(config.validation, np.random.default_rng(config.seed))[1]
        words = f"{own.source}, set aside"
    sources = [(f"{words} ({len(own):,})", own)]
    if config.mix is not None:
        options = {"framing": config.framing, "part": "test", "n_synthetic": N_TEST}
        rest = read_source(config.mix, quiet=True, **options)
        sources.append((f"{rest.source} ({len(rest):,})", rest))
    width = max(len(shown(name)) for name, _ in sources)
    show("", f"{'':<{width}}   before    after")
    for name, dataset in sources:
        shares = [f"{_accuracy(model, dataset):>8.2%}" for model in (before, after)]
        show(f"{shown(name):<{width}} {' '.join(shares)}")


def _accuracy(model: Model, dataset: Dataset) -> float:
    probabilities = model.probabilities(dataset.images)
    return evaluate(probabilities, dataset.labels, model.class_names).accuracy
