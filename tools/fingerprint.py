"""Fingerprint: what a change of the code must leave as it is, one line each, to be compared.

    python tools/fingerprint.py --mnist FOLDER --pictures FOLDER ... --sheets FOLDER ...

Lines: the SHA-256 of the weights after short trainings with a fixed seed; the label of every
picture by both models in the box, and the SHA-256 of all that `predict --json` says of it; the
lines of every page and the SHA-256 of all that `read --json` says. Only the command line is asked,
so `--python` may be the interpreter of another checkout; `diff` of two outputs shows what changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MODELS = ("cnn", "mlp")
AT_ONCE = 100
"""Pictures in one command."""


def trainings(mnist: Path | None) -> dict[str, list[str]]:
    """Name -> the words behind `digitnet train`."""
    found = {"default, 2 epochs": ["--epochs", "2", "--seed", "0"]}
    if mnist is not None:
        for recipe in ("mlp", "cnn"):
            words = [str(mnist), "--recipe", recipe, "--epochs", "1", "--seed", "0"]
            found[f"{recipe}, 1 epoch"] = words
    return found


def weights(python: str, words: list[str]) -> str:
    """SHA-256 over the names and bytes of all arrays that a training leaves."""
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        digitnet(python, "train", *words, "--out", str(out))
        for path in sorted(out.glob("*.npy")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def answers(python: str, command: str, model: str, folder: Path) -> Iterator[str]:
    """A line for each picture in a folder and below it, as `--json` has it."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".txt", ".md"))
    for start in range(0, len(paths), AT_ONCE):
        chosen = paths[start : start + AT_ONCE]
        said = digitnet(python, command, "--json", "--model", model, *map(str, chosen))
        for line in said.splitlines():
            answer = json.loads(line)
            name = Path(answer.pop("path")).relative_to(folder.parent)
            answer.pop("model", None)  # who answered: a key that older versions do not have
            digest = hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()
            short = answer.get("lines", answer.get("label", "error"))
            yield f"{command} {model} {name} {json.dumps(short)} {digest}"


def digitnet(python: str, *words: str) -> str:
    """What a command prints; 1 is the exit code where some pictures could not be read."""
    done = subprocess.run([python, "-m", "digitnet", *words], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"digitnet {' '.join(words[:3])} ... ended with {done.returncode}: {done.stderr}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="that has digitnet installed")
    parser.add_argument("--mnist", type=Path, metavar="FOLDER")
    parser.add_argument("--pictures", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--sheets", type=Path, nargs="*", default=[], metavar="FOLDER")
    args = parser.parse_args()
    for name, words in trainings(args.mnist).items():
        print(f"train {name} {weights(args.python, words)}", flush=True)
    for command, folders in (("predict", args.pictures), ("read", args.sheets)):
        for folder in folders:
            for model in MODELS:
                for line in answers(args.python, command, model, folder):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
