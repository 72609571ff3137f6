"""Deskew: slanted writing set upright, before anything is learnt about it.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proc. IEEE 1998, section III: an image is sheared until the principal axis of its ink
stands upright. A small network need not spend neurons on slants then.
"""

from __future__ import annotations

import numpy as np

from digitnet.nn.images import OfPixels
from digitnet.nn.layer import Context, FloatArray

MOST_SLANT = 1.0
"""Pixels sideways per pixel up (45 degrees): nobody writes more slanted, but noise may seem so."""


class Deskew(OfPixels):
    """Shear and shift pixels (N, height * width) until their ink is upright and in the middle.

    With the ink as a mass over rows y and columns x, the slant is cov(x, y) / var(y), and row y is
    moved by slant (y - mean y), which leaves cov(x, y) at 0; the centre of mass is brought to the
    image's centre sideways. Between pixels, values are interpolated in a straight line; what
    moves in from outside is 0. It has no backward pass, so nothing can be learnt before it.

    How far is computed in float64: sums of float32 go by their order, which is another in every
    program and library, and move the ink by 1e-5 pixels, a logit by 4e-5.
    """

    notation = "deskewed"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        n, width, dtype = len(x), self.width, x.dtype
        images = x.reshape(n, self.height, width)
        rows = np.arange(self.height, dtype=np.float64)
        columns = np.arange(width) - (width - 1) / 2
        ink = images.astype(np.float64)
        by_row = ink.sum(axis=2)  # (N, height): the mass of each row, and its moment
        moment = ink @ columns
        mass = np.maximum(by_row.sum(axis=1), 1e-6)
        mean_y, mean_x = by_row @ rows / mass, moment.sum(axis=1) / mass
        from_mean = rows - mean_y[:, None]  # (N, height)
        variance = np.einsum("nh,nh,nh->n", by_row, from_mean, from_mean)
        covariance = np.einsum("nh,nh->n", moment, from_mean)
        slant = covariance / np.maximum(variance, 1e-6)
        slant = np.clip(slant, -MOST_SLANT, MOST_SLANT)
        # Each row is read this far to the right of where it is written.
        shift = slant[:, None] * from_mean + mean_x[:, None]
        whole = np.floor(shift)
        part = (shift - whole).astype(dtype).reshape(-1, 1)
        # Rows with a border of zeros, so wide that no pixel is read from outside of it.
        border = width + 1
        padded = np.zeros((n * self.height, width + 2 * border), dtype)
        padded[:, border:-border] = images.reshape(-1, width)
        start = np.clip(whole, -border, width).astype(np.intp).reshape(-1) + border
        windows = np.lib.stride_tricks.sliding_window_view(padded, width + 1, axis=1)
        taken = windows[np.arange(len(padded)), start]  # (N * height, width + 1)
        y = ctx.array("y", x.shape, dtype)
        out = y.reshape(-1, width)
        np.multiply(taken[:, :-1], 1.0 - part, out)
        out += taken[:, 1:] * part
        return y
