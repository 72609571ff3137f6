"""Outliers: what is called "no digit" by kind, and which digits are lost, before and after.

    python -m benchmarks.outliers [--leave-out] [--pictures FOLDER ...]

Before: Gaussians on the strokes of MNIST's training digits and a twentieth of rare forms, as models
had them. After: non-digits are learnt from, too. Each limit loses the same share of a mixture of
digits, every kind weighing the same; digits that the `cnn` in the box reads wrong are left out,
since refusing them loses nothing. The non-digits of benchmarks.refusal have a star: nothing was
learnt from them. With --leave-out a third column has what each kind is refused without having been
learnt from. FOLDER has real pictures in a folder for each source, as for benchmarks.pictures: which
of their digits are lost, at the limits that were set without them. MNIST's test digits stay shut.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.pictures import BESIDE_THE_CHECKOUT
from benchmarks.refusal import groups
from digitnet.data.dataset import Dataset
from digitnet.data.non_digits import non_digit_frames
from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.non_digits import KINDS, draw_non_digit
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.augment import AUGMENTATIONS, augmented
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from digitnet.models.novelty import Novelty, fit_novelty

Frames = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Picture = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
SHARE = 0.003  # of the mixture of digits that is lost
STEP = 3  # every third training digit, as many as a calibration takes


def stretched(image: Picture, rng: np.random.Generator) -> Picture:
    """A digit made up to twice as wide or narrow."""
    wide = 28 * np.exp(rng.uniform(np.log(0.5), np.log(2)))
    zoom = rng.uniform(1, 3)
    return cv2.resize(image, (int(wide * zoom), int(28 * zoom)))


def coarse(image: Picture, rng: np.random.Generator) -> Picture:
    """A digit of 8 to 20 pixels, at times stretched to a square or of two tones."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = int(rng.choice([8, 10, 12, 16, 20]))
    size = (side, side)
    if rng.random() < 0.5:
        size = tuple(max(2, round(n * side / max(ink.shape))) for n in ink.shape[::-1])
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.3:
        ink = np.where(ink > 100, 255, 0).astype(np.uint8)
    return np.pad(ink, int(rng.integers(1, 6)))


def by_another_pen(image: Picture, rng: np.random.Generator) -> Picture:
    """A digit made thicker or thinner."""
    large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
    pen = int(rng.integers(3, 13))
    if rng.random() < 0.5:
        return cv2.dilate(large, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen)))
    return cv2.erode(large, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))


def photographed(n: int, rng: np.random.Generator) -> Iterable[tuple[Picture, int]]:
    """Drawn digits on paper, seen by a camera."""
    for label in rng.integers(0, 10, n):
        yield draw_page([str(label)], rng, style=PageStyle.sample(rng)).picture, int(label)


def framed(pictures: Iterable[tuple[Picture, int]]) -> tuple[Frames, np.ndarray]:
    """Frames and labels of those pictures in which framing finds a digit."""
    found = [(frame_picture(picture), label) for picture, label in pictures]
    kept = [(frame.image, label) for frame, label in found if frame.reason is None]
    return np.stack([image for image, _ in kept]), np.array([label for _, label in kept])


def digits(own: Dataset, n: int, rng: np.random.Generator) -> dict[str, Frames]:
    """Kinds of digits, those that the `cnn` in the box reads right."""
    ink = AUGMENTATIONS["ink"].augmentation
    assert ink is not None
    drawn, rare = synthesize(n, rng), synthesize(n, rng, rare=True)
    kinds = {
        "MNIST, set aside": (own.images, own.labels),
        "shape and ink varied": (augmented(own.images[:n], ink, rng), own.labels[:n]),
        "drawn": (drawn.images, drawn.labels),
        "drawn, rare forms": (rare.images, rare.labels),
        "drawn and photographed": framed(photographed(n, rng)),
    }
    ways: dict[str, Callable[[Picture, np.random.Generator], Picture]] = {
        "stretched": stretched,
        "few pixels": coarse,
        "another pen": by_another_pen,
    }
    for name, way in ways.items():
        some = own.take(rng.choice(len(own), min(n, len(own)), replace=False))
        kinds[name] = framed(
            (way(image, rng), int(label))
            for image, label in zip(some.images, some.labels, strict=True)
        )
    model = load_model(in_box("cnn"))
    return {
        name: images[model.probabilities(images).argmax(axis=1) == labels]
        for name, (images, labels) in kinds.items()
    }


def others(n: int, rng: np.random.Generator) -> dict[str, tuple[Frames, int]]:
    """For each kind of non-digit the frames that are left to judge, and how many there were."""
    kinds = {f"* {name}": list(pictures) for name, pictures in groups(n, rng)}
    for name in (*KINDS, "look-alikes"):
        kinds[name] = [draw_non_digit(name, rng) for _ in range(n)]
    found = {}
    for name, pictures in kinds.items():
        frames = [frame_picture(picture) for picture in pictures]
        left = [frame.image for frame in frames if frame.reason is None]
        found[name] = (np.array(left, np.uint8).reshape(-1, 28, 28), len(frames))
    return found


def real(folders: Iterable[Path]) -> dict[str, Frames]:
    """Frames of real pictures, by source, those that the `cnn` in the box reads right."""
    model, found = load_model(in_box("cnn")), {}
    for source in (each for folder in folders for each in sorted(folder.iterdir())):
        paths = sorted(source.glob("[0-9]*")) if source.is_dir() else []
        if paths:
            images, labels = framed((open_picture(path), int(path.name[0])) for path in paths)
            right = model.probabilities(images).argmax(axis=1) == labels
            found[f"pictures: {source.name}"] = images[right]
    return found


class Judge:
    """A novelty with its limit: the one that loses `SHARE` of all kinds of digits."""

    def __init__(self, novelty: Novelty | None, shown: dict[str, Frames]) -> None:
        assert novelty is not None
        self.novelty = novelty
        scores = [novelty.scores(images) for images in shown.values()]
        weights = np.concatenate([np.full(len(s), 1 / len(s) / len(scores)) for s in scores])
        every = np.concatenate(scores)
        order = np.argsort(-every)
        self.most = every[order][np.searchsorted(np.cumsum(weights[order]), SHARE)]

    def refused(self, images: Frames, of: int = 0) -> float:
        """The share refused, by framing or by novelty."""
        of = of or len(images)
        strange = (self.novelty.scores(images) > self.most).sum() if len(images) else 0
        return float(1 - (len(images) - strange) / of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", default="mnist", help="where MNIST is (default: mnist)")
    parser.add_argument("--n", type=int, default=200, help="non-digits of each kind, at most")
    parser.add_argument("--learnt", type=int, default=2000, help="non-digits that are learnt from")
    parser.add_argument(
        "--pictures", type=Path, nargs="*", default=[BESIDE_THE_CHECKOUT], metavar="FOLDER"
    )
    parser.add_argument("--leave-out", action="store_true", help="each kind without its like, too")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    training, aside = open_source(args.mnist).split(1 / 6, np.random.default_rng(0))
    training = training.take(np.arange(0, len(training), STEP))
    rare = synthesize(max(1, len(training) // 19), rng, rare=True)
    images = np.concatenate([training.images, rare.images])
    labels = np.concatenate([training.labels, rare.labels])
    shown = digits(aside, max(20, 7 * args.n), rng)
    strange = others(args.n, rng)

    each, draw = max(1, args.learnt // len(KINDS)), np.random.default_rng(2)
    learnt = {kind: non_digit_frames(each, draw, [kind]) for kind in KINDS}

    def judge(left_out: str | None = None) -> Judge:
        taken = [frames for kind, frames in learnt.items() if kind != left_out]
        return Judge(fit_novelty(images, labels, np.concatenate(taken)), shown)

    before, after = Judge(fit_novelty(images, labels), shown), judge()
    print(f"{'digits lost':<36}{'n':>7}{'before':>9}{'after':>9}")
    for name, frames in (shown | real(args.pictures)).items():
        shares = "".join(f"{j.refused(frames):>9.2%}" for j in (before, after))
        print(f"{name:<36}{len(frames):>7,}{shares}")
    print(f"\n{'non-digits refused':<36}{'n':>7}{'before':>9}{'after':>9}", end="")
    print(f"{'unlearnt':>10}" if args.leave_out else "")
    for name, (frames, n) in strange.items():
        row = [j.refused(frames, n) for j in (before, after)]
        if args.leave_out and name in KINDS:
            row.append(judge(name).refused(frames, n))
        cells = f"{row[0]:>9.1%}{row[1]:>9.1%}" + "".join(f"{v:>10.1%}" for v in row[2:])
        print(f"{name:<36}{n:>7,}{cells}", flush=True)


if __name__ == "__main__":
    main()
