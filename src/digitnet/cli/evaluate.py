"""Evaluate: `digitnet evaluate SOURCE`, a model measured on labelled digits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.cli.models import add_model_option, open_model
from digitnet.cli.output import say, show, show_json, shown, table_name, write_table
from digitnet.cli.risk_option import add_risk_option, at_risk, promise
from digitnet.cli.source_options import (
    N_TEST,
    SOURCE_HELP,
    add_source_options,
    read_source,
)
from digitnet.cli.table_options import source_options
from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError, require
from digitnet.evaluation import Evaluation, evaluate, risk_curve
from digitnet.files import make_folder
from digitnet.models.inputs import as_frames
from digitnet.models.model import Model
from digitnet.models.test_time_augmentation import augmented_logits
from digitnet.nn.layer import FloatArray

MOST_IN_HEAD = 4
"""Letters of a class's name that stand above a column of the confusion matrix."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source, the model, and where the report goes."""
    parser.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    add_model_option(parser)
    add_risk_option(parser)
    parser.add_argument(
        "--tta",
        type=int,
        default=1,
        metavar="N",
        help="test-time augmentation: answer with the mean over N views of each digit, all but "
        "the first augmented a little; N times the work (default: 1)",
    )
    parser.add_argument("--report", metavar="DIR", help="write pictures of the result into DIR")
    parser.add_argument(
        "--mistakes", type=table_name, metavar="FILE",
        help="write what was read wrong into a table, the surest mistakes first: picture (its "
        "file, line or number), label, answer, probability; - is standard output, and the "
        "figures go to standard error",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_source_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the figures; exit code 1 where some pictures could not be read."""
    if args.json and args.mistakes == "-":
        raise SettingsError("--json and --mistakes would share the output; give a file to one.")
    if args.tta < 1:
        raise SettingsError(f"--tta is a number of at least 1, not {args.tta}; try 8.")
    if args.report is not None:
        require("plots")
    model, called = open_model(args.model, quiet=args.json)
    model = at_risk(model, args.risk)
    dataset = read_source(
        args.source,
        quiet=args.json,
        framing=model.framing,
        n_synthetic=N_TEST,
        **{"part": "test", **source_options(args)},
    ).in_classes(model.class_names)
    learnt_from = was_learnt_from(model, dataset)
    if learnt_from:
        say(
            "The model has learnt from these very digits: it will read others less well. "
            "Evaluate it on digits that it has not seen."
        )
    rng = np.random.default_rng(0)
    logits = augmented_logits(model.network, as_frames(dataset.images), args.tta, rng)
    probabilities = model.calibration.probabilities(logits)
    accepted = model.accepted(dataset.images, probabilities)
    result = evaluate(probabilities, dataset.labels, model.class_names, accepted)
    if args.json:
        kept = model.calibration
        asked = {"risk_asked": kept.risk, "risk_promised": kept.promised}
        figures = {**result.as_dict(dataset.source), **asked, "learnt_from": learnt_from}
        show_json({**figures, "model": called})
    else:
        words = [*as_text(result).splitlines(), "", promise(model.calibration)]
        (say if args.mistakes == "-" else show)(*words)
    if args.mistakes is not None:
        rows = _mistakes(dataset, result, probabilities)
        write_table(args.mistakes, ("picture", "label", "answer", "probability"), rows)
    if args.report is not None:
        _draw(Path(args.report), model, dataset, result, probabilities)
    return 1 if dataset.report.skipped else 0


def was_learnt_from(model: Model, dataset: Dataset) -> bool:
    """Whether the model, or one that it started from, was trained on this very dataset.

    A part that was set aside for validation counts as well: the best epoch was chosen on it.
    """
    fingerprint = dataset.fingerprint()
    record: Any = model.training
    while isinstance(record, dict):
        if fingerprint in str(record.get("data", "")).split(" and "):
            return True
        record = record.get("start")
    return False


def as_text(result: Evaluation) -> str:
    """Figures, a row per class, and the confusion matrix.

    Classes with names that are too long for the head of a column are numbered.
    """
    low, high = result.interval
    names = heads = [shown(name) for name in result.class_names]
    if max(map(len, names)) > MOST_IN_HEAD:
        heads = [str(number) for number in range(1, len(names) + 1)]
        names = [f"{name} {head:>2}" for name, head in zip(names, heads, strict=True)]
    widest = max(map(len, names))
    lines = [
        f"accuracy  {result.accuracy:.2%}   95 % interval {low:.2%} to {high:.2%}   "
        f"{result.n_right:,} of {result.n:,}",
        f"loss      {result.loss:.4f} nats   calibration error {result.calibration_error:.2%}",
        f"answered  {result.coverage:.2%}   of these wrong {result.risk:.2%}",
        "",
        f"{'class':>{max(5, widest)}}  precision   recall       F1   images",
    ]
    lines += [
        f"{name:>{max(5, widest)}}  {s.precision:>9.2%}  {s.recall:>7.2%}  {s.f1:>7.2%}  "
        f"{s.support:>7,}"
        for name, s in zip(names, result.per_class, strict=True)
    ]
    width = max(5, len(f"{result.confusion.max():,}") + 1)
    corner = "true \\ read".rjust(max(11, widest))
    lines += ["", corner + "".join(f"{head:>{width}}" for head in heads)]
    lines += [
        f"{name:>{max(11, widest)}}" + "".join(f"{count or '.':>{width}}" for count in row)
        for name, row in zip(names, result.confusion.tolist(), strict=True)
    ]
    return "\n".join(lines)


def _mistakes(
    dataset: Dataset, result: Evaluation, probabilities: FloatArray
) -> Iterator[tuple[str, str, str, str]]:
    """A row for each wrongly read image; one without a name has its number, from 1."""
    names = result.class_names
    for i in result.mistakes:
        picture = dataset.names[i] if dataset.names is not None else str(i + 1)
        answer = int(probabilities[i].argmax())
        yield (
            picture,
            names[int(dataset.labels[i])],
            names[answer],
            f"{probabilities[i, answer]:.4f}",
        )


def _draw(
    folder: Path, model: Model, dataset: Dataset, result: Evaluation, probabilities: FloatArray
) -> None:
    """The pictures of --report."""
    from digitnet.plots.report import save_confusion_matrix, save_weights, save_worst_mistakes
    from digitnet.plots.risk_curve import Point, save_risk_curve

    make_folder(folder)
    kept = model.calibration
    curve = risk_curve(
        probabilities.max(axis=1),
        probabilities.argmax(axis=1) == dataset.labels,
        ~kept.no_digit(as_frames(dataset.images)),
    )
    chosen = Point(result.coverage, result.risk, kept.risk)
    save_risk_curve([(dataset.source, curve, chosen)], folder / "risk_coverage.png")
    save_confusion_matrix(result.confusion, result.class_names, folder / "confusion_matrix.png")
    save_worst_mistakes(
        dataset.images,
        dataset.labels,
        probabilities,
        folder / "worst_mistakes.png",
        class_names=result.class_names,
    )
    save_weights(model.network.parameters["W1"], folder / "weights.png")
    drawn = "confusion_matrix.png, worst_mistakes.png, weights.png, risk_coverage.png"
    say(f"Drawn in {folder}: {drawn}.")
