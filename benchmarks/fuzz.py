"""Fuzz: Atheris looks for bytes that bring anything but our own error out of what reads files.

    python -m benchmarks.fuzz pictures --seconds 300

The targets are pictures, models (model.json, sealed anew, and an array), checkpoints, idx, csv,
npz and templates of forms. Small valid files are written as the first corpus, and libFuzzer goes
on from there by what the bytes reach in digitnet and Pillow. It ends with libFuzzer's count of
executions, or with the traceback and the input that broke the promise. Needs
`pip install atheris` (benchmarks/fuzz.txt).
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

TARGETS = ("pictures", "models", "checkpoints", "idx", "csv", "npz", "templates")
Target = tuple[list[bytes], Callable[[bytes], object]]
"""The first corpus, and what is done with a file's bytes."""


def pictures(folder: Path) -> Target:
    """Opened and framed."""
    from benchmarks.fuzz_pictures import seeds
    from digitnet.imaging.framing import frame_picture
    from digitnet.imaging.pictures import open_picture

    files = seeds(np.random.default_rng(0))
    return (
        [data for group in files.values() for data in group],
        lambda data: frame_picture(open_picture(data)),
    )


def models(folder: Path) -> Target:
    """A first byte says whether the rest is model.json, one with a seal that fits, or an array."""
    from digitnet.models.description import sealed
    from digitnet.models.folder import load_model, save_model
    from digitnet.models.model import Model
    from digitnet.nn import Network, multilayer_perceptron

    network = Network(multilayer_perceptron(784, [1], 10))
    save_model(Model(network, training={"source": "a fuzzer", "epochs_done": 1}), folder / "m")
    names = ("model.json", "model.json", "W1.npy", "b1.npy")
    whole = {name: (folder / "m" / name).read_bytes() for name in names}

    def load(data: bytes) -> object:
        way, data = data[0] % 4 if data else 0, data[1:]
        if way == 1:
            try:
                found = json.loads(data)
            except (ValueError, RecursionError):
                return None
            if isinstance(found, dict):
                try:
                    data = json.dumps(sealed(found)).encode()
                except (ValueError, RecursionError):
                    return None
        (folder / "m" / names[way]).write_bytes(data)
        try:
            return load_model(folder / "m").predict(np.eye(28, dtype=np.uint8) * 255)
        finally:
            (folder / "m" / names[way]).write_bytes(whole[names[way]])

    return [bytes([way]) + whole[name] for way, name in enumerate(names)], load


def checkpoints(folder: Path) -> Target:
    """Loaded."""
    from digitnet.nn import Network, multilayer_perceptron
    from digitnet.training.checkpoints import begin, load_checkpoint, save_checkpoint
    from digitnet.training.config import TrainingConfig

    path, config = folder / "m.checkpoint.npz", TrainingConfig(hidden=(1,))
    network = Network(multilayer_perceptron(784, [1], 10))
    state = begin(network, config.settings(), np.random.default_rng(0))
    save_checkpoint(path, state, {"plan": config.as_dict(), "data": "a fuzzer"})
    seed = path.read_bytes()
    return [seed], lambda data: (path.write_bytes(data), load_checkpoint(path))


def _source(folder: Path, name: str, corpus: list[bytes]) -> Target:
    from digitnet.data.sources import open_source

    path = folder / name
    return corpus, lambda data: (path.write_bytes(data), open_source(path))


def idx(folder: Path) -> Target:
    """An IDX file of images."""
    from digitnet.data.idx import read_idx

    path = folder / "train-images-idx3-ubyte"
    head = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
    corpus = [head + bytes(2 * 784), bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3])]
    return corpus, lambda data: (path.write_bytes(data), read_idx(path))


def csv(folder: Path) -> Target:
    """A table, opened as a source."""
    row = ",".join(["0", "255"] * 392)
    header = "label," + ",".join(f"pixel{i}" for i in range(784))
    corpus = [f"{header}\n3,{row}\n4,{row}\n", f"3;{row.replace(',', ';')}\n", f"{row}\n"]
    return _source(folder, "digits.csv", [text.encode() for text in corpus])


def npz(folder: Path) -> Target:
    """Arrays, opened as a source."""
    path, images = folder / "seed.npz", np.zeros((2, 28, 28), np.uint8)
    images[:, 5:20, 14] = 255
    corpus = []
    for save in (np.savez, np.savez_compressed):
        save(path, images=images, labels=np.array([1, 7]))
        corpus.append(path.read_bytes())
    return _source(folder, "digits.npz", corpus)


def templates(folder: Path) -> Target:
    """A form's template; the picture of the blank form is an honest one, and is opened once."""
    from PIL import Image

    from digitnet.imaging.pictures import open_picture
    from digitnet.reading.template import Template

    blank = np.full((120, 160), 255, np.uint8)
    blank[[20, 100], 10:150] = 0
    Image.fromarray(blank).save(folder / "blank.png")
    opened = open_picture(folder / "blank.png")
    path = folder / "form.toml"
    head = 'picture = "blank.png"\n[[field]]\nname = "amount"\nbox = [60, 30, 140, 60]\n'
    says = 'length = 4\npattern = "[0-9]+"\nallow = "0123456789.,"\nmin = 1\nmax = 9.5\n'
    other = '[[field]]\nname = "number"\nbox = [20, 70, 90, 95]\nchecksum = "luhn"\n'
    corpus = [(head + end).encode() for end in ("", says, says + other)]
    return corpus, lambda data: (path.write_bytes(data), Template.load(path, lambda _: opened))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=300, help="how long to look (%(default)s)")
    parser.add_argument("--keep", metavar="DIR", help="keep the corpus here, and go on from it")
    arguments = parser.parse_args()
    atheris: Any = importlib.import_module("atheris")
    folder = Path(tempfile.mkdtemp())
    kept = Path(arguments.keep) if arguments.keep else folder / "corpus"
    kept.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["digitnet", "PIL"], enable_loader_override=False):
        corpus, read = globals()[arguments.target](folder)
        from digitnet.errors import DigitnetError
    warnings.simplefilter("error")

    def look(data: bytes) -> None:
        with suppress(DigitnetError):
            read(data)

    for number, data in enumerate(corpus):
        (kept / f"seed-{number}").write_bytes(data)
    n, seconds = len(list(kept.iterdir())), arguments.seconds
    print(f"{arguments.target}: {n} files to begin with, {seconds} seconds", flush=True)
    options = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048"]
    options += [f"-artifact_prefix={kept.parent}/", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, "-max_len=20000", str(kept)], look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
