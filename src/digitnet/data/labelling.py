"""Labelling: which picture in a folder shows which digit, told from folder and file names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from digitnet.data.dataset import DIGITS
from digitnet.errors import DataError, SettingsError

LABELS = ("auto", "folders", "first", "last")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Labelling:
    """The pictures of a folder with their labels.

    Attributes:
        paths: the pictures, in natural order (digi_2 before digi_10).
        labels: the digit each one shows, 0 to 9.
        convention: how the labels were told, as half a sentence.
        ignored: how many other entries lie in the folder: files that are not pictures,
            hidden ones, pictures and sub-folders outside the convention.
        unlabelled: pictures whose name has no label under the convention asked for.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    convention: str
    ignored: int = 0
    unlabelled: tuple[Path, ...] = ()


def label_in_name(name: str, where: str) -> int | None:
    """The label in a file name: its first or last group of digits, if that is a single digit.

    `9_001.png` has 9 first and no label last; `digi_9.png` has 9 either way.
    """
    groups = re.findall("[0-9]+", Path(name).stem)
    if not groups:
        return None
    group = groups[0] if where == "first" else groups[-1]
    return int(group) if len(group) == 1 else None


def label_folder(folder: Path, labels: str = "auto", per_class: int | None = None) -> Labelling:
    """Find the pictures of a folder and tell their labels.

    Args:
        folder: holds sub-folders `0` to `9`, or pictures.
        labels: "folders" (one sub-folder per class), "first" or "last" (digit group in the file
            name), or "auto": whichever fits, if only one does.
        per_class: take a flat folder as the same number of pictures of each class one after
            another, in natural order, the first class being 0.

    Raises:
        SettingsError: `labels` is unknown, or `per_class` is below 1 or goes with `labels`.
        DataError: there is no picture, no convention fits, or more than one does.
    """
    if labels not in LABELS:
        raise SettingsError(f"--labels must be one of {', '.join(LABELS)}, not {labels!r}.")
    if per_class is not None and (per_class < 1 or labels != "auto"):
        raise SettingsError(
            "--per-class must be at least 1 and goes without --labels; "
            "it tells the labels by itself."
        )
    entries = _entries(folder)
    top = [entry for entry in entries if is_picture(entry)]
    classes = {name: pictures_in(folder / name) for name in DIGITS if (folder / name).is_dir()}
    n_in_classes = sum(len(paths) for paths in classes.values())
    if not top and not n_in_classes:
        raise DataError(
            f"{folder} holds no pictures; put some into sub-folders named 0 to 9, "
            "or name them like 9_001.png."
        )
    if per_class is not None:
        return _in_runs(folder, top, per_class, len(entries) - len(top))
    in_folders = labels == "folders" or (labels == "auto" and n_in_classes > 0)
    if in_folders and labels == "auto" and any(_has_label(path) for path in top):
        raise DataError(
            f"{folder} has both class folders and labelled pictures beside them; "
            "say which to take with --labels folders, first or last."
        )
    if in_folders:
        return _by_folder(folder, classes, len(entries))
    if not top:
        raise DataError(f"{folder} has no pictures beside its class folders; use --labels folders.")
    if labels == "auto":
        labels = _choose(folder, top)
    return _by_name(top, labels, len(entries) - len(top))


def is_picture(path: Path) -> bool:
    """Whether the name is a visible picture's: a known suffix, and no dot in front."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, not in its sub-folders, in natural order.

    Raises:
        DataError: the folder cannot be read.
    """
    return [entry for entry in _entries(folder) if is_picture(entry)]


def _entries(folder: Path) -> list[Path]:
    """Everything in a folder in natural order; names that sort alike keep one fixed order."""
    from natsort import natsorted

    try:
        names = sorted(entry.name for entry in os.scandir(folder))
        return [folder / name for name in natsorted(names)]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed ({error.strerror}); give the path of a readable folder."
        ) from error


def _has_label(path: Path) -> bool:
    return any(label_in_name(path.name, where) is not None for where in ("first", "last"))


def _choose(folder: Path, paths: list[Path]) -> str:
    """The one of "first" and "last" that gives every picture a label."""
    found = {
        where: [label_in_name(path.name, where) for path in paths] for where in ("first", "last")
    }
    fits = [where for where, labels in found.items() if None not in labels]
    if len(fits) == 2 and found["first"] != found["last"]:
        odd = next(i for i in range(len(paths)) if found["first"][i] != found["last"][i])
        raise DataError(
            f"{folder}: is {paths[odd].name} a {found['first'][odd]} or a {found['last'][odd]}? "
            "Say with --labels first or --labels last where the label is."
        )
    if not fits:
        best = min(found, key=lambda where: found[where].count(None))
        odd = found[best].index(None)
        raise DataError(
            f"{folder}: the name of {paths[odd].name} does not tell its label; name pictures like "
            "9_001.png or digi_9.png, or say --labels first, --labels last or --per-class N."
        )
    return fits[0]


def _by_name(paths: list[Path], where: str, ignored: int) -> Labelling:
    found = [(path, label_in_name(path.name, where)) for path in paths]
    labelled = [(path, label) for path, label in found if label is not None]
    return Labelling(
        tuple(path for path, _ in labelled),
        tuple(label for _, label in labelled),
        f"the label is the {where} digit group in the file name",
        ignored,
        tuple(path for path, label in found if label is None),
    )


def _by_folder(folder: Path, classes: dict[str, list[Path]], n_entries: int) -> Labelling:
    if not any(classes.values()):
        raise DataError(
            f"{folder} has no pictures in sub-folders named 0 to 9; use --labels first or last."
        )
    pairs = [(path, int(name)) for name, paths in classes.items() for path in paths]
    inside = sum(len(_entries(folder / name)) for name in classes)
    return Labelling(
        tuple(path for path, _ in pairs),
        tuple(label for _, label in pairs),
        "one sub-folder per class",
        n_entries - len(classes) + inside - len(pairs),
    )


def _in_runs(folder: Path, paths: list[Path], per_class: int, ignored: int) -> Labelling:
    if not paths:
        raise DataError(
            f"{folder} has class folders and no pictures beside them; leave --per-class away."
        )
    n_classes, rest = divmod(len(paths), per_class)
    if rest or not 2 <= n_classes <= len(DIGITS):
        raise DataError(
            f"{folder}: {len(paths)} pictures do not make 2 to 10 classes of {per_class} each; "
            "check --per-class and that no picture is missing."
        )
    return Labelling(
        tuple(paths),
        tuple(i // per_class for i in range(len(paths))),
        f"{per_class} pictures of each class one after another, in natural order",
        ignored,
    )
