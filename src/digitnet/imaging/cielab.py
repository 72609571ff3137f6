"""CIELAB: a picture's lightness and its two colours, apart as far as people see them apart.

To the bit what OpenCV makes of RGB. OpenCV's first picture in a process takes a tenth of a second
for tables that are needed for pictures of floats alone, a tenth of the time of a photographed page.
"""

from __future__ import annotations

import numpy as np

from digitnet.imaging.arrays import Bytes

WEIGHTS = np.array([[1777, 1541, 778], [871, 2929, 296], [73, 448, 3575]])
"""Of red, green and blue in X, Y and Z over those of the white of D65, in 1/4096."""
FULL = 255 * 8
"""A light's full amount, in which X, Y and Z are counted too."""
UNIT = 1 << 15
"""What 1 is counted as in their roots."""


def to_lab(picture: Bytes) -> Bytes:
    """A picture (H, W, 3) of sRGB as L, a and b, (H, W, 3) uint8: L of 255, a and b about 128."""
    share = np.arange(256) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = np.rint(FULL * linear).astype(np.int32)[picture]  # (H, W, 3)
    amount = np.arange(FULL * 3 // 2) / FULL
    cubic = np.cbrt(amount).astype(np.float32)  # as rounded there
    root = np.where(amount < 216 / 24389, amount * 841 / 108 + 16 / 116, cubic)
    roots = np.rint(UNIT * root).astype(np.int32)
    x, y, z = (
        roots[(light[..., 0] * r + light[..., 1] * g + light[..., 2] * b + 2048) >> 12]
        for r, g, b in WEIGHTS.tolist()
    )
    lightness = (116 * 255 + 50) // 100 * y - (16 * 255 * UNIT + 50) // 100
    lab = np.stack([lightness, 500 * (x - y) + 128 * UNIT, 200 * (y - z) + 128 * UNIT], axis=2)
    return ((lab + UNIT // 2) >> 15).clip(0, 255).astype(np.uint8)
