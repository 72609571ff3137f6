"""Scenes: what `digitnet read` makes of made photographs of pages, by what makes them hard.

    python -m benchmarks.scenes MODEL [--only sheet drift ...] [--pages 10] [--first 500000]

Each kind comes on pages that are else plain (grade 0), then all kinds by chance (grade 0.3 and
1.0), and once more none of them. The pages are those of seeds FIRST, FIRST + 1, ...; whoever tunes
takes seeds below. Printed: the share of characters right by edit distance, pages read exactly, and
the median of the seconds that a page took.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from digitnet.handwriting.scenes import KINDS, draw_scene
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model
from digitnet.models.lines import load_line_model
from digitnet.reading.page import read_page
from digitnet.training.lines import edit_distance

TOGETHER = {"sheet": ("sheet", "coloured"), "sheets": ("sheets", "coloured")}
GRADES = {"none": 0.0, "grade-0.3": 0.3, "grade-1.0": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--only", nargs="+", choices=(*KINDS, *GRADES), default=(*KINDS, *GRADES))
    parser.add_argument("--pages", type=int, default=10, help="of each kind")
    parser.add_argument("--first", type=int, default=500_000, metavar="SEED")
    args = parser.parse_args()
    model, lines = load_model(args.model), load_line_model(in_box(LINES))
    for kind in args.only:
        wrong = length = exact = 0
        seconds = []
        for seed in range(args.first, args.first + args.pages):
            kinds = () if kind in GRADES else TOGETHER.get(kind, (kind,))
            rng = np.random.default_rng(seed)
            page = draw_scene(rng, grade=GRADES.get(kind, 0.0), kinds=kinds)
            start = time.perf_counter()
            said = read_page(model, page.picture, lines).lines
            seconds.append(time.perf_counter() - start)
            got, text = ("".join(lines).replace(" ", "") for lines in (said, page.lines))
            errors = edit_distance(got, text)
            exact += not errors
            wrong += min(errors, len(text))
            length += len(text)
        print(
            f"{kind:<12}characters {1 - wrong / length:6.1%}  pages {exact:>3} of {args.pages}"
            f"  {np.median(seconds):.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
