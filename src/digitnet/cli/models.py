"""Models: the --model option, and where a model is found."""

from __future__ import annotations

import argparse
from pathlib import Path

from digitnet.errors import ModelError
from digitnet.model import Model
from digitnet.model_folder import load_model

DEFAULT = "model"


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Let the user name a model folder."""
    parser.add_argument(
        "--model", metavar="DIR", help=f"model folder (default: ./{DEFAULT} where there is one)"
    )


def find_model(named: str | None) -> Model:
    """Load the named model, or the one in ./model.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    if named is None and not Path(DEFAULT).exists():
        raise ModelError(
            f"There is no model in ./{DEFAULT} yet; train one with: digitnet train, "
            "or name a folder with --model."
        )
    return load_model(named or DEFAULT)
