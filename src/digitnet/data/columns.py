"""Columns: which of a table's columns are pixels, which holds the labels, which only counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.classes import number_meant
from digitnet.data.frames import image_side
from digitnet.errors import DataError, SettingsError

LABEL_NAMES = (
    "labels", "label", "y", "target", "targets", "classes", "class", "digit", "digits",
)  # fmt: skip
INDEX_NAMES = ("", "id", "index", "imageid", "image_id", "row", "rowid", "nr", "no", "unnamed: 0")
MOST_EXTRA = 4
"""Columns beside the pixels: a label, a number, a name, a file."""
MOST_CLASSES = 62
"""Digits, capital and small letters."""
FEWEST_ONE_HOT = 10
"""Columns that are one label: of fewer, a square of pixels may be found beside any table's."""
ONE_HOT = 0.8
"""Share of rows with a single 1 among zeros from which on such columns are one label."""
MOST_DIGITS = 0.7
"""Share of a column that is digits from which on what is none is a mistake, to be named."""
LARGEST_SHARE = 0.6
"""Of a label's commonest value; pixels that are small everywhere are nearly always 0."""


class Columns(NamedTuple):
    """Which columns are what, counted from 0, and how that was told.

    Where the label is one-hot, `one_hot` are its columns, and `classes` what they stand for.
    """

    label: int | None
    pixels: tuple[int, ...]
    others: tuple[int, ...]
    notes: tuple[str, ...]
    one_hot: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()

    def one_hot_labels(self, hot: NDArray[Any], name_of: Callable[[int], str]) -> list[str]:
        """The label of each row of its one-hot columns (N, K).

        Raises:
            DataError: a row is not a single 1 among zeros; `name_of` says which.
        """
        good = ((hot == 0) | (hot == 1)).all(axis=1) & ((hot == 1).sum(axis=1) == 1)
        if not good.all():
            raise DataError(
                f"{name_of(int(np.argmin(good)))}: the one-hot label, columns "
                f"{self.one_hot[0] + 1} to {self.one_hot[-1] + 1}, is not a single 1 among zeros."
            )
        return [self.classes[i] for i in hot.argmax(axis=1)]


def tell_columns(
    names: Sequence[str] | None, rows: Sequence[Sequence[str]], asked: str | None, where: str
) -> Columns | None:
    """Tell the columns of a table apart by their names, else by what they hold.

    Args:
        names: of the columns, or None where the table has no header.
        rows: some of its rows, from all over the table; the first ones follow each other.
        asked: the label's column by name, or by number from 1; "none" for a table without labels.
        where: the table, for the sentences.

    Returns:
        None where so many columns make no square of pixels.

    Raises:
        DataError: it cannot be told which column holds the labels.
        SettingsError: there is no column as asked.
    """
    n = len(rows[0])
    extra = next((k for k in range(MOST_EXTRA + 1) if image_side(n - k)), None)
    if extra is None:
        return _beside_one_hot(names, rows, asked, where)
    columns = [_Column([row[j] for row in rows]) for j in range(n)]
    if names is not None and len(names) != n:
        raise DataError(
            f"{where}: the header names {len(names)} columns and the first row has {n}; "
            "one of the two is cut off or has a separator too many."
        )
    label = _asked(asked, names, n, where)
    odd = _odd_names(names)
    others = [j for j in odd if j != label and _is_index(names, j)]
    odd = [j for j in odd if j not in others]
    if label is None and asked is None:
        named = [j for j in odd if names and names[j].strip().lower() in LABEL_NAMES]
        if len(named) > 1:
            raise _unclear(where, [str(names[j]) for j in named] if names else [])
        label = named[0] if named else None
    known = {*others} | ({label} if label is not None else set())
    for j in [*odd, *(j for j in range(n) if columns[j].is_text)]:
        if len(known | {j}) <= extra:
            known.add(j)
    while len(known) < extra:
        end = _outermost(columns, known, n, extra - len(known))
        if end is None:
            break
        known.add(end)
    if len(known) < extra and label is None and asked is None:
        inside = [j for j in range(n) if j not in known and columns[j].is_label()]
        inside = [j for j in inside if columns[j].is_spread()]
        if len(inside) != 1:
            raise _unclear(where, [])
        known.add(inside[0])
    if len(known) != extra:
        known = _fitting(known, n, where)
    if label is None and asked is None:
        label = _by_content(columns, known - set(others), names, where)
    pixels = tuple(j for j in range(n) if j not in known)
    rest = tuple(sorted(known - {label}))
    return Columns(label, pixels, rest, tuple(_notes(label, rest, columns, names, n)))


def _beside_one_hot(
    names: Sequence[str] | None, rows: Sequence[Sequence[str]], asked: str | None, where: str
) -> Columns | None:
    """The columns where some of them, first or last but for a few, are a one-hot label."""
    n = len(rows[0])
    for width in range(FEWEST_ONE_HOT, MOST_CLASSES + 1):
        if not any(image_side(n - width - k) for k in range(MOST_EXTRA + 1)):
            continue
        ends = range(MOST_EXTRA + 1)
        for start in (*(n - width - k for k in ends), *ends):
            hot = tuple(range(start, start + width))
            n_fit = sum(_is_one_hot([row[j] for j in hot]) for row in rows)
            if n_fit >= ONE_HOT * len(rows):  # of what is none, the row is named
                break
        else:
            continue
        rest = [j for j in range(n) if j not in hot]
        label = None if asked == "none" else _asked(asked, names, n, where)
        inside = label in hot
        if label is not None:
            asked = None if inside else str(rest.index(label) + 1)
        told = tell_columns(
            None if names is None else [names[j] for j in rest],
            [[row[j] for j in rest] for row in rows],
            "none" if inside else asked,
            where,
        )
        if told is None:
            return None
        pixels, others = (tuple(rest[j] for j in part) for part in (told.pixels, told.others))
        columns = f"columns {hot[0] + 1} to {hot[-1] + 1} of {n}"
        if asked == "none" or told.label is not None:
            label = None if told.label is None else rest[told.label]
            left_out = f"The {columns} are one-hot and were left out."
            return Columns(label, pixels, (*others, *hot), (left_out,))
        notes = (f"The label is one-hot, {columns}.", *told.notes)
        called = None if names is None else [names[j] for j in hot]
        return Columns(None, pixels, others, notes, hot, _classes_of(called, width))
    return None


def _is_one_hot(fields: Sequence[str]) -> bool:
    """Whether one field is 1 and all others are 0."""
    return all(is_number(field) for field in fields) and sorted(
        float(field) for field in fields
    ) == [0.0] * (len(fields) - 1) + [1.0]


def _classes_of(names: Sequence[str] | None, n: int) -> tuple[str, ...]:
    """What one-hot columns stand for: what their names say, or else 0, 1, 2, ... in order."""
    in_order = tuple(map(str, range(n)))
    if names is None or all(is_number(name) for name in names):
        return in_order
    numbers = [number_meant(name) for name in names]
    if None in numbers:
        alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
        start = len(list(alike))
        names = [name[start:] for name in names]
        numbers = [number_meant(name) for name in names]
    meant = {number for number in numbers if number is not None}
    if len(meant) == n:
        return tuple(str(number) for number in numbers) if max(meant) <= n else in_order
    return tuple(names) if all(names) and len(set(names)) == n else in_order


class _Column:
    """What a column holds, told from a sample of it."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = [text.strip() for text in texts]
        self.numbers = [number_meant(text) for text in self.texts]
        self.is_text = 2 * sum(not is_number(text) for text in self.texts) > len(texts)

    def counts_rows(self) -> bool:
        """Whether it is a running number: one more in each row."""
        first = self.numbers[:20]
        return len(first) > 2 and all(
            a is not None and b is not None and b == a + 1 for a, b in pairwise(first)
        )

    def is_unique(self) -> bool:
        """Whether no value comes twice, in a sample that would show it."""
        return len(self.texts) > 20 and len(set(self.texts)) == len(self.texts)

    def numbers_rows(self) -> bool:
        """Whether it holds whole numbers of which none comes twice, in whatever order."""
        numbers = set(self.numbers)
        return 10 < len(numbers) == len(self.numbers) and None not in numbers

    def is_class(self) -> bool:
        """Whether it may be the label of EMNIST's many classes: 0 to 61, all used alike."""
        numbers = [number for number in self.numbers if number is not None]
        few = len(numbers) == len(self.numbers) and max(numbers) < MOST_CLASSES
        return few and self.is_spread() and not self.numbers_rows()

    def is_label(self) -> bool:
        """Whether it may be the label: digits, or words that come again; but no running number."""
        if self.counts_rows() or self.is_unique() or self.numbers_rows():
            return False
        numbers = [number for number in self.numbers if number is not None]
        if len(numbers) < MOST_DIGITS * len(self.numbers):
            return self.is_text and not any("/" in text or "." in text for text in self.texts)
        return max(numbers) <= 10 and set(numbers) != {0}

    def is_spread(self) -> bool:
        """Whether no value outweighs all others."""
        return Counter(self.texts).most_common(1)[0][1] <= LARGEST_SHARE * len(self.texts)


def is_number(text: str) -> bool:
    """Whether a field is a number, as the tables' reader takes it."""
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text


def _asked(asked: str | None, names: Sequence[str] | None, n: int, where: str) -> int | None:
    if asked is None or asked == "none":
        return None
    found = [j for j, name in enumerate(names or ()) if name.strip().lower() == asked.lower()]
    if len(found) == 1:
        return found[0]
    if asked.isascii() and asked.isdecimal() and 1 <= int(asked) <= n:
        return int(asked) - 1
    raise SettingsError(
        f"{where} has no column {asked!r}.",
        f"{{label_column}} takes a name of the header, a number from 1 to {n}, or none.",
    )


def _is_index(names: Sequence[str] | None, j: int) -> bool:
    return names is not None and names[j].strip().lower() in INDEX_NAMES


def _odd_names(names: Sequence[str] | None) -> list[int]:
    """Columns that are not called like most: "pixel0", "1x1" and "0" are a name and a number."""
    if names is None:
        return []
    stems = [re.sub("[0-9]+", "#", name.strip().lower()) for name in names]
    usual, count = Counter(stems).most_common(1)[0]
    if count < len(names) // 2:
        return [j for j, name in enumerate(names) if name.strip().lower() in LABEL_NAMES]
    return [j for j, stem in enumerate(stems) if stem != usual]


def _outermost(columns: list[_Column], known: set[int], n: int, missing: int) -> int | None:
    """The first or last column that is no pixel for certain, or for want of another."""
    free = [j for j in range(n) if j not in known]
    ends = [free[0], free[-1]]
    tests: tuple[Callable[[_Column], bool], ...] = (
        lambda column: column.is_text or column.counts_rows() or column.numbers_rows(),
        _Column.is_label,
        _Column.is_class,
    )
    for test in tests:
        fit = [j for j in ends if test(columns[j])]
        if len(fit) == 1 or (fit and missing >= 2):
            return fit[0]
        if len(fit) == 2:
            return None
    return None


def _fitting(known: set[int], n: int, where: str) -> set[int]:
    """A label that was asked for in a table that has more or fewer columns beside its pixels."""
    if image_side(n - len(known)):
        return known
    raise DataError(
        f"{where}: without the columns that hold no pixels, {n - len(known)} are left, "
        "which make no square image."
    )


def _by_content(
    columns: list[_Column], known: set[int], names: Sequence[str] | None, where: str
) -> int | None:
    """The one of the columns without pixels that may be the label; None where there is none."""
    fit = [j for j in known if columns[j].is_label()]
    fit = fit or [j for j in known if columns[j].is_class() and not columns[j].counts_rows()]
    if len(fit) > 1:
        raise _unclear(where, [names[j] if names else str(j + 1) for j in sorted(fit)])
    return fit[0] if fit else None


def _unclear(where: str, candidates: list[str]) -> DataError:
    which = f": it may be {' or '.join(candidates)}" if candidates else ""
    return DataError(
        f"{where}: it cannot be told which column holds the labels{which}.",
        "say which with {label_column:N}, a name or a number from 1; none, if there are no labels.",
    )


def _notes(
    label: int | None,
    others: tuple[int, ...],
    columns: list[_Column],
    names: Sequence[str] | None,
    n: int,
) -> list[str]:
    notes = []
    if label is not None:
        called = f", `{names[label]}`" if names and names[label].strip() else ""
        if label != 0 or (names and names[label].strip().lower() != "label"):
            notes.append(f"The label is column {label + 1} of {n}{called}.")
    for j in others:
        why = " counts the rows and" if columns[j].counts_rows() else ""
        notes.append(f"Column {j + 1} of {n}{why} was left out.")
    return notes
