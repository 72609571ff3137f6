"""Box: the models that come with digitnet, each a folder of arrays with a card beside it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
BEST = "cnn"
"""The one that reads real pictures best; taken where no other model is named."""


def box_names() -> list[str]:
    """The models in the box."""
    return sorted(path.parent.name for path in FOLDER.glob("*/model.json"))


def in_box(name: str) -> Path:
    """The folder of a model in the box."""
    return FOLDER / name
