"""Pixels: whatever lies in a decoded picture or an array, brought to 8-bit grey or RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

MIN_SIDE = 2
_STRIP = 1_000_000
"""Pixels converted at a time: they stay in the cache, and 50 million far below 1 GiB."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's own conversion


def check_sides(height: int, width: int, name: str, max_pixels: int) -> None:
    """Let a picture pass that has a size in which a digit can be seen.

    Raises:
        PictureError: it is too small, or has more pixels than are taken.
    """
    if height < MIN_SIDE or width < MIN_SIDE:
        raise PictureError(
            f"{name} is {width} x {height} pixels: a digit needs at least {MIN_SIDE} on each side."
        )
    if height * width > max_pixels:
        raise PictureError(
            f"{name} has {width} x {height} pixels, more than the limit of {max_pixels:,}: "
            "make the picture smaller."
        )


def from_pillow(image: Image, name: str = "The picture") -> NDArray[np.uint8]:
    """Pixels of a loaded Pillow image, any mode: uint8, (H, W) or (H, W, 3); EXIF not applied."""
    if image.mode.startswith("I") or image.mode == "F":
        return _to_8_bits(np.asarray(image), name)
    if image.mode == "LAB":
        return np.array(image.getchannel(0))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        grey = image.mode in ("LA", "La", "L")
        return compose(_convert(image, "LA" if grey else "RGBA"), name)
    return _convert(image, "L" if image.mode in ("1", "L") else "RGB")


def _convert(image: Image, mode: str) -> NDArray[np.uint8]:
    """Convert strip by strip, so that no second copy of its full size is ever alive."""
    width, height = image.size
    channels: dict[str, tuple[int, ...]] = {"L": (), "LA": (2,), "RGB": (3,), "RGBA": (4,)}
    pixels = np.empty((height, width, *channels[mode]), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = image.crop((0, top, width, bottom))
        pixels[top:bottom] = np.asarray(strip if image.mode == mode else strip.convert(mode))
    return pixels


def from_array(array: NDArray[Any], max_pixels: int) -> NDArray[np.uint8]:
    """Pixels of an array (see ``open_picture`` for shapes and ranges); always a new array.

    Raises:
        PictureError: another shape; NaN, infinite or negative values; a dtype that is no number.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise PictureError(
            f"An array of shape {array.shape} is not a picture: "
            "give (H, W), (H, W, 3) RGB or (H, W, 4) RGBA."
        )
    check_sides(array.shape[0], array.shape[1], "The array", max_pixels)
    if array.dtype.kind not in "buif":
        raise PictureError(f"An array of dtype {array.dtype} is not a picture: give numbers.")
    pixels = _to_8_bits(array, "The array")
    channels = array.shape[-1] if array.ndim == 3 else 3
    if channels == 1:
        return pixels[..., 0]
    return pixels if channels == 3 else compose(pixels, "The array")


def _to_8_bits(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Scale any numbers to 0..255 by the smallest usual depth that holds the largest of them."""
    if values.dtype == np.uint8:
        return np.array(values)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError(f"{name} holds NaN or infinite values: give finite numbers.")
    if low < 0:
        raise PictureError(f"{name} holds negative values: give numbers from 0 up.")
    depths = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    white = next((depth for depth in depths if high <= depth), high)
    pixels = np.empty(values.shape, np.uint8)
    rows = max(1, _STRIP // max(1, values[0].size))
    for top in range(0, len(values), rows):
        strip = values[top : top + rows].astype(np.float64)
        pixels[top : top + rows] = np.rint(strip * (255.0 / white))
    return pixels


def compose(pixels: NDArray[np.uint8], name: str = "The picture") -> NDArray[np.uint8]:
    """Lay (H, W, 2) grey-alpha or (H, W, 4) RGBA on the background it stands on.

    That is paper where there is paper: if most of the picture is opaque and holds light and dark
    (a photo with cut-off corners), the opaque part's median colour. Else the opaque part is the
    ink, and stands on white, or on black where it is seen better there (light ink).

    Raises:
        PictureError: the picture is fully transparent.
    """
    colour, alpha = pixels[..., :-1], pixels[..., -1]
    lowest, highest = int(alpha.min()), int(alpha.max())
    if highest == 0:
        raise PictureError(f"{name} is fully transparent: there is nothing to see in it.")
    if lowest < 255:
        ground = _background(colour, alpha)
        out = np.empty(colour.shape, np.uint8)
        tables = [_mixed(shade) for shade in ground]
        rows = max(1, _STRIP // len(pixels[0]))
        for top in range(0, len(pixels), rows):
            part = slice(top, top + rows)
            place = alpha[part].astype(np.uint16) << 8
            for channel, table in enumerate(tables):
                out[part, :, channel] = table[place | colour[part, :, channel]]
    else:
        out = np.ascontiguousarray(colour)
    return out[..., 0] if pixels.shape[-1] == 2 else out


def _mixed(ground: np.float32) -> NDArray[np.uint8]:
    """What a shade becomes on the ground, (65536,) uint8, at the place 256 alpha + shade."""
    shades = np.arange(256, dtype=np.uint8)
    mixed = (shades - ground) * (shades[:, None] * np.float32(1 / 255))
    mixed += ground + np.float32(0.5)
    return mixed.astype(np.uint8).ravel()  # rounds, since 0.5 was added and the rest is cut off


def _background(colour: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Choose the background of a picture with transparent parts, (C,) float32 in 0..255."""
    step = max(1, int((alpha.size / 250_000) ** 0.5))  # a sample of every big picture is enough
    some, weight = colour[::step, ::step], alpha[::step, ::step].astype(np.float32)
    if not weight.any():
        some, weight = colour, alpha.astype(np.float32)
    luma = some @ _LUMA if some.shape[2] == 3 else some[..., 0].astype(np.float32)
    opaque = weight > 127
    if opaque.mean() > 0.5:
        low, high = np.percentile(luma[opaque], (0.1, 99.9))
        if high - low > 48:
            paper: NDArray[np.float32] = np.median(some[opaque], axis=0).astype(np.float32)
            return paper
    share = weight / 255
    spread = {}
    for white in (255, 0):
        low, high = np.percentile(luma * share + white * (1 - share), (0.1, 99.9))
        spread[white] = float(high - low)
    return np.full(colour.shape[2], 0 if spread[0] > spread[255] + 8 else 255, np.float32)
