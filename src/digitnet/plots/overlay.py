"""Overlay: boxes and readings drawn onto a picture, so that a person sees what was read where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import OutputError
from digitnet.files import replacing
from digitnet.imaging.boxes import Box
from digitnet.text import shown

if TYPE_CHECKING:
    from PIL import Image

SURE, UNSURE, SHEET = (0, 150, 70), (225, 90, 0), (30, 110, 220)
Outline = Sequence[tuple[int, int]]
"""The corners (x, y) of a polygon, in pixels."""
LARGEST = 2000
"""Longer side of a picture with captions, in pixels, at most."""

LONGEST = 24
"""Letters of a caption, at most."""


@dataclass(frozen=True)
class Caption:
    """What to draw: a box (left, top, right, bottom) in pixels, a word above it, its colour."""

    box: Box
    text: str
    sure: bool = True


def save_overlay(
    picture: NDArray[np.uint8],
    captions: Sequence[Caption],
    target: str | Path,
    outlines: Sequence[Outline] = (),
) -> None:
    """Draw captions on a copy of a picture, (H, W) or (H, W, 3) uint8, and save it whole or not.

    Large pictures are reduced. The format follows from the target's suffix. Outlines are drawn
    below the captions.

    Raises:
        OutputError: it cannot be written, or the suffix names no picture.
    """
    from PIL import Image

    Image.init()
    suffix = Path(target).suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"):
        raise OutputError(f"{target} does not end like a picture: name it, for example, read.png.")
    image = draw_overlay(picture, captions, outlines)
    with replacing(target) as temporary:
        image.save(temporary)


def draw_overlay(
    picture: NDArray[np.uint8], captions: Sequence[Caption], outlines: Sequence[Outline] = ()
) -> Image.Image:
    """The picture with its outlines and captions, as a Pillow image in RGB."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture).convert("RGB")
    scale = min(1.0, LARGEST / max(image.size))
    least = min(image.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height))
    elif least < 200:  # a tiny picture has no room for letters
        scale = float(max(1, min(-(-200 // least), LARGEST // max(image.size))))
        image = image.resize(
            (int(image.width * scale), int(image.height * scale)), Image.Resampling.NEAREST
        )
    draw = ImageDraw.Draw(image)
    heights = [caption.box[3] - caption.box[1] for caption in captions]
    size = float(np.clip(0.4 * scale * np.median(heights), 12, 60)) if heights else 12.0
    font = ImageFont.load_default(size)
    thick = max(1, round(size / 12))
    for outline in outlines:
        corners = [(x * scale, y * scale) for x, y in outline]
        draw.line([*corners, corners[0]], fill=SHEET, width=2 * thick, joint="curve")
    for caption in captions:
        left, top, right, bottom = (round(v * scale) for v in caption.box)
        colour = SURE if caption.sure else UNSURE
        gap = thick + 1
        frame = (left - gap, top - gap, right + gap - 1, bottom + gap - 1)
        draw.rectangle(frame, outline=colour, width=thick)
        text = shown(caption.text, LONGEST)
        x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
        wide, high = x1 - x0 + 2 * gap, y1 - y0 + 2 * gap
        y = frame[1] - high if frame[1] >= high else min(frame[3] + 1, image.height - high)
        x = max(0, min(frame[0], image.width - wide))
        draw.rectangle((x, y, x + wide - 1, y + high - 1), fill=colour)
        draw.text((x + gap - x0, y + gap - y0), text, fill="white", font=font)
    return image
