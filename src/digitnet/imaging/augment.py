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
from digitnet.imaging.frame import BOX

MARGIN = 2
"""Empty rows between frames that are warped together, so that none shows in its neighbour."""

MOST = 128
"""Frames warped together: what they need on the way stays in the cache (docs/lab-notes.md)."""

KNOTS = 8
"""An elastic distortion is a smooth surface through so many random knots a side."""

NARROWEST = 0.5
"""A digit squeezed to so much of its width; the other way, it is stretched to a square at most."""

WIDEST = 3.0
"""The most a digit is stretched: a bare vertical stroke made a square has no form left."""

COARSEST, FINEST = 6.0, 16.0
"""Pixels on a digit's longer side where it had few: 8 x 8 with a margin, 16 x 16 without one."""


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
        width: share of the frames whose digit is squeezed to as little as half its width, or
            stretched to as much as a square, and framed again.
        pen: share of the frames that are written with another pen, of any width that framing
            leaves as it is.
        coarse: share of the frames that look as if the digit had come from a picture of few
            pixels, 6 to 16 on its longer side, enlarged and framed.
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
    width: float = 0.0
    pen: float = 0.0
    coarse: float = 0.0

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
    "wide": NamedAugmentation(
        Augmentation(
            rotation=10, shift=1.5, scale=0.1, shear=0.15, width=0.2, pen=0.2, coarse=0.2
        ),
        "affine, and some far wider or narrower, by another pen, or of few pixels",
    ),
    "wide-elastic": NamedAugmentation(
        Augmentation(
            rotation=10, shift=1.5, scale=0.1, shear=0.15, elastic=0.8,
            width=0.1, pen=0.1, coarse=0.1,
        ),
        "elastic, and fewer of those",
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
        from_x, from_y = _sources(part.shape, augmentation, rng)
        stretched = _stretch(part, from_x, from_y, augmentation.width, rng)
        warped = _warp(part, from_x, from_y)
        _redraw(warped, stretched, augmentation.pen, rng)
        _coarsen(warped, augmentation.coarse, rng)
        changed[start : start + MOST] = _inked(warped, augmentation, rng)
    return changed


def _hit(n: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which of n frames a share of them are; without a share, nothing is drawn."""
    return np.nonzero(rng.random(n) < share)[0] if share else np.zeros(0, np.int64)


def _stretch(
    images: Bytes, from_x: Floats, from_y: Floats, share: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Let the sources of a share of the frames take them squeezed or stretched; says which.

    The proportion of width to height is drawn evenly in its logarithm; the longer side fills the
    box again, as framing has it.
    """
    hit = _hit(len(images), share, rng)
    ink = images[hit] > 0
    sides = [np.maximum(ink.any(axis=axis).sum(axis=1), 1) for axis in (1, 2)]
    wide, high = (side.astype(np.float32) for side in sides)
    least = np.log(NARROWEST * wide / high)
    most = np.log(np.clip(1.0, wide / high, WIDEST * wide / high))
    proportion = np.exp(rng.uniform(least, most)).astype(np.float32)
    new_wide, new_high = BOX * np.minimum(proportion, 1.0), BOX * np.minimum(1 / proportion, 1.0)
    for sources, shrinks in ((from_x, wide / new_wide), (from_y, high / new_high)):
        middle = np.float32((images.shape[2 if sources is from_x else 1] - 1) / 2)
        sources[hit] = (sources[hit] - middle) * shrinks[:, None, None] + middle
    return hit


def _redraw(
    images: Bytes, stretched: NDArray[np.int64], share: float, rng: np.random.Generator
) -> None:
    """Strokes of another width for a share of the frames, and of one in range where stretched.

    Framing brings strokes to its range, whatever a stretch has made of them.
    """
    from digitnet.imaging.stroke_width import THICKEST, THINNEST

    if len(stretched):
        widths = stroke_widths(images[stretched])
        moves = (np.clip(widths, THINNEST, THICKEST) - widths) / 2
        images[stretched] = thicken(images[stretched], np.clip(moves, -1, 1))
    hit = _hit(len(images), share, rng)
    if len(hit):
        wanted = rng.uniform(THINNEST, THICKEST, len(hit)).astype(np.float32)
        moves = (wanted - stroke_widths(images[hit])) / 2
        images[hit] = thicken(images[hit], np.clip(moves, -1, 1))


def stroke_widths(images: Bytes) -> Floats:
    """Mean width of the strokes of each frame (N, H, W), in pixels: (N,), 0 without ink.

    A stroke of width w and length l has an area of w l and an outline of 2 l; the outline of soft
    ink is the sum of its slopes (the co-area formula). On MNIST's digits that sum is a fifth
    longer than the outline which `stroke_width.stroke_width` goes by, and is taken as so much less.
    """
    ink = images.astype(np.float32)
    right, down = np.diff(ink, axis=2)[:, :-1], np.diff(ink, axis=1)[:, :, :-1]
    outline = np.sqrt(right**2 + down**2).sum(axis=(1, 2))
    return np.asarray(2.4 * ink.sum(axis=(1, 2)) / np.maximum(outline, 1), np.float32)


def _coarsen(images: Bytes, share: float, rng: np.random.Generator) -> None:
    """A share of the frames as they are made of few pixels.

    Means over large pixels, anywhere on the digit; then those pixels again, or straight lines
    between their middles, or something between both; and the edges as soft as that leaves them, or
    hard again, since framing takes ink that is half as dark as the darkest for full.
    """
    hit = _hit(len(images), share, rng)
    if not len(hit):
        return
    n, height, width = len(hit), *images.shape[1:]
    pitch = BOX / np.exp(rng.uniform(np.log(COARSEST), np.log(FINEST), n))
    soft, first_row, first_column = rng.uniform(0.2, 1.0, n), rng.random(n), rng.random(n)
    rows = _through_pixels(height, pitch, first_row, soft)
    columns = _through_pixels(width, pitch, first_column, soft)
    seen = rows @ images[hit].astype(np.float32) @ columns.transpose(0, 2, 1)
    darkest = np.maximum(seen.max(axis=(1, 2), keepdims=True), 1)
    hard = rng.uniform(0, 1.0, (n, 1, 1)).astype(np.float32)
    ground = rng.uniform(0, 0.4, (n, 1, 1)).astype(np.float32)
    share = (seen / darkest - hard * ground) * (1 + 1.5 * hard)
    images[hit] = np.rint(np.clip(share, 0, 1) * 255)


def _through_pixels(
    side: int,
    pitch: NDArray[np.float64],
    phase: NDArray[np.float64],
    soft: NDArray[np.float64],
) -> Floats:
    """(N, side, side): what each pixel weighs in each, by way of pixels `pitch` (N,) wide.

    Args:
        side: of the frame, in pixels.
        pitch: of the large pixels, in small ones, each frame's own.
        phase: (N,) where the first begins before the frame's edge, in large pixels.
        soft: (N,) 1 for straight lines between their middles, towards 0 for pixels seen as such.
    """
    n_large = int(np.ceil(side / pitch.min())) + 2
    wide = pitch[:, None, None]
    begins = (np.arange(n_large) - phase[:, None])[:, None] * wide  # (N, 1, n_large)
    small = np.arange(side)[:, None]  # (side, 1)
    ends = np.minimum(begins + wide, small + 1)
    down = np.maximum(ends - np.maximum(begins, small), 0.0) / wide  # (N, side, n_large)
    away = np.abs(small + 0.5 - begins - wide / 2) / wide
    up = ((0.5 - away) / soft[:, None, None] + 0.5).clip(0, 1)
    return np.asarray(up @ down.transpose(0, 2, 1), np.float32)


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
