"""Printed: what a blank form has printed, painted over in a picture of the filled-in one."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes, Floats
from digitnet.imaging.background import closed

FAINTEST = 0.06
"""How much darker than its ground a pixel of the blank form is, at least, that is print."""
DARK_PRINT = 0.9
"""The share of print that is lighter than the print is said to be."""
DARKER = 0.15
"""By how much the filled-in form must be darker than that, to be writing on print."""
BESIDE = 0.3
"""Of a stroke on print, the share that lies beside it, at least; a dark bit of a line has none."""


def printed_on(blank: Bytes, ground: int) -> Floats:
    """How much darker than its paper each pixel of a blank form is, (h, w), 0 where it is paper.

    Args:
        blank: (h, w) or (h, w, 3) uint8.
        ground: width in pixels of what is wider than any printed line.
    """
    contrast = _contrast(blank, ground)
    contrast[contrast < FAINTEST] = 0
    return contrast


def without_print(picture: Bytes, blank: Bytes, *, slack: int, ground: int) -> Bytes:
    """A part of a filled-in form with paper where the blank one is printed.

    Strokes that cross printed lines are painted on across them (Telea 2004), and what is darker
    than all print stays.

    Args:
        picture: (h, w) or (h, w, 3) uint8.
        blank: the same part of the blank form, (h, w) or (h, w, 3).
        slack: pixels by which print may lie beside its place.
        ground: width in pixels of what is wider than any printed line or stroke.
    """
    printed = printed_on(blank, ground)
    size = 2 * slack + 1
    near = np.asarray(cv2.dilate(printed, np.ones((size, size), np.uint8)), np.float32)
    contrast = _contrast(picture, ground)
    there = near > 0
    if not there.any():
        return picture
    # A thin line is as dark as all print where it fills a pixel, however faint the blank has it.
    darkest = np.quantile(contrast[printed > 0], DARK_PRINT)
    dark = (contrast > np.float32(darkest + DARKER)).astype(np.uint8)
    _, labels = cv2.connectedComponents(dark, connectivity=8)
    beside = np.bincount(labels[~there], minlength=int(labels.max()) + 1)
    share = beside / np.maximum(np.bincount(labels.ravel(), minlength=len(beside)), 1)
    written = (dark > 0) & (share[labels] >= BESIDE)
    mask = (there & ~written).astype(np.uint8)
    return np.asarray(cv2.inpaint(picture, mask, slack + 1, cv2.INPAINT_TELEA), np.uint8)


def _contrast(picture: Bytes, ground: int) -> Floats:
    """How much darker than the ground around it each pixel is, (h, w): 0 ground, 1 black."""
    paper = closed(picture, ground).astype(np.float32)
    ratio = 1 - (picture + np.float32(1)) / (paper + np.float32(1))
    return np.asarray(ratio if ratio.ndim == 2 else ratio.max(axis=2), np.float32)
