"""Arrays: names for the kinds of arrays that pictures and their ink are kept in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
"""A picture, (H, W) grey or (H, W, 3) RGB, or frames (N, H, W): 0 to 255."""
Floats = NDArray[np.float32]
"""Contrast, coverage: (h, w), 0 for none and 1 for full."""
Mask = NDArray[np.uint8]
"""Which pixels belong, (h, w): 0 or 1, as OpenCV takes it."""
Flags = NDArray[np.bool_]
"""Which pixels belong, (h, w): False or True, as NumPy indexes with it."""
Labels = NDArray[np.int32]
"""The number of the connected component that each pixel belongs to, (h, w); 0 for none."""
