"""Rows: numbers made of MNIST's digits and drawn signs, from apart to overlapping, read as pages.

    python -m benchmarks.rows MODEL [--line-model DIR] [--digits 4000] [--a-page 6] [--risk 0.5%]
                              [--validation-only]

Of each grade, from 0, apart and clean, to 1, as hard as what is found on paper: characters right
by edit distance, rows read exactly, rows with a wrong number that looks right (nothing in it is
said to be unsure or unread), and rows whose digits are all right and of whose signs one is dropped
without a word. Then the risk: of the characters that are not unsure the share that is wrong, of the
rows that are not unsure the share in which anything is, and how many are given; below that what was
promised of both. The digits are those of MNIST's test part, which nothing here has learnt from;
whoever tunes takes --validation-only, those digits of the training part that neither the reader of
lines nor the model beside it has learnt from.

With --a-page 1 each row is a page of its own. One of a few characters that are not clear is tried
aslant then, which takes ten times as long.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitnet.cli.calibrate import run_of
from digitnet.data.dataset import Dataset
from digitnet.data.sources import open_source
from digitnet.handwriting.glyphs import DIGITS, LineGlyphs
from digitnet.handwriting.lines import draw_lines
from digitnet.handwriting.signs import OTHER
from digitnet.models.box import LINES, in_box
from digitnet.models.find import find_model
from digitnet.models.folder import load_model
from digitnet.models.line_calibration import right_characters
from digitnet.models.lines import load_line_model
from digitnet.reading.doubts import nearest_lines, read_characters
from digitnet.reading.page import read_page
from digitnet.reading.reading import ReadDigit, Reading
from digitnet.reading.signs import Mark
from digitnet.training.line_calibration_set import MadePage, rows_page, unseen_digits
from digitnet.training.lines import edit_distance

GRADES = (0.0, 0.25, 0.5, 0.75, 1.0)
N_WRITERS = 200


@dataclass
class Tally:
    """What became of the rows of one grade, or of all."""

    rows: int = 0
    characters: int = 0
    wrong: int = 0
    exact: int = 0
    wrong_and_sure: int = 0
    signs_dropped: int = 0
    given: int = 0
    wrong_given: int = 0
    rows_given: int = 0

    def count(self, text: str, row: list[tuple[str, ReadDigit | Mark]], is_sure: bool) -> None:
        """Add a row: what is written, what was read, and whether nothing in it is in doubt."""
        said = "".join(character for character, _ in row)
        self.rows += 1
        self.characters += len(text)
        self.wrong += min(edit_distance(said, text), len(text))
        self.exact += said == text
        self.wrong_and_sure += said != text and is_sure
        fewer_signs = len(said) < len(text) and OTHER not in said
        self.signs_dropped += fewer_signs and _digits(said) == _digits(text)
        self.rows_given += is_sure
        for (_, one), right in zip(row, right_characters(said, text), strict=True):
            self.given += one.sure
            self.wrong_given += one.sure and not right

    def add(self, other: Tally) -> None:
        """Add the rows of another."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    def row_of(self, name: str) -> str:
        """A line of the table."""
        return (
            f"{name:>5}{self.rows:>7}{self.characters:>12}"
            f"{1 - self.wrong / self.characters:>8.1%}{self.exact / self.rows:>8.1%}"
            f"{self.wrong_and_sure:>16}{self.signs_dropped:>15}"
            f"{self.given / self.characters:>10.1%}{self.wrong_given / max(self.given, 1):>8.2%}"
            f"{self.rows_given / self.rows:>10.1%}"
            f"{self.wrong_and_sure / max(self.rows_given, 1):>8.2%}"
        )


def _digits(text: str) -> str:
    return "".join(c for c in text if c in DIGITS)


def count(tally: Tally, reading: Reading, page: MadePage) -> None:
    """Add the rows of a page that was read."""
    said = read_characters(reading)
    for numbers, text in zip(nearest_lines(reading, page.middles), page.texts, strict=True):
        assert text is not None, "every row counts"
        row = [one for number in numbers for one in said[number]]
        is_sure = bool(row) and all(reading.line_doubts[number] is None for number in numbers)
        tally.count(text, row, is_sure)


def digits_of(args: argparse.Namespace) -> Dataset:
    """MNIST's test digits, or those of its training part that no training has seen."""
    if not args.validation_only:
        return open_source(args.mnist, part="test")
    model = load_model(find_model(args.model))
    validation = run_of(args.model, model, Path("nothing-is-written")).validation
    assert validation is not None, "`run_of` refuses a run without"
    return unseen_digits(open_source(args.mnist, part="train"), validation)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--line-model", default=in_box(LINES), metavar="DIR")
    parser.add_argument("--mnist", default="mnist", help="where MNIST is (default: mnist)")
    parser.add_argument("--validation-only", action="store_true", help="no digits of the test part")
    parser.add_argument("--digits", type=int, default=4000, help="characters of each grade")
    parser.add_argument("--a-page", type=int, default=6, help="rows on a page (default: 6)")
    parser.add_argument("--risk", help="as of digitnet read (default: the model's own)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model, line_model = load_model(find_model(args.model)), load_line_model(args.line_model)
    if args.risk is not None:
        line_model = line_model.at_risk(args.risk)
    source = digits_of(args)
    rng = np.random.default_rng(args.seed)
    each = [source.images[source.labels == d] for d in range(10)]
    glyphs = LineGlyphs.of_digits(rng, each, n_writers=N_WRITERS)
    print(
        f"{'grade':>5}{'rows':>7}{'characters':>12}{'right':>8}{'exact':>8}"
        f"{'wrong and sure':>16}{'signs dropped':>15}{'given':>10}{'wrong':>8}"
        f"{'rows given':>10}{'wrong':>8}"
    )
    every = Tally()
    for grade in GRADES:
        tally = Tally()
        while tally.characters < args.digits:
            lines = draw_lines(args.a_page, rng, digits=glyphs, grade=grade)
            page = rows_page(lines, rng)
            count(tally, read_page(model, page.picture, line_model), page)
        print(tally.row_of(f"{grade:g}"), flush=True)
        every.add(tally)
    print(every.row_of("all"))
    for what in ("characters", "lines"):
        part = getattr(line_model.calibration, what)
        told = "nothing" if part.promised is None else f"at most {part.promised:.2%} wrong"
        asked = "" if part.risk is None else f", asked for {part.risk:.2%}"
        print(f"promised of {what} given: {told}{asked}")


if __name__ == "__main__":
    main()
