"""Calibrate: `digitnet calibrate MODEL [SOURCE]`, what a trained model promises, counted anew."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.cli.evaluate import was_learnt_from
from digitnet.cli.models import add_model_argument
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import is_kept, not_kept, promise, show_risks
from digitnet.cli.source_options import SOURCE_HELP, add_source_options, read_source
from digitnet.cli.table_options import source_options
from digitnet.cli.train import mixed_in
from digitnet.data.dataset import Dataset
from digitnet.errors import DataError, DigitnetError, SettingsError
from digitnet.files import read_regular
from digitnet.models.box import box_names
from digitnet.models.calibration import FEWEST, Calibration, fit_calibration
from digitnet.models.find import find_model
from digitnet.models.folder import COMPANIONS, check_place, load_model, save_model
from digitnet.models.model import Model, classify, float_network
from digitnet.models.risk import ALWAYS, RISK, as_risk
from digitnet.training.config import TrainingConfig
from digitnet.training.run import Run

SPLIT = ("source", "labels", "per_class", "framing", "validation", "seed")
"""What decides which digits a training sets aside."""
MOST_BYTES = 50_000_000
"""Of a file that is kept beside the arrays."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the digits, and the risk that it then takes where nobody asks for another."""
    add_model_argument(parser)
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE",
        help=f"{SOURCE_HELP}; none that it has learnt from, and the promise holds for others like "
        "them (default: those that the model's training set aside, varied, and drawn ones)",
    )  # fmt: skip
    parser.add_argument(
        "--risk", metavar="SHARE",
        help="which share of the answers may be wrong where nobody asks for another "
        f"(default: {100 * RISK:g}%%, or the least above it that can be promised)",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", help="model folder to write (default: the model's own)"
    )
    add_source_options(parser)


def run(args: argparse.Namespace) -> int:
    """Count anew, write the model whole, say what is promised."""
    risk = refuse_always(args.risk)
    folder = find_model(args.model)
    if args.out is None and args.model in box_names() and folder != Path(args.model):
        raise SettingsError(
            f"{args.model} is in the box and stays as it is.",
            "say with {out:DIR} where the calibrated model goes.",
        )
    out = Path(args.out or folder)
    check_place(out)
    model = load_model(folder)
    float_network(model, args.model)  # the limits of whole numbers are their own
    if args.source is None:
        if options := source_options(args):
            name = next(iter(options))
            raise SettingsError(f"{{{name}}} says how a SOURCE is understood; name one.")
        run_again = run_of(args.model, model, out)
        calibration = run_again.calibrated(float_network(model, args.model), risk)
        skipped = False
    else:
        dataset = read_source(
            args.source, framing=model.framing, **{"part": "test", **source_options(args)}
        ).in_classes(model.class_names)
        calibration = _on_others(model, dataset, Path(args.source).name, risk)
        skipped = bool(dataset.report.skipped)
    companions = {
        name: read_regular(folder / name, MOST_BYTES)
        for name in COMPANIONS
        if (folder / name).is_file()
    }
    save_model(dataclasses.replace(model, calibration=calibration), out, companions)
    show_risks(calibration)
    show(promise(calibration))
    if not is_kept(calibration):
        say(not_kept(calibration))
    show(f"Kept in {out}.")
    return 1 if skipped else 0


def refuse_always(asked: str | None) -> float | None:
    """The risk of --risk.

    Raises:
        SettingsError: it is none, or 0, which nobody need count for.
    """
    risk = None if asked is None else as_risk(asked)
    if risk == ALWAYS:
        raise SettingsError(
            "A model is calibrated for a risk above 0; 0 can be asked for at each answer."
        )
    return risk


def run_of(named: str, model: Model, out: Path) -> Run:
    """The run that made a model, which knows the part of the digits that was set aside then.

    Raises:
        SettingsError: nobody knows which part that is.
        DataError: what it was trained on has changed.
    """
    record: Mapping[str, Any] = model.training
    hint = "name a SOURCE of labelled digits that it has not learnt from."
    try:
        config = dataclasses.replace(TrainingConfig(**record["plan"]), teacher=None)
        known = str(record["data"]).split(" and ")
        unseen = bool(config.validation) and _is_split_alike(record)
    except (DigitnetError, KeyError, TypeError):
        raise SettingsError(f"How {named} was trained is not on record.", hint) from None
    if not unseen:
        raise SettingsError(f"Of the digits that {named} learnt from none were set aside.", hint)
    understood = dict(record.get("understood", {}))
    dataset = read_source(
        config.source,
        **{**understood, "labels": config.labels, "per_class": config.per_class},
        framing=config.framing,
    )
    if dataset.fingerprint() != known[0]:
        raise DataError(f"{config.source} is not what {named} was trained on any more.", hint)
    rest = None if config.mix is None else mixed_in(config, len(dataset))
    alone = dataclasses.replace(config, start=None)
    return Run(alone, dataset, out, rest=rest, understood=understood)


def _is_split_alike(record: Mapping[str, Any]) -> bool:
    """Whether the model that a training began with, if any, had the same digits set aside."""
    start = record.get("start")
    if start is None:
        return record["plan"]["start"] is None
    ours, before = (
        (str(one["data"]).split(" and ")[0], *(one["plan"][name] for name in SPLIT))
        for one in (record, start)
    )
    return ours == before and _is_split_alike(start)


def _on_others(model: Model, dataset: Dataset, named: str, risk: float | None) -> Calibration:
    """Calibrated on digits as they are; what looks like no digit is told as before.

    Raises:
        DataError: they are too few.
    """
    if was_learnt_from(model, dataset):
        say(
            "The model has learnt from these very digits, so what is counted on them holds for no "
            "others. Name digits that it has not seen."
        )
    if len(dataset) < FEWEST:
        raise DataError(
            f"{dataset.source} has {len(dataset)} digits, which can promise nothing.",
            f"bring at least {FEWEST}; for half a percent it takes some 900.",
        )
    digits = dataset.take(np.random.default_rng(0).permutation(len(dataset)))
    digits = dataclasses.replace(digits, source=f"digits of {named}")
    logits = classify(model.network, digits.images)
    return fit_calibration(logits, digits, None, risk, model.calibration.novelty)
