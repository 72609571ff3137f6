"""Columns: which of a table's columns are pixels, which holds the labels, which only counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

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
MOST_DIGITS = 0.7
"""Share of a column that is digits from which on what is none is a mistake, to be named."""
LARGEST_SHARE = 0.6
"""Of a label's commonest value; pixels that are small everywhere are nearly always 0."""


class Columns(NamedTuple):
    """Which columns are what, counted from 0, and how that was told."""

    label: int | None
    pixels: tuple[int, ...]
    others: tuple[int, ...]
    notes: tuple[str, ...]


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
        return None
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
