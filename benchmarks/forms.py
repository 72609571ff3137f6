"""Forms: how models read each form of a digit that MNIST's writers hardly used.

    python -m benchmarks.forms MODEL [MODEL ...] [-n N] [--care X]

For each form N drawings by as many hands that take care; for each model the share whose likeliest
digit is right, and the share that is answered rightly. The last line is the mean over forms. A
form's `lift` in `handwriting/schools.py` says how the rare forms prefer it; it was set by what
the `cnn` answered rightly before it had learnt these forms: 1 from 95 %, 2 from 85 %, 3 from 70 %,
4 below.
"""

from __future__ import annotations

import argparse

import numpy as np

from digitnet.data.synthetic import CARE, draw_forms
from digitnet.handwriting.schools import FORMS
from digitnet.models.folder import load_model

WIDTH = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("-n", type=int, default=200, help="drawings of each form (default: 200)")
    parser.add_argument(
        "--care", type=float, default=CARE, metavar="X", help=f"of the hands (default: {CARE})"
    )
    args = parser.parse_args()
    models = [load_model(name) for name in args.models]
    print(f"share of {args.n} drawings in %: likeliest digit right, answered rightly")
    print(f"{'':<{WIDTH + 2}}lift" + "".join(f"{name[-15:]:>16}" for name in args.models))
    rows = []
    for k, form in enumerate(FORMS):
        images = draw_forms(np.full(args.n, k), np.random.default_rng([0, k]), care=args.care)
        row = []
        for model in models:
            probabilities = model.probabilities(images)
            right = probabilities.argmax(axis=1) == form.label
            row += [right.mean(), (right & model.accepted(images, probabilities)).mean()]
        rows.append(row)
        print(f"{form.label} {form.name:<{WIDTH}}{form.lift:>4}" + _cells(row))
    print(f"{'mean':<{WIDTH + 6}}" + _cells(np.mean(rows, axis=0).tolist()))


def _cells(row: list[float]) -> str:
    return "".join(f"{100 * share:>8.1f}" for share in row)


if __name__ == "__main__":
    main()
