"""Cut-out: a field of a filled-in form, flat, at the size that is read, its print painted over."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.imaging.printed import without_print
from digitnet.reading.alignment import Alignment, moved
from digitnet.reading.template import Template

MARGIN = 0.35
"""Heights of a box that are cut out around it, as writing reaches over its edge."""
MOST_ZOOM = 2.5
"""Pixels a form is read at, at most, per pixel of the blank one."""
LARGEST = 2600
"""Longer side of the form that is read, in pixels, where the blank one is larger than that."""


class CutOut(NamedTuple):
    """A field cut out of a form, its print painted over.

    Attributes:
        picture: (h, w) or (h, w, 3).
        box: the field's in it.
        view: (3, 3), from its pixels to those of the picture of the form.
    """

    picture: Bytes
    box: Box
    view: NDArray[np.float64]

    def in_form(self, box: Box, zoom: float) -> Box:
        """A box of a sheet that was made of it, ``zoom`` pixels of it in one, in the picture."""
        left, top, right, bottom = (zoom * v for v in box)
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
        x, y = moved(corners, self.view).T
        return int(x.min()), int(y.min()), int(np.ceil(x.max())), int(np.ceil(y.max()))


class Cutter:
    """Cuts fields out of a form, flat and at the size that is read."""

    def __init__(self, template: Template, picture: Bytes, found: Alignment) -> None:
        self.template, self.found = template, found
        height, width = template.blank.picture.shape[:2]
        middle = np.array([[width / 2, height / 2], [width / 2 + 1, height / 2]])
        scale = float(np.hypot(*np.diff(moved(middle, found.view), axis=0)[0]))
        self.zoom = float(np.clip(scale, 1.0, MOST_ZOOM)) * min(1.0, LARGEST / max(height, width))
        self.inside = picture.shape[1], picture.shape[0]
        self.picture, self.view = picture, found.view
        if scale > 1.3 * self.zoom:  # several pixels of the picture make one here
            less = self.zoom / scale
            self.picture = np.asarray(
                cv2.resize(picture, None, fx=less, fy=less, interpolation=cv2.INTER_AREA), np.uint8
            )
            self.view = np.diag([less, less, 1]) @ found.view

    def cut(self, box: Box, shift: NDArray[np.float64]) -> CutOut:
        """A field's box of the blank form, with its margin."""
        left, top, right, bottom = box
        pad = MARGIN * (bottom - top)
        x, y = left - pad, top - pad
        size = (
            max(1, round((right - left + 2 * pad) * self.zoom)),
            max(1, round((bottom - top + 2 * pad) * self.zoom)),
        )
        # A pixel's middle lies half a pixel from its corner, in both pictures.
        half, back = _moved_by(0.5, 0.5), _moved_by(-0.5, -0.5)
        own = _moved_by(x, y) @ np.diag([1 / self.zoom, 1 / self.zoom, 1])
        there = back @ self.view @ _moved_by(*shift) @ own @ half
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpPerspective(
            self.picture, there, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        blank = cv2.warpPerspective(
            self.template.blank.picture, back @ own @ half, size, flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        ground = 2 * max(3, round(0.2 * (bottom - top) * self.zoom)) + 1
        clean = without_print(
            np.asarray(seen, np.uint8), np.asarray(blank, np.uint8),
            slack=max(1, round(self.zoom)), ground=ground,
        )  # fmt: skip
        edge = round(pad * self.zoom)
        box = edge, edge, size[0] - edge, size[1] - edge
        return CutOut(clean, box, self.found.view @ _moved_by(*shift) @ own)


def _moved_by(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
