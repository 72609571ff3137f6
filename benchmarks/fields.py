"""Fields: digits in boxes, combs, tables and over underlines, read beside the bare digits.

    python -m benchmarks.fields MODEL [--n 200] [--drawn]

For each kind of lines, and for each way the digit meets them, the share that is answered rightly,
in brackets the share whose likeliest class is right, and the same of the very same pictures
without the lines. Then controls, which have no lines that could be taken out: digits on paper,
digits that fill their picture from edge to edge, the same light on dark, and small ones of hard
pixels. Half of the digits are drawn, half are MNIST's from its training file, enlarged; with
`--drawn` all are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.data.sources import open_source
from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.fields import CONTACTS, KINDS, draw_in_field
from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.handwriting.raster import render
from digitnet.imaging.boxes import bounds
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.stroke_width import stroke_width
from digitnet.models.folder import load_model
from digitnet.models.model import Model

Picture = NDArray[np.uint8]
Ink = Callable[[int, np.random.Generator, float, float], Picture]
"""Label, generator, least and largest size in pixels -> the ink of a digit, cut to its box."""


def drawn_ink(label: int, rng: np.random.Generator, least: float, most: float) -> Picture:
    """A digit of our own strokes; one in seven hands writes the rare forms."""
    hand = careful(Hand.sample(rng, rare=bool(rng.random() < 1 / 7)))
    strokes = draw_digit(label, rng, hand=hand)
    width = max(float((s.points[:, 0] + s.radii).max()) for s in strokes)
    size = np.exp(rng.uniform(np.log(least), np.log(most))) / max(1.0, width)
    shape = int(np.ceil(size)) + 1, int(np.ceil(width * size)) + 1
    return _cut(render([s.placed(size, 0, 0) for s in strokes], *shape))


def mnist_or_drawn(mnist: Dataset) -> Ink:
    """Every other digit from MNIST, its edges as sharp as a pen's."""

    def ink(label: int, rng: np.random.Generator, least: float, most: float) -> Picture:
        if rng.random() < 0.5:
            return drawn_ink(label, rng, least, most)
        small = np.pad(mnist.images[rng.choice(np.flatnonzero(mnist.labels == label))], 1)
        zoom = np.exp(rng.uniform(np.log(least), np.log(most))) / 20
        way = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
        large = cv2.resize(small.astype(np.float32), None, fx=zoom, fy=zoom, interpolation=way)
        if zoom > 1.5:
            large = (cv2.GaussianBlur(large, (0, 0), 0.35 * zoom) - 127) * zoom + 127
        return _cut(np.rint(np.clip(large, 0, 255)).astype(np.uint8))

    return ink


def _cut(ink: Picture) -> Picture:
    left, top, right, bottom = bounds(ink > 100)
    return ink[top:bottom, left:right]


def in_fields(
    kind: str, contact: str, ink: Ink, n: int, rng: np.random.Generator
) -> Iterator[tuple[int, Picture, Picture]]:
    """Labels, pictures with the lines and pictures without."""
    for k in range(n):
        digit = ink(k % 10, rng, 14, 160)
        pen = stroke_width((digit > 127).astype(np.uint8))
        field = draw_in_field(digit, pen, kind, contact, rng)
        yield k % 10, field.picture, field.bare


def controls(ink: Ink, n: int, rng: np.random.Generator) -> dict[str, list[tuple[int, Picture]]]:
    """Pictures without lines, by what is hard about them."""
    found: dict[str, list[tuple[int, Picture]]] = {
        name: []
        for name in ("paper", "edge to edge", "light on dark", "hard pixels", "bold pixels")
    }
    for k in range(n):
        digit = ink(k % 10, rng, 14, 160)
        style = replace(PageStyle.sample(rng), ruling="plain", digit=float(len(digit)), blur=0.5)
        loose = np.pad(digit, int(rng.uniform(0.1, 0.5) * max(digit.shape)))
        tight = np.pad(digit, [(n, m) for n, m in rng.integers(0, 3, (2, 2))])
        seen = [photograph(each / np.float32(255), style, 0.0, rng) for each in (loose, tight)]
        found["paper"].append((k % 10, seen[0]))
        found["edge to edge"].append((k % 10, seen[1]))
        found["light on dark"].append((k % 10, 255 - seen[1]))
        small = ink(k % 10, rng, 8, 40)
        hard = np.pad((small > 110).astype(np.uint8) * 255, int(rng.integers(0, 4)))
        found["hard pixels"].append((k % 10, 255 - hard))
        bold = cv2.dilate(ink(k % 10, rng, 24, 32), np.ones((3, 3), np.uint8))
        hard = np.pad((bold > 127).astype(np.uint8) * 255, int(rng.integers(0, 2)))
        found["bold pixels"].append((k % 10, 255 - hard if rng.random() < 0.5 else hard))
    return found


def shares(model: Model, digits: list[tuple[int, Picture]]) -> str:
    """The share answered rightly and the share whose likeliest class is right, in %."""
    answers = [(label, model.answer(frame_picture(picture))) for label, picture in digits]
    right = sum(answer.label == label for label, answer in answers) / len(answers)
    top = sum(int(answer.probabilities.argmax()) == label for label, answer in answers)
    return f"{100 * right:>8.1f} ({100 * top / len(answers):5.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--n", type=int, default=200, help="digits in each cell of the table")
    parser.add_argument("--drawn", action="store_true", help="take no digits from MNIST")
    args = parser.parse_args()
    model = load_model(args.model)
    ink = drawn_ink if args.drawn else mnist_or_drawn(open_source("mnist"))
    print(f"{'answered rightly in % (likeliest)':<36}{'in its field':<18}bare")
    for i, kind in enumerate(KINDS):
        for j, contact in enumerate(CONTACTS):
            rng = np.random.default_rng([i, j])
            digits = list(in_fields(kind, contact, ink, args.n, rng))
            cells = [shares(model, [(d[0], d[side]) for d in digits]) for side in (1, 2)]
            print(f"{kind + ', ' + contact:<34}{cells[0]}{cells[1]}")
    for name, alone in controls(ink, args.n, np.random.default_rng(9)).items():
        print(f"{name:<34}{'':16}{shares(model, alone)}")


if __name__ == "__main__":
    main()
