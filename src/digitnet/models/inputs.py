"""Inputs: what a model may be asked about, told apart: one picture or a batch, bytes or floats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.frame import SIDE
from digitnet.imaging.pictures import open_picture

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    OnePicture = str | Path | bytes | BinaryIO | Image.Image
    Batch = list[Any] | tuple[Any, ...]

N_PIXELS = SIDE * SIDE
CHANNELS = (1, 2, 3, 4)  # grey, grey and alpha, RGB, RGBA; always the last axis
LEAST_OF_255 = 16
"""Floats up to 1 are in 0..1, and floats of which one is at least this in 0..255. Between the two
it cannot be told: most often they were in 0..1 and a little was added."""


def pictures_in(given: OnePicture | Batch | NDArray[Any]) -> tuple[list[Bytes], bool]:
    """Every picture in what was given, decoded, and whether that is a batch.

    What is a path, bytes, an open file or a Pillow image is one picture. A list or tuple is a
    batch of pictures, one of plain numbers the array they make. Of an array the shape tells:

        (784,)                   one picture of 28 x 28, row by row
        (N, 784)                 a batch of those, and never one picture that is 784 pixels wide
        (H, W)                   one picture, (28, 28) too
        (H, W, 1 to 4)           one picture: grey, grey and alpha, RGB or RGBA
        (N, H, W)                a batch of grey pictures; (3, H, W) and (4, H, W) only if they
                                 are 28 x 28: any other could be one picture, its channels first
        (N, H, W, 1 to 4)        a batch of pictures

    Floats up to 1 are taken as 0..1; a batch that is one array is scaled as a whole.

    Returns:
        The pictures, each (H, W) or (H, W, 3) uint8, and whether they came as a batch.

    Raises:
        PictureError: one of them is no picture, or it cannot be told what is meant.
    """
    if isinstance(given, list | tuple):
        if not _holds_numbers(given):
            return [_one(item, number) for number, item in enumerate(given)], True
        given = _as_array(given)
    if isinstance(given, np.ndarray):
        return _in_array(given)
    return [open_picture(given)], False


def as_frames(images: NDArray[Any]) -> Bytes:
    """Frames (N, 28, 28) or (N, 784), ink bright on 0, as (N, 28, 28) uint8.

    Bytes are in 0..255, and so are other whole numbers; floats up to 1 are in 0..1.

    Raises:
        PictureError: another shape, NaN, numbers below 0 or above 255, or numbers of which it
            cannot be told whether they are in 0..1 or in 0..255.
    """
    images = np.asarray(images)
    if images.shape[1:] not in ((SIDE, SIDE), (N_PIXELS,)):
        raise PictureError(
            f"Frames are (N, {SIDE}, {SIDE}) or (N, {N_PIXELS}), not {images.shape}.",
            "add an axis to a single one; `predict` takes pictures of any size.",
        )
    frames = images.reshape(-1, SIDE, SIDE)
    if images.dtype.kind not in "buif":
        raise PictureError(f"Frames are numbers, not {images.dtype}.")
    if images.dtype == np.bool_:
        return frames.astype(np.uint8) * np.uint8(255)
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
    if not (low >= 0 and high <= 255):  # NaN is neither
        raise PictureError(
            f"Frames hold numbers from 0 to 255, or floats from 0 to 1, not {low:g} to {high:g}."
        )
    if images.dtype.kind != "f":
        if high == 1:
            raise PictureError(
                "No number in these frames is above 1, and they are whole: is 1 all ink, or nearly "
                "none?",
                "give floats from 0 to 1, or bytes up to 255.",
            )
        return frames.astype(np.uint8, copy=False)
    _check_scale(high, "The array of frames")
    return np.rint(frames * (255.0 if high <= 1 else 1.0)).astype(np.uint8)


def _holds_numbers(given: Any) -> bool:
    """Whether a list, or the first of the lists in it, begins with a plain number."""
    while isinstance(given, list | tuple):
        if not given:
            return False
        given = given[0]
    return isinstance(given, Real | np.bool_)


def _as_array(numbers: Sequence[Any]) -> NDArray[Any]:
    try:
        return np.asarray(numbers)
    except ValueError:
        raise PictureError("These lists make no array: rows of different lengths.") from None


def _one(item: Any, number: int) -> Bytes:
    """The one picture that an item of a batch is."""
    pictures, is_batch = pictures_in(item)
    if is_batch:
        raise PictureError(f"Picture {number} of the batch is a batch itself: give single ones.")
    return pictures[0]


def _in_array(array: NDArray[Any]) -> tuple[list[Bytes], bool]:
    """What `pictures_in` says of an array."""
    shape = array.shape
    if array.dtype.kind == "f" and array.size:
        _check_scale(float(array.max()), "The array")
    if shape == (N_PIXELS,):
        return [open_picture(array.reshape(SIDE, SIDE))], False
    if len(shape) == 2 and shape[1] == N_PIXELS:
        return _each(array.reshape(-1, SIDE, SIDE)), True
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in CHANNELS):
        return [open_picture(array)], False
    if len(shape) == 3 and shape[0] in (3, 4) and shape[1:] != (SIDE, SIDE):
        raise PictureError(
            f"An array of shape {shape} may be {shape[0]} pictures, or one, its channels first.",
            "give pictures as a list, or one with its channels last.",
        )
    if len(shape) == 3 or (len(shape) == 4 and shape[3] in CHANNELS):
        return _each(array), True
    raise PictureError(
        f"An array of shape {shape} is neither a picture nor a batch of them.",
        f"give (H, W), (H, W, 3), ({N_PIXELS},), or several as (N, H, W) or (N, {N_PIXELS}).",
    )


def _each(batch: NDArray[Any]) -> list[Bytes]:
    """The pictures of a batch (N, H, W[, C]), brought to bytes by one depth for all of them."""
    if len(batch) and batch.dtype != np.uint8:
        rows = (batch.shape[0] * batch.shape[1], math.prod(batch.shape[2:]))
        batch = open_picture(batch.reshape(rows), max_pixels=batch.size).reshape(batch.shape)
    return [open_picture(picture) for picture in batch]


def _check_scale(high: float, what: str) -> None:
    """Refuse floats of which it cannot be told whether they are in 0..1 or in 0..255."""
    if 1 < high < LEAST_OF_255:
        raise PictureError(
            f"{what} holds floats up to {high:g}, so whether 1 is white or next to black cannot be "
            "told.",
            "give floats from 0 to 1, or bytes.",
        )
