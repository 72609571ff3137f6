"""Box: the models that come with digitnet, each a folder of arrays with a card beside it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
BEST = "cnn"
"""The one that reads real pictures best; taken where no other model is named."""


MCU = "mcu"
"""The one in whole numbers for a microcontroller; the page does not compute with it."""

MADE_BY = {MCU: "mcu-4k"}
"""The recipe of a model that is called otherwise."""

LINES = "lines"
"""The one that reads whole lines, beside a model of single digits."""


def box_names() -> list[str]:
    """The models of single digits in the box."""
    return sorted(path.parent.name for path in FOLDER.glob("*/model.json")
                  if path.parent.name != LINES)  # fmt: skip


def recipe_of(name: str) -> str:
    """The recipe that made a model in the box."""
    return MADE_BY.get(name, name)


def in_box(name: str) -> Path:
    """The folder of a model in the box."""
    return FOLDER / name
