"""Made rows: rows of made, photographed pages as a page's reader cuts them out, to learn from.

`handwriting.lines` makes rows that look like these. Here a page is really scanned: what is left of
its rules, combs and shadows lies in the row, and what the scan takes for none of the ink does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.number_fields import KINDS, draw_number_field
from digitnet.handwriting.numbers import number
from digitnet.handwriting.pages import Page, draw_page
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.reading.line_reader import row_image, without_dust
from digitnet.reading.sheet import component_rows, scan_page, usual_height

NUMBERS, RARE = 0.5, 0.4
"""The share of pages with any number; the others are fields. And of those the share of hands with
rare forms."""
COVERED = 0.6
"""Of a character's box, how much lies in boxes of the row's ink where it was cut out with it: a
sign that was taken for dust is not, and would be learnt where there is none."""


def made_row(rng: np.random.Generator) -> tuple[Bytes, str]:
    """A row's image (LINE_HEIGHT, W), ink 255 on 0, and its text without blanks.

    Pages on which a character is not found with the row are left out.

    Args:
        rng: draws everything; the same state gives the same bits.
    """
    while True:
        page = _page(rng)
        sheet = scan_page(page.picture)
        rows = component_rows(sheet)
        if not rows:
            continue
        row = max(rows, key=len)
        height = usual_height(sheet, row)
        own = without_dust(sheet, row, height)
        found = [sheet.in_picture(one.box, page.picture.shape) for one in own]
        if all(_share_within(box, found) >= COVERED for box in page.boxes):
            return row_image(sheet, row, height), page.lines[0].replace(" ", "")


def _page(rng: np.random.Generator) -> Page:
    """One number alone on its page."""
    if rng.random() >= NUMBERS:
        kinds = list(KINDS)
        return draw_number_field(kinds[rng.integers(len(kinds))], rng)
    hand = careful(Hand.sample(rng, rare=bool(rng.random() < RARE)), float(rng.uniform(0.3, 0.8)))
    return draw_page([number(rng)], rng, style=PageStyle.sample(rng), hand=hand)


def _share_within(box: Box, others: Sequence[Box]) -> float:
    """How much of a box lies in others, counted twice where two of them lie over each other."""
    left, top, right, bottom = box
    inside = sum(
        max(0, min(right, x1) - max(left, x0)) * max(0, min(bottom, y1) - max(top, y0))
        for x0, y0, x1, y1 in others
    )
    return inside / ((right - left) * (bottom - top))
