"""Recipes: a training written down as a small TOML file, one line for each setting of a plan."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from digitnet.errors import SettingsError
from digitnet.training.config import Plan

FOLDER = Path(__file__).parents[1] / "recipes"


def recipe_names() -> list[str]:
    """The recipes that come with digitnet."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_recipe(name: str) -> dict[str, Any]:
    """The settings of a recipe by its name, or by the path of a .toml file.

    Raises:
        SettingsError: there is no such recipe, or it is not one.
    """
    import tomllib

    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if not path.is_file():
            raise SettingsError(
                f"There is no recipe {name}; take one of {', '.join(recipe_names())}, "
                "or the path of a .toml file."
            ) from error
        raise SettingsError(f"The recipe {path} cannot be read: {error}.") from error
    known = {field.name for field in fields(Plan)}
    odd = sorted(set(settings) - known)
    if odd:
        raise SettingsError(
            f"The recipe {path} sets {odd[0]}, which is no setting; known are "
            f"{', '.join(sorted(known))}."
        )
    try:
        Plan(**settings)
    except TypeError as error:
        raise SettingsError(f"The recipe {path} has a value of the wrong kind: {error}.") from error
    return settings
