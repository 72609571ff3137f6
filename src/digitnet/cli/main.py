"""Main: the `digitnet` command: find the command's module, run it, say what went wrong."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence

from digitnet.errors import DigitnetError

COMMANDS = {
    "train": "learn to read digits, and keep the model",
    "predict": "say which digit a picture shows",
    "read": "read the lines of digits on a page",
    "evaluate": "measure a model on labelled digits",
    "compare": "measure models on the same digits",
    "ensemble": "make several models into one that answers for all",
    "models": "list the models in the box",
    "export": "take a model to where digitnet is not",
    "serve": "open a page to draw on, to watch a training and to read photos",
    "data": "look at, preview, download or draw labelled digits",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code: 0 done, 1 some inputs failed, 2 nothing done."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="digitnet",
        description="A handwritten-digit recogniser, its neural network written in NumPy.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, help_text in COMMANDS.items():
        command = commands.add_parser(
            name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".",
            allow_abbrev=False,
        )  # fmt: skip
        if name == asked:  # nothing is imported that the command does not use
            module = importlib.import_module(f"digitnet.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    if args.version:
        return _version()
    if args.command is None:
        parser.print_help()
        return 2
    return guarded(lambda: args.run(args))


def guarded(command: Callable[[], int]) -> int:
    """Call a command; a user's mistake becomes one sentence on standard error and exit code 2."""
    try:
        return command()
    except DigitnetError as error:
        print(f"digitnet: {error.worded(as_option)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ndigitnet: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has gone; there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def as_option(name: str, value: str) -> str:
    """An option as the command line has it: --labels first, or --out."""
    return f"--{name.replace('_', '-')} {value}".rstrip()


def _version() -> int:
    from importlib.metadata import version

    print(f"digitnet {version('digitnet')}")
    return 0
