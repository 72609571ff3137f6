"""Recipes: trainings written down as small TOML files, those that come with digitnet among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digitnet.errors import SettingsError
from digitnet.files import MOST_TEXT, read_regular
from digitnet.training.config import TrainingConfig, settings_of

RECIPES = Path(__file__).parents[1] / "recipes"


def recipe_names() -> list[str]:
    """The recipes that come with digitnet."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name: str, config: type[TrainingConfig] = TrainingConfig) -> dict[str, Any]:
    """A training written down as a small TOML file, one line for each setting that it says.

    Args:
        name: of a recipe that comes with digitnet, or the path of a .toml file.
        config: knows the settings.

    Raises:
        SettingsError: there is no such recipe, or it is not one.
    """
    import tomllib

    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        settings = tomllib.loads(read_regular(path, MOST_TEXT).decode())
    except (OSError, ValueError) as error:
        if not path.is_file():
            raise SettingsError(
                f"There is no recipe {name}.",
                f"take one of {', '.join(recipe_names())}, or the path of a .toml file.",
            ) from error
        raise SettingsError(f"The recipe {path} cannot be read: {error}.") from error
    odd = sorted(set(settings) - set(settings_of(config)))
    if odd:
        raise SettingsError(
            f"The recipe {path} sets {odd[0]}, which is no setting.",
            f"known are {', '.join(settings_of(config))}.",
        )
    try:
        config(**settings)
    except SettingsError as error:
        raise SettingsError(f"The recipe {path}: {error.sentence}", error.hint) from error
    return settings
