"""Ensemble: `digitnet ensemble MODEL MODEL ...`, several models made into one."""

from __future__ import annotations

import argparse

from digitnet.cli.models import add_models_argument
from digitnet.cli.output import show
from digitnet.errors import SettingsError
from digitnet.models.ensembles import combine
from digitnet.models.folder import check_place, load_model, save_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The members, and where the result goes."""
    add_models_argument(parser)
    parser.add_argument("--out", required=True, metavar="DIR", help="model folder to write")


def run(args: argparse.Namespace) -> int:
    """Read the members, write the ensemble."""
    if len(args.models) < 2:
        raise SettingsError("Name two models or more to combine.")
    check_place(args.out)
    model = combine({name: load_model(name) for name in args.models})
    save_model(model, args.out)
    show(f"{len(args.models)} models, {model.n_parameters:,} parameters, are one in {args.out}.")
    show(f"Try it: digitnet predict --model {args.out} PICTURE")
    return 0
