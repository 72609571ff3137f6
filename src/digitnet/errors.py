"""Errors: one family, each with one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

OPTION = re.compile(r"\{([a-z_]\w*)(?::([^{}]*))?\}")
"""An option in a hint: {labels}, or {labels:first} with its value."""

Wording = Callable[[str, str], str]
"""How an option and its value are written; the value is "" where only the option is meant."""


PLACE = re.compile(r"-?[0-9.]+(e[-+]?[0-9]+)?|[A-Z]+")
"""Values that Python writes without quotes: numbers, and what stands for one, such as N."""


def as_argument(name: str, value: str) -> str:
    """An option as Python has it: labels="first", per_class=10, or `out`."""
    if not value:
        return f"`{name}`"
    return f"{name}={value}" if PLACE.fullmatch(value) else f'{name}="{value}"'


OPTIONS = {"start": "from"}
"""Options that the command line calls otherwise: `from` is a word of Python."""


def as_option(name: str, value: str) -> str:
    """An option as the command line has it: --labels first, or --out."""
    return f"--{OPTIONS.get(name, name).replace('_', '-')} {value}".rstrip()


class DigitnetError(Exception):
    """Anything a user can mend: bad input, wrong use, a run that diverged. Never a bug.

    The command line writes an option as --labels first, the page as labels: first, and Python as
    labels="first"; the code that raises an error cannot know which of them called it. So the
    sentence says what is wrong and where, and the hint what to do, with {labels} for an option
    and {labels:first} for an option with its value; whoever shows the error words them.

    Args:
        sentence: what is wrong, and where; whole, with its full stop.
        hint: what to do, beginning small; it follows the sentence behind a semicolon, and a
            question as a sentence of its own. Its full stop may be left out.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.sentence, self.hint = sentence, hint

    def worded(self, word: Wording) -> str:
        """The sentence and the hint as one, with options named as `word` names them."""
        if not self.hint:
            return self.sentence
        hint = OPTION.sub(lambda found: word(found[1], found[2] or ""), self.hint)
        hint = hint if hint.endswith((".", "?")) else f"{hint}."
        if self.sentence.endswith("?"):
            return f"{self.sentence} {hint[0].upper()}{hint[1:]}"
        return f"{self.sentence.removesuffix('.')}; {hint}"

    def __str__(self) -> str:
        return self.worded(as_argument)


class DataError(DigitnetError):
    """A source of labelled digits cannot be read, or does not fit together."""


class PictureError(DigitnetError):
    """A picture cannot be opened or is not a picture."""


class ModelError(DigitnetError):
    """A model folder is missing, damaged, or not a model's."""


class SettingsError(DigitnetError):
    """A setting makes no sense: a negative learning rate, zero epochs, an unknown name."""


class TrainingDivergedError(DigitnetError):
    """The loss is no longer a finite number; the last good weights were kept."""


class NothingLearntError(DigitnetError):
    """A training came to its end and answers no better than one who always says the same."""


class OutputError(DigitnetError):
    """A file or folder cannot be written; what stood there before still stands."""


class MissingExtraError(DigitnetError):
    """What was asked for needs a package that a plain installation leaves out."""


class Extra(NamedTuple):
    """Packages of an extra, `pip install 'digitnet[name]'`: what needs them, and their modules."""

    purpose: str
    modules: tuple[str, ...]


EXTRAS = {
    "plots": Extra("Drawing needs Matplotlib", ("matplotlib",)),
    "web": Extra("The page needs a web server", ("fastapi", "uvicorn", "python_multipart")),
    "mat": Extra("Reading a .mat or .h5 file needs SciPy and h5py", ("scipy", "h5py")),
    "parquet": Extra("Reading a .parquet file needs PyArrow", ("pyarrow",)),
    "pdf": Extra("Reading a PDF needs pypdfium2", ("pypdfium2",)),
    "checksum": Extra("Checking luhn, isbn and iban needs python-stdnum", ("stdnum",)),
    "heif": Extra("Reading a HEIC picture needs pillow-heif", ("pillow_heif",)),
    "onnx": Extra("Exporting to ONNX needs the package onnx", ("onnx",)),
    "sklearn": Extra("digitnet.sklearn needs scikit-learn", ("sklearn",)),
    "sweep": Extra("A sweep needs joblib", ("joblib",)),
    "dask": Extra("Sharing work out needs Dask", ("dask", "distributed", "fsspec", "joblib")),
    "metrics": Extra("Metrics need prometheus-client", ("prometheus_client",)),
}
"""Every extra of pyproject.toml that a user may need."""


def require(extra: str) -> None:
    """Nothing, where the packages of an extra are there; call it before any work is done.

    Raises:
        MissingExtraError: one of them is not.
    """
    purpose, modules = EXTRAS[extra]
    try:
        for module in modules:
            import_module(module)
    except ImportError:
        raise MissingExtraError(f"{purpose}.", f"pip install 'digitnet[{extra}]'.") from None
