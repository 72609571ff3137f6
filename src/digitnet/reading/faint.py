"""Faint: rows written with a pencil, say, beside others in ink that are several times as dark."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from digitnet.imaging.boxes import Box, around
from digitnet.imaging.components import connected_components
from digitnet.imaging.ink import find_ink
from digitnet.reading.components import page_components
from digitnet.reading.reading import ReadDigit, Reading
from digitnet.reading.rows import word_starts
from digitnet.reading.sheet import Sheet
from digitnet.reading.signs import Mark

LEAST_LEVEL = 0.28
"""Of the dark ink's contrast; what is fainter shows through from the other side."""
MOST_TIMES = 1.6
"""How many times as high as dark digits, or as low, faint ones are at most."""
LEAST_DIGITS = 3
"""Of a faint row; fewer may be anything."""
SURE_OF_FAINT_ROW = 0.8
"""The share of a faint row's digits that the model must stand by."""
MOST_COMPONENTS = 300
"""More that are faint are print, or a texture."""


def faint_sheet(sheet: Sheet) -> Sheet | None:
    """What is written on a page in fainter ink than that of ``sheet``; None if nothing is."""
    if sheet.ink is None or not sheet.components:
        return None
    labels = sheet.labels.ravel()
    area = np.bincount(labels)
    depth = np.bincount(labels, sheet.contrast.ravel()) / np.maximum(area, 1)
    usual = float(np.median(depth[[one.label for one in sheet.components]]))
    dark = depth >= usual
    dark &= np.bincount(labels, sheet.ink.seeds.ravel()) > 0
    dark[[one.label for one in (*sheet.components, *sheet.fragments)]] = True
    dark[0] = False
    reach = 2 * math.ceil(sheet.pen) + 1
    around = cv2.dilate(dark[sheet.labels].astype(np.uint8), np.ones((reach, reach), np.uint8))
    contrast = sheet.contrast * (around == 0)
    ink = find_ink(contrast)
    if ink is None or ink.level < LEAST_LEVEL * sheet.ink.level:
        return None
    found = connected_components(ink, contrast)
    ground = np.full((1, 1), 255, np.uint8)  # in this ink's own light, all ground is alike
    chosen = page_components(found, ground, sheet.pen)
    if not 1 <= len(chosen.whole) <= MOST_COMPONENTS:
        return None
    if not 1 / MOST_TIMES < chosen.height / sheet.height < MOST_TIMES:
        return None
    return replace(
        sheet, contrast=contrast, ink=ink, labels=found.labels, components=chosen.whole,
        fragments=chosen.fragments, height=chosen.height,
    )  # fmt: skip


def with_faint_rows(reading: Reading, faint: Reading) -> Reading:
    """A page's reading with those rows of its faint ink that are digits for certain.

    What shows through from the other side is mirrored, so few of its digits are sure. A row of
    which some digits are faint and some are not is put together again; beside a row that was
    rejected, nothing is read.
    """
    rows = [_row(reading, number) for number in range(len(reading.lines))]
    for number in range(len(faint.lines)):
        row = _row(faint, number)
        sure = sum(isinstance(one, ReadDigit) and one.sure for one in row)
        n = sum(isinstance(one, ReadDigit) for one in row)
        if any(_is_unread(one) for one in row):
            continue
        box = around(one.box for one in row)
        if any(_is_level(box, other.box) for other in reading.rejected):
            continue
        level = [own for own in rows if any(_is_level(one.box, box) for one in own)]
        if level and sure == n:
            level[0] += row
        elif not level and n >= LEAST_DIGITS and sure >= SURE_OF_FAINT_ROW * n:
            rows.append(row)
    if sum(map(len, rows)) == len(reading.digits) + len(reading.marks):
        return reading
    rows.sort(key=lambda row: float(np.mean([one.box[1] + one.box[3] for one in row])))
    lines: list[str] = []
    digits: list[ReadDigit] = []
    marks: list[Mark] = []
    for number, row in enumerate(rows):
        row.sort(key=lambda one: one.box[0] + one.box[2])
        height = float(np.median([one.box[3] - one.box[1] for one in row]))
        (starts,) = word_starts([[one.box for one in row]], height)
        text = ""
        for one, first in zip(row, starts, strict=True):
            text += " " if first and text else ""
            if isinstance(one, Mark):
                text += one.label
                marks.append(replace(one, line=number))
            else:
                text += str(one.label)
                digits.append(replace(one, line=number, starts_word=first))
        lines.append(text)
    return replace(reading, lines=tuple(lines), digits=tuple(digits), marks=tuple(marks))


def _row(reading: Reading, number: int) -> list[ReadDigit | Mark]:
    """What stands in a line of a reading."""
    every: list[ReadDigit | Mark] = [*reading.digits, *reading.marks]
    return [one for one in every if one.line == number]


def _is_unread(one: ReadDigit | Mark) -> bool:
    return isinstance(one, Mark) and one.reason is not None


def _is_level(one: Box, other: Box) -> bool:
    """Whether the middle of one box is as high as the other, which is a digit or a row."""
    return other[1] < (one[1] + one[3]) / 2 < other[3]
