"""Accuracy: train on a source with several seeds, open the test digits once per seed.

    python -m benchmarks.accuracy mnist                     what `digitnet train mnist` reaches
    python -m benchmarks.accuracy mnist --recipe mlp        what a recipe reaches
    python -m benchmarks.accuracy synthetic --on mnist      transfer from drawn to real digits
    python -m benchmarks.accuracy mnist --validation-only   while choosing: the test stays shut

`--record NAME` keeps the result in results/NAME.json, from where `python -m benchmarks.ledger`
writes docs/results.md. `--keep FOLDER` keeps the models, one per seed; those that are there,
made with the same settings, are not trained again. Further options are those of `digitnet train`,
for example --epochs 30 --hidden 128.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records import keep_record
from digitnet.data.dataset import Dataset
from digitnet.data.sources import open_source
from digitnet.evaluation import evaluate
from digitnet.models.folder import load_model
from digitnet.nn import Network, in_words
from digitnet.training.config import TrainingConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("source")
    parser.add_argument("--on", help="where the test digits come from (default: the source)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--validation-only", action="store_true")
    parser.add_argument("--record", metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    args, options = parser.parse_known_args()
    test = None if args.validation_only else open_source(args.on or args.source, part="test")

    def measured(seed: int) -> dict[str, Any]:
        run = train_and_measure(args.source, seed, options, args.keep, test)
        print(_line(run), flush=True)
        return run

    with ThreadPoolExecutor(args.jobs) as helpers:
        runs = list(helpers.map(measured, range(args.seeds)))
    figures = [run["validation" if test is None else "test"] for run in runs]
    what = "validation" if test is None else f"test of {args.on or args.source}"
    spread = np.std(figures, ddof=1) if len(figures) > 1 else 0.0
    print(
        f"{what}: {np.mean(figures):.2%}, standard deviation {spread:.2%} over {len(figures)} "
        f"seeds ({min(figures):.2%} to {max(figures):.2%})"
    )
    if args.record is not None:
        n = round(runs[0]["n_validation"]) if test is None else len(test)
        keep_record(args.record, what, n, figures, what=runs[0]["network"], runs=runs)


def train_and_measure(
    source: str, seed: int, options: list[str], keep: Path | None, test: Dataset | None
) -> dict[str, Any]:
    """One training in a process of its own; what it reached."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model" if keep is None else keep / str(seed)
        words = ["train", source, "--out", str(out), "--seed", str(seed), *options]
        command = [sys.executable, "-m", "digitnet", *words, "--resume"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        model = load_model(out)
        history = model.training
        seconds = sum(_history(out)["seconds"])
    run = {
        "seed": seed,
        "network": _words(TrainingConfig(**history["plan"])),
        "parameters": model.n_parameters,
        "epochs": history["epochs_done"],
        "minutes": round(seconds / 60, 1),
        "validation": history["validation_accuracy"],
        "n_validation": history["n_validation"],
    }
    if test is not None:
        result = evaluate(model.probabilities(test.images), test.labels, model.class_names)
        run["test"] = result.accuracy
    return run


def _history(out: Path) -> dict[str, Any]:
    history: dict[str, Any] = json.loads((out / "history.json").read_text())
    return history


def _words(plan: TrainingConfig) -> str:
    """The network, and what of the training is not a default."""
    parts = [in_words(Network(plan.layers(784, 10))), plan.activation]
    parts += [] if plan.augment == "none" else [f"{plan.augment} variation"]
    parts += [f"taught by {plan.teacher}"] if plan.teacher else []
    parts += ["averaged weights"] if plan.ema_decay else []
    return ", ".join([*parts, f"{plan.epochs} epochs"])


def _line(run: dict[str, Any]) -> str:
    parts = [f"seed {run['seed']}: {run['parameters']:,} parameters, {run['minutes']} minutes"]
    parts += [f"{name} {run[name]:.2%}" for name in ("validation", "test") if run.get(name)]
    return ", ".join(parts)


if __name__ == "__main__":
    main()
