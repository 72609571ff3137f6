"""Find: where a model stands, by its name: a folder, one in the box, or the one taken unasked."""

from __future__ import annotations

import re
from pathlib import Path

from digitnet.errors import ModelError
from digitnet.models.box import BEST, box_names, in_box

DEFAULT = "model"
"""Where `digitnet train` puts a model, and where it is looked for."""


def find_model(named: str | Path | None = None) -> Path:
    """The folder of a model: a path, a name in the box, or ./model, or else the best in the box.

    A folder goes before a model in the box of the same name.

    Raises:
        ModelError: there is none of that name.
    """
    if named is None:
        return Path(DEFAULT) if _stands(Path(DEFAULT)) else in_box(BEST)
    folder = Path(named)
    if _stands(folder):
        return folder
    if str(named) in box_names():
        return in_box(str(named))
    raise ModelError(
        f"The model {named} does not exist.",
        f"train one there first, or take one in the box: {' or '.join(box_names())}.",
    )


def set_aside(folder: Path) -> Path:
    """Where a model stands for the moment between the two renames that replace it."""
    return folder.with_name(f".{folder.name}.old")


def put_back(folder: Path) -> Path:
    """The place of a model that is set aside; any other folder is its own place."""
    found = re.fullmatch(r"\.(.+)\.old", folder.name)
    return folder.with_name(found[1]) if found else folder


def _stands(folder: Path) -> bool:
    """Whether something stands there, or is being replaced."""
    return folder.exists() or set_aside(folder).is_dir()
