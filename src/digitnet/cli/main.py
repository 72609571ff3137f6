"""Main: the `digitnet` command: find the command's module, run it, say what went wrong."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from digitnet.cli.output import prepare_streams, say, show
from digitnet.errors import DigitnetError, OutputError, SettingsError
from digitnet.errors import as_option as as_option
from digitnet.text import finish_output, standard_output

COMMANDS = {
    "train": "learn to read digits, and keep the model",
    "sweep": "train a recipe with other values and seeds, and see which are best",
    "predict": "say which digit a picture shows",
    "read": "read the lines of digits on a page",
    "template": "draft the template of a form, of which read makes a table",
    "evaluate": "measure a model on labelled digits",
    "calibrate": "count anew how often a model's answers are wrong",
    "quantize": "make a model into whole numbers, for a microcontroller",
    "compare": "measure models on the same digits",
    "ensemble": "make several models into one that answers for all",
    "models": "list the models in the box",
    "export": "take a model to where digitnet is not",
    "serve": "open a page to draw on, to watch a training and to read photos",
    "data": "look at, preview, download or draw labelled digits",
}

VARIANTS = {"train lines": "train_lines", "calibrate lines": "calibrate_lines"}
"""Two words that are a command of their own."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others: one sentence, no usage before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        message = message.removeprefix("argument ")
        raise SettingsError(
            f"{message[0].upper()}{message[1:]}.", f"{self.prog} --help says what it takes."
        )

    def print_help(self, file: object = None) -> None:
        """Print it; argparse would be silent where that fails."""
        with standard_output():
            sys.stdout.write(self.format_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code: 0 done, 1 some inputs failed, 2 nothing done."""
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded(lambda: _run(words))


def _run(words: list[str]) -> int:
    parser = Parser(
        prog="digitnet",
        description="A handwritten-digit recogniser, its neural network written in NumPy.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    asked = next((word for word in words if not word.startswith("-")), None)
    if asked is not None and asked == words[0] and asked not in COMMANDS:
        hint = _closest(asked, COMMANDS) or "digitnet --help lists them."
        raise SettingsError(f"There is no command {asked}.", hint)
    for name, help_text in COMMANDS.items():
        command = commands.add_parser(
            name, help=help_text, description=help_text[0].upper() + help_text[1:] + "."
        )
        if name == asked:  # nothing is imported that the command does not use
            home = VARIANTS.get(" ".join(words[:2]), name)
            module = importlib.import_module(f"digitnet.cli.{home}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        used = parser if args.command is None else commands.choices[args.command]
        hint = _closest(unknown[0], re.findall(r"--[a-z-]+", used.format_usage()))
        raise SettingsError(
            f"{args.command or parser.prog} takes no {unknown[0]}.",
            hint or f"{used.prog} --help says what it takes.",
        )
    if args.version:
        return _version()
    if args.command is None:
        parser.print_help()
        return 2
    return int(args.run(args))


def _closest(word: str, known: Iterable[str]) -> str:
    """A question whether one of the known words was meant; empty where none is close."""
    import difflib

    found = difflib.get_close_matches(word, known, 1, cutoff=0.7)
    return f"did you mean {found[0]}?" if found else ""


def guarded(command: Callable[[], int]) -> int:
    """Call a command; a user's mistake becomes one sentence on standard error and exit code 2."""
    prepare_streams()
    try:
        code = _outcome(command)
        finish_output()
        return code
    except DigitnetError as error:
        tell_error(error)
        code = 2
    except KeyboardInterrupt:
        say("", "digitnet: stopped.")
        code = 130
    except BrokenPipeError:  # whoever read our output has gone; there is nobody to tell
        code = 0
    with suppress(OutputError, BrokenPipeError):  # what came before; Python would fail over it
        finish_output()
    return code


def _outcome(command: Callable[[], int]) -> int:
    """A command's exit code, also where argparse ends it: it has printed what --help asked for."""
    try:
        return command()
    except SystemExit as end:
        return int(end.code or 0)


def tell_error(error: DigitnetError) -> None:
    """One line on standard error for a user's mistake."""
    say(f"digitnet: {error.worded(as_option)}")


def _version() -> int:
    from importlib.metadata import version

    show(f"digitnet {version('digitnet')}")
    return 0
