"""Find: where a model stands, by its name: a folder, one in the box, or the one taken unasked."""

from __future__ import annotations

import re
from pathlib import Path

from digitnet.errors import ModelError
from digitnet.files import being_replaced
from digitnet.models.box import BEST, box_names, in_box

DEFAULT = "model"
"""Where `digitnet train` puts a model, and where it is looked for."""


def find_model(named: str | Path | None = None) -> Path:
    """The folder of a model: a path, a name in the box, or ./model, or else the best in the box.

    A folder goes before a model in the box of the same name.

    Raises:
        ModelError: there is none of that name.
    """
    folder = standing(Path(DEFAULT if named is None else named))
    if folder.exists():
        return folder
    if named is None:
        return in_box(BEST)
    if str(named) in box_names():
        return in_box(str(named))
    raise ModelError(
        f"The model {named} does not exist.",
        f"train one there first, or take one in the box: {' or '.join(box_names())}.",
    )


def standing(folder: Path) -> Path:
    """Where the model of this folder is: there, or else where a stopped replacement has left it."""
    if folder.exists():
        return folder
    new, old = being_replaced(folder)
    return new if new.is_dir() and old.is_dir() else folder


def put_back(folder: Path) -> Path:
    """The place of a model that is to replace another; any other folder is its own place."""
    found = re.fullmatch(r"\.(.+)\.new", folder.name)
    return folder.with_name(found[1]) if found else folder
