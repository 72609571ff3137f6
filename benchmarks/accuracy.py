"""Accuracy: train on a source with several seeds, open the test digits once per seed.

    python -m benchmarks.accuracy mnist                     what `digitnet train mnist` reaches
    python -m benchmarks.accuracy synthetic --on mnist      transfer from drawn to real digits
    python -m benchmarks.accuracy mnist --validation-only   while choosing: the test stays shut

Further options are those of `digitnet train`, for example --epochs 30 --hidden 128.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from digitnet.cli.main import main as digitnet
from digitnet.data.sources import open_source
from digitnet.evaluation import evaluate
from digitnet.model_folder import load_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("--on", help="where the test digits come from (default: the source)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--validation-only", action="store_true")
    args, options = parser.parse_known_args()
    figures = []
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            words = ["train", args.source, "--out", str(out), "--seed", str(seed), *options]
            if digitnet(words):
                raise SystemExit(2)
            model = load_model(out)
        validation = model.training["validation_accuracy"]
        line = (
            f"seed {seed}: best epoch {model.training['best_epoch']}, validation {validation:.2%}"
        )
        figure = validation
        if not args.validation_only:
            test, _ = open_source(args.on or args.source, part="test")
            result = evaluate(model.probabilities(test.images), test.labels, model.class_names)
            line += f", test {result.accuracy:.2%}, loss {result.loss:.4f}"
            figure = result.accuracy
        figures.append(figure)
        print(line, flush=True)
    what = "validation" if args.validation_only else f"test of {args.on or args.source}"
    spread = np.std(figures, ddof=1) if len(figures) > 1 else 0.0
    print(
        f"{what}: {np.mean(figures):.2%}, standard deviation {spread:.2%} over {len(figures)} "
        f"seeds ({min(figures):.2%} to {max(figures):.2%})"
    )


if __name__ == "__main__":
    main()
