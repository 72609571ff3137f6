"""Source options: the options that say where digits come from, and the words that say what came."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from digitnet.cli.output import say, shown
from digitnet.cli.table_options import TITLE, add_to_group
from digitnet.data.dataset import Dataset
from digitnet.data.labelling import LABELS
from digitnet.data.report import Report
from digitnet.data.sources import SOURCES, accepted
from digitnet.models.plausibility import open_source

if TYPE_CHECKING:
    from rich.progress import Progress

SOURCE_HELP = f"where digits come from: {accepted()}"
LIST_OF_SOURCES = "\n".join(f"  {row.name:<25} {row.help}" for row in SOURCES)

N_TEST = 10_000  # synthetic digits to measure a model on, as many as MNIST's test part has


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """The options for what cannot be told of a source; their defaults are `open_source`'s."""
    group = parser.add_argument_group(TITLE)
    unset = argparse.SUPPRESS
    group.add_argument(
        "--part", choices=("train", "test"), default=unset,
        help="which part of MNIST, or of what else has two",
    )  # fmt: skip
    group.add_argument(
        "--labels", choices=LABELS, default=unset,
        help="of pictures: by sub-folders, by the first or last group of digits in the file name, "
        "or by a file beside (default: found out, and asked for where unclear)",
    )  # fmt: skip
    group.add_argument(
        "--per-class", type=int, metavar="N", default=unset,
        help="of pictures without labels: the first N in natural order are 0, the next N are 1, "
        "...",
    )  # fmt: skip
    add_to_group(group)


def read_source(source: str, *, quiet: bool = False, **options: Any) -> Dataset:
    """Open a source behind a progress bar, and say on standard error what was taken."""
    from rich.markup import escape  # [/a] in a name is no markup

    with progress_bar() as progress:
        task = progress.add_task(escape(shown(f"Reading {source}")), total=None)
        dataset = open_source(
            source,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
            **options,
        )
    tell(dataset.report, quiet=quiet)
    return dataset


def tell(report: Report, *, quiet: bool = False) -> None:
    """Say on standard error what was understood; where it must be quiet, only what was skipped."""
    for line in report.skipped_lines() if quiet else report.lines():
        say(line)


def progress_bar() -> Progress:
    """A bar on standard error that goes when it is done; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(transient=True, console=Console(stderr=True), disable=not sys.stderr.isatty())
