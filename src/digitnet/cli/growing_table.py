"""Growing table: the CSV of very many pictures, kept row by row, so that a stopped run goes on.

    a.csv                        the table, whole: it stands there from the last row on
    a.csv.part-1f3a9c2e04d7      its rows so far; the mark tells which model answered, at which risk

A row is a line, since names are escaped. What was begun of a row when the run was killed is cut
off, and that picture is read again. A run that goes on walks through the pictures in the same
order, and each that has a row must be the picture that the row names.
"""

from __future__ import annotations

import csv
import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from digitnet.cli.output import check_is_ours
from digitnet.errors import OutputError
from digitnet.files import flush_to_disk, open_regular
from digitnet.text import shown

LONGEST_ROW = 2**16
"""Bytes; a longer one is damage."""


class GrowingTable:
    """A table that is written beside its place, and takes it when it is whole.

    Args:
        target: the table's place.
        header: its columns; the first is the name that a row is for.
        mark: see `mark_of`.

    Attributes:
        n_kept: rows that an earlier run has left, and that this one goes on from.

    Raises:
        OutputError: something else stands there, or rows of another model.
    """

    def __init__(self, target: str | Path, header: Sequence[str], mark: str) -> None:
        self._target, self._header = Path(target), list(header)
        self._part = self._target.with_name(f"{self._target.name}.part-{mark}")
        check_is_ours(self._target, ",".join(header))
        self.n_kept = self._n_added = 0

    @property
    def is_whole(self) -> bool:
        """Whether the table stands there and nothing is half-written."""
        return self._target.is_file() and not self.halves()

    def halves(self) -> list[Path]:
        """What runs that were stopped have left."""
        name = f"{self._target.name}.part-"
        try:
            with os.scandir(self._target.parent) as entries:
                found = [entry.name for entry in entries if entry.name.startswith(name)]
        except OSError:
            return []
        return [self._target.with_name(each) for each in sorted(found)]

    def begin(self, *, resume: bool) -> None:
        """Make ready to add rows; with `resume`, behind those that are kept.

        Raises:
            OutputError: rows are there and nobody asked to go on with them, or they are another
                model's; or nothing can be written.
        """
        others = [path for path in self.halves() if path != self._part]
        if others:
            raise OutputError(
                f"{shown(others[0])} holds the rows of a run that was stopped, by another model or "
                "at another risk.",
                "ask as that run did, or remove it to begin anew.",
            )
        if self._part.exists() and not resume:
            raise OutputError(
                f"{shown(self._part)} holds the rows of a run that was stopped.",
                "{resume} goes on with it; or remove it to begin anew.",
            )
        try:
            file = _opened(self._part)
            with ExitStack() as closing:
                closing.enter_context(file)
                self._lock(file)
                self._cut_off()
                file.seek(0, os.SEEK_END)
                closing.pop_all()
            self._file = file
        except OSError as error:
            raise self._unwritable(error) from error
        self._writer = csv.writer(_Lines(self._file), lineterminator="\n")
        if self._file.tell() == 0:
            self.add(self._header)
            self._n_added = 0

    def kept(self) -> Iterator[list[str]]:
        """The rows that are there already, in order."""
        path = self._part if self._part.exists() else self._target
        with open_regular(path, sys.maxsize) as file:
            file.readline()
            for line in file:
                yield next(csv.reader([line.decode("utf-8")]))

    def add(self, row: Sequence[object]) -> None:
        """One more row.

        Raises:
            OutputError: it cannot be written: the disk is full.
        """
        try:
            self._writer.writerow([shown(cell) for cell in row])
            self._n_added += 1
        except OSError as error:
            raise self._unwritable(error) from error

    def keep(self) -> None:
        """Hand the rows so far to the system, where they outlive this process."""
        try:
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """The table takes its place, whole."""
        try:
            self._file.close()
            flush_to_disk(self._part)
            self._part.replace(self._target)
            flush_to_disk(self._target.parent)
        except OSError as error:
            raise self._unwritable(error) from error

    def stop(self) -> str:
        """Leave the rows where they are; a sentence that says so. Nothing is left of no rows."""
        with suppress(OSError):
            self._file.close()
        rows = self.n_kept + self._n_added
        if not rows:
            self._part.unlink(missing_ok=True)
            return "No row was written."
        return f"{rows:,} rows are kept in {shown(self._part)}; --resume goes on with them."

    def _lock(self, file: BinaryIO) -> None:
        """Keep another run from adding rows here; it is let go of with the file."""
        try:
            import fcntl
        except ImportError:  # Windows lets nobody else write to an open file
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{shown(self._part)} is being written by another run.",
                "wait until it has ended, or name another table.",
            ) from None

    def _cut_off(self) -> None:
        """Count the rows that are whole, and end the file behind them."""
        whole = 0
        header = ",".join(self._header).encode() + b"\n"
        with open_regular(self._part, sys.maxsize) as file:
            if file.readline(LONGEST_ROW) == header:
                whole = len(header)
                while self._is_row(line := file.readline(LONGEST_ROW)):
                    whole += len(line)
                    self.n_kept += 1
        os.truncate(self._part, whole)

    def _is_row(self, line: bytes) -> bool:
        try:
            cells = next(csv.reader([line.decode("utf-8")], strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration):
            return False
        return line.endswith(b"\n") and len(cells) == len(self._header)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._target} cannot be written: {error.strerror or error}.",
            "free some space or choose another place.",
        )


def _opened(path: Path) -> BinaryIO:
    """An ordinary file to add to, made where there is none; a pipe would be waited for."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
    file = os.fdopen(os.open(path, flags, 0o666), "ab")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "something that is no ordinary file stands there", str(path))
    return file


class _Lines:
    """What csv writes, as bytes of a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode("utf-8"))
