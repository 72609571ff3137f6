"""Fields: what is known of a number before it is read: its length, its form, its check digit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from digitnet.errors import SettingsError, require
from digitnet.models.lines import CHARACTERS
from digitnet.reading.segmentation import DIGITS
from digitnet.reading.signs import UNREAD

MOST_CHARACTERS = 100
"""Of a field; no line on a page has more."""
CHECKSUMS = ("luhn", "isbn", "iban:COUNTRY", "module:function")
"""How a check digit may be named; of an IBAN the digits are read, its country's letters told."""


@dataclass(frozen=True)
class Field:
    """What a line must say; the search for its text finds nothing else.

    Attributes:
        pattern: "d" for any digit, any other character for itself; None for no form.
        allow: the characters that there may be.
        least: the number that it must be, at least; None for no bound.
        most: at most, likewise.
        checksum: one of CHECKSUMS, or None. A function is given the text, and says whether it is
            right.
        length: characters; None for any. A pattern has its own.

    Raises:
        SettingsError: nothing can be read so: a character that no line has, no pattern to its
            length, bounds that leave no number, a checksum that does not exist.
        MissingExtraError: luhn, isbn and iban need python-stdnum.
    """

    pattern: str | None = None
    allow: str = CHARACTERS.replace(UNREAD, "")
    least: float | None = None
    most: float | None = None
    checksum: str | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        known = set(CHARACTERS.replace(UNREAD, ""))
        strange = (set(self.allow) | set((self.pattern or "").replace("d", ""))) - known
        if strange or not self.allow or self.pattern == "":
            listed = " ".join(sorted(strange)) or "none"
            raise SettingsError(
                f"A line is read as the characters {' '.join(sorted(known))}, not {listed}."
            )
        if self.length is not None and not 1 <= self.length <= MOST_CHARACTERS:
            raise SettingsError(
                f"A field has 1 to {MOST_CHARACTERS} characters, not {self.length}."
            )
        if self.pattern is not None and self.length not in (None, len(self.pattern)):
            raise SettingsError(
                f"The pattern {self.pattern} has {len(self.pattern)} characters, and the field "
                f"{self.length}: leave one of them out."
            )
        if self.least is not None and self.most is not None and self.least > self.most:
            raise SettingsError(f"No number is between {self.least:g} and {self.most:g}.")
        self._check()

    def may_begin(self, text: str, following: str) -> bool:
        """Whether a text of the field may go on with this character."""
        at = len(text)
        if following not in self.allow or at >= (self.length or MOST_CHARACTERS):
            return False
        if self.pattern is None:
            return True
        wanted = self.pattern[at : at + 1]
        return following in DIGITS if wanted == "d" else following == wanted

    def holds(self, text: str) -> bool:
        """Whether a text is one of the field, to its last character."""
        if not text or self.length not in (None, len(text)):
            return False
        if self.pattern is not None and len(text) != len(self.pattern):
            return False
        if not all(self.may_begin(text[:k], character) for k, character in enumerate(text)):
            return False
        if self.least is not None or self.most is not None:
            number = as_number(text)
            if number is None or not (
                (self.least is None or number >= self.least)
                and (self.most is None or number <= self.most)
            ):
                return False
        return self._check()(text)

    def _check(self) -> Callable[[str], bool]:
        """What tells whether the check digit is right."""
        name = self.checksum
        if name is None:
            return lambda _: True
        if name in ("luhn", "isbn") or name.startswith("iban:"):
            require("checksum")
            kind, _, country = name.partition(":")
            valid = import_module(f"stdnum.{kind}").is_valid
            if country and not (len(country) == 2 and country.isalpha()):
                raise SettingsError(f"An IBAN's country has two letters, unlike {country}.")
            return lambda text: bool(valid(country.upper() + text))
        module, colon, function = name.partition(":")
        if not (module and colon and function):
            raise SettingsError(f"There is no checksum {name}; there are {', '.join(CHECKSUMS)}.")
        try:
            found = getattr(import_module(module), function)
        except Exception as error:  # somebody else's module may fail in any way
            raise SettingsError(f"The checksum {name} cannot be had: {error}.") from error

        def is_right(text: str) -> bool:
            try:
                return bool(found(text))
            except Exception as error:
                raise SettingsError(f"The checksum {name} fails on {text}: {error}.") from error

        return is_right


def as_number(text: str) -> float | None:
    """The number that a text is, or None: a minus before it, a point or comma before its last part.

    Whatever points and commas stand further left are taken for groups of digits: 1.234,5.
    """
    digits = text.removeprefix("-").replace(",", ".")
    whole, point, part = digits.rpartition(".")
    if not set(digits) <= {*DIGITS, "."} or not part:
        return None
    number = float(whole.replace(".", "") + point + part)
    return -number if text.startswith("-") else number
