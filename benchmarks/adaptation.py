"""Adaptation: ten pictures of one unseen hand, and what `digitnet train --from` makes of them.

    python -m benchmarks.adaptation [--model cnn] [--hands 5] [--mix mnist] [--record NAME]

Each hand is drawn: it always leans far to one side, turns the paper, stretches the digits and
writes rare forms. One picture of each digit is learnt from; 500 others by the same hand, and
MNIST's test digits, are read before and after.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.records import keep_record
from digitnet.data.dataset import Dataset
from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.evaluation import evaluate
from digitnet.handwriting.hands import Hand
from digitnet.models.folder import load_model
from digitnet.models.model import Model

N_NEW = 500
"""Digits of each hand that are read before and after."""


def odd_hand(rng: np.random.Generator) -> Hand:
    """A hand far from the usual in every respect, and always the same in it."""

    def either_side(least: float, most: float) -> np.ndarray:
        return (rng.choice([-1, 1], 1) * rng.uniform(least, most, 1)).astype(np.float32)

    def single(value: float) -> np.ndarray:
        return np.array([value], np.float32)

    return Hand(
        slant=either_side(0.6, 0.9),
        rotation=either_side(0.2, 0.35),
        width=np.exp(either_side(0.3, 0.5)),
        pen=single(rng.uniform(0.04, 0.1)),
        pressure=single(0.1),
        haste=single(0.03),
        wobble=single(0.05),
        taste=rng.uniform(0.85, 1.0, (1, 10)).astype(np.float32),
        custom=np.array([0]),
        speed=single(0.0),
        steepest=single(np.inf),
    )


def as_pictures(dataset: Dataset, folder: Path) -> None:
    """Dark ink on light paper, five times as large, the label first in each name."""
    folder.mkdir()
    for i, (image, label) in enumerate(zip(dataset.images, dataset.labels, strict=True)):
        picture = cv2.resize(255 - image, (140, 140), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{label}_{i:03}.png"), picture)


def accuracy(model: Model, dataset: Dataset) -> float:
    """The share whose likeliest class is right."""
    probabilities = model.probabilities(dataset.images)
    return evaluate(probabilities, dataset.labels, model.class_names).accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--hands", type=int, default=5)
    parser.add_argument("--mix", default="mnist")
    parser.add_argument(
        "--part", default="test", help="of MNIST; train while choosing: the test part stays shut"
    )
    parser.add_argument("--record", metavar="NAME")
    args, options = parser.parse_known_args()
    test = open_source("mnist", part=args.part)
    before = load_model(args.model)
    rows = []
    for seed in range(args.hands):
        rng = np.random.default_rng([7, seed])
        hand = odd_hand(rng)
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            as_pictures(synthesize(10, rng, hand=hand), place / "own")
            as_pictures(synthesize(N_NEW, rng, hand=hand), place / "new")
            words = ["train", str(place / "own"), "--from", args.model, "--mix", args.mix]
            words += ["--labels", "first", "--out", str(place / "model"), *options]
            subprocess.run(
                [sys.executable, "-m", "digitnet", *words], check=True, capture_output=True
            )
            after = load_model(str(place / "model"))
            new = open_source(str(place / "new"), labels="first", framing=before.framing)
        rows.append([accuracy(m, d) for d in (new, test) for m in (before, after)])
        shown = "   ".join(f"{100 * value:6.2f}" for value in rows[-1])
        print(f"hand {seed}: {shown}", flush=True)
    print("          before    after on new digits of the hand, before and after on MNIST")
    spread = np.std(rows, axis=0, ddof=1) if len(rows) > 1 else np.zeros(4)
    for statistic, values in (("mean", np.mean(rows, axis=0)), ("sd", spread)):
        print(f"{statistic:<7} {'   '.join(f'{100 * value:6.2f}' for value in values)}")
    if args.record is not None:
        names = ("hand, before", "hand, after", "mnist, before", "mnist, after")
        for name, column in zip(names, np.transpose(rows), strict=True):
            kept = f"{args.record}-{name.replace(', ', '-')}"
            on = f"{N_NEW} new digits of each hand" if name.startswith("hand") else "test of mnist"
            keep_record(kept, on, 0, list(column), part="adaptation", what=f"{args.model}, {name}")


if __name__ == "__main__":
    main()
