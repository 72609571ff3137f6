"""Ingredients: what each part of the mlp's recipe gives, one row each, on digits set aside.

    python -m benchmarks.ingredients [--seeds 3] [--jobs 2] [--epochs 12] [--only ROW ...]

Every row is 784-64-10 with sigmoids, trained by plain gradient descent on MNIST's training part,
a tenth of which is set aside and read at the end; the test part stays shut.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.accuracy import train_and_measure
from benchmarks.records import keep_record

BASE = "--hidden 64 --activation sigmoid --input-dropout 0 --optimizer sgd --learning-rate 1"
ROWS = {
    "plain": "",
    "a tenth of the pixels dropped": "--input-dropout 0.1",
    "affine variation": "--augment affine",
    "elastic variation": "--augment elastic",
    "ink variation": "--augment ink",
    "deskewed": "--deskew",
    "deskewed, affine variation": "--deskew --augment affine",
    "deskewed, elastic variation": "--deskew --augment elastic",
    "the same, averaged weights": "--deskew --augment elastic --ema-decay 0.999",
    "the same, label smoothing": "--deskew --augment elastic --label-smoothing 0.02",
    "the same, taught by cnn": "--deskew --augment elastic --teacher cnn",
    "the same, four times the epochs": "--deskew --augment elastic --epochs 48",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), metavar="ROW", default=list(ROWS))
    args = parser.parse_args()
    for number, (name, options) in enumerate(ROWS.items()):
        if name not in args.only:
            continue
        words = [*BASE.split(), "--epochs", str(args.epochs), *options.split()]
        with ThreadPoolExecutor(args.jobs) as helpers:
            runs = list(
                helpers.map(
                    lambda seed, words=words: train_and_measure("mnist", seed, words, None, None),
                    range(args.seeds),
                )
            )
        figures = [run["validation"] for run in runs]
        spread = np.std(figures, ddof=1) if len(figures) > 1 else 0.0
        print(f"{name:<40} {100 * np.mean(figures):6.2f} %  sd {100 * spread:.2f}", flush=True)
        if args.record:
            keep_record(
                f"ingredient-{number:02}",
                "digits set aside",
                runs[0]["n_validation"],
                figures,
                part="ingredients",
                what=f"{name}, {runs[0]['epochs']} epochs",
                runs=runs,
            )


if __name__ == "__main__":
    main()
