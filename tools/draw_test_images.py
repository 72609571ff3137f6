"""Test images: draw test_images/digi_0.png to digi_9.png, digits as a user would bring them.

Ten hands, ten pens, white paper: drawn with digitnet's own strokes, so that nothing of anybody's
handwriting is in the repository. Run from the root: `python tools/draw_test_images.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from digitnet.handwriting.hands import Hand, draw_digit
from digitnet.handwriting.raster import render

FOLDER = Path(__file__).resolve().parents[1] / "test_images"
SIDE = 200  # pixels
PAPER = np.array([255.0, 255.0, 255.0])
INKS = {"black": (20, 20, 24), "blue": (24, 44, 130), "pencil": (70, 70, 74), "green": (16, 84, 52)}
# For each digit: the seed of its hand, the height of the digit in pixels, its pen.
DIGITS = (
    (3, 120, "black"), (11, 130, "blue"), (4, 140, "black"), (5, 125, "pencil"), (2, 135, "blue"),
    (3, 130, "black"), (6, 140, "green"), (0, 120, "black"), (8, 130, "blue"), (8, 140, "black"),
)  # fmt: skip


def draw(label: int, seed: int, height: int, ink: str) -> Image.Image:
    """One digit near the middle of white paper."""
    rng = np.random.default_rng([label, seed])
    hand = Hand.sample(rng)
    hand = replace(hand, pen=0.75 * hand.pen, haste=0.5 * hand.haste, wobble=0.6 * hand.wobble)
    strokes = draw_digit(label, rng, hand=hand)
    width = max(stroke.points[:, 0].max() for stroke in strokes) * height
    left, top = (SIDE - width) / 2 + rng.uniform(-8, 8), (SIDE - height) / 2 + rng.uniform(-8, 8)
    share = render([s.placed(height, left, top) for s in strokes], SIDE, SIDE, softness=1.5) / 255.0
    colour = PAPER + share[:, :, None] * (np.array(INKS[ink]) - PAPER)
    return Image.fromarray(np.rint(colour).astype(np.uint8))


def main() -> None:
    """Draw all ten."""
    FOLDER.mkdir(exist_ok=True)
    for label, (seed, height, ink) in enumerate(DIGITS):
        draw(label, seed, height, ink).save(FOLDER / f"digi_{label}.png", optimize=True)


if __name__ == "__main__":
    main()
