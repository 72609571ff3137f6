"""Dask run: `digitnet predict` and `digitnet read` with `--engine dask --out results/`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from digitnet.cli.models import open_model
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import RISK_OF_FORMS, at_risk, lines_at_risk
from digitnet.cli.table_options import source_options
from digitnet.errors import DataError, SettingsError, require

if TYPE_CHECKING:
    from digitnet.distributed.tasks import Task
    from digitnet.models.model import Model
    from digitnet.reading.fields import Field


def predict_on_dask(args: argparse.Namespace) -> int:
    """Share pictures of digits out; exit code 1 if some could not be read, 2 if none could.

    Raises:
        DigitnetError: wrong use, no scheduler, no such model, nothing can be written.
    """
    require("dask")
    from digitnet.distributed.tasks import Digits

    options = [name.replace("_", "-") for name in source_options(args)]
    others = [*(name for name in ("json", "csv", "explain") if vars(args)[name]), *options]
    model = _model_for(args, args.pictures, others)
    at_risk(model, args.risk)  # says what cannot be promised
    return _share_out(args, args.pictures, Digits(), args.risk)


def read_on_dask(args: argparse.Namespace, field: Field | None) -> int:
    """The same for pages, or for forms where there is a template.

    Raises:
        DigitnetError: as of `predict_on_dask`; or the template cannot be read.
    """
    require("dask")
    from digitnet.distributed.tasks import Forms, Pages
    from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
    from digitnet.models.lines import line_model_beside
    from digitnet.reading.template import Template

    others = [name for name in ("json", "csv", "line_model") if vars(args)[name]]
    model = _model_for(args, args.sheets, others)
    if args.template is None:
        lines = line_model_beside(model.class_names)
        if lines is None:
            at_risk(model, args.risk)  # says what cannot be promised
        else:
            lines_at_risk(lines, args.risk)
        return _share_out(args, args.sheets, Pages(field, args.risk), None)
    if field is not None:
        raise SettingsError("A template's fields say what a line must: leave the other out.")
    if args.risk is not None:
        raise SettingsError(RISK_OF_FORMS)
    with Decoders(PHOTOGRAPH) as decoders:
        template = Template.load(args.template, decoders.open)
    return _share_out(args, args.sheets, Forms(template), None)


def _model_for(args: argparse.Namespace, words: Sequence[str], others: list[str]) -> Model:
    """The model, once it is clear that the options go together."""
    if others:
        name = others[0].replace("_", "-")
        raise SettingsError(f"--{name} is for one machine: leave it or --engine dask out.")
    if not words or args.out is None:
        raise SettingsError(
            "--engine dask takes pictures and a folder for the answers: name both, as in "
            f"`digitnet {args.command} scans/ --engine dask --out results/`."
        )
    return open_model(args.model)[0]


def _share_out(args: argparse.Namespace, words: Sequence[str], task: Task, risk: str | None) -> int:
    from digitnet.cli.bulk_progress import BulkProgress
    from digitnet.distributed.job import run_into
    from digitnet.distributed.parts import PART_SIZE

    with BulkProgress("files") as progress:
        report = run_into(
            args.out,
            words,
            task,
            args.model,
            risk=risk,
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
        say(f"{report.unread:,} of {report.rows:,} {task.rows_are} could not be read.")
    show(f"{report.rows:,} rows in {report.parts:,} parts are in {args.out}.")
    return 0 if not report.unread else 2 if report.unread == report.rows else 1


def _tell_dashboard(address: str) -> None:
    bokeh = "" if find_spec("bokeh") else " (its charts need `pip install bokeh`)"
    say(f"Dashboard: {address}{bokeh}.")
