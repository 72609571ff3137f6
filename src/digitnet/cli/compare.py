"""Compare: `digitnet compare MODEL MODEL ... --on SOURCE`, models measured on the same digits."""

from __future__ import annotations

import argparse
import time
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.cli.models import add_models_argument
from digitnet.cli.output import show, show_json, shown
from digitnet.cli.source_options import (
    N_TEST,
    SOURCE_HELP,
    add_source_options,
    read_source,
)
from digitnet.cli.table_options import source_options
from digitnet.data.dataset import Dataset
from digitnet.errors import DataError, SettingsError
from digitnet.evaluation import mcnemar, wilson_interval
from digitnet.models.description import arrays_of
from digitnet.models.folder import load_model
from digitnet.models.model import Model

N_TIMED = 1000
"""Images that a model's speed is measured on; fewer are taken again and again."""

LEAST_SECONDS = 0.5
"""That these are read for, over and over: one pass over few images would tell of the moment."""


class _Row(NamedTuple):
    """One model's figures, and which images it read rightly (N,)."""

    name: str
    parameters: int
    kilobytes: float
    milliseconds: float
    right: NDArray[np.bool_]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The models, and what they are compared on."""
    add_models_argument(parser)
    parser.add_argument("--on", required=True, metavar="SOURCE", help=SOURCE_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_source_options(parser)


def run(args: argparse.Namespace) -> int:
    """A row per model, and a sentence for each pair."""
    if len(set(args.models)) < 2:
        raise SettingsError("Name two different models or more to compare.")
    models = {name: load_model(name) for name in args.models}
    options = {"part": "test", **source_options(args), "n_synthetic": N_TEST}
    datasets: dict[str, Dataset] = {}  # by framing: a picture is framed as its model asks
    some_failed = False
    for model in models.values():
        if model.framing not in datasets:
            dataset = read_source(args.on, quiet=args.json, framing=model.framing, **options)
            datasets[model.framing] = dataset
            some_failed |= bool(dataset.report.skipped)
    sizes = {len(dataset) for dataset in datasets.values()}
    if len(sizes) > 1:
        raise DataError(f"{args.on} has pictures that only some of the models' framings can read.")
    rows = [_measure(name, model, datasets[model.framing]) for name, model in models.items()]
    if args.json:
        show_json(_as_dict(rows, args.on))
    else:
        _show(rows)
    return 1 if some_failed else 0


def _measure(name: str, model: Model, dataset: Dataset) -> _Row:
    dataset = dataset.in_classes(model.class_names)
    right = model.probabilities(dataset.images).argmax(axis=1) == dataset.labels
    milliseconds = milliseconds_for(model, dataset.images[np.arange(N_TIMED) % len(dataset)])
    kilobytes = sum(array.nbytes for array in arrays_of(model).values()) / 1000
    return _Row(name, model.n_parameters, kilobytes, milliseconds, right)


def milliseconds_for(model: Model, images: NDArray[np.uint8]) -> float:
    """Milliseconds that a model takes for images (N, H, W): the mean of LEAST_SECONDS' passes."""
    model.probabilities(images)  # the first pass makes what the others use again
    started, n = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < LEAST_SECONDS:
        model.probabilities(images)
        n += 1
    return 1e3 * passed / n


def _show(rows: list[_Row]) -> None:
    width = max(5, *(len(shown(row.name)) for row in rows))
    show(f"{'':<{width}}  accuracy   95 % interval        parameters     kB   ms for 1,000")
    for row in rows:
        n_right, n = int(row.right.sum()), len(row.right)
        low, high = wilson_interval(n_right, n)
        show(
            f"{shown(row.name):<{width}}  {n_right / n:8.2%}   {low:.2%} to {high:.2%}   "
            f"{row.parameters:>10,}  {row.kilobytes:>5.0f}  {row.milliseconds:>12.1f}"
        )
    which = "these over and over" if len(rows[0].right) < N_TIMED else "the first of these"
    show(
        f"ms for 1,000 pictures, {which}: the mean of at least {LEAST_SECONDS:g} s, after a first "
        "pass that is not timed."
    )
    for one, other in combinations(rows, 2):
        test = mcnemar(one.right, other.right)
        if test.only_first == test.only_second == 0:
            show(f"{one.name} and {other.name} read the same pictures rightly: neither is better.")
            continue
        if not test.sure:
            verdict = "which may be luck"
        else:
            better = one.name if test.only_first > test.only_second else other.name
            verdict = f"so {better} is better"
        show(
            f"{one.name} alone reads {test.only_first}, {other.name} alone {test.only_second}: "
            f"{verdict} (McNemar's exact test, p = {test.p_value:.2g})."
        )


def _as_dict(rows: list[_Row], source: str) -> dict[str, Any]:
    return {
        "source": source,
        "n": len(rows[0].right),
        "models": [
            {
                "model": row.name,
                "accuracy": float(row.right.mean()),
                "interval": list(wilson_interval(int(row.right.sum()), len(row.right))),
                "parameters": row.parameters,
                "kilobytes": row.kilobytes,
                "milliseconds_for_1000": row.milliseconds,
            }
            for row in rows
        ],
        "pairs": [
            {"models": [one.name, other.name], **mcnemar(one.right, other.right)._asdict()}
            for one, other in combinations(rows, 2)
        ],
    }
