"""Training options: every setting of a config as an option of `digitnet train`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from digitnet.cli.main import as_option
from digitnet.cli.source_options import SOURCE_HELP, add_source_options
from digitnet.models.find import DEFAULT
from digitnet.training.config import (
    FOLDER,
    GROUPS,
    TrainingConfig,
    settings_of,
)
from digitnet.training.recipes import recipe_names
from digitnet.training.setting import Setting, as_text

METAVARS = {int: "N", float: "X", str: "NAME", tuple: "N[,N...]"}


def add_arguments(
    parser: argparse.ArgumentParser, config: type[TrainingConfig] = TrainingConfig
) -> None:
    """Options default to nothing here: the config knows its own defaults."""
    settings = settings_of(config)
    parser.add_argument(
        "source", nargs="?", default=argparse.SUPPRESS, metavar="SOURCE",
        help=f"{SOURCE_HELP} (default: {settings['source'].default})",
    )  # fmt: skip
    parser.add_argument("--out", default=DEFAULT, metavar="DIR", help="model folder to write")
    parser.add_argument("--live", action="store_true", help="follow the loss in a window")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument(
        "--recipe", metavar="NAME",
        help=f"settings from a file: {', '.join(recipe_names())}, or a .toml of your own; "
        "what else is said here wins over it",
    )  # fmt: skip
    parser.add_argument(
        "--fast", nargs="?", const="98", metavar="PERCENT",
        help="a fixed recipe to 97, 98 (default) or 99 %% on MNIST's test digits, in seconds",
    )  # fmt: skip
    add_source_options(parser)
    del settings["source"]
    for name in GROUPS:
        if name != FOLDER:
            group = parser.add_argument_group(name)
            for setting in settings.values():
                if setting.group == name:
                    _add(group, setting)


def _add(group: Any, setting: Setting) -> None:
    option = as_option(setting.name, "")
    about: dict[str, Any] = {
        "dest": setting.name, "default": argparse.SUPPRESS, "help": help_of(setting),
    }  # fmt: skip
    if setting.kind is bool:
        group.add_argument(option, action=argparse.BooleanOptionalAction, **about)
        return
    metavar = setting.metavar or METAVARS[setting.kind]
    group.add_argument(option, type=_parser(setting), metavar=metavar, **about)


def help_of(setting: Setting) -> str:
    """What a setting does, what it may be, and its default."""
    words = [] if setting.limits is None else [str(setting.limits)]
    if any(str(choice) not in setting.help for choice in setting.choices):
        words.append(as_text(tuple(setting.choices), ", "))
    if setting.default not in (None, "") and setting.kind is not bool:
        words.append(f"default: {as_text(setting.default)}")
    return (setting.help + (f" ({'; '.join(words)})" if words else "")).replace("%", "%%")


def _parser(setting: Setting) -> Callable[[str], Any]:
    """Makes a value of what was typed; whether it makes sense, the config says."""

    def parse(text: str) -> Any:
        if setting.none and text == setting.none:
            return None
        try:
            if setting.kind is tuple:
                return () if text == "none" else tuple(int(part) for part in text.split(","))
            return setting.kind(text)
        except ValueError as error:
            words = setting.expected + (f", or {setting.none}" if setting.none else "")
            raise argparse.ArgumentTypeError(f"must be {words}, not {text}") from error

    return parse
