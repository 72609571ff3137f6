"""Page: a model reads a page of digits, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError
from digitnet.imaging.boxes import Box
from digitnet.imaging.pictures import open_picture
from digitnet.models.model import Model
from digitnet.reading.cuts import cut_apart
from digitnet.reading.rows import word_starts
from digitnet.reading.segmentation import Found, Frames, doubtful, read_row
from digitnet.reading.sheet import component_rows, scan_page, usual_height

if TYPE_CHECKING:
    from PIL import Image

LEAST_SURE = 0.4
"""Of a row's digits, the share that the model must stand by; else the row is no digits."""
MOST_COMPONENTS = 1500
"""More on one page are print or a texture."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit on a page.

    Attributes:
        box: where it is, (left, top, right, bottom) in pixels.
        label: its likeliest class.
        probability: of that class.
        sure: whether the model stands by it, as it does for a single digit's picture.
        line: the number of its row, from 0.
        starts_word: whether it is the first of a word.
        frame: what the network saw of it, (28, 28), ink 255 on 0.
    """

    box: Box
    label: int
    probability: float
    sure: bool
    line: int
    starts_word: bool
    frame: NDArray[np.uint8] = field(compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "box": list(self.box),
            "label": self.label,
            "probability": self.probability,
            "sure": self.sure,
            "line": self.line,
        }


@dataclass(frozen=True)
class Reading:
    """What a page says.

    Attributes:
        lines: one string per row, words separated by blanks.
        digits: in reading order.
        reason: why there are no lines; None where there are.
    """

    lines: tuple[str, ...]
    digits: tuple[ReadDigit, ...]
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """Lines, digits and reason, as plain values for JSON."""
        return {
            "lines": list(self.lines),
            "digits": [digit.as_dict() for digit in self.digits],
            "reason": self.reason,
        }


def read_page(
    model: Model, picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]
) -> Reading:
    """Find the digits on a page and read them, line by line.

    Args:
        model: reads them; one with the framing "mnist".
        picture: a path, bytes, an open file, a Pillow image or an array (H, W[, 3]).

    Returns:
        The lines and the digits, with their boxes in the picture's pixels; or why there are none.

    Raises:
        PictureError: the picture cannot be opened.
        ModelError: the model sees whole pictures (framing "stretch"), so it cannot find digits.
    """
    if model.framing != "mnist":
        raise ModelError(
            f"A model with the framing {model.framing!r} sees whole pictures only and cannot read "
            "a page: train one with the framing 'mnist'."
        )
    opened = open_picture(picture)
    sheet = scan_page(opened)
    if not sheet.components:
        return Reading((), (), "no digits: nothing on the page stands out like writing")
    if len(sheet.components) > MOST_COMPONENTS:
        return Reading((), (), f"no digits: {len(sheet.components)} marks are print or a texture")
    frames: Frames = {}
    sheet, parts = cut_apart(sheet, doubtful(model, sheet, frames))
    read: list[list[Found]] = []
    for row in component_rows(sheet):
        of_row = [part for one in row for part in parts[one.label]]
        found = read_row(model, sheet, frames, of_row, usual_height(sheet, row))
        if sum(one.sure for one in found) > LEAST_SURE * len(found):
            read.append(found)
    if not read:
        return Reading((), (), "no digits: what is written does not look like any")
    starts = word_starts([[found.box for found in row] for row in read], sheet.height)
    digits: list[ReadDigit] = []
    lines: list[str] = []
    for number, (line, firsts) in enumerate(zip(read, starts, strict=True)):
        text = ""
        for one, first in zip(line, firsts, strict=True):
            box = sheet.in_picture(one.box, opened.shape)
            digits.append(
                ReadDigit(box, one.label, one.probability, one.sure, number, first, one.frame)
            )
            text += (" " if first and text else "") + model.class_names[one.label]
        lines.append(text)
    return Reading(tuple(lines), tuple(digits), None)
