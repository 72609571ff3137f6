"""Folder: an export of several files, laid out as the Hugging Face hub has a model's repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from digitnet.errors import OutputError
from digitnet.files import is_temporary, replacing_folder, settle_folder

CARD = "README.md"
"""The model card, where the hub looks for it."""


def check_target(target: str | Path, names: set[str]) -> Path:
    """The folder that `names` are to be written to; asked before any work is done.

    Raises:
        OutputError: a file stands there, or a folder that holds anything else than such an export;
            or it is called like one of the files that are to lie in it.
    """
    place = Path(target).resolve()
    inside = [name for name in sorted(names) if Path(name).suffix == place.suffix.lower() != ""]
    if inside:
        raise OutputError(
            f"{place.name} would be a folder, with {inside[0]} and {CARD} in it.",
            "name a folder, such as {out:" + place.stem + "}.",
        )
    if place.exists() and not place.is_dir():
        raise OutputError(f"{place} is a file.", "name another folder to write to.")
    if not place.parent.is_dir():
        raise OutputError(
            f"There is no folder {place.parent} for {place.name}.",
            "make it first, or choose another place.",
        )
    settle_folder(place)
    if place.is_dir():
        found = {path.name for path in place.iterdir() if not is_temporary(path)}
        if found and found != names:
            raise OutputError(
                f"{place} holds other files than such an export ({', '.join(sorted(found)[:3])}"
                f"{', ...' if len(found) > 3 else ''}).",
                "choose another folder, so that nothing of yours is replaced.",
            )
    return place


def write_files(contents: Mapping[str, bytes], target: str | Path) -> int:
    """Write files, name to content, as a folder, whole or not at all; how many bytes they have.

    Raises:
        OutputError: see `check_target`, or the place cannot be written to.
    """
    place = check_target(target, set(contents))
    with replacing_folder(place) as built:
        for name, content in contents.items():
            (built / name).write_bytes(content)
    return sum(map(len, contents.values()))
