"""Ledger: docs/results.md, written from the records in results/.

python -m benchmarks.ledger            write it
python -m benchmarks.ledger --check    exit with 1 where it is out of date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.records import RESULTS, ROOT
from digitnet.evaluation import wilson_interval

PAGE = ROOT / "docs" / "results.md"

HEAD = """# Results

Written by `python -m benchmarks.ledger` from the records in `results/`; each record keeps its
command, seeds, commit and machine. Accuracy is the mean over runs, one per seed or hand, with its
standard deviation; the interval is Wilson's 95 % for that share of that many digits. Minutes are
medians, on a machine that did other work as well. Settings were chosen on digits set aside from
the training part. The test part was opened once per seed of these recipes; for `cnn` and `mlp`
once before rare forms were mixed in too (99.68 and 98.88 %, over as many seeds); and, for the lab
notes, for two seeds of a `cnn` with other mixtures and settings, for eight views, and for three
seeds of the `cnn` as an ensemble; and once each for the second stages of `cnn` and `mlp`. What was
taken was taken for other figures (docs/lab-notes.md).
"""

PUBLISHED = """
## Published results to stand beside

Shares read rightly on MNIST's 10,000 test digits. Some 15 of its labels are wrong or cannot be
read, so the last tenth of a percent says little.

| network | right | source |
| --- | --- | --- |
| one hidden layer of 300 units | 95.3 % | LeCun, Bottou, Bengio and Haffner 1998, figure 9 |
| the same with deskewed input | 98.4 % | the same |
| one hidden layer of 800 units | 98.4 % | Simard, Steinkraus and Platt 2003, table 1 |
| the same, affine distortions | 98.9 % | the same |
| the same, elastic distortions | 99.3 % | the same |
| one hidden layer of 100 units, regularised | 98.04 % | Nielsen 2015, chapter 3 |
| weights of 1.1 kB, for microcontrollers | 94.2 % | BitNetMCU 2024, as are the next five |
| 3.2 kB, convolutional | 98.92 % | |
| 5.4 kB | 99.06 % | |
| 7.3 kB | 99.28 % | |
| 11.3 kB | 99.55 % | |
| 13.4 kB | 99.58 % | |
| six layers, 12 million weights, distortions | 99.65 % | Ciresan, Meier, Gambardella and Schmidhuber 2010 |
| convolutional, under 10,000 parameters | 99.4 to 99.5 % | usual claims, often the best epoch on the test digits |
| one convolutional network of ten layers | 99.8 % | An, Lee, Park, Yang and So 2020 |
"""  # noqa: E501


def page() -> str:
    """The whole page."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    text = HEAD
    for part, title in TITLES.items():
        chosen = [record for record in records if record.get("part", "accuracy") == part]
        if chosen:
            text += f"\n## {title}\n\n{_table(chosen)}\n"
    text += PUBLISHED
    text += "\n## Where and when\n\n"
    text += "| figure | commit | date | machine | command |\n| --- | --- | --- | --- | --- |\n"
    for record in records:
        cells = [record[key] for key in ("name", "commit", "date", "machine")]
        text += f"| {' | '.join(cells)} | `{record['command']}` |\n"
    return text


TITLES = {
    "accuracy": "MNIST",
    "ingredients": "What each ingredient gives",
    "pictures": "Real pictures",
    "sklearn": "Beside scikit-learn's MLPClassifier",
    "arrays": "The models in the box on other arrays of digits",
    "adaptation": "Learning someone's hand",
    "mutants": "Faults planted in the code, and the share that its tests notice",
}


def _table(records: list[dict[str, Any]]) -> str:
    rows = [
        "| figure | what | measured on | mean | standard deviation | 95 % interval | each run, % "
        "| parameters | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows += [_row(record) for record in records]
    return "\n".join(rows)


def _row(record: dict[str, Any]) -> str:
    accuracies, n = record["accuracies"], record["n"]
    mean = float(np.mean(accuracies))
    spread = f"{100 * np.std(accuracies, ddof=1):.2f}" if len(accuracies) > 1 else "-"
    interval = "-"
    if n:
        low, high = wilson_interval(round(mean * n), n)
        interval = f"{100 * low:.2f} to {100 * high:.2f} %"
    runs = record.get("runs", [{}])
    parameters = f"{runs[0]['parameters']:,}" if "parameters" in runs[0] else "-"
    minutes = [run["minutes"] for run in runs if "minutes" in run]
    time = "-" if not minutes else f"{median(minutes):.0f}" if median(minutes) >= 1 else "under 1"
    each = ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies)
    cells = [
        record["name"], record.get("what", ""), record["measured_on"], f"{100 * mean:.2f} %",
        spread, interval, each, parameters, time,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text() != text)
    PAGE.write_text(text)
    print(f"Written: {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
