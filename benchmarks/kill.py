"""Kill: SIGKILL at random moments of a run that saves every epoch, then resume each to its end.

    python -m benchmarks.kill [--kills 50] [--source mnist]

Trains once undisturbed, then as often as asked: starts the same run, kills it at a random moment,
resumes it to its end, and compares the SHA-256 of the weights.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OPTIONS = ["--epochs", "10", "--batch-size", "128", "--optimizer", "adam"]


def weights_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ("W1", "b1", "W2", "b2"):
        digest.update((folder / f"{name}.npy").read_bytes())
    return digest.hexdigest()[:16]


def train(source: str, out: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "digitnet", "train", source, *OPTIONS, "--out", str(out)]
    return subprocess.Popen(
        [*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--source", default="mnist")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
    moments = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        started = time.monotonic()
        if train(args.source, out).wait():
            sys.exit("the undisturbed run failed")
        length = time.monotonic() - started
        whole = weights_hash(out)
        print(f"undisturbed: {length:.1f} s, weights {whole}")
        n_same = n_early = 0
        for i in range(1, args.kills + 1):
            shutil.rmtree(out, ignore_errors=True)
            for litter in Path(folder).glob("*checkpoint*"):
                litter.unlink()
            moment = moments.uniform(0, length)
            child = train(args.source, out)
            time.sleep(moment)
            n_early += child.poll() is None
            child.kill()
            child.wait()
            code = train(args.source, out, "--resume").wait()
            same = code == 0 and weights_hash(out) == whole
            n_same += same
            print(f"{i:>3}: killed after {moment:5.2f} s, {'same' if same else 'DIFFERENT'}")
        print(f"{n_same} of {args.kills} reached the same weights; {n_early} were still running.")
        sys.exit(n_same != args.kills)


if __name__ == "__main__":
    main()
