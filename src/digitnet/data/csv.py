"""CSV: a Kaggle-style .csv with one digit per row, a label and 784 pixels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE

N_COLUMNS = 1 + SIDE * SIDE


def load_csv(path: str | Path) -> Dataset:
    """Read digits from a table in the form of Kaggle's "Digit Recognizer" competition.

    Args:
        path: a text file, comma-separated: each row a label and 784 pixels (row by row, whole
            numbers from 0 to 255, ink bright). A first line of column names may be there or not.

    Raises:
        DataError: the file is missing, not text, has no row, or a row is short, long,
            non-numeric or out of range; the row is named by its line number in the file.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            n_header = _header_lines(file.readline())
        table = _parse(path, n_header)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of a .csv file.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file; give a comma-separated table.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); "
            "check the path and its permissions."
        ) from error
    images = np.ascontiguousarray(table[:, 1:]).reshape(-1, SIDE, SIDE)
    return Dataset(images, table[:, 0].astype(np.int64), source=str(path))


def _header_lines(first_line: str) -> int:
    """1 if the first line names the columns, else 0.

    A lone bad value must not turn a row into a header: either the first column is called
    "label", or no column is a number.
    """
    if not first_line.strip():
        return 0
    fields = _fields(first_line)
    return int(fields[0].lower() == "label" or not any(_is_number(field) for field in fields))


def _parse(path: Path, n_header: int) -> NDArray[np.uint8]:
    """All rows, (N, 785) uint8, by NumPy's C reader; on any trouble the slow search names it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, warnings.catch_warnings():
            # A fraction such as 0.5 is only warned about, and an empty table too.
            warnings.simplefilter("error")
            table = np.loadtxt(
                file,
                np.uint8,
                delimiter=",",
                comments=None,
                skiprows=n_header,
                ndmin=2,
                quotechar='"',
            )
    except UnicodeDecodeError:
        raise
    except (ValueError, Warning, OverflowError) as error:
        raise DataError(_first_trouble(path, n_header)) from error
    if table.shape[1] != N_COLUMNS or table[:, 0].max() > 9:
        raise DataError(_first_trouble(path, n_header))
    return table


def _first_trouble(path: Path, n_header: int) -> str:
    """One sentence on the first bad line of the file, counted from 1 as an editor does."""
    n_rows = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(file, start=1):
            if number <= n_header or not line.strip():
                continue
            n_rows += 1
            fields = _fields(line)
            where = f"{path}, line {number}"
            if len(fields) != N_COLUMNS:
                advice = (
                    "a row without a label cannot teach; use the labelled table (train.csv)"
                    if len(fields) == N_COLUMNS - 1
                    else "it must be a label and 784 pixels, separated by commas"
                )
                return f"{where}: the row has {len(fields)} values, not {N_COLUMNS}; {advice}."
            for column, field in enumerate(fields, start=1):
                top = 9 if column == 1 else 255
                if not _is_whole(field, top):
                    what = "the label" if column == 1 else f"pixel {column - 2}"
                    return (
                        f"{where}: {what} is {field[:20]!r}; "
                        f"it must be a whole number from 0 to {top}."
                    )
    if n_rows == 0:
        return f"{path} has no row of digits; give a table of labels and pixels."
    return f"{path} is not a table NumPy can read; save it as plain comma-separated numbers."


def _fields(line: str) -> list[str]:
    return [field.strip().strip('"') for field in line.split(",")]


def _is_whole(field: str, top: int) -> bool:
    digits = field.removeprefix("+")
    return digits.isascii() and digits.isdecimal() and len(digits) < 10 and int(digits) <= top


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
