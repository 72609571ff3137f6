"""Parts: train and test, told by what folders are called."""

from __future__ import annotations

from pathlib import Path

from digitnet.data.picture_files import Tree, entries_of, is_picture

PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing", "val", "valid", "validation", "dev", "t10k"),
}
"""What the two parts are called; where there is a validation part and no test part, it is that."""


def parts_of(folder: Path) -> dict[str, Path]:
    """The sub-folders that are parts, by the name of the part; none unless there are two.

    Where a folder holds nothing but another, that one is looked into.
    """
    found: dict[str, Path] = {}
    entries = entries_of(folder)
    for entry in entries:
        for part, words in PARTS.items():
            if entry.name.lower() in words and entry.is_dir():
                found.setdefault(part_called(entry.name) or part, entry)
    if found:
        return found if len(found) > 1 or set(found) == {"train"} else {}
    seen = (e for e in entries if not e.name.startswith(".") and (is_picture(e) or e.is_dir()))
    first, second = next(seen, None), next(seen, None)
    if first is None or second is not None or not first.is_dir():
        return {}
    return parts_of(first)


def part_called(name: str) -> str | None:
    """The part that a folder's name stands for: train, test or validation."""
    lower = name.lower()
    if lower in PARTS["train"]:
        return "train"
    if lower in PARTS["test"]:
        return "test" if lower in PARTS["test"][:2] else "validation"
    return None


def keep_part(tree: Tree, part: str) -> tuple[tuple[Path, ...], str | None]:
    """Leave one part of pictures in the tree, where a level of its folders is called after parts.

    Returns:
        the pictures of the other parts, and which part was kept; none where there are no parts.
    """
    inside = [path for path in tree.pictures if tree.levels(path)]
    for k in range(min((len(tree.levels(path)) for path in inside), default=0)):
        part_of = {path: part_called(tree.levels(path)[k]) for path in inside}
        there = set(part_of.values())
        if len(there) > 1 and None not in there:
            kept = part if part in there else "validation" if "validation" in there else "train"
            tree.pictures = [path for path in tree.pictures if part_of.get(path, kept) == kept]
            return tuple(path for path in inside if part_of[path] != kept), kept
    return (), None
