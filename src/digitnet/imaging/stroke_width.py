"""Stroke width: ink cut out of a picture, brought to MNIST's thickness and into its 20 x 20 box."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.imaging.arrays import Floats, Mask
from digitnet.imaging.frame import BOX

FINE = 8
"""Fine pixels per frame pixel: stroke width is measured and changed on a grid this fine."""

THINNEST, THICKEST = 2.3, 4.2
"""Stroke widths of nine MNIST training digits in ten, in frame pixels, by ``stroke_width``."""


def stroke_width(mask: Mask) -> float:
    """Mean width of the strokes in a mask of 0 and 1, in its pixels.

    Across a stroke of width w the distance to its edge rises from 0 to w/2 and falls again, so
    its mean is w/4. A mask without an edge is one stroke, as wide as its shorter side.
    """
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)[mask.view(np.bool_)]
    if inside.size == mask.size:
        return float(min(mask.shape))
    return 4 * float(inside.mean()) if inside.size else 0.0


def resized(ink: Floats, scale: float) -> Floats:
    """Scale (h, w) ink in 0..1: by area where it shrinks, by cubic curves where it grows."""
    height, width = ink.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    larger = np.asarray(cv2.resize(ink, size, interpolation=way), np.float32)
    return np.clip(larger, 0, 1, out=larger)


def into_box(ink: Floats) -> Floats:
    """Fit (h, w) ink in 0..1, cropped to its box, into 20 x 20: aspect kept, MNIST's thickness.

    Returns (h', w') with the longer side 20. Strokes that are thinner or thicker than MNIST's
    are brought to its range; others are left alone.
    """
    longest = max(ink.shape)
    fine = resized(padded(ink, 1), BOX * FINE / longest)
    mask = outline(fine)
    width = stroke_width(mask) / FINE
    wanted = min(max(width, THINNEST), THICKEST)
    if 0 < width < BOX / 2 and abs(wanted - width) > 0.05:  # a blot has no strokes to redraw
        fine = with_width(ink, width, wanted)
    elif longest == BOX:
        return ink
    else:
        fine = resized(ink, BOX * FINE / longest)
    return shrink(fine)


def padded(ink: Floats, room: int) -> Floats:
    """Ink (h, w) with ``room`` pixels of ground on each side; `numpy.pad` is slow."""
    filled = np.zeros((ink.shape[0] + 2 * room, ink.shape[1] + 2 * room), ink.dtype)
    filled[room:-room, room:-room] = ink
    return filled


def outline(fine: Floats) -> Mask:
    """Outline of ink on the fine grid, as 0 and 1: half as dark as the stroke is right there.

    A stroke finer than a pixel, or drawn with less pressure, is nowhere full ink; the darkest
    point within about a stroke's width says how dark it gets.
    """
    near = cv2.dilate(fine, np.ones((3 * FINE + 1, 3 * FINE + 1), np.uint8))
    return (fine > 0.5 * np.maximum(near, 0.3)).astype(np.uint8)


def with_width(ink: Floats, width: float, wanted: float) -> Floats:
    """Redraw ink on the fine grid with strokes ``wanted`` frame pixels wide instead of ``width``.

    The centre lines are scaled so that the digit fills the box with its new strokes; then the
    outline is moved out or in by the same distance everywhere.
    """
    longest = max(ink.shape)
    scale = (BOX - wanted) / (BOX - width) * BOX * FINE / longest
    fine = resized(padded(ink, 2), scale)
    fine = padded(fine, 2 * FINE)
    mask = outline(fine)
    move = (wanted * FINE - stroke_width(mask)) / 2
    if move > 0:
        mask = (cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) <= move).astype(np.uint8)
    else:
        mask = (cv2.distanceTransform(mask, cv2.DIST_L2, 5) > -move).astype(np.uint8)
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return resized(ink, BOX * FINE / longest)
    mask = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return resized(mask.astype(np.float32), BOX * FINE / max(mask.shape))


def shrink(fine: Floats) -> Floats:
    """Average a fine drawing over frame pixels: (h, w) to (h / 8, w / 8), rounded up.

    Pairs beside one another are added first, then rows: the order, and so the bits, of a mean over
    both axes at once, which takes three times as long.
    """
    height, width = fine.shape
    rows, columns = -(-height // FINE), -(-width // FINE)
    filled = np.zeros((rows * FINE, columns * FINE), fine.dtype)
    filled[:height, :width] = fine
    sums = filled.reshape(rows, FINE, columns, FINE)
    for _ in range(3):  # of 8, 4 and 2 beside one another
        sums = sums[..., 0::2] + sums[..., 1::2]
    return np.asarray(sums[..., 0].sum(axis=1) / fine.dtype.type(FINE * FINE), np.float32)
