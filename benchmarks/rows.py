"""Rows: numbers made of MNIST's digits and drawn signs, from apart to overlapping, read as pages.

    python -m benchmarks.rows MODEL [--line-model DIR] [--digits 4000] [--part test]

Of each grade, from 0, apart and clean, to 1, as hard as what is found on paper: characters right
by edit distance, rows read exactly, rows with a wrong number that looks right (nothing in it is
said to be unsure or unread), and rows whose digits are all right and of whose signs one is dropped
without a word. The digits are those of MNIST's test part, which nothing here has learnt from;
whoever tunes takes the training part.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitnet.data.sources import open_source
from digitnet.handwriting.glyphs import DIGITS, LineGlyphs
from digitnet.handwriting.lines import draw_lines
from digitnet.handwriting.signs import OTHER
from digitnet.imaging.arrays import Bytes
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model
from digitnet.models.lines import load_line_model
from digitnet.reading.page import read_page
from digitnet.training.lines import edit_distance

GRADES = (0.0, 0.25, 0.5, 0.75, 1.0)
WAYS = 8
"""Digits of a kind that one writer has, of like pens."""
ZOOM, MARGIN = 3, 40
"""How much larger a row is drawn on its page, and the paper around it in pixels."""


@dataclass
class Tally:
    """What became of the rows of one grade."""

    rows: int = 0
    characters: int = 0
    wrong: int = 0
    exact: int = 0
    wrong_and_sure: int = 0
    signs_dropped: int = 0

    def count(self, text: str, said: str, is_sure: bool) -> None:
        """Add a row: what is written, what was read, and whether nothing in it is in doubt."""
        self.rows += 1
        self.characters += len(text)
        self.wrong += min(edit_distance(said, text), len(text))
        self.exact += said == text
        self.wrong_and_sure += said != text and is_sure
        fewer_signs = len(said) < len(text) and OTHER not in said
        self.signs_dropped += fewer_signs and _digits(said) == _digits(text)


def _digits(text: str) -> str:
    return "".join(c for c in text if c in DIGITS)


def glyphs_of(
    images: Bytes, labels: np.ndarray, rng: np.random.Generator, n_writers: int = 200
) -> LineGlyphs:
    """Writers whose signs are drawn, and whose digits are frames (N, 28, 28) with labels (N,)."""
    made = LineGlyphs.make(rng, [images[labels == d] for d in range(10)], n_writers=n_writers)
    pens = [min(one.glyphs["-"][0].image.shape) for one in made.writers]
    writers = []
    for rank, k in enumerate(np.argsort(pens, kind="stable")):  # a fine pen's signs, its digits
        writer, pen = made.writers[k], rank / n_writers
        own = {}
        for digit, bank in zip(DIGITS, made.photos, strict=True):
            first = int(pen * max(len(bank) - WAYS, 0))
            own[digit] = bank[first : first + WAYS]
        writers.append(replace(writer, glyphs={**writer.glyphs, **own}))
    return LineGlyphs(tuple(writers), ())


def on_paper(image: Bytes) -> Bytes:
    """A row's ink as dark strokes on a white page."""
    large = cv2.resize(image, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(large, *[MARGIN] * 4, cv2.BORDER_CONSTANT)
    return np.asarray(255 - padded, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--line-model", default=in_box(LINES), metavar="DIR")
    parser.add_argument("--mnist", default="mnist", help="where MNIST is (default: mnist)")
    parser.add_argument("--part", default="test", choices=("test", "train"))
    parser.add_argument("--digits", type=int, default=4000, help="characters of each grade")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model, line_model = load_model(args.model), load_line_model(args.line_model)
    source = open_source(args.mnist, part=args.part)
    rng = np.random.default_rng(args.seed)
    glyphs = glyphs_of(source.images, source.labels, rng)
    print(
        f"{'grade':>5}{'rows':>7}{'characters':>12}{'right':>8}{'exact':>8}"
        f"{'wrong and sure':>16}{'signs dropped':>15}"
    )
    for grade in GRADES:
        tally = Tally()
        while tally.characters < args.digits:
            (line,) = draw_lines(1, rng, digits=glyphs, grade=grade)
            got = read_page(model, on_paper(line.image), line_model)
            said = "".join(got.lines).replace(" ", "")
            is_sure = bool(said) and OTHER not in said and all(one.sure for one in got.digits)
            tally.count(line.text, said, is_sure and not got.rejected)
        print(
            f"{grade:>5}{tally.rows:>7}{tally.characters:>12}"
            f"{1 - tally.wrong / tally.characters:>8.1%}{tally.exact / tally.rows:>8.1%}"
            f"{tally.wrong_and_sure:>16}{tally.signs_dropped:>15}",
            flush=True,
        )


if __name__ == "__main__":
    main()
