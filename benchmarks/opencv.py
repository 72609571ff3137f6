"""OpenCV: what digitnet uses of it, beside the same from NumPy and Pillow: time, and equal bytes.

    python -m benchmarks.opencv

One page of writing, 800 x 600 pixels, as the scan of a picture for its ink sees it, and 500 frames
for the augmentation. In process, the smallest of several runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitnet.handwriting.pages import draw_page

Array = NDArray[Any]
SQUARE = 15  # pixels: a closing of about this size finds the background


class Row(NamedTuple):
    """One function: where it is used, and the two ways to have it."""

    name: str
    used: str
    by_opencv: Callable[[], Array]
    by_numpy: Callable[[], Array]


def components(mask: Array) -> Array:
    """Labels (H, W) of what hangs together, corners included: runs, and union-find over them.

    A run touches one of the row above if neither ends before the other begins. All of a page's
    runs are found at once; joining them takes Python a step for each pair that touches.
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    width = mask.shape[1] + 2
    first = np.searchsorted(rows * width + ends, (rows - 1) * width + starts)
    last = np.searchsorted(rows * width + starts, (rows - 1) * width + ends, side="right")
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    for run, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for above in range(low, min(high, run)):
            a, b = root(run), root(above)
            parent[max(a, b)] = min(a, b)
    roots = np.array([root(run) for run in range(len(rows))])
    number = np.unique(roots, return_inverse=True)[1] + 1
    labels = np.zeros(mask.shape, np.int32)
    labels[mask > 0] = np.repeat(number, ends - starts)
    return labels


def distances(mask: Array) -> Array:
    """How far each pixel is from the nearest 0, exactly; OpenCV's is the 5 x 5 chamfer's.

    Along columns by two running minima; then along rows the least of dx^2 + column^2, for as many
    dx as the greatest of them needs.
    """
    height, width = mask.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    far = np.float32(height + width)
    zero = mask == 0
    above = np.maximum.accumulate(np.where(zero, rows, -far), axis=0)
    below = np.minimum.accumulate(np.where(zero, rows, 2 * far)[::-1], axis=0)[::-1]
    squared = np.minimum(rows - above, below - rows) ** 2
    best = squared.copy()
    dx = 1
    while dx < width and dx * dx < best.max():
        np.minimum(best[:, dx:], squared[:, :-dx] + dx * dx, out=best[:, dx:])
        np.minimum(best[:, :-dx], squared[:, dx:] + dx * dx, out=best[:, :-dx])
        dx += 1
    return np.sqrt(best)


def greatest(picture: Array, size: int) -> Array:
    """The greatest within a square, by doubling windows: log2(size) passes each way."""
    for axis in (0, 1):
        padded = np.pad(picture, [(size // 2,) * 2 if axis == i else (0, 0) for i in (0, 1)])
        n, width = picture.shape[axis], 1
        while width < size:
            step = min(width, size - width)
            first, second = (slice(None, -step), slice(step, None))
            both = (first, second) if axis == 0 else ((slice(None), first), (slice(None), second))
            padded = np.maximum(padded[both[0]], padded[both[1]])
            width += step
        picture = padded[:n] if axis == 0 else padded[:, :n]
    return picture


def median(picture: Array) -> Array:
    """The median of 3 x 3: columns of three are sorted once, and each serves three windows.

    Of the nine it is the middle one of the greatest minimum, the median median and the least
    maximum. (Pillow's MedianFilter takes a hundred times as long.)
    """
    padded = np.pad(picture, 1, mode="edge")
    low, middle, high = _in_order(padded[:-2], padded[1:-1], padded[2:])
    least = np.maximum(np.maximum(low[:, :-2], low[:, 1:-1]), low[:, 2:])
    most = np.minimum(np.minimum(high[:, :-2], high[:, 1:-1]), high[:, 2:])
    between = _in_order(middle[:, :-2], middle[:, 1:-1], middle[:, 2:])[1]
    return _in_order(least, between, most)[1]


def _in_order(a: Array, b: Array, c: Array) -> tuple[Array, Array, Array]:
    """Three arrays sorted at each place."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.minimum(low, c), np.maximum(low, np.minimum(high, c)), np.maximum(high, c)


def gaussian(picture: Array, sigma: float) -> Array:
    """A blur by two passes, a multiply and an add for each weight; edges mirrored."""
    reach = round(3 * sigma)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    result = picture.astype(np.float32)
    for axis in (0, 1):
        around = [(reach,) * 2 if axis == i else (0, 0) for i in (0, 1)]
        padded, n = np.pad(result, around, mode="reflect"), picture.shape[axis]
        result = np.zeros_like(result)
        for i, weight in enumerate(weights):
            result += weight * (padded[i : i + n] if axis == 0 else padded[:, i : i + n])
    return np.rint(result).astype(np.uint8)


def remapped(picture: Array, x: Array, y: Array) -> Array:
    """Bilinear: four gathers and their weights; outside is 0."""
    padded = np.pad(picture, 1).astype(np.float32)
    height, width = padded.shape
    x, y = np.clip(x + 1, 0, width - 1.001), np.clip(y + 1, 0, height - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    dx, dy = x - left, y - top
    flat, at = padded.ravel(), top * width + left
    upper = flat.take(at) * (1 - dx) + flat.take(at + 1) * dx
    lower = flat.take(at + width) * (1 - dx) + flat.take(at + width + 1) * dx
    return np.rint(upper * (1 - dy) + lower * dy).astype(np.uint8)


def rows() -> list[Row]:
    """Every function that takes a share of an answer's or a training's time."""
    rng = np.random.default_rng(2)
    picture = draw_page(["0123456789", "31415926", "27182818"], rng, size=(600, 800)).picture
    grey = np.ascontiguousarray(picture[..., 1] if picture.ndim == 3 else picture)
    mask = (grey < np.median(grey) - 40).astype(np.uint8)
    large = np.ascontiguousarray(np.tile(grey, (4, 4)))
    square = np.ones((SQUARE, SQUARE), np.uint8)
    half, image = (400, 300), Image.fromarray(grey)
    frames = rng.integers(0, 256, (28 * 500, 28)).astype(np.uint8)
    y, x = np.indices(frames.shape).astype(np.float32)
    x, y = (axis + rng.normal(0, 1, axis.shape).astype(np.float32) for axis in (x, y))
    return [
        Row("connectedComponents", "imaging, reading",
            lambda: cv2.connectedComponents(mask, connectivity=8)[1], lambda: components(mask)),
        Row("distanceTransform", "imaging", lambda: cv2.distanceTransform(mask, cv2.DIST_L2, 5),
            lambda: distances(mask)),
        Row(f"dilate, erode, {SQUARE} x {SQUARE}", "imaging", lambda: cv2.dilate(grey, square),
            lambda: greatest(grey, SQUARE)),
        Row("dilate, erode, 3 x 3", "imaging, augmentation",
            lambda: cv2.dilate(grey, square[:3, :3]),
            lambda: greatest(grey, 3)),
        Row("medianBlur, 3 x 3", "imaging", lambda: cv2.medianBlur(grey, 3),
            lambda: median(grey)),
        Row("GaussianBlur", "imaging, handwriting", lambda: cv2.GaussianBlur(grey, (0, 0), 2.0),
            lambda: gaussian(grey, 2.0)),
        Row("resize, by area", "imaging, reading",
            lambda: cv2.resize(large, (801, 601), interpolation=cv2.INTER_AREA),
            lambda: np.asarray(Image.fromarray(large).resize((801, 601), Image.Resampling.BOX))),
        Row("resize, cubic", "imaging, handwriting",
            lambda: cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
            lambda: np.asarray(image.resize((1600, 1200), Image.Resampling.BICUBIC))),
        Row("resize, nearest", "imaging, reading",
            lambda: cv2.resize(grey, half, interpolation=cv2.INTER_NEAREST),
            lambda: grey[::2, ::2]),
        Row("remap", "augmentation",
            lambda: cv2.remap(frames, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT),
            lambda: remapped(frames, x, y)),
    ]  # fmt: skip


def best_of(work: Callable[[], Array], repeats: int) -> float:
    """Seconds, the smallest of several runs."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def same_parts(one: Array, other: Array) -> bool:
    """Whether two ways to number the components agree on what hangs together."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(one)) == len(np.unique(other))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    print("| function | used in | OpenCV, ms | NumPy and Pillow, ms | times | equal |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows():
        ours, theirs = row.by_opencv(), row.by_numpy()
        if row.name == "connectedComponents":
            equal = 1.0 if same_parts(ours, theirs) else 0.0
        else:
            equal = float(np.mean(ours == theirs))
        seconds = [best_of(way, args.repeats) for way in (row.by_opencv, row.by_numpy)]
        cells = " | ".join(f"{1000 * each:.2f}" for each in seconds)
        times = seconds[1] / seconds[0]
        print(f"| {row.name} | {row.used} | {cells} | {times:.1f} | {equal:.1%} |", flush=True)
    print("| inpaint, floodFill | corners | one pass, pixel by pixel | no array form | | |")


if __name__ == "__main__":
    main()
