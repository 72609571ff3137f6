"""Table options: the options for what cannot be told of a table; nothing heavy is imported here."""

from __future__ import annotations

import argparse
from typing import Any

TITLE = "where a source does not tell by itself"

NOT_SETTINGS = ("label_column", "part", "as_is", "transpose", "invert")
"""Options that say how a source is to be understood, and are no settings of a training."""


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Those that go with a table or array whose labels do not matter."""
    add_to_group(parser.add_argument_group(TITLE))


def add_to_group(group: argparse._ArgumentGroup) -> None:
    """The same, where a group has others beside them; their defaults are `open_source`'s."""
    unset = argparse.SUPPRESS
    group.add_argument(
        "--label-column", metavar="X", default=unset,
        help="of a table: the column with the labels, by name or by number from 1; or none",
    )  # fmt: skip
    for name, help_text in (
        ("as-is", "turn and invert nothing, and take the labels even where they seem wrong"),
        ("transpose", "the images have rows for columns"),
        ("invert", "the ink is dark on light"),
    ):
        group.add_argument(f"--{name}", action="store_true", default=unset, help=help_text)


def source_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options of a source that were given."""
    names = ("labels", "per_class", *NOT_SETTINGS)
    return {name: vars(args)[name] for name in names if name in args}
