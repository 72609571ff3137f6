"""Items: what stands in a row from left to right, as its parts or the reader of lines say it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from digitnet.imaging.boxes import Box, around, gap
from digitnet.reading.line_reader import Settled
from digitnet.reading.segmentation import CLEAR_SIGN, DIGITS, Found, Lattice, Row
from digitnet.reading.sheet import Sheet, frame_components
from digitnet.reading.signs import BEFORE_A_DIGIT, BEHIND_A_DIGIT, SIGNS, UNREAD, unread_marks

SURE = 0.95
"""How likely a character must be right, by the reader of lines and the parts together."""
EVEN = 0.5
"""How far a character is trusted for which one of two has no opinion: the reader of lines, or the
model of single digits where a digit is no part of its own."""
OF_ONE_MARK = 0.3
"""Heights of a row, within which ink that is left out beside a `?` belongs to that mark."""
SMALL_SIGNS = (".", ",", "-")
AT_WALL, WALL = 0.15, 0.6
"""Of a digit's height, how far from it a bit of a stroke lies that runs through a wall, at most,
and how high the wall is seen there, at least."""
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
    items = doubted_at_walls(doubted_odd_signs(items), sheet)
    return _with_unread(items, settled.aligned.left_out, sheet)


def doubted_odd_signs(items: list[Item]) -> list[Item]:
    """The items of a row, a sign in doubt that stands where none does in a number.

    What was lost may have been beside it: `,60` is what is left of `0,60`.
    """
    text = ["", *("" if item.digit is not None else item.text for item in items), ""]
    is_sign = [one in tuple(SIGNS) for one in text]
    odd = [
        (k == 1 and text[k] in BEHIND_A_DIGIT)
        or (1 < k == len(items) and text[k] in BEFORE_A_DIGIT)
        or (is_sign[k] and (is_sign[k - 1] or is_sign[k + 1]))
        for k in range(1, len(items) + 1)
    ]
    return [_doubted(item) if is_odd else item for item, is_odd in zip(items, odd, strict=True)]


def doubted_at_walls(items: list[Item], sheet: Sheet) -> list[Item]:
    """The items, a sign in doubt that only a printed wall parts from the digit beside it.

    The end of a stroke that runs through the wall is left like that.
    """
    if sheet.seen is None:
        return items
    digits = [item.box for item in items if item.digit is not None]
    return [
        _doubted(item)
        if item.text in SMALL_SIGNS and _is_at_wall(item.box, digits, sheet)
        else item
        for item in items
    ]


def _is_at_wall(box: Box, digits: list[Box], sheet: Sheet) -> bool:
    """Whether printed ink stands between a box and the digit beside it, as high as that."""
    if sheet.seen is None:
        return False
    for digit in digits:
        left, right = min(digit[2], box[2]), max(digit[0], box[0])
        if not 0 <= right - left <= AT_WALL * (digit[3] - digit[1]):
            continue
        between = sheet.seen.ruling[digit[1] : digit[3], max(0, left - 1) : right + 1]
        if between.size and between.any(axis=1).mean() > WALL:
            return True
    return False
