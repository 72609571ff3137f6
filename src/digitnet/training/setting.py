"""Setting: one hyperparameter: its help, limits, choices, and how a value is checked."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np

from digitnet.errors import SettingsError


class Range(NamedTuple):
    """Which numbers may be; without a `high` there is no end."""

    low: float
    high: float = math.inf
    above_low: bool = False
    below_high: bool = False

    def hold(self, value: float) -> bool:
        """Whether a number lies within."""
        reached = value > self.low if self.above_low else value >= self.low
        return reached and (value < self.high if self.below_high else value <= self.high)

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"above {self.low:g}" if self.above_low else f"from {self.low:g}"
        low = f"above {self.low:g} and" if self.above_low else f"from {self.low:g}"
        join = " " if self.above_low else " to "
        return f"{low}{join}{'below ' if self.below_high else ''}{self.high:.15g}"


class OnPage(NamedTuple):
    """What the page, and the server behind it, say of a setting in other words than the rest.

    Attributes:
        hint: a sentence or two below the field.
        most: the largest number a server takes; the command line knows no such limit.
        n_most: how many numbers it takes, of a setting that is a list.
        default: what stands in the field; None for the setting's own default.
        choices: what may be chosen there, each with the words for it; none for the setting's own.
    """

    hint: str
    most: float = math.inf
    n_most: int = 0
    default: Any = None
    choices: Mapping[Any, str] = MappingProxyType({})


@dataclass(frozen=True)
class Setting:
    """One hyperparameter, as command line, recipes, server and page tell it.

    Attributes:
        help: what it does, in a line.
        group: under which heading it stands.
        limits: of a number, or of each number in a list.
        choices: what it may be, where that is a short list.
        example: a value that makes sense, as one would type it.
        words: its name in a sentence; by default the name itself.
        none: what one types for None, where that is not said by leaving it out.
        metavar: what stands for the value in the help.
        on_page: what the page says; a setting without it is not on the page.
        name, kind, optional, default: of the field; a kind is int, float, bool, str, or tuple for
            whole numbers, and an optional setting may be None.
        n_most: how many numbers a list may have.
    """

    help: str
    group: str
    limits: Range | None = None
    choices: Sequence[Any] = ()
    example: str = ""
    words: str = ""
    none: str = ""
    metavar: str = ""
    on_page: OnPage | None = None
    name: str = ""
    kind: type = str
    optional: bool = False
    default: Any = None
    n_most: int = 0

    @property
    def expected(self) -> str:
        """What it must be, in words that follow "must be"."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        count = f"1 to {self.n_most} " if self.n_most else "a list of "
        what = {
            int: "a whole number", float: "a number", bool: "true or false", str: "a text",
            tuple: f"{count}whole numbers",
        }[self.kind]  # fmt: skip
        return f"{what} {self.limits}" if self.limits else what

    def checked(self, value: Any) -> Any:
        """The value as a plain one, that a file can keep.

        Raises:
            SettingsError: it makes no sense.
        """
        if value is None and self.optional:
            return None
        plain = _plain(value, self.kind)
        if plain is None or not self._allows(plain):
            hint = f"try {self.example}." if self.example else ""
            raise SettingsError(
                f"The {self.words} must be {self.expected}, not {as_text(value)}.", hint
            )
        return plain

    def as_on_page(self, page: OnPage) -> Setting:
        """The same with the limits and the default that it has on the page."""
        limits = self.limits
        if limits is not None and page.most < limits.high:
            limits = limits._replace(high=page.most, below_high=False)
        default = self.default if page.default is None else page.default
        choices = tuple(page.choices) or self.choices
        return replace(self, limits=limits, n_most=page.n_most, default=default, choices=choices)

    def _allows(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        numbers = value if self.kind is tuple else (value,)
        if self.n_most and not 1 <= len(numbers) <= self.n_most:
            return False
        return self.limits is None or all(self.limits.hold(number) for number in numbers)


def _plain(value: Any, kind: type) -> Any:
    """A value of plain Python of that kind; None where it is of another."""
    if isinstance(value, bool) or kind is bool:
        return value if isinstance(value, bool) and kind is bool else None
    if kind is int:
        return int(value) if isinstance(value, int | np.integer) else None
    if kind is float:
        number = isinstance(value, int | float | np.integer | np.floating)
        return float(value) if number and math.isfinite(value) else None
    if kind is tuple:
        if not isinstance(value, list | tuple):
            return None
        numbers = tuple(_plain(each, int) for each in value)
        return None if None in numbers else numbers
    return value if isinstance(value, str) else None


def as_text(value: Any, comma: str = ",") -> str:
    """A value as one types it."""
    if isinstance(value, tuple | list):
        return comma.join(map(as_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def setting(default: Any, group: str, does: str, **about: Any) -> Any:
    """A field of a config, and what `Setting` says about it."""
    return field(default=default, metadata={"setting": Setting(does, group, **about)})


def described(config: type[Any]) -> list[Setting]:
    """The settings of a dataclass whose fields are made by `setting`, in order."""
    found, hints = [], get_type_hints(config)
    for each in fields(config):
        kinds = [hints[each.name]]
        if get_origin(kinds[0]) is types.UnionType:
            kinds = [kind for kind in get_args(kinds[0]) if kind is not type(None)]
        about: Setting = each.metadata["setting"]
        made = replace(
            about,
            name=each.name,
            kind=get_origin(kinds[0]) or kinds[0],
            optional=hints[each.name] != kinds[0],
            default=each.default,
            words=about.words or each.name.replace("_", " "),
        )
        found.append(made)
    return found
