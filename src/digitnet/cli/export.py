"""Export: `digitnet export KIND -o PATH`, a model taken to where digitnet is not."""

from __future__ import annotations

import argparse

from digitnet.cli.models import add_model_option
from digitnet.cli.output import show
from digitnet.export import EXPORTERS, export_model
from digitnet.models.find import find_model
from digitnet.models.folder import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to make, of which model, and where."""
    each = "; ".join(f"{kind}: {exporter.help}" for kind, exporter in EXPORTERS.items())
    parser.add_argument("kind", choices=tuple(EXPORTERS), help=each)
    names = ", ".join(dict.fromkeys(map(_file_name, EXPORTERS)))
    parser.add_argument("-o", "--out", metavar="PATH", help=f"default: {names}")
    add_model_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file or folder and say what it holds."""
    folder = find_model(args.model)
    model, name = load_model(folder), folder.resolve().name
    out = args.out or _file_name(args.kind)
    written = export_model(model, args.kind, name, out)
    note = f"; {written.note}" if written.note else ""
    show(
        f"{name}, {model.n_parameters:,} parameters as {written.numbers}{note}, "
        f"is in {out}, {written.n_bytes / 1e3:,.0f} kB."
    )
    show(written.use)
    return 0


def _file_name(kind: str) -> str:
    exporter = EXPORTERS[kind]
    return f"digit-{kind}" if exporter.is_folder else f"digit.{exporter.suffix}"
