"""Export: `digitnet export html -o FILE`, a model taken to where digitnet is not."""

from __future__ import annotations

import argparse

from digitnet.cli.models import add_model_option
from digitnet.models.find import find_model
from digitnet.models.folder import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to make, of which model, and where."""
    parser.add_argument(
        "kind", choices=("html",), help="html: a page in one file to draw on and to look inside"
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", default="digit.html", help="default: digit.html"
    )
    add_model_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page and say what it holds."""
    from digitnet.export.html import export_html

    folder = find_model(args.model)
    model, name = load_model(folder), folder.resolve().name
    page = export_html(model, name, args.out)
    rounded = "" if page.numbers == "float32" else "; 2,000 drawn digits are read as before"
    print(
        f"{name}, {model.n_parameters:,} parameters as {page.numbers}{rounded}, "
        f"is in {args.out}, {page.n_bytes / 1e3:,.0f} kB."
    )
    print("Open it in any browser: it needs no server and no network.")
    return 0
