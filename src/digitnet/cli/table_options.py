"""Table options: the options for what cannot be told of a table; nothing heavy is imported here."""

from __future__ import annotations

import argparse
import re
from typing import Any

TITLE = "where a source does not tell by itself"

NOT_SETTINGS = ("label_column", "part", "as_is", "transpose", "invert", "most_bytes")
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
    group.add_argument(
        "--most-bytes", metavar="N", type=_bytes, default=unset,
        help="so many are read of one file, unpacked, such as 8GB (default: 1.5 GiB)",
    )  # fmt: skip
    for name, help_text in (
        ("as-is", "turn and invert nothing, and take the labels even where they seem wrong"),
        ("transpose", "the images have rows for columns"),
        ("invert", "the ink is dark on light"),
    ):
        group.add_argument(f"--{name}", action="store_true", default=unset, help=help_text)


def _bytes(text: str) -> int:
    """A number of bytes, with kB, MB or GB behind it or without."""
    found = re.fullmatch(r"(\d{1,15})\s*([kMGT]?)B?", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of bytes, such as 500000000, 500MB or 8GB"
        )
    factor: int = 1000 ** " kMGT".index(found[2] or " ")
    return int(found[1]) * factor


def source_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options of a source that were given."""
    names = ("labels", "per_class", *NOT_SETTINGS)
    return {name: vars(args)[name] for name in names if name in args}
