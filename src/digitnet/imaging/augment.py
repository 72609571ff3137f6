"""Augment: a batch of frames changed in place, shape and ink, drawn anew each time.

A network that sees every digit turned, moved, stretched and bent a little differently in every
epoch learns what does not matter. P. Simard, D. Steinkraus and J. Platt, "Best practices for
convolutional neural networks applied to visual document analysis", ICDAR 2003.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats

MARGIN = 2
"""Empty rows between frames that are warped together, so that none shows in its neighbour."""

MOST = 128
"""Frames warped together: what they need on the way stays in the cache (docs/lab-notes.md)."""

KNOTS = 8
"""An elastic distortion is a smooth surface through so many random knots a side."""


@dataclass(frozen=True)
class Augmentation:
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


class NamedAugmentation(NamedTuple):
    """An augmentation that a setting can name, and a line that says what it does."""

    augmentation: Augmentation | None
    help: str


# Mild enough that every digit stays itself; what each brought is in docs/lab-notes.md.
AUGMENTATIONS = {
    "none": NamedAugmentation(None, "as it is"),
    "affine": NamedAugmentation(
        Augmentation(rotation=10, shift=1.5, scale=0.1, shear=0.15),
        "turned, moved, sized and slanted",
    ),
    "elastic": NamedAugmentation(
        Augmentation(rotation=10, shift=1.5, scale=0.1, shear=0.15, elastic=0.8),
        "that, and bent",
    ),
    "ink": NamedAugmentation(
        Augmentation(
            rotation=10, shift=1.5, scale=0.1, shear=0.15, elastic=0.8,
            thickness=0.5, blur=0.7, erasure=0.3, noise=8,
        ),
        "that, and the strokes thicker or thinner, blurred, noisy, with small gaps",
    ),
}  # fmt: skip
"""Names for `--augment`, recipes and the like: one row makes another one known everywhere."""


def augmented(images: Bytes, augmentation: Augmentation, rng: np.random.Generator) -> Bytes:
    """New frames made of frames (N, H, W) uint8, ink bright on 0, each changed in its own way.

    Args:
        images: the frames; they stay as they are.
        augmentation: how much each may change.
        rng: draws how much it does.
    """
    changed = np.empty_like(images)
    for start in range(0, len(images), MOST):
        part = images[start : start + MOST]
        warped = _warp(part, *_sources(part.shape, augmentation, rng))
        changed[start : start + MOST] = _inked(warped, augmentation, rng)
    return changed


def _inked(images: Bytes, augmentation: Augmentation, rng: np.random.Generator) -> Bytes:
    """The frames with their ink changed, as far as that is asked."""

    def drawn(least: float, most: float) -> Floats:
        return rng.uniform(least, most, len(images)).astype(np.float32)

    if augmentation.thickness:
        images = thicken(images, drawn(-augmentation.thickness, augmentation.thickness))
    if augmentation.blur:
        images = soften(images, drawn(0.0, augmentation.blur))
    if augmentation.erasure:
        images = erase(images, augmentation.erasure, rng)
    if augmentation.noise:
        images = speckle(images, drawn(0.0, augmentation.noise), rng)
    return images


def _sources(
    shape: tuple[int, ...], augmentation: Augmentation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """For every pixel (N, H, W) of the new frames, the x and y in the old ones it is taken from."""
    n, height, width = shape

    def drawn(most: float) -> Floats:
        return rng.uniform(-most, most, (n, 1, 1)).astype(np.float32)

    turn, slant = np.radians(drawn(augmentation.rotation)), drawn(augmentation.shear)
    wide, high = 1.0 + drawn(augmentation.scale), 1.0 + drawn(augmentation.scale)
    cosine, sine = np.cos(turn), np.sin(turn)
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2  # (W,), from the middle
    y = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2  # (H, 1)
    from_x = wide * (cosine + sine * slant) * x + wide * (cosine * slant - sine) * y
    from_y = high * sine * x + high * cosine * y
    from_x += drawn(augmentation.shift) + (width - 1) / 2
    from_y += drawn(augmentation.shift) + (height - 1) / 2
    if augmentation.elastic:
        from_x += _elastic(shape, augmentation.elastic, rng)
        from_y += _elastic(shape, augmentation.elastic, rng)
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


def thicken(images: Bytes, amounts: Floats) -> Bytes:
    """Strokes grown (amounts above 0) or shrunk (below), by a share of a pixel on each side.

    A mixture with the grey dilation, or erosion, by a cross of 3 x 3 pixels, which moves every
    edge by one pixel.

    Args:
        images: frames (N, H, W), ink bright.
        amounts: (N,), from -1 to 1.
    """
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    stack = _stacked(images)
    grown = _frames(cv2.dilate(stack, cross), images)
    shrunk = _frames(cv2.erode(stack, cross), images)
    towards = np.where((amounts > 0)[:, None, None], grown, shrunk)
    return _mixed(images, towards, np.abs(amounts))


def soften(images: Bytes, amounts: Floats) -> Bytes:
    """Blurred by 3 x 3 pixels (1 2 1 both ways), the blur mixed in by a share (N,) of 0 to 1."""
    import cv2

    return _mixed(images, _frames(cv2.GaussianBlur(_stacked(images), (3, 3), 0), images), amounts)


def erase(images: Bytes, share: float, rng: np.random.Generator) -> Bytes:
    """A share of the frames lose the ink within a rectangle of 2 to 5 pixels a side."""
    n, height, width = images.shape
    hit: NDArray[np.bool_] = np.less(rng.random(n), share)
    sizes = rng.integers(2, 6, (n, 2))
    # In the middle half of the frame, where the ink is.
    tops = rng.integers(height // 6, height - height // 6, n)
    lefts = rng.integers(width // 6, width - width // 6, n)
    rows, columns = np.arange(height), np.arange(width)
    from_top, from_left = rows - tops[:, None], columns - lefts[:, None]  # (N, H), (N, W)
    in_rows = (from_top >= 0) & (from_top < sizes[:, :1])
    in_columns = (from_left >= 0) & (from_left < sizes[:, 1:])
    gone = np.logical_and(in_rows[:, :, None], in_columns[:, None, :])
    gone &= hit[:, None, None]
    return np.where(gone, np.uint8(0), images)


def speckle(images: Bytes, amounts: Floats, rng: np.random.Generator) -> Bytes:
    """Grey levels of standard deviation `amounts` (N,) added wherever there is ink."""
    noise = rng.standard_normal(images.shape, dtype=np.float32)
    noise *= amounts[:, None, None]
    noise *= images > 0
    noise += images
    return np.clip(noise, 0.0, 255.0, out=noise).astype(np.uint8)


def _mixed(images: Bytes, others: Bytes, shares: Floats) -> Bytes:
    """Images + share (others - images), frame by frame."""
    difference = others.astype(np.float32)
    difference -= images
    difference *= shares[:, None, None]
    difference += images
    return (difference + np.float32(0.5)).astype(np.uint8)


def _stacked(images: Bytes) -> Bytes:
    """All frames as one tall image, with an empty row between each and the next."""
    n, height, width = images.shape
    stack = np.zeros((n, height + 1, width), np.uint8)
    stack[:, :height] = images
    return stack.reshape(-1, width)


def _frames(stack: NDArray[np.generic], images: Bytes) -> Bytes:
    """The frames in a stack again."""
    n, height, width = images.shape
    return np.asarray(stack, np.uint8).reshape(n, height + 1, width)[:, :height]
