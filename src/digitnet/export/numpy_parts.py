"""Numpy parts: the functions of which an exported model.py is made, NumPy and nothing else.

`numpy.py` copies those that a model needs into its file, as they stand here. Images lie with the
batch first, (n, channels, height, width).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def deskew(x: Floats) -> Floats:
    """Frames (n, 784) sheared and shifted until their ink is upright and in the middle."""
    images, row = x.reshape(-1, 28, 28), np.arange(28, dtype=np.float64)
    by_row, moment = images.sum(2, dtype=np.float64), images @ (row - 13.5)
    mass = np.maximum(by_row.sum(1, keepdims=True), 1e-6)
    from_mean = row - by_row @ row[:, None] / mass
    variance = np.maximum((by_row * from_mean**2).sum(1, keepdims=True), 1e-6)
    slant = np.clip((moment * from_mean).sum(1, keepdims=True) / variance, -1, 1)
    shift = (slant * from_mean + moment.sum(1, keepdims=True) / mass)[:, :, None]
    start = np.clip(np.floor(shift), -29, 28).astype(int) + 29 + np.arange(29)
    taken = np.take_along_axis(np.pad(images, ((0, 0), (0, 0), (29, 29))), start, 2)
    part = (shift - np.floor(shift)).astype(np.float32)
    y: Floats = taken[:, :, :-1] * (1 - part) + taken[:, :, 1:] * part
    return y.reshape(x.shape)


def conv(x: Floats, W: Floats, b: Floats, size: int, stride: int, padding: int) -> Floats:
    """A window of size x size moved over images; W is (channels in * size * size, out)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    y: Floats = windows.reshape(*windows.shape[:3], len(W)) @ W + b
    return y.transpose(0, 3, 1, 2)


def novelty(ink: Floats, a: dict[str, Floats]) -> Floats:
    """How unlike all that was learnt frames (n, 28, 28) are, by their strokes' directions."""
    p = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    down = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    along = p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]
    gx, gy = down[:, :, 2:] - down[:, :, :-2], along[:, 2:] - along[:, :-2]
    sides = [np.maximum(each, 0) for each in (gx, gy, -gx, -gy)]  # right, below, left, above
    straight = [np.maximum(sides[i] - abs((gy, gx)[i % 2]), 0) for i in range(4)]
    slanted = [np.float32(2**0.5) * np.minimum(sides[i], sides[(i + 1) % 4]) for i in range(4)]
    planes = np.stack([straight, slanted], 1).reshape(8, *ink.shape)
    cells = a["windows"] @ planes @ a["windows"].T
    sums = cells.transpose(1, 2, 3, 0).reshape(-1, 128)
    sums = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + np.float32(1e-6))
    inner = ink[:, 2:-2, 2:-2].reshape(-1, 12, 2, 12, 2).mean((2, 4)).reshape(-1, 144)
    seen = np.hstack([np.sqrt(sums), np.float32(0.2) * np.sqrt(inner)])
    rises = [np.maximum(np.diff(ink, axis=axis, prepend=0), 0).sum(axis) for axis in (2, 1)]
    white = (seen @ a["axes"] - a["centres"][:, None]) @ a["whitening"]  # (classes, n, axes)
    far: Floats = ((white**2).sum(2) + a["spreads"][:, None]).min(0)
    excited = np.maximum(np.hstack([seen, *rises]) @ a["hidden"][:-1] + a["hidden"][-1], 0)
    says: Floats = excited @ a["readout"][:-1] + a["readout"][-1]
    return np.maximum(far, says)
