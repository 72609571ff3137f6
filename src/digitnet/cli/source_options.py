"""Source options: the options that say where digits come from, and the words that say what came."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitnet.data.dataset import Dataset
from digitnet.data.labelling import LABELS
from digitnet.data.sources import SourceReport, open_source

if TYPE_CHECKING:
    from rich.progress import Progress

SOURCE_HELP = (
    "synthetic, rare-forms (drawn as MNIST's writers hardly wrote), mnist, "
    "a folder with MNIST's IDX files, a folder of pictures, an .npz or a .csv"
)

N_TEST = 10_000  # synthetic digits to measure a model on, as many as MNIST's test part has


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """The options of a folder of pictures; their defaults are `open_source`'s."""
    group = parser.add_argument_group("a folder of pictures")
    group.add_argument(
        "--labels",
        choices=LABELS,
        default=argparse.SUPPRESS,
        help="where the labels stand: in sub-folders 0 to 9, or as the first or last group of "
        "digits in the file name (default: found out, and asked for where unclear)",
    )
    group.add_argument(
        "--per-class",
        type=int,
        metavar="N",
        default=argparse.SUPPRESS,
        help="no labels: the first N pictures in natural order are 0, the next N are 1, ...",
    )


def folder_options(args: argparse.Namespace) -> dict[str, Any]:
    """Those of them that were given."""
    return {name: vars(args)[name] for name in ("labels", "per_class") if name in args}


def read_source(
    source: str, *, quiet: bool = False, **options: Any
) -> tuple[Dataset, SourceReport]:
    """Open a source behind a progress bar, and say on standard error what was taken."""
    with progress_bar() as progress:
        task = progress.add_task(f"Reading {source}", total=None)
        dataset, report = open_source(
            source,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
            **options,
        )
    if not quiet:
        print(report.sentence, file=sys.stderr)
    tell_unreadable(report.unreadable)
    return dataset, report


def tell_unreadable(unreadable: tuple[tuple[Path, str], ...], most: int = 20) -> None:
    """List the skipped files on standard error, the first few of many."""
    for path, reason in unreadable[:most]:
        print(f"skipped {path}: {reason}", file=sys.stderr)
    if len(unreadable) > most:
        print(f"skipped {len(unreadable) - most} more.", file=sys.stderr)


def progress_bar() -> Progress:
    """A bar on standard error that goes when it is done; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(transient=True, console=Console(stderr=True), disable=not sys.stderr.isatty())
