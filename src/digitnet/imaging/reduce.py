"""Reduce: a picture made smaller, or larger, to the size and channels that are worked on."""

from __future__ import annotations

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes


def reduce(picture: Bytes, longest: int) -> Bytes:
    """Shrink a picture by area so that its longer side is at most ``longest`` pixels."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def reduce_by_whole(picture: Bytes, longest: int) -> Bytes:
    """The same by a whole number, four times as fast; rows and columns that are left over go."""
    times = -(-max(picture.shape[:2]) // longest)
    if times == 1:
        return picture
    height, width = (max(1, n // times) for n in picture.shape[:2])
    whole = picture[: height * times, : width * times]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(picture: Bytes, least: int, longest: int, most_times: int) -> Bytes:
    """Enlarge a picture whose longer side is under ``least`` pixels to about ``longest``."""
    side = max(picture.shape[:2])
    if side >= least:
        return picture
    times = min(longest // side, most_times)
    return np.asarray(
        cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def drop_grey_channels(picture: Bytes) -> Bytes:
    """Make (H, W) of an (H, W, 3) picture without colour: two thirds of the work are saved."""
    if picture.ndim == 2:
        return picture
    red, green, blue = cv2.split(picture)
    if max(cv2.absdiff(red, green).max(), cv2.absdiff(green, blue).max()) > 6:
        return picture
    return np.asarray(green, np.uint8)
