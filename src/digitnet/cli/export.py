"""Export: `digitnet export KIND -o PATH`, a model taken to where digitnet is not."""

from __future__ import annotations

import argparse

from digitnet.cli.models import add_model_option
from digitnet.cli.output import show
from digitnet.errors import SettingsError
from digitnet.export import EXPORTERS, export_model
from digitnet.models.find import find_model
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to make, of which model, and where."""
    each = "; ".join(f"{kind}: {exporter.help}" for kind, exporter in EXPORTERS.items())
    parser.add_argument("kind", choices=tuple(EXPORTERS), help=each)
    names = ", ".join(dict.fromkeys(map(_file_name, EXPORTERS)))
    parser.add_argument("-o", "--out", metavar="PATH", help=f"default: {names}")
    parser.add_argument(
        "--float", action="store_true", dest="floats",
        help="c: write a network of floats, which needs a larger machine",
    )  # fmt: skip
    add_model_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file or folder and say what it holds."""
    folder = find_model(args.model)
    model, name = load_model(folder), folder.resolve().name
    _check_numbers(args.kind, args.floats, model, name)
    out = args.out or _file_name(args.kind)
    written = export_model(model, args.kind, name, out)
    note = f"; {written.note}" if written.note else ""
    show(
        f"{name}, {model.n_parameters:,} parameters as {written.numbers}{note}, "
        f"is in {out}, {written.n_bytes / 1e3:,.0f} kB."
    )
    show(written.use)
    return 0


def _check_numbers(kind: str, floats: bool, model: Model, name: str) -> None:
    """Whether the numbers asked for are those that the model has.

    Raises:
        SettingsError: floats were not asked for, or are not there.
    """
    integers = isinstance(model.network, IntegerNetwork)
    if floats and kind != "c":
        raise SettingsError("Only C is written in floats or in integers.", "leave out {float}.")
    if floats and integers:
        raise SettingsError(f"{name} is a network of integers.", "leave out {float}.")
    if kind == "c" and not floats and not integers:
        raise SettingsError(
            f"{name} is a network of floats, far larger than one of integers.",
            "say {float} if a header of floats is meant.",
        )


def _file_name(kind: str) -> str:
    exporter = EXPORTERS[kind]
    return f"digit-{kind}" if exporter.is_folder else f"digit.{exporter.suffix}"
