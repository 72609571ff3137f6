"""scikit-learn: MLPClassifier's example on MNIST beside DigitClassifier, in one run.

    python -m benchmarks.scikit_learn [--repeats 3] [--threads N] [--grid] [--record]
    python -m benchmarks.scikit_learn --validation          while choosing: the test stays shut

The example is scikit-learn's "Visualization of MLP weights on MNIST": 40 hidden neurons, 8 epochs,
its settings word for word; here on MNIST's own 60,000 and 10,000 digits, where the example splits
all of them anew. Beside it the same settings in DigitClassifier, and settings chosen on 10,000 of
the training digits. All get the same float32 rows and take turns; a repeat is another seed. Times
are those of `fit`, and of `predict` for all that is tested: the median over the repeats, seconds
on the clock and of all processors together. On a busy machine `--threads 1` is fairer to both:
threads of BLAS that wait for a core spin. `--record` keeps the accuracies for docs/results.md.

`--grid` adds a GridSearchCV over four settings and two folds, of 10,000 digits, by one worker and
by two: processor time that grows with the workers would be threads that wait for each other.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from benchmarks.records import keep_record
from digitnet.data.dataset import as_input
from digitnet.data.sources import open_source
from digitnet.sklearn import DigitClassifier
from digitnet.threads import n_cores

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]

CONTESTANTS: dict[str, Callable[[int], Any]] = {
    "MLPClassifier, the example": lambda seed: MLPClassifier(
        hidden_layer_sizes=(40,), max_iter=8, alpha=1e-4, solver="sgd", random_state=seed,
        learning_rate_init=0.2,
    ),
    "DigitClassifier, the same settings": lambda seed: DigitClassifier(
        (40,), epochs=8, weight_decay=1e-4, optimizer="nesterov", random_state=seed,
        learning_rate=0.2, batch_size=200, schedule="constant",
    ),
    "DigitClassifier, settings of its own": lambda seed: DigitClassifier(
        (40,), epochs=8, optimizer="nesterov", random_state=seed, learning_rate=0.2, batch_size=128,
    ),
    "MLPClassifier, as it comes, 8 epochs": lambda seed: MLPClassifier(
        max_iter=8, random_state=seed
    ),
    "DigitClassifier, as it comes, 8 epochs": lambda seed: DigitClassifier(
        (100,), epochs=8, random_state=seed
    ),
}  # fmt: skip
NEURONS = {name: 100 if "as it comes" in name else 40 for name in CONTESTANTS}
N_VALIDATION = 10_000
N_GRID = 10_000
GRID = {"hidden": [(20,), (40,)], "learning_rate": [0.1, 0.2]}


class Figures(NamedTuple):
    """Of one training."""

    accuracy: float
    fit: float
    fit_processors: float
    predict: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, metavar="N", help="of BLAS (default: all)")
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--grid", action="store_true")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    training, test = _rows("train"), None
    if args.validation:
        n = min(N_VALIDATION, len(training[1]) // 6)
        training, test = (
            tuple(part[:-n] for part in training),
            tuple(part[-n:] for part in training),
        )
    else:
        test = _rows("test")
    print(
        f"{len(training[1]):,} digits to learn from, {len(test[1]):,} to be tested on; "
        f"{n_cores()} cores, {args.threads or 'all'} BLAS threads, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    found: dict[str, list[Figures]] = {name: [] for name in CONTESTANTS}
    for repeat in range(args.repeats):
        for name, make in CONTESTANTS.items():
            with threadpool_limits(args.threads, "blas"):
                found[name].append(_measured(make(repeat + 1), training, test))
            print(f"  seed {repeat + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    print(f"{'':<40} accuracy (deviation)  fit, s  processors, s  predict, s")
    for name, figures in found.items():
        accuracies = [100 * each.accuracy for each in figures]
        spread = np.std(accuracies, ddof=1) if len(accuracies) > 1 else 0.0
        fit, processors, predict = (float(m) for m in np.median(figures, axis=0)[1:])
        print(
            f"{name:<40} {np.mean(accuracies):7.2f} %  ({spread:.2f})    {fit:7.2f}  "
            f"{processors:13.2f}  {predict:10.3f}"
        )
    if args.record and not args.validation:
        for name, figures in found.items():
            _record(name, figures, len(test[1]))
    if args.grid:
        _grid(tuple(part[:N_GRID] for part in training))


def _record(name: str, figures: list[Figures], n: int) -> None:
    """Keep what one contestant reached, and how long its fits took."""
    words = name.lower().replace(",", "").split()
    keep_record(
        "-".join(["sklearn", *words]), "test of mnist", n, [each.accuracy for each in figures],
        what=f"{name}, 784-{NEURONS[name]}-10", part="sklearn",
        runs=[each._asdict() for each in figures],
    )  # fmt: skip


def _rows(part: Any) -> Rows:
    dataset = open_source("mnist", part=part)
    return as_input(dataset.images).astype(np.float32, copy=False), dataset.labels


def _measured(estimator: Any, training: Any, test: Any) -> Figures:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 8 epochs are few, as in the example
        started, before = time.perf_counter(), time.process_time()
        estimator.fit(*training)
        fit, processors = time.perf_counter() - started, time.process_time() - before
    started = time.perf_counter()
    answers = estimator.predict(test[0])
    return Figures(
        float(np.mean(answers == test[1])), fit, processors, time.perf_counter() - started
    )


def _grid(rows: Any) -> None:
    """A search by one worker and by two; their start is measured on 200 digits."""
    print(f"\nGridSearchCV, {len(rows[1]):,} digits, 4 settings x 2 folds, 4 epochs each")
    small = tuple(part[:200] for part in rows)
    for n_jobs in (1, 2):
        _, start = _searched(small, n_jobs)
        seconds, processors = _searched(rows, n_jobs)
        print(
            f"{n_jobs} worker(s): {seconds:6.2f} s on the clock, {processors:6.2f} s of "
            f"processors, {start:.2f} s of them to start and for 200 digits"
        )


def _searched(rows: Any, n_jobs: int) -> tuple[float, float]:
    """Seconds on the clock and of processors; the workers are new, and end."""
    from joblib.externals.loky import get_reusable_executor

    base = DigitClassifier(epochs=4, optimizer="nesterov", random_state=1)
    search = GridSearchCV(base, GRID, cv=2, n_jobs=n_jobs, refit=False)
    started, before = time.perf_counter(), _processor_seconds()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(*rows)
    seconds = time.perf_counter() - started
    if n_jobs > 1:
        get_reusable_executor().shutdown(wait=True)  # their time is counted when they end
    return seconds, _processor_seconds() - before


def _processor_seconds() -> float:
    """Of this process and of those of its children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
