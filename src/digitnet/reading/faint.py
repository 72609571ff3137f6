"""Faint: rows written with a pencil, say, beside others in ink that are several times as dark."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from digitnet.imaging.components import connected_components
from digitnet.imaging.ink import find_ink
from digitnet.reading.components import FAINT, page_components
from digitnet.reading.reading import Reading
from digitnet.reading.sheet import Sheet

LEAST_LEVEL = 0.22
"""Of the dark ink's contrast; what is fainter shows through from the other side."""
MOST_TIMES = 1.6
"""How many times as high as dark digits, or as low, faint ones are at most."""
LEAST_DIGITS = 3
"""Of a faint row; fewer may be anything."""
LEAST_SURE = 0.8
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
    dark = depth >= FAINT * usual
    dark &= np.bincount(labels, sheet.ink.seeds.ravel()) > 0
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
    if not LEAST_DIGITS <= len(chosen.whole) <= MOST_COMPONENTS:
        return None
    if not 1 / MOST_TIMES < chosen.height / sheet.height < MOST_TIMES:
        return None
    return replace(
        sheet, contrast=contrast, ink=ink, labels=found.labels, components=chosen.whole,
        fragments=chosen.fragments, height=chosen.height,
    )  # fmt: skip


def with_faint_rows(reading: Reading, faint: Reading) -> Reading:
    """A page's reading with those rows of its faint ink that are digits for certain.

    What shows through from the other side is mirrored, so few of its digits are sure.
    """
    rows = []
    for source in (reading, faint):
        for number, text in enumerate(source.lines):
            digits = [one for one in source.digits if one.line == number]
            marks = [one for one in source.marks if one.line == number]
            if source is faint:
                sure = sum(one.sure for one in digits)
                unread = any(mark.reason is not None for mark in marks)
                if unread or len(digits) < LEAST_DIGITS or sure < LEAST_SURE * len(digits):
                    continue
            middle = float(np.mean([one.box[1] + one.box[3] for one in digits]))
            rows.append((middle, text, digits, marks))
    if len(rows) == len(reading.lines):
        return reading
    rows.sort(key=lambda row: row[0])
    return replace(
        reading,
        lines=tuple(text for _, text, _, _ in rows),
        digits=tuple(replace(one, line=k) for k, row in enumerate(rows) for one in row[2]),
        marks=tuple(replace(one, line=k) for k, row in enumerate(rows) for one in row[3]),
    )
