"""Sheet: a page that was scanned: its ink, the components that may be digits, their frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats, Labels
from digitnet.imaging.boxes import Box, bounds, gap
from digitnet.imaging.components import Component, connected_components
from digitnet.imaging.forms import erase_boxes, erase_cells, erase_walls, faint_lines
from digitnet.imaging.frame import SIDE, centre
from digitnet.imaging.ink import Ink, coverage
from digitnet.imaging.scan import Scan, ScanPlan, scan
from digitnet.imaging.stroke_width import into_box, stroke_width
from digitnet.reading.components import LEAST_HEIGHT, is_dust, page_components
from digitnet.reading.rows import in_rows

LOW = 0.7
"""Of a typical digit's height; what is lower and alone may be a comma."""

ALIKE = 1.2
"""How many times a digit's height may change before faint lines are sought anew."""

PAGE = ScanPlan(
    longest=1400,
    whole=True,
    least=100,
    enlarged=100,
    most_times=6,
    wedges=False,
    small=480,
    dark=0.2,
    close_vote=0,
    ruled_from=0,
    ruling=1,
    crossing=False,
    field=False,
)
"""How a page is scanned."""


@dataclass(frozen=True)
class Sheet:
    """A page as it is worked on, (h, w), and what may be written on it.

    Attributes:
        contrast: how dark each pixel is against the ground under it.
        ink: what of that is ink, ruled lines left out.
        labels: which component each pixel belongs to; 0 for none.
        components: those of a digit's size.
        fragments: smaller ones near those: a bar, the dots of a broken stroke, dust.
        height: of a typical digit.
        pen: width of its strokes.
        zoom: the picture's pixels per pixel here.
        seen: the scan it was made of, all that was taken for printed lines in its ruling.
    """

    contrast: Floats
    ink: Ink | None
    labels: Labels
    components: tuple[Component, ...]
    fragments: tuple[Component, ...]
    height: float
    pen: float
    zoom: float
    seen: Scan | None = None

    @property
    def mass(self) -> float:
        """How much ink the components of a digit's size are."""
        return sum(one.mass for one in self.components)

    @cached_property
    def score(self) -> float:
        """How much writing there is: the strokes' length, less where they are blobs.

        By the width that they have, not by the pen that was looked for: of a bold stroke's pieces
        a fine pen would have a great length.
        """
        own = np.zeros(self.labels.max() + 1, np.uint8)
        own[[one.label for one in self.components]] = 1
        width = stroke_width(own[self.labels])
        return self.mass / width * min(1.0, self.height / (3 * width)) ** 6 if width else 0.0

    def in_picture(self, box: Box, shape: tuple[int, ...]) -> Box:
        """A box of this sheet in the pixels of the picture, whose shape is (H, W, ...)."""
        left, top, right, bottom = (round(v * self.zoom) for v in box)
        left, top = min(left, shape[1] - 1), min(top, shape[0] - 1)
        return left, top, max(left + 1, min(right, shape[1])), max(top + 1, min(bottom, shape[0]))


def scan_page(picture: Bytes) -> Sheet:
    """Find the ink on a page, (H, W) or (H, W, 3) uint8, and the components that may be digits.

    Of the pens that may have written here, the one is taken whose ink is most like digits.
    """
    best: Sheet | None = None
    for seen in scan(picture, PAGE):
        sheet = _sheet(seen, picture.shape[1] / seen.contrast.shape[1])
        if sheet is not None and (best is None or sheet.score > 1.5 * best.score):
            best = sheet
    if best is not None:
        return best
    nothing = np.zeros(picture.shape[:2], np.float32)
    labels = nothing.astype(np.int32)
    return Sheet(nothing, None, labels, (), (), 0.0, 1.0, 1.0)


def _sheet(seen: Scan, zoom: float) -> Sheet | None:
    """What one scan shows of a page."""
    if seen.ink is None:
        return None
    ink, contrast = seen.ink, seen.contrast * ~seen.ruling  # a line beside a digit is in no frame
    ruling, sought = seen.ruling, 0.0
    cells = erase_cells(contrast, ink, seen.ruling)
    if cells.any():
        ruling = ruling | cells
        ink = ink._replace(mask=np.asarray(ink.mask & ~cells, np.uint8), seeds=ink.seeds & ~cells)
        contrast = contrast * ~cells
    found = connected_components(ink, contrast)
    chosen = page_components(found, seen.ground, seen.pen)
    for again in range(3):  # at first, a box's height is taken for a digit's
        if again < 2:
            mask = erase_boxes(ink.mask, ruling, chosen.height, seen.pen)
            if not sought / ALIKE < chosen.height < sought * ALIKE:
                sought = chosen.height
                printed = mask < ink.mask
                faint = faint_lines(contrast * ~printed, ink, ruling | printed, sought, seen.pen)
                if faint.any():
                    mask, ruling = np.asarray(mask & ~faint, np.uint8), ruling | printed | faint
                    mask = erase_boxes(mask, ruling, chosen.height, seen.pen)
        else:
            mask = erase_walls(ink.mask, seen.ruling, chosen.height)
        if mask is ink.mask:
            continue
        printed = mask < ink.mask
        ruling = ruling | printed
        ink, contrast = ink._replace(mask=mask, seeds=ink.seeds & ~printed), contrast * ~printed
        found = connected_components(ink, contrast)
        chosen = page_components(found, seen.ground, seen.pen)
    return Sheet(
        contrast, ink, found.labels, chosen.whole, chosen.fragments, chosen.height,
        seen.pen, zoom, replace(seen, ruling=ruling),
    )  # fmt: skip


def frame_components(sheet: Sheet, labels: list[int], box: Box) -> tuple[Bytes, Box]:
    """The frame of the digit that these components make up, and its box in the sheet.

    The neighbours' ink does not count, however near; the rest is what framing does with a
    single digit. ``box`` holds all of them.
    """
    if sheet.ink is None:
        return np.zeros((SIDE, SIDE), np.uint8), box
    left, top, right, bottom = box
    left, top = max(0, left - 3), max(0, top - 3)
    crop = np.s_[top : bottom + 3, left : right + 3]
    here = sheet.labels[crop]
    own = here == labels[0] if len(labels) == 1 else np.isin(here, labels)
    contrast = sheet.contrast[crop] * (own | (here == 0))
    cover = coverage(contrast, sheet.ink, own.astype(np.uint8), sheet.pen)
    if not cover.any():
        return np.zeros((SIDE, SIDE), np.uint8), box
    x0, y0, x1, y1 = bounds(cover)
    if max(x1 - x0, y1 - y0) < 4:
        return np.zeros((SIDE, SIDE), np.uint8), box
    frame = centre(into_box(cover[y0:y1, x0:x1]))
    return frame, (left + x0, top + y0, left + x1, top + y1)


def component_rows(sheet: Sheet) -> list[list[Component]]:
    """The components row by row in reading order, each fragment in the row of the next to it.

    A fragment that is near none is dust, and left out.
    """
    rows = [
        [sheet.components[i] for i in row]
        for row in in_rows([one.box for one in sheet.components], sheet.height)
    ]
    low = [row[0] for row in rows if len(row) == 1 and row[0].height < LOW * sheet.height]
    high = [row for row in rows if len(row) > 1 or row[0].height >= LOW * sheet.height]
    if high:  # a long comma stands a row of its own, below its digits
        hanging = [
            one for one in low
            if any(_hangs(one.box, body.box) for row in high for body in row)
        ]  # fmt: skip
        rows = [row for row in rows if row[0] not in hanging]
    else:
        hanging = []
    bodies = [one.box for row in rows for one in row]
    row_of = [number for number, row in enumerate(rows) for _ in row]
    loose = [*sheet.fragments, *hanging]
    near = bool(bodies)
    while near:  # what is near none may be near one that was: the dash of `5,-`
        apart = []
        near = False
        joined = np.array(bodies)
        for fragment in loose:
            away = _beside(fragment.box, joined)
            if away.min() < 0.35 * sheet.height:
                number = row_of[int(away.argmin())]
                rows[number].append(fragment)
                if not is_dust(fragment.box, sheet.pen, sheet.height):
                    left, top, right, bottom = fragment.box
                    body = bodies[int(away.argmin())]
                    bodies.append((left, min(top, body[1]), right, max(bottom, body[3])))
                    row_of.append(number)
                    near = True
            else:
                apart.append(fragment)
        loose = apart
    for row in rows:
        row.sort(key=lambda one: one.box[0] + one.box[2])
    return rows


def _hangs(low: Box, body: Box) -> bool:
    """Whether a low box reaches from a digit's lower part to below it, close beside it."""
    height = body[3] - body[1]
    upper, lower = (low[1] - body[3]) / height, (low[3] - body[3]) / height
    return gap(low, body)[0] < 0.5 * height and -0.5 < upper < 0.1 and 0 < lower < 0.7


def _beside(box: Box, others: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far a box lies from each of others, (n, 4), sideways counted half: (n,).

    A sign may stand well beside its digit.
    """
    left, top, right, bottom = others.T
    x = np.maximum(left - box[2], box[0] - right)
    y = np.maximum(top - box[3], box[1] - bottom)
    return np.asarray(np.hypot(np.maximum(x, 0) / 2, np.maximum(y, 0)), np.float64)


def usual_height(sheet: Sheet, row: list[Component]) -> float:
    """The median height of a row's components, fragments aside."""
    return float(np.median([p.height for p in row if p.height >= LEAST_HEIGHT * sheet.height]))
