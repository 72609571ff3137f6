"""Answer: milliseconds from a picture file to the answer, and where they go.

    python -m benchmarks.answer MODEL

Two made pictures: a 12-megapixel colour JPEG and a 100 x 100 PNG, each a digit on paper. In
process, the smallest of several runs.
"""

from __future__ import annotations

import argparse
import io
import time
from dataclasses import replace

import numpy as np
from PIL import Image

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.folder import load_model

CASES = (
    ("12-megapixel JPEG", (3000, 4000), 900.0, "JPEG"),
    ("100 x 100 PNG", (100, 100), 50.0, "PNG"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    model = load_model(args.model)
    print(f"{'milliseconds':<20}{'open':>8}{'frame':>8}{'answer':>8}{'in all':>8}")
    for name, size, digit, kind in CASES:
        rng = np.random.default_rng(2)
        style = replace(PageStyle(), digit=digit, ruling="lines", shade=0.3)
        picture = draw_page(["3"], rng, style=style, size=size).picture
        file = io.BytesIO()
        Image.fromarray(picture).save(file, kind)
        best = np.full(3, np.inf)
        for _ in range(args.repeats):
            marks = [time.perf_counter()]
            opened = open_picture(file.getvalue())
            marks.append(time.perf_counter())
            frame = frame_picture(opened, model.framing)
            marks.append(time.perf_counter())
            model.answer(frame)
            marks.append(time.perf_counter())
            best = np.minimum(best, np.diff(marks))
        cells = "".join(f"{1000 * seconds:>8.1f}" for seconds in (*best, best.sum()))
        print(f"{name:<20}{cells}")


if __name__ == "__main__":
    main()
