"""Classes: what the labels that people write mean, and what their classes are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS
from digitnet.errors import DataError

IN_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
KIND_WORDS = "digits?|class|classes|label|numbers?|num|cls|category"
"""What may stand before a digit without changing it: digit_3, class-7."""

NO_LABEL = ("", "nan", "NaN", "None", "NA", "N/A", "n/a", "<NA>", "null", "NULL")
"""What programs write where a value is missing."""

_BYTES = re.compile("b?(['\"])(.*)\\1")
_SCIENTIFIC = re.compile("[+]?[0-9]+[.]?[0-9]*e[+-]?[0-9]{1,3}")
_TWICE = re.compile(r"0*([0-9])[ _-]*\(?([a-z]+)\)?")
_MEANT = re.compile(rf"(?:(?:{KIND_WORDS})[ _=-]*)?\+?0*([0-9]{{1,4}})(?:\.0*)?")


class Classes(NamedTuple):
    """The classes' names, each label as an index (N,) into them, and what was taken for granted."""

    names: tuple[str, ...]
    indices: NDArray[np.int64]
    notes: tuple[str, ...]


def number_meant(text: str) -> int | None:
    """The number that a label means.

    "3", "3.0", "03", "3.0e+00", "three", "digit_3", "Class-3", "3_three" and "b'3'" are 3.
    """
    text = _BYTES.sub(r"\2", text.strip().lower())
    word = re.sub(rf"^(?:{KIND_WORDS})[ _=-]+", "", text)
    if word in IN_WORDS:
        return IN_WORDS.index(word)
    match = _MEANT.fullmatch(text)
    if match:
        return int(match[1])
    if _SCIENTIFIC.fullmatch(text):
        value = float(text)
        return int(value) if value.is_integer() and 0 <= value <= 9999 else None
    twice = _TWICE.fullmatch(text)
    if twice and twice[2] == IN_WORDS[int(twice[1])]:
        return int(twice[1])
    return None


def understand_labels(
    labels: NDArray[Any] | Sequence[str],
    where: str,
    *,
    name_of: Callable[[int], str] = "image {}".format,
    grouped: bool = False,
) -> Classes:
    """Tell what labels mean.

    Numbers from 0 to 9 are digits, whatever their spelling, and the classes are then always all
    ten. 1 to 10 are digits too, 10 being 0. More numbers without a gap, and any other texts, are
    classes of their own, in natural order.

    Args:
        labels: (N,) numbers or texts.
        where: the source, for the sentences.
        name_of: what image i is called in a sentence.
        grouped: whether somebody has put the images into classes by hand, as into folders; then
            each may be a class with one image.

    Raises:
        DataError: a label is missing or none of these, or there are as many classes as images.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "uifbUSO":
        raise DataError(f"{where}: labels of type {array.dtype} cannot be classes.")
    values, inverse, counts = np.unique(
        array.astype(str) if array.dtype.kind in "OS" else array,
        return_inverse=True,
        return_counts=True,
    )
    texts = [_as_text(value) for value in values.tolist()]
    meant = [number_meant(text) for text in texts]
    known = [number for number in meant if number is not None]
    if len(known) == len(texts):
        return _numbers(array, inverse.ravel(), known, where, name_of)
    missing = {*NO_LABEL, *("?" for _ in known[:1])}
    odd_ones = [i for i, number in enumerate(meant) if number is None]
    first = next((i for i in odd_ones if texts[i] in missing), odd_ones[0])
    at = int(np.argmax(inverse.ravel() == first))
    if array.dtype.kind in "uifb" or texts[first] in missing:
        raise DataError(
            f"{where}, {name_of(at)}: the label is {texts[first][:20]!r}, which is no class.",
            "give each image a whole number or a word.",
        )
    if not grouped:
        odd = counts[first] == 1 and bool(known)
        if odd or (len(texts) > 2 * len(array) / 3 and max(map(len, texts)) > 1):
            raise DataError(
                f"{where}, {name_of(at)}: the label is {texts[first][:20]!r}, unlike all others.",
                "labels are digits, or words that come again.",
            )
    from natsort import natsort_keygen

    natural = natsort_keygen()
    order = sorted(range(len(texts)), key=lambda i: (natural(texts[i]), texts[i]))
    place = np.empty(len(texts), np.int64)
    place[order] = np.arange(len(texts))
    names = tuple(texts[i] for i in order)
    if len(set(names)) < len(names):  # " A" beside "A"
        raise DataError(f"{where}: two classes differ by blanks only.", "name them apart.")
    return Classes(names, place[inverse.ravel()], ())


def _numbers(
    array: NDArray[Any],
    inverse: NDArray[np.intp],
    meant: list[int],
    where: str,
    name_of: Callable[[int], str],
) -> Classes:
    numbers = np.array(meant, np.int64)
    indices = numbers[inverse]
    top, least = int(numbers.max()), int(numbers.min())
    notes: tuple[str, ...] = ()
    if array.dtype.kind in "USO" and any(str(v).strip()[:1].isalpha() for v in array[:50]):
        notes = ("The classes' names are taken as the digits they spell.",)
    if top <= 9:
        return Classes(DIGITS, indices, notes)
    if top == 10 and least >= 1:
        notes += ("The labels go from 1 to 10, and 10 is taken as the digit 0.",)
        return Classes(DIGITS, indices % 10, notes)
    distinct = len(set(meant))
    if least <= 1 and distinct == top - least + 1 and len(array) >= 2 * distinct:
        notes += (f"There are {distinct} classes, called {least} to {top}.",)
        return Classes(tuple(str(i) for i in range(least, top + 1)), indices - least, notes)
    at = int(np.argmax(indices > 9))
    raise DataError(
        f"{where}, {name_of(at)}: the label {indices[at]} is outside the classes 0 to 9.",
        "labels are the digits 0 to 9, or whole numbers without a gap, each more than once.",
    )


def _as_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return str(int(value))
    return str(value).strip()


def flat_labels(
    labels: NDArray[Any], images: NDArray[Any], where: str
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Labels (N,) of an array (N,), (N, 1), (1, N) or one-hot (N, K) or (K, N), and a note.

    The images have N along their first or last axis.

    Raises:
        DataError: any other shape.
    """
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.ravel()
    if labels.ndim == 1:
        return labels, ()
    if labels.ndim == 2 and labels.dtype.kind in "uifb":
        for hot in (labels, labels.T):
            fits = len(hot) in (*images.shape[:1], *images.shape[-1:])
            rows_sum_to_one = fits and bool((hot.sum(axis=1) == 1).all())
            if rows_sum_to_one and bool(((hot == 0) | (hot == 1)).all()):
                return hot.argmax(axis=1), ("The labels are one-hot, a column for each class.",)
    raise DataError(
        f"{where}: labels have the shape {labels.shape}; it must be (N,), (N, 1) or one-hot (N, K)."
    )
