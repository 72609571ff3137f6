"""Number rows: which rows of a page are numbers, what those say, and why the others are none."""

from __future__ import annotations

from digitnet.imaging.boxes import around
from digitnet.models.model import Model
from digitnet.reading.items import NO_FIELD, SURE, UNKNOWN, Item, without_unsure
from digitnet.reading.reading import ReadDigit, Reading, Rejected
from digitnet.reading.rows import word_starts
from digitnet.reading.sheet import Sheet
from digitnet.reading.signs import UNREAD, Mark, unread_marks

SURE_OF_ROW = 0.4
"""Of a row's digits, the share that the model must stand by; else the row is no digits."""
HARDLY_SURE = 0.25
"""Of a row beside others that are digits: the sure ones of it are read, the rest is not."""
MOST_UNREAD = 0.2
"""Of a row's characters; where so many are not read, the row is no number. On a page of which more
than half of the rows are none, neither is a row that is not sure throughout."""
BESIDE_A_BLOT = 3
"""Sure digits of a row, from which a single mark that is not read is a blot in a number."""
LEAST_CERTAIN = 2
"""Digits that are likely right (`SURE`), from which a row is a number whatever else is in it, if
they are no fewer than all else but signs. Of made rows of words at most 10 of 22 are."""
LEAST_BARS, BARS, BESIDE_BARS = 10, 0.7, 0.25
"""1s on a page, their share of its digits, and the share of marks that are not read of all that
stands there, from which on the page is bars and no numbers: music, a fence, what is left of a
form."""
LOW, LOW_BARS = 0.55, "bars that are much lower than the digits, as of a comb"
"""Of a typical digit's height: a row of bars that are all lower is none of 1s; and why."""


def rows_as_reading(
    model: Model, sheet: Sheet, rows: list[list[Item]], shape: tuple[int, ...]
) -> Reading:
    """The rows that are digits, as text and boxes in the picture's pixels; and those that are not.

    A row that is hardly sure is digits only beside one that is; what is unsure in it is a `?`.
    """
    rows = with_marks_between(rows, sheet)
    of_rows = [[item.digit for item in row if item.digit is not None] for row in rows]
    sure = [sum(one.sure for one in digits) for digits in of_rows]
    shares = [n / max(len(digits), 1) for n, digits in zip(sure, of_rows, strict=True)]
    least = HARDLY_SURE if any(share > SURE_OF_ROW for share in shares) else SURE_OF_ROW
    wordy = sum(map(is_wordy, rows)) > len(rows) / 2
    kept: list[list[Item]] = []
    rejected: list[Rejected] = []
    for row, digits, n, share in zip(rows, of_rows, sure, shares, strict=True):
        if len(rows) > 1 and are_low_bars(row, sheet.height):
            box = sheet.in_picture(around(item.box for item in row), shape)
            rejected.append(Rejected(box, LOW_BARS))
        elif is_wordy(row) or (wordy and n < len(row)):
            box = sheet.in_picture(around(item.box for item in row), shape)
            told = f"{len(row) - n} of {len(row)} marks look like no digits"
            rejected.append(Rejected(box, NO_FIELD if row[0].reason == NO_FIELD else told))
        elif share > SURE_OF_ROW:
            kept.append(row)
        elif share > least and n > 1:
            kept.append([without_unsure(item) for item in row])
        elif digits:
            box = sheet.in_picture(around(one.box for one in digits), shape)
            rejected.append(Rejected(box, f"{n} of {len(digits)} marks look like digits"))
    if are_bars([item for row in rows for item in row], [item for row in kept for item in row]):
        kept = []
    if not kept:
        reason = "no digits: what is written does not look like any"
        return Reading((), (), reason, rejected=tuple(rejected))
    starts = word_starts([[item.box for item in row] for row in kept], sheet.height)
    digits_read: list[ReadDigit] = []
    marks: list[Mark] = []
    lines: list[str] = []
    for number, (line, firsts) in enumerate(zip(kept, starts, strict=True)):
        text = ""
        for k, (item, first) in enumerate(zip(line, firsts, strict=True)):
            first &= not (k == 1 and text == "-")  # a minus belongs to its number, however far
            box = sheet.in_picture(item.box, shape)
            one = item.digit
            said = item.text if one is None else model.class_names[one.label]
            text += (" " if first and text else "") + said
            if one is None:
                marks.append(Mark(box, said, number, item.reason, trust=item.trust))
            else:
                digits_read.append(
                    ReadDigit(
                        box,
                        one.label,
                        one.probability,
                        one.sure and not item.in_doubt,
                        number,
                        first,
                        one.frame,
                        item.trust,
                    )
                )
        lines.append(text)
    return Reading(tuple(lines), tuple(digits_read), None, tuple(marks), tuple(rejected))


def with_marks_between(rows: list[list[Item]], sheet: Sheet) -> list[list[Item]]:
    """The rows, where a row of a single mark between another's digits is a `?` among those.

    A comma of a bold pen is high enough for a row of its own, and low enough to be in no other.
    """
    found = [list(row) for row in rows]
    for k, row in enumerate(rows):
        if len(row) != 1 or (row[0].digit is not None and row[0].digit.sure):
            continue
        box = row[0].box
        for other in found[:k] + found[k + 1 :]:
            sure = [one.box for one in other if one.digit is not None and one.digit.sure]
            before = any(one[2] <= box[0] for one in sure)
            behind = any(one[0] >= box[2] for one in sure)
            if before and behind and unread_marks([box], sure, sheet):
                other.append(Item(box, UNREAD, reason=UNKNOWN))
                other.sort(key=lambda item: item.box[0] + item.box[2])
                found[k] = []
                break
    return [row for row in found if row]


def is_wordy(row: list[Item]) -> bool:
    """Whether so much of a row is not read that it is words, or a drawing."""
    unread = sum(item.text == UNREAD for item in row)
    sure = sum(item.digit is not None and item.digit.sure for item in row)
    if unread == 1 and sure >= BESIDE_A_BLOT:
        return False
    digits = [item.digit for item in row if item.digit is not None]
    certain = sum(one.sure and one.probability >= SURE for one in digits)
    if certain >= max(LEAST_CERTAIN, (len(digits) + unread) / 2):
        return False
    return unread >= max(MOST_UNREAD * len(row), 1)


def are_low_bars(row: list[Item], height: float) -> bool:
    """Whether a row is bars alone, much lower than the page's digits, as what is left of a comb."""
    digits = [item.digit for item in row if item.digit is not None]
    low = max((item.box[3] - item.box[1] for item in row), default=0) < LOW * height
    return bool(digits) and low and all(one.label == 1 for one in digits)


def are_bars(every: list[Item], kept: list[Item]) -> bool:
    """Whether what would be read of a page is bars, among much that cannot be read."""
    digits = [item.digit for item in kept if item.digit is not None]
    bars = sum(one.label == 1 for one in digits)
    left = len(every) - sum(item.text != UNREAD for item in kept)
    return bars >= LEAST_BARS and bars > BARS * len(digits) and left > BESIDE_BARS * len(every)
