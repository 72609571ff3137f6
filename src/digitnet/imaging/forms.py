"""Forms: the walls of printed combs and boxes, which stand between ruled lines, out of the ink."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from digitnet.imaging.arrays import Flags, Mask

FULL = 0.9
"""The share of the way from line to line that a wall is seen on, at least."""
LINE = 0.4
"""The share of the page that a ruled line covers, at least."""
LEAST_DEEP, MOST_DEEP = 0.7, 4.0
"""How far apart the lines of a comb lie, in heights of a digit."""


def erase_walls(mask: Mask, ruling: Flags, height: float) -> Mask:
    """Take what runs straight from one ruled line to the next out of a mask of 0 and 1, (h, w).

    ``ruling`` (h, w) says which pixels were taken out as level lines; ``height`` is a usual
    digit's in pixels. Strokes that cross a wall stay whole. The very same mask comes back where
    there are no walls.
    """
    covered = ruling.sum(axis=1)
    profile = np.nonzero(covered > LINE * ruling.shape[1])[0]
    if len(profile) < 2 or (ruling.sum(axis=0) > LINE * len(ruling)).any():
        return mask  # no comb, or squares, whose lines are out already
    lines = np.split(profile, np.nonzero(np.diff(profile) > 1)[0] + 1)
    walls = np.zeros_like(mask)
    for above, below in pairwise(lines):
        top, bottom = int(above[-1]) + 1, int(below[0])
        if not LEAST_DEEP * height < bottom - top < MOST_DEEP * height:
            continue
        strip = mask[top:bottom]
        near = cv2.dilate(strip, np.ones((1, 3), np.uint8))
        run = np.ones((max(3, int(FULL * (bottom - top))), 1), np.uint8)
        straight = np.asarray(cv2.morphologyEx(near, cv2.MORPH_OPEN, run), np.uint8)
        touches = near[:2].any(axis=0) & near[-2:].any(axis=0)
        wall = straight & strip & touches
        walls[top:bottom] = wall
        columns = np.asarray(
            cv2.dilate(wall.max(axis=0, keepdims=True), np.ones((1, 5), np.uint8)), np.uint8
        )
        for ends in (slice(above[0], top), slice(bottom, int(below[-1]) + 1)):
            walls[ends] |= mask[ends] & columns  # where it meets the lines
    if not walls.any():
        return mask
    rest = mask & ~walls
    size = 2 * int(np.percentile(cv2.distanceTransform(walls, cv2.DIST_C, 3)[walls > 0], 90)) + 3
    level = np.ones((1, size), np.uint8)
    joined = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, level), np.uint8)
    return np.asarray(rest | (joined & walls), np.uint8)
