"""Find: a model by its name: a folder, one in the box, or the one that is taken unasked."""

from __future__ import annotations

from pathlib import Path

from digitnet.errors import ModelError
from digitnet.models.box import BEST, box_names, in_box
from digitnet.models.folder import load_model
from digitnet.models.model import Model

DEFAULT = "model"
"""Where `digitnet train` puts a model, and where it is looked for."""


def find_model(named: str | None) -> Model:
    """Load the named model, the one in ./model, or the best in the box.

    Raises:
        ModelError: there is none of that name, or it is damaged.
    """
    if named is None:
        return load_model(DEFAULT if Path(DEFAULT).exists() else in_box(BEST))
    if named in box_names() and not Path(named).exists():
        return load_model(in_box(named))
    try:
        return load_model(named)
    except ModelError as error:
        if Path(named).exists():
            raise
        raise ModelError(f"{error} In the box are {', '.join(box_names())}.") from error
