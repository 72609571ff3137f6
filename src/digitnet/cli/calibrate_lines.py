"""Calibrate lines: `digitnet calibrate lines [SOURCE]`, what a reader of lines promises."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitnet.cli.calibrate import refuse_always, run_of
from digitnet.cli.models import add_model_option, open_model
from digitnet.cli.output import say, show
from digitnet.cli.risk_option import is_kept, not_kept, parts_of, promise, show_risks
from digitnet.cli.source_options import SOURCE_HELP, read_source
from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.models.box import LINES, in_box
from digitnet.models.calibration import FEWEST
from digitnet.models.find import find_model
from digitnet.models.folder import check_place
from digitnet.models.line_calibration import LineCalibration, ReadLine, fit_line_calibration
from digitnet.models.lines import LineModel, load_line_model, save_line_model
from digitnet.models.model import Model
from digitnet.models.risk import RISK
from digitnet.reading.doubts import nearest_lines, read_characters
from digitnet.reading.page import check_reads_pages, read_page
from digitnet.reading.signs import UNREAD
from digitnet.training.line_calibration_set import made_pages, unseen_digits

N_LINES = 3000
"""A bound of half a percent takes some 600 lines that are not for tuning and all read rightly."""
TELL_EVERY = 250
SEED = 6
DRAWN = "synthetic"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The digits, the two models that read, and the risk where nobody asks for another."""
    parser.add_argument("what", choices=["lines"], help="a model that reads lines")
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE",
        help=f"digits that rows are made of beside drawn hands, or {DRAWN}: drawn hands alone. "
        f"{SOURCE_HELP}; none that a model has learnt from (default: those that both trainings "
        "set aside)",
    )  # fmt: skip
    parser.add_argument(
        "--line-model", metavar="DIR", help="the reader of lines (default: the one in the box)"
    )
    add_model_option(parser)
    parser.add_argument(
        "--lines", type=int, default=N_LINES, metavar="N",
        help=f"lines that are made and read (default: {N_LINES:,})",
    )  # fmt: skip
    parser.add_argument(
        "--risk", metavar="SHARE",
        help="which share of the characters, and of the lines, may be wrong where nobody asks for "
        f"another (default: {100 * RISK:g}%%, or the least above it that can be promised)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the lines (default: {SEED})")
    parser.add_argument(
        "--out", metavar="DIR", help="model folder to write (default: the model's own)"
    )


def run(args: argparse.Namespace) -> int:
    """Make lines, read them, count, write the model whole, say what is promised."""
    risk = refuse_always(args.risk)
    if args.line_model is None and args.out is None:
        raise SettingsError(
            "The reader of lines in the box stays as it is.",
            "say with {out:DIR} where the calibrated one goes.",
        )
    if args.lines < FEWEST:
        raise SettingsError(f"With fewer than {FEWEST} lines nothing can be promised.")
    folder = in_box(LINES) if args.line_model is None else Path(args.line_model)
    out = Path(args.out or folder)
    check_place(out)
    line_model = load_line_model(folder)
    model, called = open_model(args.model)
    check_reads_pages(model)
    digits = _digits(args.source, line_model, model, str(find_model(args.model)), out)
    counted: list[ReadLine] = []
    for line in read_lines(model, line_model, digits, args.lines, args.seed):
        counted.append(line)
        if len(counted) % TELL_EVERY == 0:
            say(f"  {len(counted):,} of {args.lines:,} lines read")
    calibration = fit_line_calibration(
        counted, UNREAD, _in_words(digits, called), np.random.default_rng([args.seed, 1]), risk
    )
    save_line_model(replace(line_model, calibration=calibration), out)
    for what, part in parts_of(calibration):
        show(f"{what}:")
        show_risks(part)
        show(promise(part, f"{what} given"))
        if not is_kept(part):
            say(not_kept(part, what, what))
    show(f"Kept in {out}.")
    return 0


def read_lines(
    model: Model, line_model: LineModel, digits: Dataset | None, n: int, seed: int
) -> Iterator[ReadLine]:
    """Lines that are made of digits, or drawn, as a page's reader reads them before any doubt."""
    raw = replace(line_model, calibration=LineCalibration())
    for page in made_pages(n, digits, np.random.default_rng(seed)):
        reading = read_page(model, page.picture, raw)
        said = read_characters(reading)
        found = nearest_lines(reading, page.middles)
        for numbers, text in zip(found, page.texts, strict=True):
            if text is None:
                continue
            line = [one for number in numbers for one in said[number]]
            chances = [one.probability for _, one in line]
            yield ReadLine.of("".join(character for character, _ in line), chances, text)


def _digits(
    source: str | None, line_model: LineModel, model: Model, called: str, out: Path
) -> Dataset | None:
    """What rows are made of: digits of the user's, or those that no training learnt from.

    Raises:
        SettingsError: nobody knows which those are.
    """
    if source == DRAWN:
        return None
    if source is not None:
        return read_source(source, part="test")
    learnt = line_model.training.get("digits")
    if learnt == "drawn hands only":
        return None
    run_again = run_of(called, model, out)
    assert run_again.validation is not None, "`run_of` refuses a run without"
    whole = read_source(run_again.config.source)
    if Path(str(learnt)).name != Path(whole.source).name:
        raise SettingsError(
            f"The reader of lines has learnt from {learnt}, the model beside it from "
            f"{run_again.config.source}: which digits neither has learnt from, nobody knows.",
            "name a SOURCE of labelled digits.",
        )
    return unseen_digits(whole, run_again.validation)


def _in_words(digits: Dataset | None, called: str) -> str:
    """Which lines were counted, and who read them."""
    of = "drawn hands" if digits is None else f"{len(digits):,} digits that no training has seen"
    return f"made lines of {of}, easy to hard, and photographed ones, read beside {called}"
