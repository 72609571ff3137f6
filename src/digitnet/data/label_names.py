"""Label names: labels that stand in the names of pictures, and numbers there that are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from digitnet.data.classes import IN_WORDS, KIND_WORDS
from digitnet.errors import DataError


def label_in_name(name: str, where: str) -> int | None:
    """The label in a file name: its first or last group of digits, if that is a single digit.

    `9_001.png` has 9 first and no label last; `digi_9.png` has 9 either way.
    """
    groups = re.findall("[0-9]+", Path(name).stem)
    if not groups:
        return None
    group = groups[0] if where == "first" else groups[-1]
    return int(group) if len(group) == 1 else None


def word_in_name(name: str) -> str | None:
    """The one number that stands in a file name as a word: `seven1.png` is a seven."""
    words = {word for word in re.findall("[a-z]+", Path(name).stem.lower()) if word in IN_WORDS}
    return words.pop() if len(words) == 1 else None


def has_label(path: Path) -> bool:
    """Whether the first or the last group of digits in a name is a label."""
    return any(label_in_name(path.name, where) is not None for where in ("first", "last"))


def choose_place(folder: Path, paths: Sequence[Path]) -> str:
    """The one of "first" and "last" that gives every picture a label, and is no running number."""
    found = {
        where: [label_in_name(path.name, where) for path in paths] for where in ("first", "last")
    }
    fits = [where for where, labels in found.items() if None not in labels]
    if len(fits) == 2 and found["first"] != found["last"]:
        odd = next(i for i in range(len(paths)) if found["first"][i] != found["last"][i])
        raise DataError(
            f"{folder}: is {paths[odd].name} a {found['first'][odd]} or a {found['last'][odd]}?",
            "say with {labels:first} or {labels:last} where the label is.",
        )
    if not fits:
        best = min(found, key=lambda where: found[where].count(None))
        odd = found[best].index(None)
        raise DataError(
            f"{folder}: the name of {paths[odd].name} does not tell its label.",
            "name pictures like 9_001.png or digi_9.png, or say {labels:first}, {labels:last} or "
            "{per_class:N}.",
        )
    if runs_on([path.stem for path in paths], [int(label or 0) for label in found[fits[0]]]):
        raise DataError(
            f"{folder}: {paths[0].name} to {paths[-1].name} may only be numbered.",
            f"say {{labels:{fits[0]}}} where the number is what the picture shows.",
        )
    return fits[0]


def runs_on(stems: Sequence[str], labels: Sequence[int]) -> bool:
    """Whether names are alike but for a number that goes up by one: scan_1, scan_2, scan_3."""
    ordered = sorted(labels)
    if len(stems) < 3 or ordered != list(range(ordered[0], ordered[0] + len(ordered))):
        return False
    bare = {re.sub("[0-9]+", "#", stem.lower()) for stem in stems}
    if len(bare) > 1 or bare.pop().count("#") > 1:
        return False
    return re.fullmatch(rf"(?:{KIND_WORDS})?[ _-]*[0-9]", stems[0].lower()) is None
