"""Errors: one family, each with one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Wording = Callable[[str, str], str]
"""How a door names an option and its value; the value is "" where only the option is meant."""


def as_argument(name: str, value: str) -> str:
    """An option as Python has it: labels="first", or `out`."""
    return f'{name}="{value}"' if value else f"`{name}`"


class _Option(NamedTuple):
    """An option in a hint, to be worded when the hint is formatted; its value is the format."""

    name: str
    word: Wording

    def __format__(self, value: str) -> str:
        return self.word(self.name, value)


class _Options(dict[str, _Option]):
    """Every option there could be, all worded alike."""

    def __init__(self, word: Wording) -> None:
        super().__init__()
        self._word = word

    def __missing__(self, name: str) -> _Option:
        return _Option(name, self._word)


class DigitnetError(Exception):
    """Anything a user can mend: bad input, wrong use, a run that diverged. Never a bug.

    Below the doors (command line, page, Python) nobody knows how an option is written there. So
    the sentence says what is wrong and where, and the hint what to do, with {labels} for an
    option and {labels:first} for an option with its value; each door words them its own way.

    Args:
        sentence: what is wrong, and where; whole, with its full stop.
        hint: what to do, beginning small; it is joined to the sentence by a semicolon.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.sentence, self.hint = sentence, hint

    def worded(self, word: Wording) -> str:
        """The sentence and the hint as one, with options named as `word` names them."""
        if not self.hint:
            return self.sentence
        return f"{self.sentence.removesuffix('.')}; {self.hint.format_map(_Options(word))}"

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


class OutputError(DigitnetError):
    """A file or folder cannot be written; what stood there before still stands."""
