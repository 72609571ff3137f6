"""Output: text and tables on their way out: names escaped, in any encoding, files whole."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from digitnet.errors import OutputError
from digitnet.files import open_regular, replacing
from digitnet.text import say as say
from digitnet.text import show as show
from digitnet.text import shown as shown
from digitnet.text import standard_output


def prepare_streams() -> None:
    """Let nothing reach the console raw, and no closed stream end a command in a traceback.

    What the console cannot show is printed as its number. A closed stream's place is taken, or the
    next file that is opened would get its descriptor, and what is printed would go there.
    """
    warnings.showwarning = _say_warning
    for descriptor, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:  # closed; what is written to standard output fails, as it should
            os.dup2(os.open(os.devnull, flags), descriptor)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream, errors in (
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
        (sys.stdin, "surrogateescape"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _say_warning(
    message: Warning | str, category: type[Warning], *_: object, **_more: object
) -> None:
    """What a library warns of, in a line."""
    say(f"{category.__name__}: {message}")


def can_show(text: str) -> bool:
    """Whether standard output can show each character of a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def show_json(value: object) -> None:
    """A value as JSON in one line; json alone leaves one control character as it is, DEL."""
    show(json.dumps(value).replace("\x7f", r"\u007f"))


def write_table(target: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV to standard output, which is "-", or to a file: whole or not at all.

    Raises:
        OutputError: the file cannot be written, or is there and is not such a table.
    """
    if target == "-":
        with standard_output():
            _write(sys.stdout, header, rows)
        return
    check_is_ours(Path(target), ",".join(header))
    with (
        replacing(target) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        _write(file, header, rows)


def _write(file: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    import csv

    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([shown(cell) for cell in row] for row in rows)


def check_is_ours(path: Path, header: str) -> None:
    """Leave a file alone that holds anything but an earlier table: a picture, or digits."""
    try:
        with open_regular(path, sys.maxsize) as file:
            first = file.readline(len(header) + 2)
    except OSError:  # not there, or `replacing` says what is wrong with it
        return
    if first and first.rstrip(b"\r\n") != header.encode():
        raise OutputError(
            f"{path} is there already and is not a table that was written here before.",
            "choose another name for the table.",
        )


def add_table_option(parser: argparse.ArgumentParser, name: str, help_text: str) -> None:
    """An option that asks for a table, written to a file or, without one, to standard output."""
    parser.add_argument(
        name, nargs="?", const="-", type=table_name, metavar="FILE",
        help=f"{help_text}; to standard output without a FILE, which ends in .csv",
    )  # fmt: skip


def table_name(text: str) -> str:
    """Refuse a word that is rather the next picture than the table's name."""
    if text != "-" and not text.lower().endswith(".csv"):
        raise argparse.ArgumentTypeError(
            f"a table's name ends in .csv, {shown(text)} does not (name pictures before this)"
        )
    return text
