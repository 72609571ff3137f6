"""Pictures: the share read rightly, per source of real pictures, for each way of framing them.

    python -m benchmarks.pictures MODEL [MODEL ...] [--pictures FOLDER]

FOLDER has a folder for each source; a picture's label is the first character of its name. A
picture without an answer (unsure, no digit) counts as wrong. The mean is over sources, each
source counting the same.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.records import keep_record
from digitnet.imaging.framing import FRAMINGS, frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.folder import load_model
from digitnet.models.model import Model

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "pictures"


def score(model: Model, pictures: list[tuple[int, np.ndarray]]) -> tuple[float, float, list[str]]:
    """The share with the right answer, the share whose likeliest class is right, and misses."""
    answered = likeliest = 0
    misses = []
    for label, picture in pictures:
        answer = model.answer(frame_picture(picture, model.framing))
        answered += answer.label == label
        likeliest += int(answer.probabilities.argmax()) == label
        if answer.label != label:
            misses.append(f"{label}:{answer.reason or answer.label}")
    return answered / len(pictures), likeliest / len(pictures), misses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--pictures", type=Path, default=BESIDE_THE_CHECKOUT, metavar="FOLDER")
    parser.add_argument("--misses", action="store_true", help="list what was not read rightly")
    parser.add_argument("--record", action="store_true", help="keep the means in results/")
    args = parser.parse_args()
    sources = {
        folder.name: [
            (int(path.name[0]), open_picture(path))
            for path in sorted(folder.iterdir())
            if path.name[0].isdigit()
        ]
        for folder in sorted(args.pictures.iterdir())
        if folder.is_dir()
    }
    columns = [(name, framing) for name in args.models for framing in reversed(FRAMINGS)]
    models = [replace(load_model(name), framing=framing) for name, framing in columns]
    rows = [[score(model, pictures) for model in models] for pictures in sources.values()]
    print("right answers in % (likeliest class right, answered or not)")
    for number, (name, framing) in enumerate(columns, start=1):
        print(f"  column {number}: {name}, framing {framing}")
    for (source, pictures), row in zip(sources.items(), rows, strict=True):
        cells = "".join(f"{100 * right:>9.1f} ({100 * top:5.1f})" for right, top, _ in row)
        print(f"{source:<14}{len(pictures):>4}{cells}")
    means = np.array([[cell[:2] for cell in row] for row in rows]).mean(axis=0)
    cells = "".join(f"{100 * right:>9.2f} ({100 * top:5.2f})" for right, top in means)
    print(f"{'mean':<18}{cells}")
    if args.record:
        for (name, framing), (right, top) in zip(columns, means, strict=True):
            label = Path(name).name + ("" if framing == FRAMINGS[0] else "-resized")
            for kind, mean in (("likeliest digit", top), ("answered rightly", right)):
                keep_record(
                    f"pictures-{label}-{kind.split()[0]}",
                    f"{len(sources)} sources of pictures, {kind}",
                    0,
                    [mean],
                    part="pictures",
                    what=f"{Path(name).name}, framing {framing}",
                )
    if args.misses:
        for source, row in zip(sources, rows, strict=True):
            for (name, framing), (_, _, misses) in zip(columns, row, strict=True):
                if misses and framing == FRAMINGS[0]:
                    print(f"{source} {name}: {'; '.join(misses)}")


if __name__ == "__main__":
    main()
