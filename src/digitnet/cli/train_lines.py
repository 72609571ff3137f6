"""Train lines: `digitnet train lines [SOURCE]`, from digits to a model that reads whole lines."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import fields
from pathlib import Path

from digitnet.cli.output import say
from digitnet.cli.signals import StopRequested, listen_for_stop
from digitnet.cli.source_options import SOURCE_HELP, read_source
from digitnet.models.find import find_model
from digitnet.models.folder import check_place
from digitnet.models.lines import load_line_model, save_line_model
from digitnet.reading.made_rows import made_row
from digitnet.training.checkpoints import ENDING
from digitnet.training.lines import LineRun, LineScore, LineSettings

DRAWN = "synthetic"
TELL_EVERY = 100
"""Steps between two lines of progress."""
HELP = {
    "steps": "of the whole training",
    "minutes": "end after so many, the learning rate falling by the clock; 0 is no such end",
    "batch_size": "lines a step",
    "learning_rate": "the highest, of Adam",
    "grade": "how hard the lines are, 0 to 1",
    "n_writers": "hands that are drawn for the lines",
    "page_rows": "rows cut out of made, photographed pages that are learnt beside the lines",
    "validation_lines": "lines to measure by, of digits and hands that are not learnt from",
    "validate_every": "steps between two measurements",
    "seed": "of everything",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options default to nothing here: the settings know their own defaults."""
    parser.add_argument("what", choices=["lines"], help="lines, not single digits")
    parser.add_argument(
        "source", nargs="?", default="mnist", metavar="SOURCE",
        help=f"digits that lines are made of beside drawn hands, or {DRAWN}: drawn hands alone. "
        f"{SOURCE_HELP} (default: mnist)",
    )  # fmt: skip
    parser.add_argument("--out", default="lines-model", metavar="DIR", help="folder to write")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument(
        "--from", dest="start", metavar="DIR", help="start from a model that reads lines"
    )
    for setting in fields(LineSettings):
        if setting.name in HELP:
            parser.add_argument(
                f"--{setting.name.replace('_', '-')}", default=argparse.SUPPRESS, metavar="X",
                type=float if isinstance(setting.default, float) else int,
                help=f"{HELP[setting.name]} (default: {setting.default})",
            )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, measure, keep; Ctrl-C keeps what there is, and says how to go on."""
    out = Path(args.out)
    check_place(out)
    settings = LineSettings(**{name: vars(args)[name] for name in HELP if name in args})
    digits = None if args.source == DRAWN else read_source(args.source)
    training = LineRun(settings, digits, out.with_name(out.name + ENDING), made_row)
    if args.start is not None:
        training.start_from(load_line_model(find_model(args.start)))
    if args.resume:
        training.resume()
    say(f"{training.network.vector.size:,} parameters, {settings.steps:,} steps at most.")
    try:
        with listen_for_stop() as stopping:
            for score in training.events(say):
                if score is not None:
                    save_line_model(training.model(), out)
                    training.checkpoint()
                    say(_measured(score))
                elif training.step % TELL_EVERY == 0:
                    say(_progress(training))
                stopping.check()
    except StopRequested as stop:
        save_line_model(training.model(), out)
        training.checkpoint()
        again = ["digitnet", "train", "lines", args.source, "--resume", "--out", str(out)]
        for name in HELP:
            if name in args:
                again += [f"--{name.replace('_', '-')}", str(vars(args)[name])]
        say(
            "",
            f"Stopped by {stop.name} at step {training.step}; the model so far is in {out}. "
            "Go on with:",
            f"  {shlex.join(again)}",
        )
        return 128 + stop.number
    training.state_file.unlink(missing_ok=True)
    if training.dropped:
        say(f"{training.dropped} made lines were too short for what they say, and left out.")
    say(f"The model is in {out}.")
    return 0


def _measured(score: LineScore) -> str:
    return (
        f"step {score.step:,}: loss {score.loss:.3f}, characters right {score.characters:.2%}, "
        f"lines right {score.lines:.2%}, after {score.seconds / 60:.1f} minutes"
    )


def _progress(training: LineRun) -> str:
    done = max(training.progress, 1e-9)
    left = training.seconds * (1.0 - done) / done
    return f"  step {training.step:,}: loss {training.loss:.3f}, {left / 60:.0f} minutes left"
