"""No numbers: what `digitnet read` says of pages that hold none, or very many; seconds, memory.

    python -m benchmarks.no_numbers MODEL [--only map cat ...] [--seeds 3]

Pages without numbers are drawn here: blank paper, a map, print (large, and so small that there are
thousands of marks), music, a cat, a spreadsheet's screenshot of words, forms of empty combs and
cells (`benchmarks/empty_forms.py`), dots, and strokes that cross. Then a scan of 100 megapixels, a
page of 12 and a page of 10,000 digits, with the share of characters right by edit distance. Each
kind is read in a process of its own, whose peak of memory is printed; the processor's seconds are
also those of the processes that it begins. False digits are those of all seeds together, and how
many of them look sure.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import empty_forms
from digitnet.errors import PictureError
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model
from digitnet.models.lines import load_line_model
from digitnet.reading.page import read_page
from digitnet.reading.reading import Reading
from digitnet.training.lines import edit_distance

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1600, 1200)
"""Height and width of the pages without numbers."""
WORDS = (
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "lazy",
    "dog",
    "wonders",
    "whether",
    "anybody",
    "saw",
)

Picture = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--only", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--seeds", type=int, default=3, help="pages of each kind without numbers")
    parser.add_argument("--digits", type=int, default=10_000, help="of the page with many")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.in_this_process:
        return _measure(args)
    head = (
        f"{'kind':<15}{'digits':>7}{'sure':>7}{'right':>8}{'clock':>9}{'processor':>11}{'peak':>10}"
    )
    print(f"{head}  said of the first")
    for kind in args.only:
        command = [sys.executable, "-m", "benchmarks.no_numbers", args.model, "--only", kind]
        command += ["--seeds", str(args.seeds), "--digits", str(args.digits), "--in-this-process"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        row = json.loads(done.stdout)
        right = "" if row["right"] is None else f"{row['right']:.1%}"
        times = f"{row['clock']:>7.2f} s{row['processor']:>9.2f} s{row['MiB']:>6.0f} MiB"
        counts = f"{row['digits']:>7,}{row['sure']:>7,}"
        print(f"{kind:<15}{counts}{right:>8}{times}  {row['said']}")
    return None


def _measure(args: argparse.Namespace) -> None:
    """One kind's row, as JSON."""
    (kind,) = args.only
    model, lines = load_model(args.model), load_line_model(in_box(LINES))
    read_page(model, np.full((60, 60), 255, np.uint8), lines)
    seconds, digits, sure, said, right = [], 0, 0, "", None
    for seed in range(1 if kind in NUMBERS else args.seeds):
        picture, text = _drawn(kind, seed, args.digits)
        start = time.perf_counter(), _processor_seconds()
        try:
            reading = read_page(model, picture, lines)
        except PictureError as error:
            reading = Reading((), (), error.sentence)
        seconds.append((time.perf_counter() - start[0], _processor_seconds() - start[1]))
        digits += len(reading.digits)
        sure += sum(one.sure for one in reading.digits)
        said = said or reading.reason or reading.lines[0][:40]
        if text and digits:
            got = "".join(reading.lines).replace(" ", "")
            right = 1 - edit_distance(got, text) / len(text)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"digits": digits, "sure": sure, "right": right, "said": said, "MiB": peak}
    row["clock"], row["processor"] = (max(one[k] for one in seconds) for k in (0, 1))
    print(json.dumps(row))


def _processor_seconds() -> float:
    """Of this process and of those that it began and that have ended."""
    return sum(os.times()[:4])


def _drawn(kind: str, seed: int, n_digits: int) -> tuple[Picture, str]:
    """A page, drawn in another process: what that costs is not the reader's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_draw, kind, seed, n_digits).result()


def _draw(kind: str, seed: int, n_digits: int) -> tuple[Picture, str]:
    return KINDS[kind](np.random.default_rng(seed), n_digits)


def paper(rng: np.random.Generator) -> Picture:
    """Paper with grain and a shadow."""
    shade = np.linspace(235, 205, SIZE[1])[None, :] + rng.normal(0, 3, SIZE)
    return np.asarray(shade.clip(0, 255), np.uint8)


def blank(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    return paper(rng), ""


def printed_words(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = paper(rng)
    for y in range(120, 1500, 46):
        line = " ".join(rng.choice(WORDS, 9))
        cv2.putText(page, line, (90, y), cv2.FONT_HERSHEY_COMPLEX, 0.9, (40,), 2, cv2.LINE_AA)
    return page, ""


def small_print(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    """More marks than most pages of digits have."""
    page = paper(rng)[:1400, :1050]
    for y in range(40, 1380, 22):
        line = " ".join(rng.choice(WORDS, 24))
        cv2.putText(page, line, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40,), 1, cv2.LINE_AA)
    return page, ""


def street_map(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = paper(rng)
    for _road in range(60):
        steps = rng.normal(0, 60, (40, 2)) + rng.normal(0, 40, 2)
        way = (rng.uniform(0, 1, 2) * SIZE[::-1] + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(page, [way], False, (int(rng.integers(40, 150)),), int(rng.integers(1, 6)))
    for _block in range(80):
        corner = rng.integers(0, SIZE[1] - 80, 2)
        size = rng.integers(10, 60, 2)
        cv2.rectangle(page, corner.tolist(), (corner + size).tolist(), (90,), 2)
    for _name in range(25):
        place = (int(rng.integers(0, 1000)), int(rng.integers(30, 1580)))
        name = str(rng.choice(WORDS))
        cv2.putText(page, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (30,), 2, cv2.LINE_AA)
    return page, ""


def music(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = paper(rng)
    for top in range(120, 1450, 150):
        for line in range(5):
            cv2.line(page, (80, top + 14 * line), (1120, top + 14 * line), (60,), 2)
        for x in range(140, 1100, 48):
            y = top + 7 * int(rng.integers(-2, 11))
            cv2.ellipse(page, (x, y), (9, 6), -20, 0, 360, (30,), -1 if rng.random() < 0.8 else 2)
            cv2.line(page, (x + 8, y), (x + 8, y - 48), (30,), 2)
        for x in range(330, 1100, 192):
            cv2.line(page, (x, top), (x, top + 56), (40,), 2)
    return page, ""


def cat(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    """A cat's face with fur, eyes and whiskers before a blurred room."""
    room = cv2.resize(rng.integers(60, 200, (12, 9, 3)).astype(np.uint8), SIZE[::-1])
    fur = cv2.GaussianBlur(rng.normal(0, 90, SIZE).astype(np.float32), (0, 0), 2.0, sigmaY=6.0)
    head = np.zeros(SIZE, np.uint8)
    cv2.ellipse(head, (600, 850), (380, 350), 0, 0, 360, (255,), -1)
    for side in (-1, 1):
        ear = np.array([[600 + side * 330, 650], [600 + side * 330, 330], [600 + side * 90, 540]])
        cv2.fillPoly(head, [ear.astype(np.int32)], (255,))
    coat = np.array([120, 95, 60]) + fur[..., None]
    picture = np.where(head[..., None] > 0, coat, room).clip(0, 255).astype(np.uint8)
    for side in (-1, 1):
        cv2.ellipse(picture, (600 + side * 150, 780), (70, 60), 0, 0, 360, (150, 190, 60), -1)
        cv2.ellipse(picture, (600 + side * 150, 780), (16, 56), 0, 0, 360, (10, 10, 10), -1)
        for lift in (-40, 0, 40):
            end = (600 + side * 420, 940 + 2 * lift)
            cv2.line(picture, (600 + side * 120, 960 + lift), end, (240, 240, 240), 3, cv2.LINE_AA)
    nose = np.array([[560, 900], [640, 900], [600, 945]], np.int32)
    cv2.fillPoly(picture, [nose], (200, 120, 120))
    return picture, ""


def spreadsheet(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = np.full(SIZE, 255, np.uint8)
    page[:60] = 210
    for y in range(60, 1600, 36):
        cv2.line(page, (0, y), (1199, y), (200,), 1)
        for x in range(10, 1200, 170):
            name, place = str(rng.choice(WORDS)), (x, y + 26)
            cv2.putText(page, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0,), 1, cv2.LINE_AA)
    for x in range(0, 1200, 170):
        cv2.line(page, (x, 0), (x, 1599), (200,), 1)
    return page, ""


def _form(
    draw: Callable[[Picture, np.random.Generator], Picture],
) -> Callable[[np.random.Generator, int], tuple[Picture, str]]:
    """An empty form, as a kind of page."""
    return lambda rng, _: (draw(paper(rng), rng), "")


def dots(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = paper(rng)
    for x, y in (rng.uniform(0.03, 0.97, (1400, 2)) * SIZE[::-1]).astype(int).tolist():
        cv2.circle(page, (x, y), 8, (40,), -1, cv2.LINE_AA)
    return page, ""


def crossing(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    page = paper(rng)
    for x, y in (rng.uniform(0.03, 0.97, (1500, 2)) * SIZE[::-1]).astype(int).tolist():
        dx, dy = rng.integers(-30, 31, 2).tolist()
        cv2.line(page, (x - dx, y - dy), (x + dx, y + dy), (40,), 3, cv2.LINE_AA)
    return page, ""


def _digits(
    rng: np.random.Generator, size: tuple[int, int], rows: int, columns: int, height: float
) -> tuple[Picture, str]:
    """Rows of handwritten digits."""
    text = ["".join(map(str, rng.integers(0, 10, columns))) for _ in range(rows)]
    style = PageStyle(digit=height, gap=0.3, noise=0.02, shade=0.3)
    return draw_page(text, rng, style=style, size=size).picture, "".join(text)


def twelve(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    return _digits(rng, (4032, 3024), 12, 10, 100)


def hundred(rng: np.random.Generator, _: int) -> tuple[Picture, str]:
    small, text = _digits(rng, (2500, 2500), 12, 10, 80)
    return np.asarray(
        cv2.resize(small, (10_000, 10_000), interpolation=cv2.INTER_NEAREST), np.uint8
    ), text


def many(rng: np.random.Generator, n: int) -> tuple[Picture, str]:
    columns = min(n, 100)
    rows = n // columns
    return _digits(rng, (40 * rows + 120, 30 * columns + 160), rows, columns, 22)


NUMBERS: dict[str, Callable[[np.random.Generator, int], tuple[Picture, str]]] = {
    "100-megapixel": hundred, "12-megapixel": twelve, "many-digits": many,
}  # fmt: skip
KINDS = {
    "blank": blank, "map": street_map, "print": printed_words, "small-print": small_print,
    "music": music, "cat": cat, "spreadsheet": spreadsheet,
    "combs": _form(empty_forms.combs), "single-cells": _form(empty_forms.single_cells),
    "close-cells": _form(empty_forms.close_cells),
    "turned-combs": _form(empty_forms.turned_combs),
    "labelled-combs": _form(empty_forms.labelled_combs), "boxes": _form(empty_forms.boxes),
    "dots": dots, "crossing": crossing, **NUMBERS,
}  # fmt: skip


if __name__ == "__main__":
    main()
