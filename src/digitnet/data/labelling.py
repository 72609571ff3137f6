"""Labelling: which picture in a folder shows what, told by folders, by names, or by a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from digitnet.data.classes import number_meant
from digitnet.data.label_files import read_label_file, read_one_label
from digitnet.data.label_names import choose_place, has_label, label_in_name, word_in_name
from digitnet.data.parts import keep_part, parts_of
from digitnet.data.picture_files import Tree, entries_of, walk
from digitnet.errors import DataError, SettingsError

LABELS = ("auto", "folders", "first", "last", "file")
DIGIT_FILES = (".csv", ".tsv", ".arff", ".libsvm", ".npz", ".mat", ".h5", ".gz", ".zip")
"""Files that may hold many digits each, where a folder has no pictures."""
NO_LABEL = "has no label in its name."


@dataclass(frozen=True)
class Labelling:
    """The pictures of a folder with their labels.

    Attributes:
        paths: the pictures, in natural order (digi_2 before digi_10).
        labels: what each one shows, as it is written.
        convention: how the labels were told, as half a sentence.
        skipped: pictures that have no label under that convention, each with the reason.
        left_alone: what else lies in the folder, such as notes.txt.
        grouped: whether each class was put together by hand.
        part: the part that was taken, where the folder has several.
    """

    paths: tuple[Path, ...]
    labels: tuple[str, ...]
    convention: str
    skipped: tuple[tuple[Path, str], ...] = ()
    left_alone: tuple[Path, ...] = ()
    grouped: bool = False
    part: str | None = None


def label_folder(
    folder: Path,
    labels: str = "auto",
    per_class: int | None = None,
    part: str = "train",
    beside: Sequence[Path] = (),
) -> Labelling:
    """Find the pictures of a folder and tell their labels.

    Args:
        folder: holds pictures, or sub-folders with pictures, also deeper.
        labels: "folders" (a sub-folder for each class), "first" or "last" (digit group in the file
            name), "file" (a table or JSON beside, or a text file for each picture), or "auto":
            whichever fits, if only one does.
        per_class: take a flat folder as the same number of pictures of each class one after
            another, in natural order, the first class being 0.
        part: which of `train` and `test` to take, where the folder has such sub-folders.
        beside: files above the folder that may say what its pictures show.

    Raises:
        SettingsError: `labels` is unknown, or `per_class` is below 1 or goes with `labels`.
        DataError: there is no picture, no convention fits, or more than one does.
    """
    if labels not in LABELS:
        raise SettingsError(
            f"There is no way {labels!r} to label pictures.",
            f"{{labels}} is one of {', '.join(LABELS)}.",
        )
    if per_class is not None and (per_class < 1 or labels != "auto"):
        raise SettingsError(
            f"So many pictures of each class, {per_class}, cannot be told apart.",
            "{per_class} must be at least 1, and goes without {labels}.",
        )
    parts = parts_of(folder)
    if parts:
        return _of_part(parts, part, labels, per_class)
    tree = walk(folder)
    tree.others += beside
    dropped, taken = keep_part(tree, part)
    if dropped:
        told = _label_tree(tree, labels, per_class)
        return replace(told, left_alone=told.left_alone + dropped, part=taken)
    return _label_tree(tree, labels, per_class)


def _label_tree(tree: Tree, labels: str, per_class: int | None) -> Labelling:
    """The labels of pictures that all belong to one part."""
    folder = tree.folder
    if not tree.pictures:
        tables = [path.name for path in tree.others if path.suffix.lower() in DIGIT_FILES]
        if tables:
            few = ", ".join(tables[:5]) + ", ..." * (len(tables) > 5)
            raise DataError(
                f"{folder} holds no pictures, but {few}.", "give the file that is meant."
            )
        raise DataError(
            f"{folder} holds no pictures; put some into a sub-folder for each class, "
            "or name them like 9_001.png."
        )
    if per_class is not None:
        return _in_runs(tree, per_class)
    listed = _by_file(tree) if labels in ("auto", "file") else None
    if labels == "file" and listed is None:
        raise DataError(
            f"{folder} has no file that says what its pictures show; "
            "put a labels.csv there, a file name and a label in each line."
        )
    top = [path for path in tree.pictures if not tree.levels(path)]
    inside = len(top) < len(tree.pictures)
    if labels == "auto" and listed is None and inside and any(has_label(path) for path in top):
        raise DataError(
            f"{folder} has both class folders and labelled pictures beside them.",
            "say which to take with {labels:folders}, {labels:first} or {labels:last}.",
        )
    if listed is not None:
        return listed
    if labels == "folders" or (labels == "auto" and inside):
        return _by_folder(tree, forced=labels == "folders")
    if labels == "auto" and all(word_in_name(path.name) for path in tree.pictures):
        return _labelled(
            tree,
            tree.pictures,
            [word_in_name(path.name) for path in tree.pictures],
            "the label is the number written out in the file name",
        )
    if labels == "auto":
        labels = choose_place(folder, top)
    if not top:
        raise DataError(
            f"{folder} has no pictures beside its class folders.", "say {labels:folders}."
        )
    found = [label_in_name(path.name, labels) for path in top]
    told = [None if label is None else str(label) for label in found]
    below = [(path, "lies in a sub-folder.") for path in tree.pictures if tree.levels(path)]
    return _labelled(
        tree, top, told, f"the label is the {labels} digit group in the file name", below
    )


def _of_part(parts: dict[str, Path], part: str, labels: str, per_class: int | None) -> Labelling:
    chosen = part if part in parts else "validation" if "validation" in parts else next(iter(parts))
    if part == "train" and chosen != "train":
        chosen = next(iter(parts))
    folder = parts[chosen]
    beside = [path for path in entries_of(folder.parent) if path.is_file()]
    inside = label_folder(folder, labels, per_class, beside=beside)
    others = tuple(path for name, path in parts.items() if name != chosen)
    return replace(inside, left_alone=inside.left_alone + others, part=folder.name)


def _labelled(
    tree: Tree,
    paths: Sequence[Path],
    labels: Sequence[str | None],
    convention: str,
    skipped: Sequence[tuple[Path, str]] = (),
    *,
    used: Sequence[Path] = (),
    grouped: bool = False,
) -> Labelling:
    """A labelling of those pictures that have a label; the others are skipped by name."""
    pairs = [(path, label) for path, label in zip(paths, labels, strict=True) if label is not None]
    unlabelled = [path for path, label in zip(paths, labels, strict=True) if label is None]
    if not pairs:
        raise DataError(
            f"None of the {len(unlabelled)} pictures in {tree.folder} can be used; "
            f"{unlabelled[0].name}, the first of them, {NO_LABEL}"
        )
    return Labelling(
        tuple(path for path, _ in pairs),
        tuple(label for _, label in pairs),
        convention,
        (*((path, NO_LABEL) for path in unlabelled), *skipped),
        tuple(path for path in tree.others if path not in used),
        grouped,
    )


def _by_file(tree: Tree) -> Labelling | None:
    """Labels from a table or JSON beside the pictures, or from a text file for each of them."""
    names = {path.relative_to(tree.folder).as_posix(): path for path in tree.pictures}
    several = Counter(path.name for path in tree.pictures)
    for path in tree.pictures:
        if several[path.name] == 1:
            names.setdefault(path.name, path)
            if path.stem not in names:
                names[path.stem] = path
    lower: dict[str, list[Path]] = {}
    for name, path in names.items():
        lower.setdefault(name.lower(), []).append(path)

    def meant(name: str) -> str:
        """A listed name as the picture has it; folders of another machine are no matter."""
        for told in (name, name.rpartition("/")[2]):
            alike = lower.get(told.lower(), [])
            if told in names or len(alike) == 1:
                return told if told in names else alike[0].relative_to(tree.folder).as_posix()
        return name

    found = []
    for other in tree.others:
        listed = read_label_file(other) if other.parent in tree.folder.parents else None
        if other.parent == tree.folder:
            listed = read_label_file(other)
        listed = {meant(name): label for name, label in (listed or {}).items()}
        n_there = sum(name in names for name in listed)
        if listed and 2 * n_there >= min(len(listed), len(tree.pictures)):
            found.append((other, listed))
    if len(found) > 1:
        raise DataError(
            f"{tree.folder} has several files of labels, {found[0][0].name} and "
            f"{found[1][0].name}; leave one there."
        )
    if found:
        other, listed = found[0]
        label_of = {names[name]: label for name, label in listed.items() if name in names}
        missing = [
            (tree.folder / name, f"stands in {other.name}, but is not there.")
            for name in listed
            if name not in names
        ]
        labels = [label_of.get(path) for path in tree.pictures]
        pairs = [(p, label) for p, label in zip(tree.pictures, labels, strict=True)]
        absent = [(p, f"does not stand in {other.name}.") for p, label in pairs if label is None]
        kept = [(p, label) for p, label in pairs if label is not None]
        return _labelled(
            tree,
            [p for p, _ in kept],
            [label for _, label in kept],
            f"the labels stand in {other.name}",
            [*absent, *missing],
            used=[other],
        )
    return _by_own_files(tree)


def _by_own_files(tree: Tree) -> Labelling | None:
    """Labels from scan.txt beside scan.png, where at least half of the pictures have one."""
    texts = {other: other for other in tree.others if other.suffix.lower() == ".txt"}
    own = {
        path: text
        for path in tree.pictures
        for text in (
            path.with_suffix(".txt"),
            path.with_suffix(".gt.txt"),
            path.with_name(f"{path.name}.txt"),
        )
        if text in texts
    }
    labels = [read_one_label(own[path]) if path in own else None for path in tree.pictures]
    if 2 * sum(label is not None for label in labels) < len(labels) or not own:
        return None
    used = list(own.values())
    return _labelled(
        tree, tree.pictures, labels, "each picture's label stands in a text file beside it",
        used=used,
    )  # fmt: skip


def _by_folder(tree: Tree, *, forced: bool) -> Labelling:
    """Labels from the sub-folders; those of writers, above or between, are told from classes."""
    inside = [path for path in tree.pictures if tree.levels(path)]
    if not inside:
        raise DataError(
            f"{tree.folder} has no pictures in sub-folders.", "use {labels:first} or {labels:last}."
        )
    beside = [(p, "lies beside the class folders.") for p in tree.pictures if not tree.levels(p)]
    depth = min(len(tree.levels(path)) for path in inside)
    names = [{tree.levels(path)[k] for path in inside} for k in range(depth)]
    digits = [k for k in range(depth) if all(_is_digit(name) for name in names[k])]
    if len(digits) > 1:
        digits = [k for k in digits if len(names[k]) > 1] or digits[-1:]
    if len(digits) > 1:
        raise DataError(
            f"{tree.folder}: the classes may be {_few(names[digits[0]])} or, in these, "
            f"{_few(names[digits[1]])}; rename the folders that are no classes."
        )
    if not digits and not forced:
        _check_no_runs(tree, names, inside)
        by_name = _within(tree, inside)
        if by_name is not None:
            return by_name
    deepest = max(len(tree.levels(path)) for path in inside)
    level = digits[0] if digits else _class_level(names) if depth == deepest else 0
    convention = "one sub-folder per class"
    if depth > 1:
        convention += f", level {level + 1} of {depth}"
    return _labelled(
        tree, inside, [tree.levels(path)[level] for path in inside], convention, beside,
        grouped=True,
    )  # fmt: skip


def _is_digit(name: str) -> bool:
    number = number_meant(name)
    return number is not None and number <= 10


def _class_level(names: Sequence[set[str]]) -> int:
    """The level whose names are shortest on the whole: A and B are classes, writers have names."""
    return min(range(len(names)), key=lambda k: (max(map(len, names[k])), -k))


def _within(tree: Tree, inside: Sequence[Path]) -> Labelling | None:
    """Pictures labelled by their own names in folders of writers; None where they are not."""
    for convention, told in (
        ("number written out", [word_in_name(path.name) for path in inside]),
        ("first digit group", [label_in_name(path.name, "first") for path in inside]),
        ("last digit group", [label_in_name(path.name, "last") for path in inside]),
    ):
        if None in told:
            continue
        distinct = {(path.parent, label) for path, label in zip(inside, told, strict=True)}
        # A folder's pictures called 0.png to 9.png may only be numbered.
        several = all(len(re.findall("[0-9]+", path.stem)) > 1 for path in inside)
        if len(distinct) < len(inside) or several or convention == "number written out":
            return _labelled(
                tree,
                inside,
                [str(label) for label in told],
                f"the label is the {convention} in the file name, in sub-folders",
            )
    return None


def _check_no_runs(tree: Tree, names: Sequence[set[str]], inside: Sequence[Path]) -> None:
    """Refuse folders that are only numbered or dated, such as batch1 and batch2.

    Raises:
        DataError: they are, and the pictures' own names do not tell a label.
    """
    stems = {re.sub("[0-9]+", "#", name.lower()) for name in names[0]}
    numbered = len(names[0]) > 1 and len(stems) == 1 and "#" in next(iter(stems))
    if numbered and len(names) == 1 and _within(tree, inside) is None:
        raise DataError(
            f"{tree.folder}: {_few(names[0])} seem to be numbered, and not called after what "
            "their pictures show.",
            "if each is a class all the same, say {labels:folders}.",
        )


def _few(names: set[str]) -> str:
    from natsort import natsorted

    ordered = natsorted(names)
    return ", ".join(ordered[:3]) + (", ..." if len(ordered) > 3 else "")


def _in_runs(tree: Tree, per_class: int) -> Labelling:
    paths = [path for path in tree.pictures if not tree.levels(path)]
    if not paths:
        raise DataError(
            f"{tree.folder} has class folders and no pictures beside them.",
            "leave {per_class} away.",
        )
    n_classes, rest = divmod(len(paths), per_class)
    if rest or not 2 <= n_classes <= 10:
        raise DataError(
            f"{tree.folder}: {len(paths)} pictures do not make 2 to 10 classes of {per_class} "
            "each.",
            "check {per_class} and that no picture is missing.",
        )
    below = [(path, "lies in a sub-folder.") for path in tree.pictures if tree.levels(path)]
    return _labelled(
        tree,
        paths,
        [str(i // per_class) for i in range(len(paths))],
        f"{per_class} pictures of each class one after another, in natural order",
        below,
        grouped=True,
    )
