"""Template: what a form asks for: its blank picture, and where each field is and what it may say.

picture = "blank.png"

[[field]]
name = "amount"
box = [60, 214, 340, 260]     # left, top, right, bottom, in the picture's pixels
allow = "0123456789.,"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitnet.errors import DigitnetError, SettingsError
from digitnet.files import read_regular
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.imaging.pictures import file_and_page, open_picture
from digitnet.reading.alignment import BlankForm
from digitnet.reading.fields import Field

MOST_BYTES = 2**20
"""Of a template's file."""
MOST_FIELDS = 500
LEAST_SIDE = 8
"""Pixels of a box's shorter side."""
CONSTRAINTS = {
    "length": ("length", int), "pattern": ("pattern", str), "allow": ("allow", str),
    "min": ("least", float), "max": ("most", float), "checksum": ("checksum", str),
}  # fmt: skip
"""The words of a field for what it may say, as `digitnet read` has them: what a `Field` calls each
and what it must be."""
TYPES = {int: "a whole number", float: "a number", str: "a text in quotes"}
NAME = re.compile(r"[^\W_][\w .-]{0,59}(?<! )")
"""Of a field; it stands in a table's header as it is."""


@dataclass(frozen=True)
class TemplateField:
    """A place on a form for one number.

    Attributes:
        name: of the field.
        box: (left, top, right, bottom) in the blank form's pixels.
        says: what it must say; None where anything may stand there.
    """

    name: str
    box: Box
    says: Field | None = None


@dataclass(frozen=True)
class Template:
    """A form: how it looks before anybody wrote on it, and its fields in the order of the table."""

    blank: BlankForm
    fields: tuple[TemplateField, ...]

    @classmethod
    def load(cls, path: str | Path, opened: Callable[[str], Bytes] = open_picture) -> Template:
        """Read a template's TOML and the picture of the blank form that it names.

        Args:
            path: of the TOML.
            opened: opens the picture.

        Raises:
            SettingsError: the file is not there, or not a template; says where.
            PictureError: the blank form's picture cannot be opened.
        """
        path = Path(path)
        table = _table(path)
        with _said_of(f" {path}"):
            _known(table, ("picture", "field"), "It")
            return cls._of(table, opened(str(_picture_beside(path, table.get("picture")))))

    @classmethod
    def of(cls, toml: bytes, picture: Bytes) -> Template:
        """A template whose blank form is at hand; its TOML may call that as it likes.

        Args:
            toml: the text, in UTF-8.
            picture: (H, W) or (H, W, 3) uint8.

        Raises:
            SettingsError: it is not a template; says where.
        """
        import tomllib

        if len(toml) > MOST_BYTES:
            raise SettingsError(f"The template has more than {MOST_BYTES >> 20} MiB.")
        try:
            table = tomllib.loads(toml.decode())
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"The template cannot be read: {error}.") from error
        with _said_of(""):
            _known(table, ("picture", "field"), "It")
            return cls._of(table, picture)

    @classmethod
    def _of(cls, table: dict[str, Any], picture: Bytes) -> Template:
        rows = table.get("field")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SettingsError("It has no fields: each is a [[field]] with a name and a box.")
        if not 1 <= len(rows) <= MOST_FIELDS:
            raise SettingsError(f"It has {len(rows)} fields, and there may be {MOST_FIELDS}.")
        size = picture.shape[1], picture.shape[0]
        fields = [_field(row, number, size) for number, row in enumerate(rows, 1)]
        _all_differ(fields)
        return cls(BlankForm.of(picture), tuple(fields))


class _said_of:  # noqa: N801 (reads as a word)
    """Errors raised within are said of the template that they are in."""

    def __init__(self, which: str) -> None:
        self.which = which

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DigitnetError):
            sentence = f"The template{self.which} is not right: {error.sentence}"
            raise type(error)(sentence, error.hint) from error


def _table(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(read_regular(path, MOST_BYTES).decode())
    except FileNotFoundError:
        raise SettingsError(f"There is no template {path}.", "check the path.") from None
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"The template {path} cannot be read: {why}.") from error


def _known(table: dict[str, Any], words: tuple[str, ...], what: str) -> None:
    odd = sorted(set(table) - set(words))
    if odd:
        raise SettingsError(f"{what} has {odd[0]!r}, and may have: {', '.join(words)}.")


def _picture_beside(path: Path, named: object) -> Path:
    """The blank form's picture, in the template's folder or below it, links followed."""
    if not isinstance(named, str) or not named:
        raise SettingsError('It names no picture of the blank form: picture = "blank.png".')
    folder = path.parent
    try:
        file, _ = file_and_page(folder / named)
        inside = file.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingsError(f"Its picture {named!r} cannot be a file: {error}.") from error
    if Path(named).is_absolute() or not inside:
        raise SettingsError(
            f"Its picture {named} lies outside of its folder: put the two side by side."
        )
    if not file.is_file():
        raise SettingsError(f"There is no picture {named} of the blank form beside it.")
    return folder / named


def _field(row: dict[str, Any], number: int, size: tuple[int, int]) -> TemplateField:
    """A field of a form of (width, height) pixels."""
    name = row.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        told = "has no name" if name is None else f"is called {name!r}"
        raise SettingsError(
            f"Field {number} {told}: a name begins with a letter or digit and has up to 60 "
            "letters, digits, blanks, points, hyphens and underscores."
        )
    what = f"The field {name}"
    _known(row, ("name", "box", *CONSTRAINTS), what)
    box = _box(row.get("box"), what, size)
    says: dict[str, Any] = {}
    for word, (called, kind) in CONSTRAINTS.items():
        value = row.get(word)
        if value is None:
            continue
        whole = isinstance(value, int) and not isinstance(value, bool)
        fits = isinstance(value, str) if kind is str else whole
        fits = fits or (kind is float and isinstance(value, float) and math.isfinite(value))
        if not fits:
            raise SettingsError(f"{what} has {word} = {value!r}, which must be {TYPES[kind]}.")
        says[called] = value
    if str(says.get("checksum", "")).count(":") and not says["checksum"].startswith("iban:"):
        raise SettingsError(
            f"{what} names code for its checksum, {says['checksum']}: a template may say luhn, "
            "isbn or iban:COUNTRY."
        )
    try:
        return TemplateField(name, box, Field(**says) if says else None)
    except SettingsError as error:
        sentence = error.sentence
        raise SettingsError(f"{what}: {sentence[0].lower()}{sentence[1:]}", error.hint) from error


def _box(box: object, what: str, size: tuple[int, int]) -> Box:
    numbers = box if isinstance(box, list) else []
    whole = [v for v in numbers if isinstance(v, int) and not isinstance(v, bool)]
    if len(numbers) != 4 or len(whole) != 4:
        raise SettingsError(
            f"{what} needs box = [left, top, right, bottom], four whole numbers of pixels."
        )
    left, top, right, bottom = whole
    width, height = size
    if not (left >= 0 and right <= width and top >= 0 and bottom <= height):
        raise SettingsError(
            f"{what} has a box {whole} outside of the blank form, which has {width} x {height} "
            "pixels."
        )
    if min(right - left, bottom - top) < LEAST_SIDE:
        raise SettingsError(
            f"{what} has a box {whole} under {LEAST_SIDE} pixels wide or high: it is [left, top, "
            "right, bottom]."
        )
    return left, top, right, bottom


def _all_differ(fields: list[TemplateField]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            raise SettingsError(f"Two fields are called {field.name}: each needs its own name.")
        seen.add(field.name)
