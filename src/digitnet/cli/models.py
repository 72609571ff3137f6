"""Models: the --model option, where a model is found, and `digitnet models`, those in the box."""

from __future__ import annotations

import argparse
import os

from digitnet.cli.main import as_option
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import parts_of, promise
from digitnet.errors import ModelError
from digitnet.models.box import BEST, LINES, box_names, in_box, recipe_of
from digitnet.models.find import DEFAULT, find_model
from digitnet.models.folder import load_model
from digitnet.models.model import Model


def add_models_argument(parser: argparse.ArgumentParser) -> None:
    """Let the user name several models."""
    parser.add_argument(
        "models", nargs="+", metavar="MODEL", help=f"a folder, or {' or '.join(box_names())}"
    )


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Let the user name one model."""
    parser.add_argument("model", metavar="MODEL", help=f"a folder, or {' or '.join(box_names())}")


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Let the user name a model folder, or a model in the box."""
    parser.add_argument(
        "--model",
        metavar="DIR",
        help=f"model folder, or {' or '.join(box_names())} from the box "
        f"(default: ./{DEFAULT} where there is one, else {BEST})",
    )


def open_model(named: str | None, *, quiet: bool = False) -> tuple[Model, str]:
    """The model that answers, and what it is called: "cnn" in the box, or a folder's path.

    Says on standard error which it is, unless quiet.

    Raises:
        ModelError: there is none of that name, or it is damaged.
    """
    folder = find_model(named)
    model = load_model(folder)
    called = next((name for name in box_names() if folder == in_box(name)), None)
    if called is not None:
        words = f"{called}, in the box"
    else:
        called = words = str(folder) if os.sep in str(folder) else f".{os.sep}{folder}"
        if named is None:
            words += f", since it is there; --model {BEST} takes the one in the box"
    if not quiet:
        say(f"Model: {words}.")
        if not model.sealed:
            say("It bears no seal, so damage to its description might not be noticed.")
    return model, called


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`digitnet models` takes none."""


def run(args: argparse.Namespace) -> int:
    """A row for each model in the box."""
    show(f"{'':<6}{'parameters':>11}{'kB':>7}  validation  made with")
    for name in box_names():
        folder = in_box(name)
        try:
            model = load_model(folder)
        except ModelError as error:
            show(f"{name:<6}{error.worded(as_option)}")
            continue
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1000
        accuracy = model.training.get("validation_accuracy")
        shown = f"{accuracy:>9.2%}" if accuracy is not None else f"{'-':>9}"
        made = f"digitnet train --recipe {recipe_of(name)}"
        show(f"{name:<6}{model.n_parameters:>11,}{size:>7.0f}  {shown}   {made}")
    _show_lines()
    show(f"Where no model is named and there is no ./{DEFAULT}, {BEST} is taken.")
    return 0


def _show_lines() -> None:
    """A row for the model that reads lines, and what is promised of it."""
    from digitnet.models.lines import load_line_model

    folder = in_box(LINES)
    try:
        model = load_line_model(folder)
    except ModelError as error:
        show(f"{LINES:<6}{error.worded(as_option)}")
        return
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1000
    right = model.training["scores"][-1]["characters"]
    n = model.network.vector.size
    show(f"{LINES:<6}{n:>11,}{size:>7.0f}  {right:>9.2%}   digitnet train lines (characters right)")
    for what, part in parts_of(model.calibration):
        show(f"{'':<6}{promise(part, f'{what} given')}")
