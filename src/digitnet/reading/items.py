"""Items: what stands in a row from left to right, as its parts or the reader of lines say it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from digitnet.imaging.boxes import Box, around, gap
from digitnet.reading.line_reader import Settled
from digitnet.reading.segmentation import CLEAR_SIGN, DIGITS, Found, Lattice, Row
from digitnet.reading.sheet import Sheet, frame_components
from digitnet.reading.signs import UNREAD, unread_marks

SURE = 0.95
"""How likely a character must be right, by the reader of lines and the parts together."""
EVEN = 0.5
"""How far a character is trusted for which one of two has no opinion: the reader of lines, or the
model of single digits where a digit is no part of its own."""
OF_ONE_MARK = 0.3
"""Heights of a row, within which ink that is left out beside a `?` belongs to that mark."""
NO_FIELD = "nothing that the field may say"
UNKNOWN = "too small for a digit, and no sign known"


class Item(NamedTuple):
    """What stands in a line: a digit, a sign, or a mark that was not read and why.

    A digit that is sure enough to make its row a number may still be ``in_doubt``: then it is
    read and said to be unsure. ``trust`` is what all that was asked of it says together.
    """

    box: Box
    text: str
    digit: Found | None = None
    reason: str | None = None
    in_doubt: bool = False
    trust: float = EVEN


def without_unsure(item: Item) -> Item:
    """A digit that is not sure as a mark that was not read; all else as it is."""
    if item.digit is None or item.digit.sure:
        return item
    return Item(item.box, UNREAD, reason="like no digit for certain")


def items_of(row: Row, sheet: Sheet) -> list[Item]:
    """A row as its parts say it, from left to right."""
    items = [Item(one.box, "", one, trust=EVEN * one.probability) for one in row.digits]
    for box, sign in row.signs:
        items.append(Item(box, sign, reason=UNKNOWN if sign == UNREAD else None))
    return _with_unread(items, row.left_out, sheet)


def _with_unread(items: list[Item], left_out: list[Box], sheet: Sheet) -> list[Item]:
    """Beside what was read, the marks that somebody may have meant and that were not read.

    A crossed-out digit falls to pieces: what is left out beside a `?` is of the same mark.
    """
    boxes = [item.digit.box for item in items if item.digit is not None]
    items = list(items)
    for box in unread_marks(left_out, boxes, sheet):
        reach = OF_ONE_MARK * sheet.height
        near = [k for k, one in enumerate(items)
                if one.text == UNREAD and gap(one.box, box)[0] < reach]  # fmt: skip
        if near:
            k = min(near, key=lambda k: gap(items[k].box, box)[0])
            items[k] = items[k]._replace(box=around((items[k].box, box)))
        else:
            items.append(Item(box, UNREAD, reason=UNKNOWN))
    return sorted(items, key=lambda item: item.box[0] + item.box[2])


def with_lost_signs(items: list[Item], lattice: Lattice) -> list[Item]:
    """Beside what was read, what may be a sign where no sign and no mark stands.

    A clear one is a `?`. One so near a digit that it may be a bit of it puts that digit in doubt;
    a slash alone is a digit as often as a 1 leans.
    """
    marks = [item.box for item in items if item.digit is None]
    items = list(items)
    for first, last in sorted(lattice.signs, key=lambda run: run[0] - run[1]):
        sign, gain = lattice.signs[first, last]
        box = around(part.box for part in lattice.parts[first:last])
        if any(max(gap(box, one)) < 0 for one in marks):
            continue
        if gain >= CLEAR_SIGN:
            items.append(Item(box, UNREAD, reason=UNKNOWN))
            marks.append(box)
        elif sign != "/":
            items = [_doubted(item) if _holds(item, box) else item for item in items]
    return sorted(items, key=lambda item: item.box[0] + item.box[2])


def _holds(item: Item, box: Box) -> bool:
    """Whether an item is a digit that a box was taken for a bit of."""
    return item.digit is not None and around((item.box, box)) == item.box


def _doubted(item: Item) -> Item:
    """An item that is read, and said to be unsure."""
    return item._replace(in_doubt=True, trust=0.0)


def settled_items(settled: Settled, sheet: Sheet) -> list[Item]:
    """A row as the reader of lines and its parts say it, from left to right."""
    items: list[Item] = []
    for character, (box, digit), probability in zip(
        settled.text, settled.aligned.places, settled.probabilities, strict=True
    ):
        trust = probability * settled.share
        if character not in DIGITS:
            reason = UNKNOWN if character == UNREAD else None
            items.append(Item(box, character, reason=reason, trust=trust))
            continue
        trust *= EVEN if digit is None else digit.probability
        if digit is None:
            left, top, right, bottom = box
            here = np.unique(sheet.labels[top:bottom, left:right])
            frame, _ = frame_components(sheet, here[here > 0].tolist(), box)
        else:
            frame = digit.frame
        sure = probability >= SURE or (digit is not None and digit.sure)
        found = Found(box, DIGITS.index(character), probability, sure, frame)
        items.append(Item(box, character, found, in_doubt=probability < SURE, trust=trust))
    return _with_unread(items, settled.aligned.left_out, sheet)
