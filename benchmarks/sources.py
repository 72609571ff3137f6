"""Sources: seconds and memory for a large csv, npz and folder, beside others' bare reading.

    python -m benchmarks.sources [csv] [npz] [folder]

Each reading is a process of its own, imports included. What stands beside digitnet only reads:
it looks for no label, no orientation and no fault. pandas, PyArrow and Polars join in where they
are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.records import machine
from digitnet.data.synthetic import synthesize

OURS = "import digitnet; d = digitnet.open_source({path!r}); assert len(d) == {n}"
CSV = {
    "digitnet": OURS,
    "numpy.loadtxt": "import numpy; numpy.loadtxt({path!r}, 'u1', delimiter=',', skiprows=1)",
    "pandas": "import pandas; pandas.read_csv({path!r}, dtype='u1').to_numpy()",
    "pyarrow": "from pyarrow import csv; csv.read_csv({path!r})",
    "polars": "import polars; polars.read_csv({path!r}).to_numpy()",
}
NPZ = {
    "digitnet": OURS,
    "numpy.load": "import numpy; dict(numpy.load({path!r}, allow_pickle=False))",
}
FOLDER = {
    "digitnet": OURS,
    "Pillow, one process": (
        "import pathlib, numpy; from PIL import Image\n"
        "for path in pathlib.Path({path!r}).rglob('*.png'): numpy.asarray(Image.open(path))"
    ),
}


def measured(program: str) -> tuple[float, float]:
    """Seconds and megabytes (of the largest process) of a program in a process of its own."""
    timed = (
        "import resource, subprocess, sys, time; started = time.perf_counter(); "
        "subprocess.run([sys.executable, '-c', sys.argv[1]], check=True); "
        "print(time.perf_counter() - started, "
        "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)"
    )
    command = [sys.executable, "-c", timed, program]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, megabytes = map(float, done.stdout.split()[-2:])
    return seconds, megabytes


def make_csv(path: Path, n: int) -> None:
    """A table with a header, the label first, of a thousand digits again and again."""
    drawn = synthesize(min(n, 1000), np.random.default_rng(0))
    table = np.column_stack([drawn.labels, drawn.images.reshape(len(drawn), -1)])
    rows = [",".join(map(str, row)) for row in table.tolist()]
    header = "label," + ",".join(f"pixel{i}" for i in range(784))
    path.write_text("\n".join([header, *(rows[i % len(rows)] for i in range(n))]) + "\n")


def make_npz(path: Path, n: int) -> None:
    """Images and labels, not packed."""
    drawn = synthesize(min(n, 1000), np.random.default_rng(0))
    chosen = np.arange(n) % len(drawn)
    np.savez(path, images=drawn.images[chosen], labels=drawn.labels[chosen])


def make_folder(path: Path, n: int) -> None:
    """A sub-folder for each class, of PNG files."""
    from PIL import Image

    drawn = synthesize(min(n, 1000), np.random.default_rng(0))
    for label in range(10):
        (path / str(label)).mkdir(parents=True)
    for i in range(n):
        k = i % len(drawn)
        Image.fromarray(drawn.images[k]).save(path / str(drawn.labels[k]) / f"{i}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description="Large sources beside others' bare reading.")
    parser.add_argument("parts", nargs="*", default=["csv", "npz", "folder"])
    parser.add_argument("--n", type=int, help="rows, images, pictures in place of 60,000, 1.3 "
                        "million (1 GB) and 100,000")  # fmt: skip
    args = parser.parse_args()
    print(machine())
    for part in args.parts:
        make, name, usual, readers = {
            "csv": (make_csv, "digits.csv", 60_000, CSV),
            "npz": (make_npz, "digits.npz", 1_300_000, NPZ),
            "folder": (make_folder, "digits", 100_000, FOLDER),
        }[part]
        n = args.n or usual
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            make(path, n)
            print(f"\n{part} of {n:,} digits")
            for reader, program in readers.items():
                package = reader.partition(".")[0].lower()
                if package in ("pandas", "pyarrow", "polars") and not importlib.util.find_spec(
                    package
                ):
                    continue
                seconds, megabytes = measured(program.format(path=str(path), n=n))
                print(f"{reader:<20} {seconds:7.2f} s {megabytes:7.0f} MB")


if __name__ == "__main__":
    main()
