"""Sources: the one word or path on the command line that says where digits come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.idx import Part, has_idx, load_idx_folder
from digitnet.errors import DataError, SettingsError

Progress = Callable[[int, int], None]

N_SYNTHETIC = 100_000  # fewer are learnt by heart (docs/lab-notes.md)
DRAWN = ("synthetic", "rare-forms")
WORDS = (*DRAWN, "mnist")
ACCEPTED = (
    "`synthetic`, `rare-forms`, `mnist`, a folder with MNIST's IDX files, a folder of pictures, "
    "an .npz with `images` and `labels`, or a .csv of labels and pixels"
)


@dataclass(frozen=True)
class SourceReport:
    """What was taken from a source.

    Attributes:
        sentence: what was read, in one sentence for people.
        unreadable: the files that were skipped, each with the reason.
    """

    sentence: str
    unreadable: tuple[tuple[Path, str], ...] = ()


def open_source(
    source: str | Path,
    *,
    part: Part = "train",
    framing: str = "mnist",
    labels: str = "auto",
    per_class: int | None = None,
    n_synthetic: int = N_SYNTHETIC,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Dataset, SourceReport]:
    """Read the digits a SOURCE word or path stands for.

    Args:
        source: `synthetic`, `rare-forms` (those that MNIST hardly has, drawn), `mnist`, or a path
            (write `./mnist` for a folder of that name).
        part: "train" or "test": which of MNIST's two parts to read; synthetic digits are drawn
            from a different stream for each, so that the test ones are new. Other sources have
            one part only.
        framing: how a picture becomes 28 x 28; other sources are 28 x 28 already.
        labels: how a folder of pictures is labelled, see `digitnet.data.labelling`.
        per_class: pictures of each class in a flat folder.
        n_synthetic: how many digits to draw.
        seed: of the drawing, not negative.
        progress: called with (done, in all): pictures decoded, digits drawn, or bytes downloaded.

    Raises:
        DataError: the source is unknown, missing or damaged.
        SettingsError: a setting makes no sense, or goes with folders of pictures only.
    """
    if part not in ("train", "test"):
        raise SettingsError(f"The part must be train or test, not {part!r}.")
    path = Path(source)
    is_word = isinstance(source, str) and source in WORDS
    if not is_word and _is_folder_of_pictures(path):
        from digitnet.data.folders import load_picture_folder

        dataset, report = load_picture_folder(
            path, labels=labels, per_class=per_class, framing=framing, progress=progress
        )
        return dataset, SourceReport(f"{path}: {report.sentence}", report.unreadable)
    if per_class is not None or labels != "auto":
        raise SettingsError(
            f"--labels and --per-class go with a folder of pictures, which {source} is not."
        )
    if is_word and source in DRAWN:
        dataset = _draw(source == "rare-forms", n_synthetic, seed, part, progress)
    elif is_word:
        dataset = load_idx_folder(_mnist(progress), part)
    elif path.is_dir():
        dataset = load_idx_folder(path, part)
    else:
        dataset = _open_file(path)
    return dataset, SourceReport(f"{len(dataset):,} digits from {dataset.source}.")


def _is_folder_of_pictures(path: Path) -> bool:
    try:
        return path.is_dir() and not has_idx(path)
    except OSError as error:  # a folder without permission, a name longer than names may be
        raise DataError(
            f"{str(path)[:200]} cannot be read ({error.strerror}); it may be {ACCEPTED}."
        ) from error


def _draw(rare: bool, n: int, seed: int, part: Part, progress: Progress | None) -> Dataset:
    from digitnet.data.synthetic import synthesize

    if seed < 0:
        raise SettingsError(f"The seed must be 0 or more, not {seed}.")
    rng = np.random.default_rng([seed, 0 if part == "train" else 1])
    return synthesize(n, rng, rare=rare, progress=progress)


def _mnist(progress: Progress | None) -> Path:
    from digitnet.data.mnist import download_mnist, find_mnist

    return find_mnist() or download_mnist(progress=progress)


def _open_file(path: Path) -> Dataset:
    if not path.exists():
        raise DataError(f"There is no source {path}; it may be {ACCEPTED}.")
    suffix = path.suffix.lower()
    if suffix == ".npz":
        from digitnet.data.npz import load_npz

        return load_npz(path)
    if suffix == ".csv":
        from digitnet.data.csv import load_csv

        return load_csv(path)
    raise DataError(f"{path} is none of the sources digitnet reads; it may be {ACCEPTED}.")
