"""Device frame: a grey picture framed as a microcontroller does it: integers, 4 kB, no library.

The large framing's steps (`framing.py`), made small: the picture is looked at in 48 x 48, the
digit is found there and looked at once more from near. `export/c_parts/frame.h` does the same in
C, and both give the same frame to the bit: every number is an integer, every division rounds down
where nothing else is said, and of equals the first is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.imaging.arrays import Bytes, Labels, Mask
from digitnet.imaging.boxes import Box, around, bounds
from digitnet.imaging.frame import BOX, SIDE

Whole = NDArray[np.int64]

WORK = 48
"""Pixels of the working picture's longer side, at most."""
LONGEST = 65535
"""Pixels of a picture's longer side, at most: sums stay within 32 bits."""
BLOCK = 8
"""Pixels a side of a block, for each of which there is one ground."""
LEAST_GROUND = 32
"""Contrast is the share of the ground's light that is missing; a ground has this much at least."""
TONES = 64
"""Bins of the histogram of contrast, four levels each."""
LEAST_LEVEL = 24
"""Contrast of full ink, of 255, with which there is something to read."""
FAINTEST = 92
"""Ink is what reaches this much of full ink, of 255."""
MOST_DILATIONS = 8
"""How often strokes are made wider, at most."""
THINNEST = 21
"""Stroke width below which strokes are made wider, in tenths of frame pixels."""


class Component(NamedTuple):
    """Connected ink, corners included: its label, its box, its mass and how much of a digit it is.

    Components come in the order of their first pixels, row by row.
    """

    label: int
    box: Box
    mass: int
    score: int
    touches: bool


def device_frame(picture: Bytes) -> Bytes | None:
    """Frame an upright picture, (H, W) grey or (H, W, 3) RGB uint8: (28, 28) uint8, ink 255 on 0.

    None where nothing stands out from its ground.

    Raises:
        PictureError: a side of more than 65,535 pixels, or an empty picture.
    """
    if picture.size == 0 or max(picture.shape[:2]) > LONGEST:
        raise PictureError(
            f"A device frames pictures with sides of 1 to {LONGEST:,} pixels, not "
            f"{picture.shape[1]} x {picture.shape[0]}."
        )
    grey = as_grey(picture)
    height, width = grey.shape
    work = reduced(grey, (0, 0, width, height))
    dark = is_dark(work)
    ink = digit_in(work if dark else 255 - work)
    if ink is None:
        return None
    near = from_near(ink, grey.shape)
    work = reduced(grey, near)
    closer = digit_in(work if dark else 255 - work)
    return None if closer is None else into_frame(closer)


def as_grey(picture: Bytes) -> Bytes:
    """Luma of (H, W, 3), as cameras give it (ITU-R BT.601 in 256ths); (H, W) is left as it is."""
    if picture.ndim == 2:
        return picture
    red, green, blue = (picture[..., k].astype(np.int64) for k in range(3))
    return np.asarray((77 * red + 150 * green + 29 * blue + 128) >> 8, np.uint8)


def reduced(grey: Bytes, box: Box) -> Bytes:
    """What is in a box, brought to WORK pixels on its longer side where it has more."""
    left, top, right, bottom = box
    part = grey[top:bottom, left:right]
    longest = max(part.shape)
    if longest <= WORK:
        return part
    height, width = (max(1, (side * WORK + longest // 2) // longest) for side in part.shape)
    return area_mean(part, height, width)


def area_mean(picture: Bytes, height: int, width: int) -> Bytes:
    """(H, W) as (height, width): the mean of the area that each pixel covers, in 256ths between."""
    rows, columns = picture.shape
    along = (_covered(picture.T.astype(np.int64), width) * 256 + columns // 2) // columns
    both = (_covered(along.T, height) + rows // 2) // rows
    return np.asarray((both + 128) >> 8, np.uint8)


def _covered(values: Whole, n: int) -> Whole:
    """Sums (n, ...) of what each n-th of the first axis covers, where a row counts n."""
    rows = len(values)
    sums = np.zeros((rows + 1, *values.shape[1:]), np.int64)
    np.cumsum(values, axis=0, out=sums[1:])
    whole, rest = np.divmod(np.arange(n + 1) * rows, n)
    partly = values[np.minimum(whole, rows - 1)] * rest[:, None]
    return np.asarray(np.diff(sums[whole] * n + partly, axis=0))


def is_dark(work: Bytes) -> bool:
    """Whether ink is dark: most of a picture is ground, so the median is nearer the lightest."""
    tones = np.sort(work, axis=None)
    low, median, high = (int(tones[tones.size * k // 128]) for k in (2, 64, 125))
    return median - low >= high - median


def digit_in(work: Bytes) -> Bytes | None:
    """The digit's ink alone, (h, w) uint8 with 252 for full; None where nothing stands out.

    Args:
        work: (h, w), at most WORK a side, dark ink on a light ground.
    """
    contrast = contrast_of(work)
    cut = otsu(contrast)
    ground, ink = contrast[contrast <= cut], contrast[contrast > cut]
    if ink.size == 0:
        return None
    middle = int(ground.sum()) // ground.size
    level = int(ink.sum()) // ink.size - middle
    if level < LEAST_LEVEL:
        return None
    share = np.minimum(np.maximum(contrast - middle, 0) * 255 // level, 255) & 0xFC
    share[share < FAINTEST] = 0
    without_frame(share)
    found, labels = components(share)
    return None if not found else np.asarray(share * digit_of(found, labels), np.uint8)


def contrast_of(work: Bytes) -> Whole:
    """How much darker than its ground each pixel is, (h, w) in 0..255.

    The ground is the lightest pixel of the block around and of those beside it.
    """
    height, width = work.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padded = np.zeros((rows * BLOCK, columns * BLOCK), np.uint8)
    padded[:height, :width] = work
    blocks = padded.reshape(rows, BLOCK, columns, BLOCK).max(axis=(1, 3))
    lightest = np.asarray(cv2.dilate(blocks, np.ones((3, 3), np.uint8)), np.int64)
    ground = lightest[np.arange(height)[:, None] // BLOCK, np.arange(width) // BLOCK]
    return np.asarray((ground - work) * 255 // np.maximum(ground, LEAST_GROUND))


def otsu(contrast: Whole) -> int:
    """Otsu's threshold (1979): the highest contrast that is ground; 255 where all are alike."""
    counts = np.bincount(contrast.ravel() // 4, minlength=TONES).tolist()
    n = contrast.size
    total = sum(tone * count for tone, count in enumerate(counts))
    best, cut, below, sum_below = -1, 255, 0, 0
    for tone, count in enumerate(counts):
        below += count
        sum_below += tone * count
        if 0 < below < n:
            apart = abs(below * total - n * sum_below)
            between = apart * apart // (below * (n - below))
            if between > best:
                best, cut = between, 4 * tone + 3
    return cut


def without_frame(share: Whole) -> None:
    """Take away, in place, what runs along an edge of (h, w): a box's frame, a table's edge.

    A row within the outer eighth, seven eighths of it ink, goes with all outside of it and one
    row inside; first from the top, then from the bottom, the left and the right.
    """
    for view in (share, share[::-1], share.T, share.T[::-1]):
        n, along = view.shape
        for row in range(n // 8 - 1, -1, -1):
            if np.count_nonzero(view[row]) * 8 >= 7 * along:
                view[: row + 2] = 0
                break


def components(share: Whole) -> tuple[list[Component], Labels]:
    """Connected ink of (h, w), and for each pixel its component's label, 0 for none.

    The score is the mass: a third of it where the picture's edge is touched, a ninth where two
    opposite ones are.
    """
    height, width = share.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (share > 0).astype(np.uint8), connectivity=8
    )
    mass = np.zeros(len(stats), np.int64)
    np.add.at(mass, np.asarray(labels.ravel(), np.int64), share.ravel())
    first = np.full(len(stats), labels.size)
    np.minimum.at(first, np.asarray(labels.ravel(), np.int64), np.arange(labels.size))
    found = []
    for label in (1 + np.argsort(first[1:])).tolist():
        left, top, columns, rows, _ = stats[label].tolist()
        box = left, top, left + columns, top + rows
        ends = [left == 0, top == 0, box[2] == width, box[3] == height]
        score = int(mass[label])
        score //= 3 if any(ends) else 1
        score //= 3 if (ends[0] and ends[2]) or (ends[1] and ends[3]) else 1
        found.append(Component(label, box, int(mass[label]), score, any(ends)))
    return found, np.asarray(labels, np.int32)


def digit_of(found: list[Component], labels: Labels) -> Mask:
    """Which pixels are the digit's, (h, w) of 0 and 1: the highest score, and what belongs to it.

    What was left out is looked at again as long as anything joins, since a part may be near only
    once another has joined.
    """
    main = max(found, key=lambda one: one.score)  # of equals the first
    kept, box = {main.label}, main.box
    joined = True
    while joined:
        joined = False
        for one in found:
            if one.label not in kept and belongs(one, main, box):
                kept.add(one.label)
                box, joined = around([box, one.box]), True
    return np.isin(labels, list(kept)).astype(np.uint8)


def belongs(one: Component, main: Component, box: Box) -> bool:
    """Whether a component is a part of the digit with that main one, whose box is `box` so far.

    It is none at the picture's edge, as dust (a fiftieth of the main one's ink), farther away
    than three tenths of the digit, or as another digit beside it, whole and apart.
    """
    if one.touches or one.mass * 50 < main.mass:
        return False
    left, top, right, bottom = box
    size = max(right - left, bottom - top)
    beside = max(one.box[0] - right, left - one.box[2], 0)
    above = max(one.box[1] - bottom, top - one.box[3], 0)
    if 10 * max(beside, above) > 3 * size:
        return False
    height, main_height = one.box[3] - one.box[1], main.box[3] - main.box[1]
    whole = 10 * height > 6 * main_height and 5 * one.mass > main.mass
    both = around([box, one.box])
    apart = 8 * beside > size or both[2] - both[0] > both[3] - both[1]
    return not (beside > 0 and whole and apart)


def from_near(ink: Bytes, shape: tuple[int, ...]) -> Box:
    """Where in a picture (H, W) ink of its working picture (h, w) lies, with a fifth around it."""
    left, top, right, bottom = bounds(ink)
    (height, width), (rows, columns) = shape, ink.shape
    left, right = left * width // columns, -(-right * width // columns)
    top, bottom = top * height // rows, -(-bottom * height // rows)
    margin = max(right - left, bottom - top) // 5 + 1
    return (
        max(left - margin, 0), max(top - margin, 0),
        min(right + margin, width), min(bottom + margin, height),
    )  # fmt: skip


def into_frame(ink: Bytes) -> Bytes:
    """Fit the ink (h, w) into 20 x 20 and put its centre of mass in the frame's middle."""
    left, top, right, bottom = bounds(ink)
    ink = ink[top:bottom, left:right]
    if max(ink.shape) != BOX:  # else it is MNIST's own, and comes back as it is
        ink = in_box(widened(ink))
    height, width = ink.shape
    mass = int(ink.sum())
    down = 2 * int(ink.sum(axis=1, dtype=np.int64) @ np.arange(height)) + mass
    along = 2 * int(ink.sum(axis=0, dtype=np.int64) @ np.arange(width)) + mass
    top, left = place(down, mass, height), place(along, mass, width)
    frame = np.zeros((SIDE, SIDE), np.uint8)
    frame[top : top + height, left : left + width] = ink
    return frame


def place(moment: int, mass: int, size: int) -> int:
    """Where ink begins so that its centre, moment / (2 mass), is in the middle: `frame.place`."""
    first = -((moment - SIDE * mass) // (2 * mass))
    return min(max(first, 0), SIDE - size)


def in_box(ink: Bytes) -> Bytes:
    """(h, w) with the longer side 20, the other in proportion, at least 1."""
    longest = max(ink.shape)
    height, width = (max(1, (side * BOX + longest // 2) // longest) for side in ink.shape)
    return area_mean(ink, height, width)


def widened(ink: Bytes) -> Bytes:
    """Ink (h, w) in its box with strokes not much thinner than MNIST's.

    Each dilation makes strokes a pixel wider, and the box.
    """
    width, longest = stroke_width(ink), max(ink.shape)
    for _ in range(MOST_DILATIONS):
        if width * BOX >= THINNEST * longest or longest == WORK:
            break
        ink = np.pad(ink, ((0, 1), (0, 1)))
        ink = np.asarray(cv2.dilate(ink, np.ones((2, 2), np.uint8), anchor=(1, 1)), np.uint8)
        width, longest = width + 10, longest + 1
    return ink


def stroke_width(ink: Bytes) -> int:
    """Width of the strokes in ink (h, w), in tenths of a pixel.

    Twice the area by the outline's length; over all directions pixels' edges are 4 / pi as long
    as the outline that they follow.
    """
    mask = np.pad(ink >= 128, 1)
    down, along = mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1]
    edges = int(np.count_nonzero(down)) + int(np.count_nonzero(along))
    return 25 * int(np.count_nonzero(mask)) // max(edges, 1)
