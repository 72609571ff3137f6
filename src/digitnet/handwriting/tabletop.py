"""Tabletop: sheets lying on something of any colour, turned, in perspective, in uneven light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.splines import Floats
from digitnet.imaging.arrays import Bytes


class Shown(NamedTuple):
    """A picture (H, W, 3) uint8, and the corners (n, 4, 2) float32 of what is written on it."""

    picture: Bytes
    corners: Floats


def on_a_table(sheets: Sequence[Shown], rng: np.random.Generator, degrees: float) -> Shown:
    """Sheets side by side, or one below the other, on something of any colour.

    Args:
        sheets: at least one, in reading order.
        rng: draws everything else; the same state gives the same bits.
        degrees: how far sheets are turned, as a standard deviation; 0 for none.
    """
    size = min(min(sheet.picture.shape[:2]) for sheet in sheets)
    beside = rng.random() < 0.5  # else below
    around = rng.uniform(0.08, 0.6) * size
    start = around * rng.uniform(0.3, 1, 2)
    places: list[NDArray[np.float64]] = []
    for sheet in sheets:
        h, w = sheet.picture.shape[:2]
        angle = np.deg2rad(rng.normal(0, 1) * degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
        there = (own - own.mean(axis=0)) @ turn.T
        there += rng.uniform(-0.05, 0.05, (4, 2)) * min(1.0, degrees / 7) * min(h, w)
        there += start - there.min(axis=0)
        places.append(there)
        step = there.max(axis=0) - start + rng.uniform(0.03, 0.3) * size
        start = start + step * ((1, 0) if beside else (0, 1))
    ends = np.max([there.max(axis=0) for there in places], axis=0)
    width, height = np.ceil(ends + around * rng.uniform(0.3, 1, 2)).astype(int).tolist()
    back = _table(height, width, rng)
    found = []
    for sheet, there in zip(sheets, places, strict=True):
        back, corners = _lay(back, sheet, there, size, rng)
        found.append(corners)
    return Shown(np.rint(back.clip(0, 255)).astype(np.uint8), np.concatenate(found))


def _table(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Something of any colour with a grain, (H, W, 3) in 0..255."""
    dark = rng.random() < 0.6
    colour = rng.uniform(0.02, 0.35, 3) if dark else rng.uniform(0.3, 0.85, 3)
    cells = (height // 3 + 2, width // int(rng.choice([3, 40])) + 2)
    grain = np.asarray(cv2.resize(rng.normal(0, 1, cells), (width, height)))
    table = colour + (rng.uniform(0.005, 0.05) * grain)[..., None]
    return np.asarray(np.rint(np.clip(table, 0, 1) * 255), np.float32)


def _lay(
    back: Floats, sheet: Shown, there: NDArray[np.float64], size: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The table with one more sheet, its corners at ``there`` (4, 2); and where its writing is."""
    h, w = sheet.picture.shape[:2]
    own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    view = cv2.getPerspectiveTransform(own, there.astype(np.float32))
    across = (back.shape[1], back.shape[0])
    lying = cv2.warpPerspective(sheet.picture, view, across, flags=cv2.INTER_LINEAR)
    full = np.full((h, w), 255, np.uint8)
    inside = cv2.warpPerspective(full, view, across).astype(np.float32)[..., None] / 255
    # The sheet throws a soft shadow on what it lies on.
    shade = cv2.GaussianBlur(inside[..., 0], (0, 0), max(1.0, 0.02 * size))[..., None]
    back = back * (1 - np.float32(rng.uniform(0, 0.6)) * shade)
    # Where the sheet covers a part of a pixel, the warp has already darkened it by that part.
    picture = lying.astype(np.float32) + back * (1 - inside)
    moved = cv2.perspectiveTransform(sheet.corners.reshape(-1, 1, 2), view)
    moved = np.asarray(moved, np.float32).reshape(sheet.corners.shape)
    return np.asarray(picture, np.float32), moved


def trimmed(shown: Shown, rng: np.random.Generator) -> Shown:
    """A picture that ends, on some of its sides, before the sheet does, and after the writing."""
    height, width = shown.picture.shape[:2]
    places = shown.corners.reshape(-1, 2)
    room = 0.02 * min(height, width)
    left, top = np.maximum(places.min(axis=0) - room, 0) * rng.choice([0, 1], 2)
    right, bottom = np.minimum(places.max(axis=0) + room, (width, height))
    if rng.random() < 0.5:
        right = width
    if rng.random() < 0.5:
        bottom = height
    x, y = int(left), int(top)
    picture = shown.picture[y : int(np.ceil(bottom)), x : int(np.ceil(right))]
    return Shown(np.ascontiguousarray(picture), shown.corners - np.array([x, y], np.float32))


def vignette(picture: Bytes, rng: np.random.Generator) -> Bytes:
    """Light that falls off towards the corners."""
    h, w = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    light = 1 - rng.uniform(0.2, 0.6) * ((x * x + y * y) / 2) ** rng.uniform(0.8, 2)
    return np.asarray(np.rint(picture * light[..., None]), np.uint8)


def turned(shown: Shown, quarters: int) -> Shown:
    """A picture turned to the left by some quarters of a full turn."""
    picture, corners = shown
    for _ in range(quarters):
        corners = np.stack([corners[..., 1], picture.shape[1] - corners[..., 0]], axis=-1)
        picture = np.rot90(picture)
    return Shown(np.ascontiguousarray(picture), corners)
