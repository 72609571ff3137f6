"""Models: the --model option, where a model is found, and `digitnet models`, those in the box."""

from __future__ import annotations

import argparse

from digitnet.models.box import BEST, box_names, in_box
from digitnet.models.find import DEFAULT
from digitnet.models.folder import load_model


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Let the user name a model folder, or a model in the box."""
    parser.add_argument(
        "--model",
        metavar="DIR",
        help=f"model folder, or {' or '.join(box_names())} from the box "
        f"(default: ./{DEFAULT} where there is one, else {BEST})",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`digitnet models` takes none."""


def run(args: argparse.Namespace) -> int:
    """A row for each model in the box."""
    print(f"{'':<6}{'parameters':>11}{'kB':>7}  validation  made with")
    for name in box_names():
        model, folder = load_model(in_box(name)), in_box(name)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1000
        accuracy = model.training.get("validation_accuracy")
        shown = f"{accuracy:>9.2%}" if accuracy is not None else f"{'-':>9}"
        made = f"digitnet train --recipe {name}"
        print(f"{name:<6}{model.n_parameters:>11,}{size:>7.0f}  {shown}   {made}")
    print(f"Where no model is named and there is no ./{DEFAULT}, {BEST} is taken.")
    return 0
