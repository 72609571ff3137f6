"""Scan: a picture read as background and ink, once for each pen that may have drawn in it.

Two walks begin here: `locate` looks for a single digit, `digitnet.reading` for a page of them.
They differ in the numbers of a `ScanPlan` and in which connected components they choose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes, Flags, Floats, Mask
from digitnet.imaging.background import (
    Pens,
    brightest,
    contrast_to,
    estimate_background,
    percentile,
    polarity,
    without_grain,
)
from digitnet.imaging.corners import fill_wedges
from digitnet.imaging.field import erase_field
from digitnet.imaging.ink import Ink, find_ink, ink_again
from digitnet.imaging.reduce import drop_grey_channels, enlarge, reduce, reduce_by_whole
from digitnet.imaging.ruling import erase_ruling

BRIGHTEST = -0.2
"""Least contrast kept: what outshines the ground, at a table's edge, must not stretch the scale."""

WIDEST = 0.25
"""Of the picture's shorter side: wider pens are tried only where no thinner one shows ink."""


@dataclass(frozen=True)
class ScanPlan:
    """What the scans of a single digit and of a page differ in.

    Attributes:
        longest: longer side of the picture that is worked on, in pixels; larger ones are reduced.
        whole: whether by a whole number, which is several times as fast.
        least: a picture whose longer side is shorter than this is enlarged,
        enlarged: to about this,
        most_times: by this many times at most.
        wedges: whether corners that show the table behind a sheet are filled with its paper.
        small: longer side of the reduced picture on which pens, polarity and ground are found.
        dark: where the ground is darker than this share of the usual one, nothing is ink.
        close_vote: both polarities are tried where the vote is closer than this.
        ruled_from: width of the pen, in pixels, from which ruled lines are told from strokes.
        ruling: width of ruled lines, in widths of the pen, at most about this.
        crossing: whether ruled lines are looked for only where ink reaches two opposite edges,
            which is seen at once and spares most pictures the search.
        field: whether the lines of a box, comb or table around the one digit are taken out.
    """

    longest: int
    whole: bool
    least: int
    enlarged: int
    most_times: int
    wedges: bool
    small: int
    dark: float
    close_vote: float
    ruled_from: float
    ruling: float
    crossing: bool
    field: bool


@dataclass(frozen=True)
class Scan:
    """A picture as drawn by a pen of one width; (h, w) is the size that is worked on.

    Attributes:
        light: whether the ground is light.
        trust: in this polarity, from 0 to 2.
        pen: the strokes' width in pixels.
        ground: under the ink, reduced; of the negative where the ground is dark.
        contrast: (h, w), of the ink against the ground.
        ink: what stands out, ruled lines left out; None where nothing does.
        ruling: (h, w), whether a pixel is of a ruled line.
        framed: whether lines around the digit were taken out of contrast and ink.
    """

    light: bool
    trust: float
    pen: float
    ground: Bytes
    contrast: Floats
    ink: Ink | None
    ruling: Flags
    framed: bool = False


def scan(picture: Bytes, plan: ScanPlan) -> Iterator[Scan]:
    """A scan for each likely polarity and pen of a picture, (H, W) or (H, W, 3) uint8.

    A picture may hold thin ruled lines, strokes and a wide shadow, so several pens may have drawn
    in it, and it is for the caller to say which scan shows most of what is looked for. None is
    made before it is asked for.
    """
    work = resize(picture, plan)
    small = reduce(work, plan.small)
    vote, dark, light = polarity(small)
    if vote >= -plan.close_vote:
        yield from _scan_polarity(work, small, dark, True, 1 + vote, plan)
    if vote < plan.close_vote:
        yield from _scan_polarity(255 - work, 255 - small, light, False, 1 - vote, plan)


def resize(picture: Bytes, plan: ScanPlan) -> Bytes:
    """The picture at a size that is quick and fine enough, without needless channels and table."""
    work = (reduce_by_whole if plan.whole else reduce)(picture, plan.longest)
    work = drop_grey_channels(work)
    work = enlarge(work, plan.least, plan.enlarged, plan.most_times)
    return fill_wedges(work) if plan.wedges else work


def _scan_polarity(
    work: Bytes, small: Bytes, pens: Pens, light: bool, trust: float, plan: ScanPlan
) -> Iterator[Scan]:
    """A scan for each of the likely pens, of dark ink on a light ground."""
    inked = False
    for width in pens.widths:
        if inked and width > WIDEST * min(small.shape[:2]):
            break
        ground = estimate_background(small, width)
        pen = 0.8 * width * max(work.shape[:2]) / max(small.shape[:2])
        contrast = contrast_to(ground, without_grain(work, pen))
        np.maximum(contrast, np.float32(BRIGHTEST), out=contrast)
        contrast[_too_dark(ground, contrast.shape, plan.dark)] = 0
        ink, ruling = find_ink(contrast), np.zeros(contrast.shape, np.bool_)
        cleared: Floats | None = None
        if ink is not None and plan.field:
            cleared = erase_field(ink.mask, contrast)
            if cleared is not None:
                ink = ink_again(ink, contrast, cleared)
                contrast = cleared
        if ink is not None and pen >= plan.ruled_from and (not plan.crossing or _crosses(ink.mask)):
            mask = erase_ruling(ink.mask, contrast / np.float32(ink.level), plan.ruling * pen)
            ruling = mask < ink.mask
            ink = ink._replace(mask=mask, seeds=ink.seeds & ~ruling)
        inked = inked or ink is not None
        yield Scan(light, trust, pen, ground, contrast, ink, ruling, cleared is not None)


def _crosses(mask: Mask) -> bool:
    """Whether ink (h, w) reaches the left and the right edge, or the upper and the lower one."""
    across = mask[:, 0].any() and mask[:, -1].any()
    return bool(across or (mask[0].any() and mask[-1].any()))


def _too_dark(ground: Bytes, shape: tuple[int, ...], share: float) -> Flags:
    """Where the ground is so much darker than usual that no ink can be told from its grain."""
    grey = brightest(ground)
    dark = (grey < share * percentile(grey, 0.9)).astype(np.uint8)
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(dark, size, interpolation=cv2.INTER_NEAREST), np.bool_)
