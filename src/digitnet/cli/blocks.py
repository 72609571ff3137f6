"""Blocks: a 28 x 28 frame drawn in block characters, two pixels to a character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INK = 96  # of 255: from here on a pixel is drawn
HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw_frame(image: NDArray[np.uint8]) -> str:
    """The frame (28, 28) as 14 lines of 28 characters inside a thin border."""
    ink = image >= INK
    rows = [
        "".join(HALVES[bool(upper), bool(lower)] for upper, lower in zip(top, bottom, strict=True))
        for top, bottom in zip(ink[::2], ink[1::2], strict=True)
    ]
    edge = "─" * image.shape[1]
    return "\n".join([f"┌{edge}┐", *(f"│{row}│" for row in rows), f"└{edge}┘"])
