"""Output: text and tables on their way out: names escaped, in any encoding, files whole."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from digitnet.errors import OutputError
from digitnet.files import open_regular, replacing
from digitnet.text import shown as shown


def prepare_streams() -> None:
    """Let no character and no closed stream end a command in a traceback.

    What the console cannot show is printed as its number. A closed stream's place is taken, or the
    next file that is opened would get its descriptor, and what is printed would go there.
    """
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


@contextmanager
def standard_output() -> Iterator[None]:
    """Whatever is written to standard output is written in here.

    Raises:
        BrokenPipeError: whoever read it has gone.
        OutputError: it is full or closed. In both cases the rest goes nowhere, in silence.
    """
    try:
        yield
    except OSError as error:
        _send_nowhere(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        why = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        raise OutputError(
            f"Standard output cannot be written to: {why}.", "send it somewhere else."
        ) from error


def _send_nowhere(stream: TextIO) -> None:
    """What a stream still holds, and whatever is written to it from now on, is dropped."""
    with suppress(OSError, ValueError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def finish_output() -> None:
    """Send what still waits to be written; raises as `standard_output`."""
    with standard_output():
        sys.stdout.flush()


def can_show(text: str) -> bool:
    """Whether standard output can show each character of a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def show(*lines: object, flush: bool = False) -> None:
    """Lines on standard output; whatever leaves the command line goes through here or `say`."""
    with standard_output():
        for line in lines:
            print(shown(line), flush=flush)


def say(*lines: object) -> None:
    """Lines on standard error; where that is full there is nobody to tell, then or later."""
    try:
        for line in lines:
            print(shown(line), file=sys.stderr)
    except OSError:
        _send_nowhere(sys.stderr)


def write_table(target: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV to standard output, which is "-", or to a file: whole or not at all.

    Raises:
        OutputError: the file cannot be written, or is there and is not such a table.
    """
    if target == "-":
        with standard_output():
            _write(sys.stdout, header, rows)
        return
    _check_is_ours(Path(target), ",".join(header))
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


def _check_is_ours(path: Path, header: str) -> None:
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
