"""Numbers with signs: made pages of digits whose gaps hold a point, a comma, a minus, a slash..."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand
from digitnet.handwriting.pages import draw_page

SIGNS = ".,-/:"


def draw_number(
    text: str, rng: np.random.Generator, *, hand: Hand, style: PageStyle
) -> NDArray[np.uint8]:
    """A line such as `12.5`, by one pen; between two digits stands one sign at most."""
    digits = "".join(" " if c in SIGNS else c for c in text)
    page = draw_page([digits], rng, style=style, hand=hand)
    picture = page.picture.copy()
    dark = tuple(int(v) for v in np.percentile(picture.reshape(-1, 3), 1, axis=0))
    box = -1
    for character in text:
        if character not in SIGNS:
            box += 1
            continue
        before, after = page.boxes[box], page.boxes[box + 1]
        height = ((before[3] - before[1]) + (after[3] - after[1])) / 2
        base = (before[3] + after[3]) / 2
        thick = max(2, round(2.3 * float(hand.pen[0]) * height))
        lines: dict[str, list[tuple[float, float, float, float]]] = {
            ".": [(0, 0, 0, 0)],
            ",": [(0.05, -0.02, -0.06, 0.26)],
            "-": [(-0.15, -0.45, 0.15, -0.47)],
            "/": [(-0.28, 0.22, 0.28, -1.22)],
            ":": [(0, -0.15, 0, -0.15), (0, -0.6, 0, -0.6)],
        }
        tall = np.array(lines[character])[:, [1, 3]]
        top, bottom = (int(base + height * v) for v in (tall.min() - 0.1, tall.max() + 0.1))
        start, end = (before[0] + before[2]) // 2, (after[0] + after[2]) // 2
        band = picture[max(top, 0) : bottom, start:end].max(axis=2)
        dark_there = (band < (int(dark[0]) + int(np.median(picture))) / 2).any(axis=0)
        free = np.nonzero(dark_there)[0]
        steps = np.diff(free) if len(free) > 1 else np.array([1])
        widest = int(steps.argmax())
        middle = start + (free[widest] + free[widest + 1]) / 2
        for x0, y0, x1, y1 in lines[character]:
            ends = [
                (round(16 * (middle + x * height)), round(16 * (base + y * height)))
                for x, y in ((x0, y0), (x1, y1))
            ]
            cv2.line(picture, *ends, dark, thick, cv2.LINE_AA, shift=4)
    return picture
