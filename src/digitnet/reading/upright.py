"""Upright: a picture of a page is turned until what is written on it can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box
from digitnet.reading.reading import Reading

LEAST_TO_TURN = 4
"""Of digits: fewer do not say which way is up."""
UPRIGHT, WELL_READ, MUCH_BETTER = 0.8, 0.9, 0.15
"""The share of its digits stood by from which a page is not turned by quarters; from which it is
not turned at all, and which a turned one needs; and by how much that must be more."""
EITHER_WAY = frozenset({0, 1, 2, 5, 6, 8, 9})
"""Labels that digits upside down are read as. A page of no others that is not read well is turned
by half where all of it is then stood by: 506 and 38 upside down are 909 and 88, nearly as well."""
SAY_WHICH_WAY, LIKELY = 8, 0.5
"""Of digits upside down that are others as well: fewer than the first do not say for certain which
way is up, where at least that share of them is stood by as they lie."""
MOST_RUNS = 1000
"""Ways to take marks together, with more of which three further readings would take too long: one
reading more is taken where the marks say which."""
FEW = 6
"""Components of a picture, up to which it may be one number that lies aslant."""
SIDE = 300
"""Pixels of the longer side at which such a picture is tilted."""
TILTS = (-60, -45, -30, -15, 15, 30, 45, 60)
"""Degrees clockwise that such a number is turned by."""
NEAR = 14
"""Degrees by which such a turn may differ from the one that sets the number's components level: a
1 that is tilted is a 7, so a level number is not."""
CLEAR = 0.95
"""How likely each of its characters must then be right."""


class Try(NamedTuple):
    """A picture read as it lies.

    Attributes:
        reading: what it says.
        components: what may be a digit on it.
        n: digits that all its rows may be.
        share: of them that the model of single digits stands by.
        likelihood: the mean log-probability of their likeliest classes.
        n_runs: how many ways to take marks together were looked at.
        quarters: by how many quarters, counter-clockwise, its marks say that it must be turned;
            None where they were not asked.
        fall: degrees by which its components lie ever lower to the right; None of a single one.
    """

    reading: Reading
    components: int = 0
    n: int = 0
    share: float = 0.0
    likelihood: float = 0.0
    n_runs: int = 0
    quarters: int | None = None
    fall: float | None = None


def read_upright(read: Callable[[Bytes], Try], picture: Bytes) -> Reading:
    """Read a picture, (H, W) or (H, W, 3) uint8, turned if that is clearer.

    One that is read well as it lies is not tried otherwise. A page is turned by quarters; a few
    characters that are not clear may lie aslant.
    """
    lies = read(picture)
    if 0 < lies.components <= FEW and not _is_clear(lies.reading):
        return _read_aslant(read, lies, picture)
    if lies.quarters:
        tried = read(np.ascontiguousarray(np.rot90(picture, lies.quarters)))
        if tried.share < max(UPRIGHT, lies.share + MUCH_BETTER):
            return lies.reading
        return _turned(tried.reading, lies.quarters, picture.shape)
    if lies.n < LEAST_TO_TURN or lies.n_runs > MOST_RUNS or lies.share > WELL_READ:
        return lies.reading
    if lies.share > UPRIGHT:
        return _read_upside_down(read, lies, picture)
    tries = []
    for quarters in (1, 2, 3):
        tried = read(np.ascontiguousarray(np.rot90(picture, quarters)))
        if tried.n >= LEAST_TO_TURN:
            tries.append((tried.share, tried.likelihood, quarters, tried.reading))
    share, _, quarters, reading = max(tries, key=lambda one: one[:2], default=(0.0, 0.0, 0, None))
    if reading is None or share < max(WELL_READ, lies.share + MUCH_BETTER):
        return lies.reading
    if quarters == 2:
        return _by_half(lies, reading, picture)
    return _turned(reading, quarters, picture.shape)


def _by_half(lies: Try, reading: Reading, picture: Bytes) -> Reading:
    """A page turned by half; of a few digits that are as well others, the one or the other, unsure.

    ``reading`` is of the turned picture. Where it loses a digit or a sign, it is not the one.
    """
    many = len(reading.digits) >= SAY_WHICH_WAY
    clear = not {one.label for one in reading.digits} <= EITHER_WAY
    if many or clear or lies.share < LIKELY:
        return _turned(reading, 2, picture.shape)
    if _holds(reading, lies.reading):
        return _in_doubt(_turned(reading, 2, picture.shape))
    return _in_doubt(lies.reading)


def _in_doubt(reading: Reading) -> Reading:
    """A reading none of whose digits is sure."""
    digits = tuple(replace(one, sure=False, trust=0.0) for one in reading.digits)
    return replace(reading, digits=digits)


def _read_upside_down(read: Callable[[Bytes], Try], lies: Try, picture: Bytes) -> Reading:
    """A page that is not read badly as it lies, turned by half if all of its digits say so."""
    if not {one.label for one in lies.reading.digits} <= EITHER_WAY:
        return lies.reading
    tried = read(np.ascontiguousarray(np.rot90(picture, 2)))
    sure = [sum(one.sure for one in way.reading.digits) for way in (lies, tried)]
    if tried.share < 1.0 or tried.n < lies.n or sure[1] <= sure[0]:
        return lies.reading
    return _by_half(lies, tried.reading, picture)


def _turned(reading: Reading, quarters: int, shape: tuple[int, ...]) -> Reading:
    """What a picture of that shape says, of whose counter-clockwise quarter turns it was read."""

    def back(box: Box) -> Box:
        for step in reversed(range(quarters)):
            left, top, right, bottom = box
            width = shape[0] if step % 2 else shape[1]
            box = (width - bottom, left, width - top, right)
        return box

    return reading.moved(-90 * quarters % 360, back)


def _is_clear(reading: Reading) -> bool:
    """Whether a page says two characters or more, and all that is on it is likely right."""
    chances = [one.probability for one in reading.digits]
    unread = any(mark.reason is not None for mark in reading.marks)
    return not (unread or reading.rejected) and len(chances) > 1 and min(chances) >= CLEAR


def _holds(reading: Reading, other: Reading) -> bool:
    """Whether a reading has no fewer digits and no fewer signs than another.

    If it has as many digits, it has as many marks that are not read, too: one may be a sign.
    """
    signs = [sum(mark.reason is None for mark in one.marks) for one in (reading, other)]
    as_many = len(reading.digits) == len(other.digits)
    if as_many and len(reading.marks) < len(other.marks):
        return False
    return len(reading.digits) >= len(other.digits) and signs[0] >= signs[1]


def _read_aslant(read: Callable[[Bytes], Try], lies: Try, picture: Bytes) -> Reading:
    """A picture of a few characters, tilted by as much as makes all of them clear.

    What one digit says as it lies is left at that: tilted, a digit may be two.
    """
    if lies.components == 1 and lies.reading.lines:
        return lies.reading
    zoom = SIDE / max(picture.shape[:2])
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    height, width = picture.shape[:2]
    size = (max(1, round(zoom * width)), max(1, round(zoom * height)))
    small = np.asarray(cv2.resize(picture, size, interpolation=smooth), np.uint8)
    ground = np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]), axis=0)
    found: list[tuple[int, float, int, Reading]] = []
    for degrees in TILTS:
        if lies.fall is not None and abs(lies.fall + degrees) > NEAR:
            continue
        way = _tilt(small.shape, degrees)
        room = (2 * SIDE, 2 * SIDE)
        tilted = cv2.warpAffine(small, way, room, borderValue=np.atleast_1d(ground).tolist())
        reading = read(np.asarray(tilted, np.uint8)).reading
        if _is_clear(reading) and _holds(reading, lies.reading):
            chances = [one.probability for one in reading.digits]
            found.append((len(chances), float(np.mean(np.log(chances))), degrees, reading))
    if not found:
        return lies.reading
    _, _, degrees, reading = max(found, key=lambda one: one[:2])
    way = np.asarray(cv2.invertAffineTransform(_tilt(small.shape, degrees)), np.float64)

    def back(box: Box) -> Box:
        left, top, right, bottom = box
        corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]])
        x, y = (way @ corners.T) / zoom
        x, y = x.clip(0, width), y.clip(0, height)
        return int(x.min()), int(y.min()), int(np.ceil(x.max())), int(np.ceil(y.max()))

    return reading.moved(degrees % 360, back)


def _tilt(shape: tuple[int, ...], degrees: float) -> NDArray[np.float64]:
    """The affine map (2, 3) that turns a picture clockwise into the middle of a larger square."""
    height, width = shape[:2]
    way = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    way[:, 2] += SIDE - np.array([width / 2, height / 2])
    return np.asarray(way, np.float64)
