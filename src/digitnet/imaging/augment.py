"""Augment: variations of a batch of frames in place, shape and ink, drawn anew each time.

A network that sees every digit turned, moved, stretched and bent a little differently in every
epoch learns what does not matter. P. Simard, D. Steinkraus and J. Platt, "Best practices for
convolutional neural networks applied to visual document analysis", ICDAR 2003.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.inking import erase, soften, speckle, thicken

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

MARGIN = 2
"""Empty rows between frames that are warped together, so that none shows in its neighbour."""

MOST = 128
"""Frames warped together: what they need on the way stays in the cache (docs/lab-notes.md)."""

KNOTS = 8
"""An elastic distortion is a smooth surface through so many random knots a side."""


@dataclass(frozen=True)
class Variation:
    """How much a digit may change; each amount is drawn evenly from both sides of none.

    Attributes:
        rotation: most degrees, either way.
        shift: most pixels, along each axis.
        scale: most change of size as a share, along each axis on its own.
        shear: most slant, pixels per pixel.
        elastic: standard deviation in pixels of the displacement of each point, neighbours alike.
        thickness: strokes grow or shrink by up to this many pixels on each side, at most 1.
        blur: share of a blur by 3 x 3 pixels that is mixed in at most, as where a small picture
            was made larger, 0 to 1.
        erasure: share of the frames that lose the ink of one small rectangle, 2 to 5 pixels a side.
        noise: largest standard deviation of grey levels (0 to 255) added to every pixel of ink.
    """

    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    blur: float = 0.0
    erasure: float = 0.0
    noise: float = 0.0

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any(astuple(self))


def vary(images: Bytes, variation: Variation, rng: np.random.Generator) -> Bytes:
    """Variations of frames (N, H, W) uint8, ink bright on 0, as new frames of the same shape."""
    varied = np.empty_like(images)
    for start in range(0, len(images), MOST):
        part = images[start : start + MOST]
        warped = _warp(part, *_sources(part.shape, variation, rng))
        varied[start : start + MOST] = _inked(warped, variation, rng)
    return varied


def _inked(images: Bytes, variation: Variation, rng: np.random.Generator) -> Bytes:
    """The frames with their ink changed, as far as that is asked."""

    def drawn(least: float, most: float) -> Floats:
        return rng.uniform(least, most, len(images)).astype(np.float32)

    if variation.thickness:
        images = thicken(images, drawn(-variation.thickness, variation.thickness))
    if variation.blur:
        images = soften(images, drawn(0.0, variation.blur))
    if variation.erasure:
        images = erase(images, variation.erasure, rng)
    if variation.noise:
        images = speckle(images, drawn(0.0, variation.noise), rng)
    return images


def _sources(
    shape: tuple[int, ...], variation: Variation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """For every pixel (N, H, W) of the new frames, the x and y in the old ones it is taken from."""
    n, height, width = shape

    def drawn(most: float) -> Floats:
        return rng.uniform(-most, most, (n, 1, 1)).astype(np.float32)

    turn, slant = np.radians(drawn(variation.rotation)), drawn(variation.shear)
    wide, high = 1.0 + drawn(variation.scale), 1.0 + drawn(variation.scale)
    cosine, sine = np.cos(turn), np.sin(turn)
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2  # (W,), from the middle
    y = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2  # (H, 1)
    from_x = wide * (cosine + sine * slant) * x + wide * (cosine * slant - sine) * y
    from_y = high * sine * x + high * cosine * y
    from_x += drawn(variation.shift) + (width - 1) / 2
    from_y += drawn(variation.shift) + (height - 1) / 2
    if variation.elastic:
        from_x += _elastic(shape, variation.elastic, rng)
        from_y += _elastic(shape, variation.elastic, rng)
    return from_x, from_y


def _elastic(shape: tuple[int, ...], amount: float, rng: np.random.Generator) -> Floats:
    """Smooth random displacements (N, H, W) of the given standard deviation."""
    n, height, width = shape
    knots = rng.standard_normal((n, KNOTS, KNOTS), dtype=np.float32)
    return np.asarray(_bumps(height) @ knots @ _bumps(width).T * np.float32(amount), np.float32)


def _bumps(side: int) -> Floats:
    """(side, KNOTS): what each knot weighs at each pixel, squares adding up to 1."""
    spacing = (side - 1) / (KNOTS - 1)
    z = np.arange(side)[:, None] / spacing - np.arange(KNOTS)
    weights = np.exp(-0.5 * z**2)
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return weights.astype(np.float32)


def _warp(images: Bytes, from_x: Floats, from_y: Floats) -> Bytes:
    """Take every pixel from its source, between pixels by their mixture; all frames in one call."""
    import cv2

    n, height, width = images.shape
    tall = height + 2 * MARGIN
    stacked = np.zeros((n, tall, width), np.uint8)
    stacked[:, MARGIN:-MARGIN] = images
    np.clip(from_y, -MARGIN, height - 1 + MARGIN, out=from_y)
    from_y += (np.arange(n, dtype=np.float32) * tall + MARGIN)[:, None, None]
    rows = (n * height, width)
    warped = cv2.remap(
        stacked.reshape(n * tall, width),
        from_x.reshape(rows),
        from_y.reshape(rows),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(warped, np.uint8).reshape(n, height, width)
