"""Tables: seconds to read a csv of digits, beside pandas, PyArrow and Polars where installed."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from digitnet.data.csv import read_csv
from digitnet.data.found import Options
from digitnet.data.synthetic import synthesize


def loadtxt(path: Path) -> object:
    return np.loadtxt(path, np.uint8, delimiter=",", skiprows=1, encoding="utf-8")


def pandas(path: Path) -> object:
    import pandas

    return pandas.read_csv(path, dtype=np.uint8).to_numpy()


def pyarrow(path: Path) -> object:
    from pyarrow import csv

    return np.column_stack([column.to_numpy() for column in csv.read_csv(path).columns])


def polars(path: Path) -> object:
    import polars

    return polars.read_csv(path).to_numpy()


PEERS: dict[str, Callable[[Path], object]] = {
    "pandas": pandas,
    "pyarrow": pyarrow,
    "polars": polars,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=60_000, help="rows (default: 60,000)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.csv"
        drawn = synthesize(min(args.n, 1000), np.random.default_rng(0))
        table = np.column_stack([drawn.labels, drawn.images.reshape(len(drawn), -1)])
        rows = [",".join(map(str, row)) for row in table.tolist()]
        header = "label," + ",".join(f"pixel{i}" for i in range(784))
        path.write_text("\n".join([header, *(rows[i % len(rows)] for i in range(args.n))]) + "\n")
        readers: dict[str, Callable[[Path], object]] = {
            "digitnet": lambda path: read_csv(path, Options()),
            "numpy.loadtxt": loadtxt,
        }
        readers |= {name: read for name, read in PEERS.items() if importlib.util.find_spec(name)}
        print(f"{args.n:,} rows, {path.stat().st_size / 1e6:.0f} MB, best of two")
        for name, read in readers.items():
            seconds = []
            for _ in range(2):
                started = time.perf_counter()
                read(path)
                seconds.append(time.perf_counter() - started)
            print(f"{name:<14} {min(seconds):6.2f} s")


if __name__ == "__main__":
    main()
