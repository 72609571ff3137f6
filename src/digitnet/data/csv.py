"""CSV: a table of digits, one in each row: its pixels, and its label in one of the columns."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitnet.data.arff import as_table, is_arff
from digitnet.data.columns import LABEL_NAMES, Columns, is_number, tell_columns
from digitnet.data.found import MOST_BYTES, Found, Options
from digitnet.data.frames import LEAST_SIDE
from digitnet.data.libsvm import is_libsvm, parse_libsvm
from digitnet.data.plausibility import check_pixels
from digitnet.data.unpack import unpacked
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE

DELIMITERS = (";", "\t", "|", ",")
"""In this order: where there are semicolons, commas stand in numbers."""
MANY = 24
"""So many of one delimiter in a line, and it is the one."""
COMMENT_MARKS = (b"#", b"%")
_COMMENT = re.compile(b"^[#%].*$", re.MULTILINE)
_QUOTED_COMMA = re.compile(rb'"([+-]?[0-9]*),([0-9]+)"')
N_FIRST, N_SPREAD = 20, 180
"""Rows looked at to tell the columns: the first ones, and others from all over the table."""


def read_csv(path: Path, options: Options) -> Found:
    """Read a table of digits, packed or not; see `digitnet.data.columns` for what is understood.

    Fields may be separated by commas, semicolons, tabs, bars or blanks, and quoted; with other
    separators than commas, a comma may stand in the numbers. A header may be there or not.

    Raises:
        DataError: the file is missing, not text, has no row, or one that is short, long or holds
            no numbers, named by its line; or the columns cannot be told apart.
    """
    text = _text(path, options.most_bytes)
    if is_libsvm(text):
        return parse_libsvm(text, path, options.most_bytes)
    table = _Table(text, path)
    turned = table.lies_on_its_side()
    if turned:
        table = table.turned()
    columns = table.columns(options.label_column)
    if columns is None:
        raise DataError(table.no_image())
    pixels, labels = table.parse(columns)
    if turned and not options.as_is:
        check_pixels(pixels.reshape(-1, SIDE, SIDE), str(path), fewest=1)
    found = Found(
        pixels, labels, str(path), [*table.notes, *columns.notes], table.line_names(len(pixels))
    )
    if labels is None and columns.others:
        found.notes.append("There is no column of labels in it.")
    return found


def read_rows(path: Path) -> tuple[list[list[str]], int]:
    """A small table's rows of fields as texts, and how many of them are header, 0 or 1."""
    table = _Table(_text(path, MOST_BYTES), path)
    return [table.fields(line) for line in table.lines()], table.n_header


def _text(path: Path, most_bytes: int) -> bytes:
    """The file's text in UTF-8, lines ended by line feeds, without a byte order mark."""
    data = unpacked(path, most_bytes)
    not_text = f"{path} is not a text file; give a comma-separated table."
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            data = data.decode("utf-16").encode()
        data = data.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in data:
            raise DataError(not_text)
        if not data.isascii():
            data = _decoded(data).encode()
    except UnicodeDecodeError as error:
        raise DataError(not_text) from error
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if is_arff(data):
        data = as_table(data, path)
    if data[:1] in COMMENT_MARKS or any(b"\n" + mark in data for mark in COMMENT_MARKS):
        data = _COMMENT.sub(b"", _uncommented_header(data))
    return data


def _decoded(data: bytes) -> str:
    """Text in UTF-8, or in what Windows writes where it does not write that."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _uncommented_header(data: bytes) -> bytes:
    """The text without the mark before its header: `# label p0 p1 ...` stands above the rows.

    It is one where it has as many fields as the line beneath.
    """
    lines = io.BytesIO(data)
    start = end = 0
    for line in lines:
        if line.strip() and line[:1] not in COMMENT_MARKS:
            break
        if line.strip():
            start, end = lines.tell() - len(line), lines.tell()
    else:
        return data
    row, header = line.decode().strip(), data[start + 1 : end].decode().strip("\r\n")
    mark = _delimiter(row)
    if header.strip() and len(header.split(mark)) == len(row.split(mark)):
        return data[:start] + header.strip(" ").encode() + data[end - 1 :]
    return data


class _Table:
    """A table's text, how it is written, and where its rows begin."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data, self.path = data, path
        self.notes: list[str] = []
        self.n_header = 0
        first = [line for _, line in zip(range(N_FIRST + 2), self.lines(), strict=False)]
        if first and first[0].lower().startswith("sep=") and len(first[0]) == 5:
            self.data = data[data.index(b"\n") :]
            first = first[1:]
        if not first:
            raise DataError(f"{path} has no row of digits; give a table of labels and pixels.")
        row = max(first[1:] or first, key=len)
        if _is_in_one_column(row):
            raise DataError(
                f"{path} has all pixels of an image in one column, as a text or a list.",
                "write them as a column for each pixel, or save arrays: "
                "numpy.savez('digits.npz', images=images, labels=labels).",
            )
        self.delimiter = _delimiter(row)
        self.decimal_comma = self.delimiter != "," and bool(re.search("[0-9],[0-9]", row))
        mark = (self.delimiter or "").encode()
        if mark and all(line.rstrip("\r ").endswith(self.delimiter or "") for line in first[1:2]):
            self.data = re.sub(rb"[%s][ \r]*$" % re.escape(mark), b"", self.data, flags=re.M)
        if self.delimiter == "," and _QUOTED_COMMA.search(row.encode()):
            self.data = _QUOTED_COMMA.sub(rb"\1.\2", self.data)
            self.notes.append("Commas within quotes in it are taken as decimal points.")
        if self.decimal_comma:
            self.data = self.data.replace(b",", b".")
            self.notes.append("Commas in it are taken as decimal points.")
        first = [line for _, line in zip(range(N_FIRST + 1), self.lines(), strict=False)]
        above = self.fields(first[0])
        told_apart = _is_row_told_apart(above)
        self.n_header = 1 if told_apart else _header_lines(above)
        self.names = above if self.n_header and not told_apart else None
        if told_apart:
            self.notes.append(
                "Its first row was once taken for a header, its values numbered apart; "
                "it is left out."
            )
        self._first_bytes = sum(len(line.encode()) + 1 for line in first)
        self.first = [self.fields(line) for line in first[self.n_header :]][:N_FIRST]
        if not self.first:
            raise DataError(f"{path} has no row of digits; give a table of labels and pixels.")
        # R's write.table names every column but that of the row's number.
        if self.names is not None and len(self.names) == len(self.first[0]) - 1:
            self.names = ["", *self.names]

    def lines(self, start: int = 0) -> Iterator[str]:
        """Its lines that are not blank, header included."""
        for line in io.BytesIO(self.data[start:] if start else self.data):
            if line.strip():
                yield line.decode(errors="replace").rstrip("\r\n")

    def fields(self, line: str) -> list[str]:
        """A line's fields, without blanks and quotes around them."""
        if self.delimiter is None:
            return [field.strip('"') for field in line.split()]
        try:
            row = next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True), [])
        except csv.Error as error:  # a carriage return within, a field of 128 KiB
            why = str(error).partition(" - ")[0]
            raise DataError(
                f"{self.path} has a line that is no row of a table ({why}); save it again as CSV."
            ) from None
        return [field.strip() for field in row]

    def columns(self, asked: str | None) -> Columns | None:
        """Which column is what, told from rows all over the table."""
        width = len(self.first[0])
        rows = [*self.first, *self._spread()]
        same = [row for row in rows if len(row) == width]
        return tell_columns(self.names, same, asked, str(self.path))

    def _spread(self) -> Iterator[list[str]]:
        """Rows at even distances through the file, behind the first ones."""
        begin = self.data.find(b"\n", self._first_bytes)
        length = len(self.data) - begin
        places = [begin + k * length // N_SPREAD for k in range(N_SPREAD if begin > 0 else 0)]
        for start in sorted({self.data.find(b"\n", place) + 1 for place in places}):
            stop = self.data.find(b"\n", start)
            if start > 0 and stop > start:
                fields = self.fields(self.data[start:stop].decode(errors="replace"))
                if fields:
                    yield fields

    def lies_on_its_side(self) -> bool:
        """Whether it is as high as images of MNIST's size have pixels, and not as wide.

        No other height tells it: a table of measurements may well have 100 rows, or 144.
        """
        pixels_and_more = range(SIDE * SIDE, SIDE * SIDE + 4)
        height = self.data.strip().count(b"\n") + 1
        return height in pixels_and_more and len(self.first[0]) not in pixels_and_more

    def turned(self) -> _Table:
        """The same table with rows for columns; itself where its rows differ in length."""
        rows = [self.fields(line) for line in self.lines()]
        if len({len(row) for row in rows}) > 1:
            return self
        text = "\n".join(";".join(column) for column in zip(*rows, strict=True))
        turned = _Table(text.encode(), self.path)
        turned.notes.append("The table lay on its side, an image in each column.")
        return turned

    def no_image(self) -> str:
        """Why it cannot be read, in a sentence."""
        where = f"{self.path}, line {self.line_of(0)}"
        width = len(self.first[0])
        if width < LEAST_SIDE**2 and any(not is_number(field) for field in self.first[0]):
            return (
                f"{where}: the row has {width} values, which are no pixels; "
                "if they tell what pictures show, give the folder that holds both."
            )
        return (
            f"{where}: the row has {width} values, which are not the pixels of a square image, "
            "with or without a label; 784 pixels and a label make 785."
        )

    def parse(self, columns: Columns) -> tuple[NDArray[np.generic], list[str] | None]:
        """All pixels, (N, n_pixels), by NumPy's C reader, and the labels as texts."""
        width = len(columns.pixels) + len(columns.others) + len(columns.one_hot)
        width += columns.label is not None
        kinds: tuple[type[np.generic], ...] = (np.uint8, np.float32)
        for kind in kinds:
            texts: list[str] = []
            converters: dict[int | str, Callable[[str], float]] = dict.fromkeys(
                columns.others, _nothing
            )
            if columns.label is not None:
                converters[columns.label] = _collector(texts)
            try:
                with warnings.catch_warnings():
                    # A fraction such as 0.5 is only warned about, and an empty table too.
                    warnings.simplefilter("error")
                    table = np.loadtxt(
                        io.BytesIO(self.data),
                        kind,
                        delimiter=self.delimiter,
                        comments=None,
                        skiprows=self._skipped(),
                        ndmin=2,
                        quotechar='"',
                        encoding="utf-8",
                        converters=converters or None,
                    )
                break
            except (ValueError, Warning, OverflowError) as error:
                trouble = str(error)
        else:
            raise DataError(self._fault(trouble, width, columns))
        if table.shape[1] != width:
            raise DataError(self._fault("at row 1", width, columns))
        left, right = columns.pixels[0], columns.pixels[-1] + 1
        if right - left == len(columns.pixels):
            pixels = table[:, left:right]
        else:
            pixels = table[:, list(columns.pixels)]
        pixels = np.ascontiguousarray(pixels)
        if columns.one_hot:
            hot = table[:, list(columns.one_hot)]
            names = self.line_names(len(table))
            return pixels, columns.one_hot_labels(hot, lambda i: f"{self.path}, {names[i]}")
        return pixels, texts if columns.label is not None else None

    def _skipped(self) -> int:
        """Lines up to the first row, blank ones included, which NumPy counts there."""
        return self.line_of(0) - 1

    def line_of(self, row: int) -> int:
        """The line number, from 1, of a row, as an editor counts."""
        wanted = row + self.n_header
        for number, line in enumerate(io.BytesIO(self.data), start=1):
            if line.strip():
                if wanted == 0:
                    return number
                wanted -= 1
        return number

    def line_names(self, n: int) -> list[str]:
        """What each of n rows is called: the line it stands in."""
        first = self.line_of(0)
        if self.data.rstrip().count(b"\n") + 1 == first - 1 + n:  # no blank line among them
            return [f"line {number}" for number in range(first, first + n)]
        lines = enumerate(io.BytesIO(self.data), start=1)
        full = [number for number, line in lines if line.strip()]
        return [f"line {number}" for number in full[self.n_header :]]

    def _fault(self, trouble: str, width: int, columns: Columns) -> str:
        """One sentence on the row that NumPy stumbled over; it is looked for near where it says."""
        match = re.search("at row ([0-9]+)", trouble)
        near = int(match[1]) if match else 0
        rows = self.lines()
        for _ in range(self.n_header + max(0, near - 2)):
            next(rows, None)
        for row, line in zip(range(max(0, near - 2), near + 3), rows, strict=False):
            fields = self.fields(line)
            where = f"{self.path}, line {self.line_of(row)}"
            if len(fields) != width:
                return f"{where}: the row has {len(fields)} values, not {width} as the others."
            for k, j in enumerate(columns.pixels):
                if not is_number(fields[j]):
                    return f"{where}: pixel {k} is {fields[j][:20]!r}, which is no number."
            for j in columns.one_hot:
                if not is_number(fields[j]):
                    return f"{where}: column {j + 1} is {fields[j][:20]!r}, which is no number."
        return f"{self.path} is not a table NumPy can read ({trouble[:80]})."


def _delimiter(line: str) -> str | None:
    """The character between a line's fields; None for any number of blanks."""
    words = line.split()
    if len(words) > MANY and not any(w[0] in "".join(DELIMITERS) or w[-1] in ",;|" for w in words):
        marks = max(line.count(mark) for mark in ";\t|")
        if marks < MANY:  # commas, if any, stand in numbers
            return None
    for mark in DELIMITERS:
        if line.count(mark) >= MANY:
            return mark
    best = max(DELIMITERS, key=line.count)
    return best if line.count(best) else None


def _is_in_one_column(line: str) -> bool:
    """Whether one of a few fields holds all pixels: blanks between them, or a list as of Python."""
    for mark in (",", ";", "\t"):
        try:
            row = next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])
        except csv.Error:  # no row of a table, which is said where it is read as one
            continue
        sizes = sorted(len(field.replace(",", " ").split()) for field in row)
        if 2 <= len(row) <= 8 and sizes[-1] >= LEAST_SIDE**2 and sizes[-2] <= 1:
            return True
    return False


def _header_lines(fields: list[str]) -> int:
    """1 if the first line names the columns, else 0.

    A lone bad value must not turn a row into a header: one of the columns is called like a label,
    most are no numbers, or the names count the columns.
    """
    numbers = [is_number(field) for field in fields]
    if any(len(field) > 1 and field.lower() in LABEL_NAMES for field in fields):
        return 1  # a single y may be a letter's label
    if sum(numbers) <= len(fields) // 2:
        return 1
    counted = [field for field, number in zip(fields, numbers, strict=True) if number]
    start = int(float(counted[0])) if np.isfinite(float(counted[0])) else 0
    return int(len(counted) > MANY and counted == [str(start + i) for i in range(len(counted))])


def _is_row_told_apart(fields: list[str]) -> bool:
    """Whether a row of pixels became a header whose names must differ: 0, 0.1, 0.2, 0.3, ..."""
    names = set(fields)
    return len(names) == len(fields) and {"0", *(f"0.{k}" for k in range(1, MANY))} <= names


def _collector(texts: list[str]) -> Callable[[str], float]:
    """A converter that keeps the field as a text, and leaves a 0 in the table."""

    def keep(field: str) -> float:
        texts.append(field.strip().strip('"').strip())
        return 0

    return keep


def _nothing(field: str) -> float:
    return 0
