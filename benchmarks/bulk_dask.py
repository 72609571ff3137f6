"""Bulk on Dask: pictures a second and memory of a folder's answers, beside `digitnet predict`.

python -m benchmarks.bulk_dask                     20,000 pictures of 28 x 28, one and two workers
python -m benchmarks.bulk_dask -n 200000 --side 200 --model mlp --workers 1 2 4

Each row is a whole process, from its start to the last row on disk; the rows of all are compared.
"To begin" is what the same command takes for ten pictures, and the rate is counted behind that.
"Processor" is the time of all processes together, which a busy machine changes least. Memory is
the sum of the private and shared pages (PSS) of the process and all that it began.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

LOOK = 0.2
"""Seconds between two looks at the memory."""


def write_pictures(folder: Path, n: int, side: int) -> None:
    """Drawn digits, a thousand to a folder, every 997th of them no picture."""
    from digitnet.data.synthetic import synthesize

    digits = synthesize(min(n, 2_000), np.random.default_rng(0)).images
    for i in range(n):
        inner = folder / f"{i // 1000:06}"
        inner.mkdir(exist_ok=True)
        path = inner / f"{i:09}.png"
        if i % 997 == 996:
            path.write_bytes(b"no picture\0")
            continue
        picture = Image.fromarray(255 - digits[i % len(digits)])
        picture = picture if side == 28 else picture.resize((side, side))
        picture.save(path, compress_level=1)


class Run:
    """One command as a whole: seconds, and the most memory of all its processes."""

    def __init__(self, words: list[str], folder: Path) -> None:
        begun, before = time.perf_counter(), _processor_seconds()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "digitnet", *words],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.megabytes = 0.0
        watching = threading.Thread(target=self._watch)
        watching.start()
        _, self.said = self._process.communicate()
        self.seconds = time.perf_counter() - begun
        self.processor = _processor_seconds() - before
        watching.join()
        if self._process.returncode not in (0, 1):
            raise SystemExit(self.said)

    def _watch(self) -> None:
        while self._process.poll() is None:
            now = sum(_megabytes(number) for number in _family(self._process.pid))
            self.megabytes = max(self.megabytes, now)
            time.sleep(LOOK)


def _processor_seconds() -> float:
    """Of all processes that have been begun from here, and from there, and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(root: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int(
                path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            )
        except (OSError, ValueError):
            continue
    found = [root]
    for number in found:
        found += [child for child, parent in parents.items() if parent == number]
    return found


def _megabytes(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def rows_of(out: Path) -> bytes:
    """The rows of a table, or of all parts of a folder, without the header."""
    paths = [out] if out.is_file() else sorted(out.glob("part-*.csv"))
    return b"".join(path.read_bytes().partition(b"\n")[2] for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=20_000, help="pictures (default: 20,000)")
    parser.add_argument("--side", type=int, default=28, help="pixels of a side (default: 28)")
    parser.add_argument("--model", default="mlp", help="default: mlp")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="default: 1 2")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "pictures").mkdir()
        write_pictures(folder / "pictures", args.n, args.side)
        print(
            f"{args.n:,} pictures of {args.side} x {args.side}, {args.model}, "
            f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
        )
        print(
            f"{'':<28}{'seconds':>9}{'to begin':>10}{'a second':>10}{'processor':>11}{'MB':>6}"
            "   rows"
        )
        runs = {"digitnet predict": (folder / "all.csv", ["--csv", "all.csv"])}
        for n in args.workers:
            out = folder / f"dask-{n}"
            more = ["--engine", "dask", "--workers", str(n), "--format", "csv", "--out", out.name]
            runs[f"--engine dask --workers {n}"] = (out, more)
        (folder / "few").mkdir()
        write_pictures(folder / "few", 10, args.side)
        expected = b""
        for name, (out, more) in runs.items():
            words = ["predict", "few", "--model", args.model, *more[:-1]]
            begin = Run([*words, f"few-{more[-1]}"], folder).seconds
            run = Run(["predict", "pictures", "--model", args.model, *more], folder)
            rate = (args.n - 10) / max(run.seconds - begin, 1e-3)
            rows = rows_of(out)
            n_rows = rows.count(b"\n")
            expected = expected or rows
            same = "the same" if rows == expected else "OTHERS"
            print(
                f"{name:<28}{run.seconds:>9.1f}{begin:>10.1f}{rate:>10,.0f}{run.processor:>11.1f}"
                f"{run.megabytes:>6,.0f}"
                f"   {n_rows:,}, {same}",
                flush=True,
            )
            if rows != expected:
                raise SystemExit("the rows differ")


if __name__ == "__main__":
    main()
