"""Page rows: rows cut out of made pages, that a reader of lines learns from beside made lines."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes

CutRow = Callable[[np.random.Generator], tuple[Bytes, str]]
"""Makes a page and cuts its row out: an image (LINE_HEIGHT, W), ink 255 on 0, and its text."""


class PageRows:
    """Rows cut out of made pages, each when it is first asked for, since that takes long.

    Row k depends on the seed and k alone.
    """

    def __init__(self, cut: CutRow, n: int, seed: int) -> None:
        self._cut, self._n, self._seed = cut, n, seed
        self._rows: dict[int, tuple[Bytes, str]] = {}

    def draw(self, rng: np.random.Generator) -> tuple[Bytes, str]:
        """One of them, a little wider or narrower, higher or lower, fainter or darker."""
        k = int(rng.integers(self._n))
        if k not in self._rows:
            self._rows[k] = self._cut(np.random.default_rng([self._seed, 5, k]))
        image, text = self._rows[k]
        height, width = image.shape
        wide = float(np.exp(rng.normal(0.0, 0.08)))
        shift = np.array([[wide, 0, 0], [0, 1, rng.normal(0.0, 0.7)]], np.float64)
        moved = cv2.warpAffine(image, shift, (round(wide * width), height)).astype(np.float32)
        return (moved * np.float32(rng.uniform(0.6, 1.2))).clip(0, 255).astype(np.uint8), text
