"""Board: one table per part, all peers in the same run.

    python -m benchmarks.board [PART ...] [--peers PYTHON] [--data FOLDER] [--repeats N]

Parts: epoch, conv, clock, start, latency, bulk, scaling; all unless named. The peers live in an
environment of their own:

    python3 -m venv .peers && .peers/bin/pip install -r benchmarks/requirements.txt
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.board.contestants import PACKAGES, find_peers
from benchmarks.board.processes import ROOT, ProgramError
from digitnet.data.idx import load_idx_folder
from digitnet.data.mnist import find_mnist
from digitnet.threads import n_cores

BESIDE_THE_CHECKOUT = ROOT.parent / "shared" / "mnist"
PARTS = ("epoch", "conv", "clock", "start", "latency", "bulk", "scaling")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.board", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--peers", default=str(ROOT / ".peers" / "bin" / "python"))
    parser.add_argument("--data", metavar="FOLDER", help="with MNIST's IDX files")
    parser.add_argument("--repeats", type=int, help="rounds (default: the part's own number)")
    parser.add_argument("--images", type=int, metavar="N", help="no more than so many")
    args = parser.parse_args()
    for part in args.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}; the parts are {', '.join(PARTS)}")

    peers = find_peers(args.peers)
    mnist = find_mnist(args.data) or BESIDE_THE_CHECKOUT
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, "
        f"{n_cores()} cores; peers: "
        + (", ".join(f"{name} {number}" for name, number in peers.versions.items()) or "none")
    )
    for package in sorted(set(PACKAGES.values()) - set(peers.versions)):
        print(f"skipped: {package} is not installed for {args.peers}")
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        keep_digits(mnist, Path(folder), args.images)
        for part in args.parts or PARTS:
            print(flush=True)
            module = importlib.import_module(f"benchmarks.board.{part}")
            try:
                module.main(folder, peers, args.repeats or module.REPEATS)
            except ProgramError as error:
                failed.append(part)
                print(f"{part}: {error}", flush=True)
    return 1 if failed else 0


def keep_digits(mnist: Path, folder: Path, n: int | None = None) -> None:
    """MNIST's training part, or noise of its shape, and the one start of every side, as .npy."""
    rng = np.random.default_rng(0)
    if mnist.is_dir():
        dataset = load_idx_folder(mnist)
        images, labels = dataset.images, dataset.labels
        (folder / "mnist").symlink_to(mnist.resolve())
    else:
        images = rng.integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, 60_000)
        print("there is no MNIST here: noise instead, and no clock")
    np.save(folder / "images.npy", images[:n])
    np.save(folder / "labels.npy", labels[:n])
    for name, shape in (("W1", (784, 64)), ("W2", (64, 10))):
        limit = np.sqrt(6 / sum(shape))
        np.save(folder / f"{name}.npy", rng.uniform(-limit, limit, shape).astype(np.float32))
        np.save(folder / f"{name.replace('W', 'b')}.npy", np.zeros(shape[1], np.float32))


if __name__ == "__main__":
    sys.exit(main())
