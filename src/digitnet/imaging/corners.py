"""Corners: the wedges of table around a sheet that was photographed askew, filled with paper."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes, Flags
from digitnet.imaging.reduce import reduce

LEAST_SIDE = 64
"""Shorter side in pixels of a picture that may be a photo of a sheet; below it is a drawing."""

SCAN_SIDE = 160
LIKE = 30
"""Grey levels, in every channel, that a surface differs from itself at most."""


def fill_wedges(picture: Bytes) -> Bytes:
    """The picture, (H, W) or (H, W, 3), with paper where its corners show what lies behind it.

    A wedge is a surface of one colour that fills a corner, ends in a straight line from edge to
    edge, and leaves a border of paper between itself and the next. Strokes in a corner are longer
    than the triangle they begin with, and the ground around a digit is no small triangle, so both
    stay.
    """
    if min(picture.shape[:2]) < LEAST_SIDE:
        return picture
    small = reduce(picture, SCAN_SIDE)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8)
    wedges = np.zeros(small.shape[:2], np.bool_)
    for bottom in (False, True):
        for right in (False, True):
            region = _surface_at(smooth, right, bottom)
            turned = region[:: -1 if bottom else 1, :: -1 if right else 1]
            if _is_wedge(turned) and _ends_sharply(smooth, region):
                wedges |= region
    if not wedges.any() or not _is_sheet(smooth, wedges):
        return picture
    kernel = np.ones((5, 5), np.uint8)
    hidden = np.asarray(cv2.dilate(wedges.astype(np.uint8), kernel, iterations=2), np.uint8)
    size = (picture.shape[1], picture.shape[0])
    paper = cv2.resize(cv2.inpaint(small, hidden, 3, cv2.INPAINT_TELEA), size)
    where = cv2.resize(hidden, size, interpolation=cv2.INTER_NEAREST) > 0
    filled = picture.copy()
    filled[where] = paper[where]
    return filled


def _surface_at(picture: Bytes, right: bool, bottom: bool) -> Flags:
    """The connected pixels that look like a corner's own, (h, w)."""
    rows, columns = picture.shape[:2]
    seed = (columns - 1 if right else 0, rows - 1 if bottom else 0)
    mask = np.zeros((rows + 2, columns + 2), np.uint8)
    flags = 4 | (1 << 8) | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY
    cv2.floodFill(picture.copy(), mask, seed, 0, (LIKE,) * 3, (LIKE,) * 3, flags)
    return mask[1:-1, 1:-1] > 0


def _is_wedge(region: Flags) -> bool:
    """Whether a region in the top left corner is the triangle between its two edges."""
    rows, columns = region.shape
    wide, high = _run(region[0]), _run(region[:, 0])
    area = int(region.sum())
    if min(wide, high) < 2 or area > 0.15 * region.size:
        return False
    triangle = 0.5 * (wide * high + wide + high)  # of pixels, those on the slanted side included
    return min(wide / columns, high / rows) <= 0.4 and 0.75 < area / triangle < 1.25


def _ends_sharply(picture: Bytes, region: Flags) -> bool:
    """Whether the ground changes at the region's end, not little by little as light does."""
    own = region.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    inside = region & (cv2.erode(own, kernel, iterations=3, borderValue=1) == 0)
    beyond = (cv2.dilate(own, kernel, iterations=5) > 0) & (
        cv2.dilate(own, kernel, iterations=2) == 0
    )
    flat = picture if picture.ndim == 3 else picture[..., None]
    step = np.median(flat[inside], axis=0) - np.median(flat[beyond], axis=0)
    return bool(np.abs(step).max() > LIKE)


def _run(line: Flags) -> int:
    """How many True a line begins with."""
    return len(line) if line.all() else int(line.argmin())


def _is_sheet(picture: Bytes, wedges: Flags) -> bool:
    """Whether the border between the wedges is of one colour, and that of most of the rest."""
    border = np.ones_like(wedges)
    border[1:-1, 1:-1] = False
    flat = picture if picture.ndim == 3 else picture[..., None]
    usual = np.median(flat[~wedges], axis=0)
    alike = np.asarray((np.abs(flat - usual) <= 1.5 * LIKE).all(axis=2))
    return bool(alike[border & ~wedges].mean() > 0.75)
