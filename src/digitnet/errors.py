"""Errors: one family, each with one sentence that says what is wrong, where, and what to do."""

from __future__ import annotations


class DigitnetError(Exception):
    """Anything a user can mend: bad input, wrong use, a run that diverged. Never a bug."""


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
