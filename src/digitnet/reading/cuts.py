"""Cuts: where digits that touch might be cut apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Floats, Mask
from digitnet.imaging.boxes import bounds
from digitnet.imaging.components import Component
from digitnet.reading.sheet import Sheet

FINE = 40
"""Height, in pixels, of the reduced component in which cuts are sought."""
SLANTED = 0.02
"""What a step sideways costs, against 1 for a pixel of ink: straight cuts are better."""


@dataclass(frozen=True)
class Part(Component):
    """A component, or what lies between two cuts of one: what digits are put together from.

    ``cut`` is the ink severed between it and the part before it, in widths of the pen; None where
    the two are not connected. ``small`` marks a fragment, which may be dust.
    """

    cut: float | None = None
    small: bool = False


def cut_apart(sheet: Sheet, doubtful: set[int]) -> tuple[Sheet, dict[int, list[Part]]]:
    """Cut the components whose labels are in ``doubtful`` wherever digits might touch.

    Returns the sheet with a label for each part, and the parts of each component, by its label,
    from left to right. Which cuts are right is for a reader to say.
    """
    labels = sheet.labels.copy()
    parts: dict[int, list[Part]] = {}
    free = int(labels.max()) + 1
    for one in sheet.fragments:
        parts[one.label] = [Part(one.label, one.box, one.mass, small=True)]
    for one in sheet.components:
        parts[one.label] = [Part(one.label, one.box, one.mass)]
        if one.label not in doubtful:
            continue
        left, top, right, bottom = one.box
        here = labels[top:bottom, left:right]
        own = here == one.label
        cuts = find_cuts(own.astype(np.uint8), sheet.pen, 3 + 2 * round(one.width / sheet.height))
        if not cuts:
            continue
        columns = np.arange(right - left)
        side = sum((columns > cut.columns[:, None]).astype(np.int32) for cut in cuts)
        severed = [None, *(cut.ink for cut in cuts)]
        found: list[Part] = []
        for k, ink in enumerate(severed):
            mine = own & (side == k)
            if not mine.any():
                continue
            here[mine] = free
            x0, y0, x1, y1 = bounds(mine)
            box = (left + x0, top + y0, left + x1, top + y1)
            mass = float(sheet.contrast[top:bottom, left:right][mine].sum())
            found.append(Part(free, box, mass, ink if found else None))
            free += 1
        parts[one.label] = found
    return replace(sheet, labels=labels), parts


@dataclass(frozen=True)
class Cut:
    """A way through a component from top to bottom: the column in each row, (h,).

    ``ink`` is how much ink it runs through, in widths of the pen.
    """

    columns: NDArray[np.int32]
    ink: float


def find_cuts(mask: Mask, pen: float, most: int = 5) -> list[Cut]:
    """Likely cuts through a component, a (h, w) mask of 0 and 1, from left to right.

    Of all ways from top to bottom, those through the least ink (dynamic programming, as in seam
    carving; Avidan and Shamir 2007). A cut leaves ink on both sides of it.
    """
    height, width = mask.shape
    scale = min(1.0, FINE / height)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    area = cv2.INTER_AREA
    small = np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=area), np.float32)
    down, back = cheapest(small)
    from_below, up_steps = cheapest(small[::-1])
    up, ahead = from_below[::-1], up_steps[::-1]
    through = down + up - small  # the cheapest way through each pixel, (h, w)
    middle = len(small) // 2
    band = slice(middle - middle // 3, middle + middle // 3 + 1)
    costs = through[band].min(axis=0)
    thick = max(pen * scale, 1.0)
    cuts: list[Cut] = []
    taken: list[NDArray[np.int32]] = []
    apart = max(2.0, 0.12 * len(small))
    for x in np.argsort(costs, kind="stable").tolist():
        if len(cuts) == most or costs[x] > 4 * thick:
            break
        y = band.start + int(through[band, x].argmin())
        way = trace(back, ahead, y, x)
        if any(np.abs(way - other).mean() < apart for other in taken):
            continue
        left = float((small * (np.arange(size[0]) < way[:, None])).sum())
        if min(left, float(small.sum()) - left) < 0.08 * float(small.sum()):
            continue
        taken.append(way)
        rows = np.arange(height) * size[1] // height
        ink = float(small[np.arange(size[1]), way].sum()) / thick
        cuts.append(Cut(np.rint((way[rows] + 0.5) / scale).astype(np.int32), ink))
    return sorted(cuts, key=lambda cut: float(cut.columns.mean()))


def cheapest(ink: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """Cost of the cheapest way from the top to each pixel, and the step it came by, (h, w)."""
    total = ink.copy()
    steps = np.zeros(ink.shape, np.int32)
    far = np.float32(1e6)
    for y in range(1, len(ink)):
        before = np.pad(total[y - 1], 1, constant_values=far)
        choices = np.stack([before[:-2] + SLANTED, before[1:-1], before[2:] + SLANTED])
        best = choices.argmin(axis=0)
        total[y] += np.take_along_axis(choices, best[None], axis=0)[0]
        steps[y] = best - 1
    return total, steps


def trace(back: NDArray[np.int32], ahead: NDArray[np.int32], y: int, x: int) -> NDArray[np.int32]:
    """The cheapest way through pixel (y, x): its column in each row, (h,)."""
    way = np.zeros(len(back), np.int32)
    way[y] = x
    for row in range(y, 0, -1):
        way[row - 1] = way[row] + back[row, way[row]]
    for row in range(y, len(back) - 1):
        way[row + 1] = way[row] + ahead[row, way[row]]
    return way
