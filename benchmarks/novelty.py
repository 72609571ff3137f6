"""Novelty: what is called "no digit", by what the Gaussians on stroke directions were fitted on.

    python -m benchmarks.novelty [--mnist mnist] [--pictures FOLDER]

Each row accepts 99 % of a sixth of MNIST's training digits, which were set aside; the test digits
stay shut. What is none is drawn as by benchmarks.refusal; the last two columns should be small.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.pictures import BESIDE_THE_CHECKOUT
from benchmarks.refusal import groups
from digitnet.data.dataset import Dataset
from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.imaging.augment import AUGMENTATIONS, augmented
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.novelty import fit_novelty
from digitnet.training.finetune import n_others

Frames = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
SHARE = 0.05  # of the others beside MNIST's digits, as in the recipes
STEP = 3  # every third training digit, as many as a calibration takes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", default="mnist", help="where MNIST is (default: mnist)")
    parser.add_argument("--pictures", type=Path, default=BESIDE_THE_CHECKOUT, metavar="FOLDER")
    parser.add_argument("--n", type=int, default=200, help="pictures of each kind, at most")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    training, aside = open_source(args.mnist).split(1 / 6, rng)
    training = training.take(np.arange(0, len(training), STEP))
    shown = _none(args.n, rng) | _sources(args.pictures)
    heads = ("letters", "drawn faces", "scribbles", "pictures", "worst source")
    print(f"{'fitted on':<38}" + "".join(f"{head:>14}" for head in heads))
    for name, images, forms in _fits(training, rng):
        novelty = fit_novelty(images, forms)
        assert novelty is not None
        most = np.quantile(novelty.scores(aside.images), 0.99)
        called = {key: float(np.mean(novelty.scores(f) > most)) for key, f in shown.items()}
        letters = [v for key, v in called.items() if key.startswith("letters")]
        sources = [v for key, v in called.items() if key.startswith("source")]
        row = (np.mean(letters), called["faces, drawn"], called["scribbles"])
        row += (np.mean(sources), max(sources))
        print(f"{name:<38}" + "".join(f"{value:>14.1%}" for value in row), flush=True)


def _none(n: int, rng: np.random.Generator) -> dict[str, Frames]:
    """Frames of what is no digit, those that the framing itself refuses left out."""
    found = {}
    for name, pictures in groups(n, rng):
        frames = [frame_picture(picture) for picture in pictures]
        images = [frame.image for frame in frames if frame.reason is None]
        if images:
            found[name] = np.stack(images)
    return found


def _sources(folder: Path) -> dict[str, Frames]:
    """Frames of the real pictures of each source."""
    return {
        f"source {source.name}": np.stack(
            [
                frame_picture(open_picture(path)).image
                for path in sorted(source.iterdir())
                if path.name[0].isdigit()
            ]
        )
        for source in sorted(folder.iterdir())
        if source.is_dir()
    }


def _fits(own: Dataset, rng: np.random.Generator) -> list[tuple[str, Frames, np.ndarray]]:
    """What is compared: its name, images, and which of them look alike."""
    n = n_others(len(own), SHARE)
    drawn, rare = (synthesize(n, rng, rare=asked) for asked in (False, True))
    affine = AUGMENTATIONS["affine"].augmentation
    assert affine is not None
    changed = augmented(own.images, affine, rng)

    def with_others(images: Frames, forms: np.ndarray) -> tuple[Frames, np.ndarray]:
        return np.concatenate([own.images, images]), np.concatenate([own.labels, forms])

    return [
        ("MNIST", own.images, own.labels),
        ("and affine variations", *with_others(changed, own.labels)),
        ("and a twentieth of drawn digits", *with_others(drawn.images, drawn.labels)),
        ("and a twentieth of rare forms", *with_others(rare.images, rare.labels)),
        ("the same, Gaussians of their own", *with_others(rare.images, rare.labels + 10)),
    ]


if __name__ == "__main__":
    main()
