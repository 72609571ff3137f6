"""Frames: pixels of any shape and range made 28 x 28 bytes, ink bright, as MNIST has them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.found import Found
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE
from digitnet.threads import on_all_cores

LEAST_SIDE = 8
"""A square of fewer numbers is rather a row of measurements."""
MOST_CHANNELS = 4
FULL = 200
"""Where the brightest pixel of all is darker, it is what paper or full ink is there."""
FEW = 0.1
"""Share of images with a bright border up to which it may be bold ink, and not paper."""
CLEAR = 0.02
"""Share of a border that is ink up to which a margin is clear; where half of the images have such
margins, bold ink reaches no border."""
FAINTEST = 0.3
"""Share of full ink up to which a pixel does not count to the digit's box."""

COARSE = 20
"""Sides below this are enlarged first: strokes of a pixel or two keep more of their form so."""
ZOOM, EDGE = 4, (0.2, 0.6)
"""How much, and the shares of an image's darkest ink that become none and full ink there."""
AT_ONCE = 64
"""Images framed in one go by a thread."""

MNIST_MEAN, MNIST_STD = 0.1307, 0.3081
"""What many subtract from MNIST's pixels and divide them by."""


def image_side(n_pixels: int) -> int | None:
    """The side of a square image of so many pixels, or None."""
    side = math.isqrt(max(0, n_pixels))
    return side if side * side == n_pixels and side >= LEAST_SIDE else None


def as_images(found: Found) -> NDArray[Any]:
    """Pixels of any usual shape as grey (N, H, W) or coloured (N, H, W, 3) images.

    Understood are (N, H * W) with H = W, also with an axis of one more, (N, H, W), (N, H, W, C),
    (N, C, H, W), and the same with N last, as MATLAB has it. How many labels there are tells which
    axis is N.

    Raises:
        DataError: any other shape.
    """
    pixels = np.asarray(found.pixels)
    n = None if found.labels is None else len(found.labels)
    if pixels.ndim > 1 and n is not None and pixels.shape[0] != n and pixels.shape[-1] == n:
        pixels = np.moveaxis(pixels, -1, 0)
        found.notes.append("The images lie along the last axis.")
    if pixels.ndim == 3 and 1 in pixels.shape[1:]:
        pixels = pixels.reshape(len(pixels), -1)
    side = image_side(pixels.shape[1]) if pixels.ndim == 2 else None
    if side is not None:
        pixels = pixels.reshape(-1, side, side)
    elif pixels.ndim == 4 and pixels.shape[1] <= MOST_CHANNELS < pixels.shape[3]:
        pixels = np.moveaxis(pixels, 1, -1)
    if pixels.ndim == 4 and pixels.shape[3] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 4 and pixels.shape[3] == 3 and pixels.size:
        grey = pixels[..., :1]
        if bool((pixels == grey).all()):
            pixels = grey[..., 0]
    good = pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[3] == 3)
    if not good or min(pixels.shape[1:3]) < LEAST_SIDE:
        raise DataError(
            f"{found.source}: the images have the shape {np.shape(found.pixels)}; "
            "it must be (N, 28, 28), (N, 784), or the like with another square."
        )
    if n is not None and len(pixels) != n:
        raise DataError(
            f"{found.source}: there are {len(pixels)} images but {n} labels; "
            "each image needs exactly one label."
        )
    if not len(pixels):
        raise DataError(f"{found.source}: there is no image in it.")
    return pixels


def as_bytes(images: NDArray[Any], found: Found) -> NDArray[np.uint8]:
    """Pixels of any usual range as bytes from 0 to 255, the same shape.

    Understood are 0..255 (whole or not), 0..1, 0..16, -1..1, signed bytes, 16 bits, and MNIST's
    pixels less their mean by their deviation; whatever is not as usual is noted.

    Raises:
        DataError: other values, NaN among them; the first such image is named.
    """
    kind = images.dtype.kind
    if images.dtype == np.uint8 and int(images.max()) > 16:
        return np.ascontiguousarray(images)
    if kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    if kind not in "uif":
        raise DataError(
            f"{found.source}: the pixels are of type {images.dtype}; "
            "store whole numbers from 0 to 255, or floats from 0 to 1."
        )
    least, most = float(images.min()), float(images.max())
    whole = kind in "ui"
    if least >= -0.001 and most <= (1.001 if kind == "f" else 1):
        if whole and most == 1:
            found.notes.append("The pixels are 0 and 1.")
        return _scaled(images, 255.0, 0.0)
    if images.dtype == np.int8:
        found.notes.append("The pixels are signed bytes, taken as 0 to 255.")
        return images.view(np.uint8)
    if least >= 0 and most <= 16 and (whole or bool((images == np.rint(images)).all())):
        found.notes.append("The pixels go from 0 to 16.")
        return _scaled(images, 255 / 16, 0.0)
    if least >= 0 and (16 < most <= 255 if kind == "f" else most <= 255):
        return _scaled(images, 1.0, 0.0)
    if images.dtype == np.uint16 and most > 4095:
        found.notes.append("The pixels have 16 bits.")
        return _scaled(images, 255 / 65535, 0.0)
    if -1.02 <= least <= -0.98 and 0 < most <= 1.02:
        found.notes.append("The pixels go from -1 to 1.")
        return _scaled(images, 127.5, 127.5)
    zero = -MNIST_MEAN / MNIST_STD
    if abs(least - zero) < 0.01 and most <= (1 - MNIST_MEAN) / MNIST_STD + 0.01:
        found.notes.append(f"From the pixels {MNIST_MEAN} was taken, then divided by {MNIST_STD}.")
        return _scaled(images, 255 * MNIST_STD, 255 * MNIST_MEAN)
    raise DataError(
        f"{found.source}, {_odd_value(images, found)}",
        "give the pixels as they were before anything was taken from them or divided.",
    )


def _scaled(images: NDArray[Any], factor: float, offset: float) -> NDArray[np.uint8]:
    """Images * factor + offset as bytes, in parts, so that a gigabyte needs no eight."""
    result = np.empty(images.shape, np.uint8)
    step = max(1, 2**24 // max(1, images[0].size))
    for start in range(0, len(images), step):
        part = images[start : start + step].astype(np.float64) * factor + offset
        result[start : start + step] = np.rint(part.clip(0, 255))
    return result


def _odd_value(images: NDArray[Any], found: Found) -> str:
    """The first image with a pixel outside what it should be, in words."""
    whole = images.dtype.kind in "ui" or float(np.nanmax(images)) > 16
    top = 255 if whole else 1
    # Written so that NaN, which is neither inside nor outside, counts as outside.
    inside = (images >= 0) & (images <= top)
    per_image = inside.reshape(len(images), -1).all(axis=1)
    first = int(np.argmin(per_image)) if not per_image.all() else 0
    odd = images[first][~inside[first]]
    value = odd.flat[0] if odd.size else images[first].max()
    kind = "whole numbers" if whole else "floats"
    return (
        f"{found.name_of(first)} has the pixel value {value}; {kind} must lie between 0 and {top}."
    )


def ink_bright(images: NDArray[np.uint8], found: Found) -> NDArray[np.uint8]:
    """Images (N, H, W) with dark ink on light paper inverted; told by their borders."""
    borders = np.concatenate(
        [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1
    )
    brightest = int(images.max())
    top = np.uint8(255 if brightest > FULL else brightest)
    share = (borders > top // 2).mean(axis=1)  # of an image's border that is light
    light = share > 0.5
    n_light = int(light.sum())
    mostly_light = n_light > len(images) // 2
    few = min(n_light, len(images) - n_light) <= FEW * len(images)
    ink = np.where(light, 1 - share, share)[light == mostly_light]
    if few and float(np.median(ink)) > CLEAR:
        light = np.full(len(images), mostly_light)
    n_light = int(light.sum())
    if n_light == 0:
        return images
    if n_light == len(images):
        found.notes.append("The ink was dark on light, and was inverted.")
        return np.asarray(top - images)
    found.notes.append(
        f"In {n_light:,} of {len(images):,} images the ink was dark on light, "
        "and these were inverted."
    )
    return np.where(light[:, None, None], top - images, images)


def into_frames(images: NDArray[np.uint8], found: Found, framing: str) -> NDArray[np.uint8]:
    """Images (N, H, W), ink bright, or (N, H, W, 3) as frames (N, 28, 28).

    What is 28 x 28 already is taken as it is, and those that show nothing are counted. Of others,
    an image in which nothing is drawn is skipped.

    Raises:
        DataError: nothing is drawn in any of them.
    """
    if images.shape[1:] == (SIDE, SIDE):
        n_blank = int((~images.reshape(len(images), -1).any(axis=1)).sum())
        if n_blank == len(images):
            raise DataError(f"{found.source}: no image shows anything.")
        if n_blank:
            found.notes.append(f"Of its images, {n_blank:,} of {len(images):,} show nothing.")
        return images
    shape = " x ".join(map(str, images.shape[1:3]))
    found.notes.append(f"The images are {shape} and were framed anew, 28 x 28.")
    return reframed(images, found, framing)


def reframed(images: NDArray[np.uint8], found: Found | None, framing: str) -> NDArray[np.uint8]:
    """Frames (N, 28, 28) made anew of any images; `found` loses those that show nothing."""
    frames = np.zeros((len(images), SIDE, SIDE), np.uint8)
    drawn = np.ones(len(images), bool)

    def fill(start: int) -> None:
        for i in range(start, min(start + AT_ONCE, len(images))):
            frame = _frame(images[i], framing)
            drawn[i] = frame is not None
            if frame is not None:
                frames[i] = frame

    on_all_cores(fill, range(0, len(images), AT_ONCE))
    if found is None or drawn.all():
        return frames
    if not drawn.any():
        raise DataError(f"{found.source}: no image shows anything.")
    found.skipped += [
        (found.name_of(int(i)), "shows no digit: blank.") for i in np.flatnonzero(~drawn)
    ]
    found.keep(drawn)
    return frames[drawn]


def _frame(image: NDArray[np.uint8], framing: str) -> NDArray[np.uint8] | None:
    """One image in the frame; its ink need not be looked for unless it has colours."""
    from digitnet.imaging.boxes import bounds
    from digitnet.imaging.frame import centre
    from digitnet.imaging.framing import frame_picture
    from digitnet.imaging.stroke_width import into_box

    if image.ndim == 3 or framing != "mnist":
        frame = frame_picture(image, framing)
        return None if frame.reason == "blank" else frame.image
    ink = image.astype(np.float32) / np.float32(255)
    if min(image.shape) < COARSE:
        ink = _enlarged(ink)
    visible = ink > FAINTEST * max(float(ink.max()), 1e-6)
    if not visible.any():
        return None
    left, top, right, bottom = bounds(visible)
    return centre(into_box(ink[top:bottom, left:right]))


def _enlarged(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink of few pixels, 0 to 1, on a finer grid: what is half dark there is a stroke's edge."""
    import cv2

    padded = np.pad(ink, 2)
    large = np.asarray(cv2.resize(padded, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC))
    share = large / max(float(large.max()), 1e-6)
    return np.asarray((share - EDGE[0]) / (EDGE[1] - EDGE[0]), np.float32).clip(0, 1)
