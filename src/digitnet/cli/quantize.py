"""Quantize: `digitnet quantize MODEL [SOURCE]`, a trained model in whole numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from digitnet.cli.calibrate import run_of
from digitnet.cli.models import add_model_argument
from digitnet.cli.output import say, show
from digitnet.cli.source_options import SOURCE_HELP, add_source_options, read_source
from digitnet.cli.table_options import source_options
from digitnet.data.dataset import Dataset
from digitnet.errors import DataError, SettingsError
from digitnet.models.calibration import FEWEST
from digitnet.models.find import find_model
from digitnet.models.folder import check_place, load_model, save_model
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model, float_network
from digitnet.nn.quantization import FORMATS
from digitnet.training.integers import N_IMAGES, quantized_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the digits, how many bits, and where the result goes."""
    add_model_argument(parser)
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE",
        help=f"digits that it has not learnt from (default: those its training set aside): "
        f"{SOURCE_HELP}",
    )  # fmt: skip
    parser.add_argument(
        "--bits", choices=tuple(FORMATS), default="4",
        help="of each weight; ternary is -1, 0 and 1 (default: 4)",
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="DIR", help="model folder to write")
    add_source_options(parser)


def run(args: argparse.Namespace) -> int:
    """Round the weights, measure before and after, say what a device needs."""
    check_place(args.out)
    model = load_model(find_model(args.model))
    float_network(model, args.model)
    digits, skipped = _digits(args, model)
    if len(digits) < 2 * FEWEST:
        raise DataError(
            f"{digits.source} has {len(digits)} digits, too few to choose steps and limits on.",
            f"bring at least {2 * FEWEST}; more than {N_IMAGES:,} do better.",
        )
    made = quantized_model(model, args.model, args.bits, digits, np.random.default_rng(0))
    network = made.network
    assert isinstance(network, IntegerNetwork)
    save_model(made, args.out)
    before = float(np.mean(model.probabilities(digits.images).argmax(axis=1) == digits.labels))
    after = float(np.mean(network.logits(digits.images).argmax(axis=1) == digits.labels))
    show(
        f"{network.words}: {network.packed_bytes():,} bytes of weights and constants.",
        f"Right of {len(digits):,} digits: {before:.2%} before, {after:.2%} after.",
        *bounds_in_words(network),
        f"Kept in {args.out}.",
    )
    return 1 if skipped else 0


def _digits(args: argparse.Namespace, model: Model) -> tuple[Dataset, bool]:
    """What the steps and limits are chosen on, and whether some of it could not be read."""
    if args.source is not None:
        dataset = read_source(
            args.source, framing=model.framing, **{"part": "test", **source_options(args)}
        ).in_classes(model.class_names)
        return dataset, bool(dataset.report.skipped)
    if options := source_options(args):
        raise SettingsError(f"{{{next(iter(options))}}} says how a SOURCE is understood; name one.")
    validation = run_of(args.model, model, Path(args.out)).validation
    assert validation is not None  # run_of has seen to it
    say(f"Choosing steps and limits on the {len(validation):,} digits that it has not learnt from.")
    return validation, False


def bounds_in_words(network: IntegerNetwork) -> list[str]:
    """How large every sum and product can grow at most: a line for each layer that has any."""
    return [
        f"{bound.layer}: no sum beyond {bound.sum:,}"
        + (f", no product beyond {bound.product:,}" if bound.product else "")
        for bound in network.bounds()
        if bound.sum
    ]
