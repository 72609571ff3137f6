"""Sample pictures: photos of a digit and a page to try on the page's Draw, and how they are framed.

Run from the root: `python tools/draw_sample_pictures.py`, into web/static/draw/sample_pictures.js.
They are drawn by digitnet.handwriting; found and framed as `digitnet predict` and `digitnet read`
do it, since the page has no way of its own from a photo to a frame. Read they are on the page.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import digitnet
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.models.folder import load_model
from digitnet.reading.page import read_page

TARGET = Path(digitnet.__file__).parent / "web" / "static" / "draw" / "sample_pictures.js"
SIDE, QUALITY = 360, 35  # of the pictures in pixels, and of WebP
LINES = ("2718", "30 45", "6180")
PHOTOS = (
    ("4", PageStyle(ruling="squares", shade=0.4, noise=0.02, slope=0.1)),
    ("7", PageStyle(paper=(0.93, 0.86, 0.66), ink=(0.1, 0.2, 0.55), shadow=0.45)),
    ("2", PageStyle(ruling="lines", paper=(0.75, 0.76, 0.78), ink=(0.45, 0.1, 0.12), noise=0.03)),
)

Picture = NDArray[np.uint8]


def main() -> None:
    rng = np.random.default_rng(12)
    samples: list[dict[str, Any]] = []
    frames: list[Picture] = []
    for k, (digit, style) in enumerate(PHOTOS):
        look = replace(style, digit=0.5 * SIDE, margin=0.4)
        hand = careful(Hand.sample(rng), 0.6)
        picture = draw_page([digit], rng, style=look, hand=hand, size=(SIDE, SIDE)).picture
        frame = frame_picture(picture).image
        samples.append(sample(f"photo {k + 1}", picture, [[0, 0, SIDE, SIDE]], [0]))
        frames.append(frame)
    style = PageStyle(digit=52, line_gap=1.8, margin=0.9, shade=0.3, ruling="lines", slope=0.03)
    hand = replace(careful(Hand.sample(rng), 0.7), pen=np.array([0.055], np.float32))
    picture = draw_page(LINES, rng, style=style, hand=hand, size=(SIDE, SIDE)).picture
    read = read_page(load_model("cnn"), picture)
    boxes = [[int(side) for side in digit.box] for digit in read.digits]
    print(read.lines)
    samples.append(sample("a page", picture, boxes, [digit.line for digit in read.digits]))
    frames += [digit.frame for digit in read.digits]
    strip = Image.fromarray(np.concatenate(frames))
    TARGET.write_text(module(samples, as_url(strip, "PNG", optimize=True)), encoding="utf-8")
    print(f"{TARGET.stat().st_size / 1000:.1f} kB")


def sample(name: str, picture: Picture, boxes: list[list[int]], lines: list[int]) -> dict[str, Any]:
    url = as_url(Image.fromarray(picture), "WEBP", quality=QUALITY, method=6)
    return {"name": name, "picture": url, "boxes": boxes, "lines": lines}


def as_url(image: Image.Image, kind: str, **options: Any) -> str:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    content = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{content}"


def module(samples: list[dict[str, Any]], strip: str) -> str:
    """The JavaScript, laid out as the page's formatter wants it."""
    parts = [
        "// Sample pictures: written by tools/draw_sample_pictures.py, which says how.",
        "",
        f"export const SIDE = {SIDE};",
        "/** The digits' frames, one below the other, in the order of the samples. */",
        f"export const FRAMES =\n  {json.dumps(strip)};",
        "/** @type {SamplePicture[]} boxes are left, top, right, bottom in pixels */",
        "export const SAMPLES = [",
    ]
    for each in samples:
        boxes = ", ".join(json.dumps(box) for box in each["boxes"])
        parts += [
            "  {",
            f"    name: {json.dumps(each['name'])},",
            f"    picture:\n      {json.dumps(each['picture'])},",
            f"    boxes: [{boxes}],",
            f"    lines: {json.dumps(each['lines'])},",
            "  },",
        ]
    return "\n".join([*parts, "];", ""])


if __name__ == "__main__":
    main()
