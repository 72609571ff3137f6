"""Arrays: digits as other data sets keep them: few pixels, stretched, squeezed, thin, thick, drawn.

    python -m benchmarks.arrays MODEL [MODEL ...] [-n 2000] [--test] [--only ROW ...] [--record]

MNIST's digits are changed and read as `digitnet predict` reads a table of them: framed anew, or
as they are where they have 28 x 28 pixels. Each row gives the share whose likeliest digit is right,
answered or not. They are those that each model's own training had set aside, or, with `--test`,
MNIST's test digits, for a final figure. The drawn digits come from a seed that no training uses.
A bare vertical stroke stretched to a square is a block without a form, so the rows of squares leave
out what is less than two fifths as wide as high, nearly all of them ones.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.invariances import pen
from benchmarks.records import keep_record
from digitnet.data.dataset import Dataset
from digitnet.data.frames import reframed
from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.imaging.frame import SIDE
from digitnet.models.folder import load_model
from digitnet.models.model import Model

Picture = NDArray[np.uint8]
Make = Callable[[Picture], Picture]
SEED = 990_001


def cropped(picture: Picture) -> Picture:
    """The digit's own box, without a margin."""
    left, top, width, height = cv2.boundingRect(picture)
    return picture[top : top + height, left : left + width]


def resized(picture: Picture, width: int, height: int) -> Picture:
    """By area where it shrinks, else by straight lines."""
    less = width * height < picture.size
    way = cv2.INTER_AREA if less else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)


def small(side: int) -> Make:
    return lambda picture: resized(picture, side, side)


def enlarged(side: int) -> Make:
    """Few pixels, made 28 x 28 again by whoever made the array."""
    return lambda picture: resized(resized(picture, side, side), SIDE, SIDE)


def small_filled(side: int) -> Make:
    """Few pixels without a margin, the digit's proportion kept."""

    def make(picture: Picture) -> Picture:
        ink = cropped(picture)
        scale = side / max(ink.shape)
        height, width = (max(1, round(each * scale)) for each in ink.shape)
        return resized(ink, width, height)

    return make


def stretched(side: int) -> Make:
    """The digit's own box as a square: what many arrays of digits are."""
    return lambda picture: resized(cropped(picture), side, side)


def has_form(picture: Picture) -> bool:
    """Whether the digit's own box as a square still shows a form."""
    height, width = cropped(picture).shape
    return bool(width >= 0.4 * height)


def black_and_white(make: Make) -> Make:
    return lambda picture: np.where(make(picture) > 100, np.uint8(255), np.uint8(0))


def squeezed(times: float) -> Make:
    return lambda picture: resized(picture, round(picture.shape[1] * times), picture.shape[0])


def other_pen(times: float) -> Make:
    change = pen(times)
    return lambda picture: np.asarray(change(picture, np.random.default_rng(0)), np.uint8)


ARRAYS: dict[str, Make] = {
    "as it is": lambda picture: picture,
    **{f"{side} x {side}": small(side) for side in (8, 12, 16, 20)},
    **{f"{side} x {side}, no margin": small_filled(side) for side in (8, 12, 16)},
    **{f"{side} x {side}, enlarged": enlarged(side) for side in (8, 16)},
    **{f"stretched to {side} x {side}": stretched(side) for side in (8, 16, 32)},
    "stretched, 0 or 255": black_and_white(stretched(16)),
    "half as wide": squeezed(0.5),
    "twice as wide": squeezed(2.0),
    "strokes -50 %": other_pen(0.5),
    "strokes +60 %": other_pen(1.6),
}
"""What is made of a digit, (28, 28) uint8 with ink bright on 0."""

DRAWN = {"drawn": False, "drawn, rare forms": True}


def set_aside(model: Model, digits: Dataset) -> Dataset:
    """The part of the digits that the model's own training was not taught."""
    plan = model.training["plan"]
    return digits.split(plan["validation"], np.random.default_rng(plan["seed"]))[1]


def right(model: Model, pictures: list[Picture], labels: NDArray[np.int64]) -> float:
    """Share of pictures whose likeliest digit is right."""
    frames = [
        picture
        if picture.shape == (SIDE, SIDE)
        else reframed(picture[None], None, model.framing)[0]
        for picture in pictures
    ]
    return float((model.probabilities(np.stack(frames)).argmax(axis=1) == labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("-n", type=int, default=2000, help="how many digits (default: %(default)s)")
    parser.add_argument("--test", action="store_true", help="open MNIST's test digits")
    parser.add_argument("--only", nargs="+", choices=[*ARRAYS, *DRAWN], metavar="ROW")
    parser.add_argument("--record", action="store_true", help="keep the shares in results/")
    args = parser.parse_args()
    models = {name: load_model(name) for name in args.models}
    digits = open_source("mnist", part="test" if args.test else "train")
    shown = {
        name: digits if args.test else set_aside(model, digits) for name, model in models.items()
    }
    print(f"{'likeliest digit right':<24}" + "".join(f"{name[-18:]:>19}" for name in models))
    for what in args.only or [*ARRAYS, *DRAWN]:
        shares = []
        for name, model in models.items():
            images, labels = shown[name].images[: args.n], shown[name].labels[: args.n]
            if what in DRAWN:
                drawn = synthesize(args.n, np.random.default_rng(SEED), rare=DRAWN[what])
                images, labels = drawn.images, drawn.labels
            elif what.startswith("stretched"):
                kept = np.array([has_form(each) for each in images])
                images, labels = images[kept], labels[kept]
            make = ARRAYS.get(what, ARRAYS["as it is"])
            shares.append(right(model, [make(each) for each in images], labels))
            if args.record:
                keep_record(
                    f"arrays-{Path(name).name}-{re.sub('[^a-z0-9]+', '-', what)}",
                    "digits that no training sees"
                    if what in DRAWN
                    else "test of mnist"
                    if args.test
                    else "digits set aside",
                    len(labels),
                    shares[-1:],
                    part="arrays",
                    what=f"{Path(name).name}, {what}",
                )
        print(f"{what:<24}" + "".join(f"{share:>18.2%} " for share in shares), flush=True)


if __name__ == "__main__":
    main()
