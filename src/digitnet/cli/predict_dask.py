"""Predict on Dask: `digitnet predict FOLDER --engine dask --out results/`."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from digitnet.cli.models import open_model
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import at_risk
from digitnet.cli.table_options import source_options
from digitnet.errors import DataError, SettingsError, require


def predict_on_dask(args: argparse.Namespace) -> int:
    """Share the pictures out; exit code 1 if some could not be read, 2 if none could.

    Raises:
        DigitnetError: wrong use, no scheduler, no such model, nothing can be written.
    """
    require("dask")
    others = [name for name in ("json", "csv", "explain") if vars(args)[name]]
    if others or source_options(args):
        word = others[0] if others else next(iter(source_options(args))).replace("_", "-")
        raise SettingsError(f"--{word} is for one machine: leave it or --engine dask out.")
    if not args.pictures or args.out is None:
        raise SettingsError(
            "--engine dask takes pictures and a folder for the answers: name both, "
            "`digitnet predict scans/ --engine dask --out results/`."
        )
    from digitnet.cli.bulk_progress import BulkProgress
    from digitnet.distributed import predict_into
    from digitnet.distributed.parts import PART_SIZE

    model, _ = open_model(args.model)
    at_risk(model, args.risk)  # says what cannot be promised
    with BulkProgress("files") as progress:
        report = predict_into(
            args.out,
            args.pictures,
            args.model,
            risk=args.risk,
            scheduler=args.scheduler,
            workers=args.workers,
            part_size=PART_SIZE if args.part_size is None else args.part_size,
            format=args.format,
            resume=args.resume,
            told=progress.show,
            dashboard=_tell_dashboard,
        )
    if report.parts_before:
        say(f"{report.parts_before:,} of {report.parts:,} parts were there already.")
    if report.left_alone:
        say(f"{report.left_alone:,} left alone, no picture by name nor content.")
    if not report.rows:
        raise DataError("There are no pictures among these files; name some that are.")
    if report.unread:
        say(f"{report.unread:,} of {report.rows:,} pictures could not be read.")
    show(f"{report.rows:,} rows in {report.parts:,} parts are in {args.out}.")
    return 0 if not report.unread else 2 if report.unread == report.rows else 1


def _tell_dashboard(address: str) -> None:
    bokeh = "" if find_spec("bokeh") else " (its charts need `pip install bokeh`)"
    say(f"Dashboard: {address}{bokeh}.")
