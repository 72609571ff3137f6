"""Data: `digitnet data show|sources|preview|download|synthesize`, digits looked at and made."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.cli.output import can_show, show, show_json, shown
from digitnet.cli.source_options import (
    LIST_OF_SOURCES,
    SOURCE_HELP,
    add_source_options,
    progress_bar,
    read_source,
)
from digitnet.cli.table_options import source_options
from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError, require
from digitnet.files import new_folder, replacing
from digitnet.imaging.augment import AUGMENTATIONS, augmented

ENOUGH_TO_SHOW = 500  # synthetic digits drawn for a preview
AUGMENTED = ", ".join(f"{name} ({a.help})" for name, a in AUGMENTATIONS.items() if a.augmentation)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser for each of them."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser(
        "show", aliases=["info"], help="what is in a source, and how it is understood"
    )
    show.add_argument("source", metavar="SOURCE", help=SOURCE_HELP)
    show.add_argument("--json", action="store_true", help="print one JSON object")
    add_source_options(show)

    actions.add_parser("sources", help="list all that digits can come from")

    preview = actions.add_parser("preview", help="a picture of ten digits of each class")
    preview.add_argument(
        "source", nargs="?", default="synthetic", metavar="SOURCE",
        help="default: synthetic; forms shows how digits are written around the world",
    )  # fmt: skip
    preview.add_argument("--beside", metavar="SOURCE", help="a second source to compare with")
    preview.add_argument(
        "--augment", metavar="NAME", help=f"show the same digits augmented beside: {AUGMENTED}"
    )
    preview.add_argument("-o", "--output", default="preview.png", metavar="FILE")
    preview.add_argument("--seed", type=int, default=0, metavar="X", help="(default: 0)")
    add_source_options(preview)

    download = actions.add_parser("download", help="fetch MNIST into the cache, or into a folder")
    download.add_argument("--to", metavar="DIR", help="default: the cache `mnist` is read from")

    synthesize = actions.add_parser(
        "synthesize", help="draw digits and keep them as an .npz, or pages of numbers in a folder"
    )
    synthesize.add_argument("n", type=int, metavar="N", help="how many")
    synthesize.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="an .npz, with --pages a new folder (default: synthetic.npz, synthetic-pages)",
    )
    synthesize.add_argument(
        "--pages",
        action="store_true",
        help="photographs of handwritten pages: page-0001.png and so on, labels.txt with their "
        "text, boxes.json with the place of every character",
    )
    synthesize.add_argument(
        "--grade",
        type=float,
        metavar="X",
        help="how hard the pages are, from 0 (clean) to 1 (default: 1)",
    )
    synthesize.add_argument(
        "--rare-forms", action="store_true",
        help="as MNIST's writers hardly wrote: ones with flag and foot, hooked nines and the like",
    )  # fmt: skip
    synthesize.add_argument("--seed", type=int, default=0, metavar="X", help="(default: 0)")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for."""
    actions = {
        "show": _show,
        "info": _show,
        "sources": _sources,
        "preview": _preview,
        "download": _download,
        "synthesize": _synthesize,
    }
    return actions[args.action](args)


def _read(args: argparse.Namespace, source: str, **options: Any) -> tuple[Dataset, bool]:
    dataset = read_source(source, **source_options(args), **options)
    return dataset, bool(dataset.report.skipped)


def _show(args: argparse.Namespace) -> int:
    dataset = read_source(args.source, quiet=args.json, **source_options(args))
    some_failed = bool(dataset.report.skipped)
    if args.json:
        show_json(dataset.report.as_dict())
        return 1 if some_failed else 0
    counts = dataset.counts()
    ink = float(np.mean(dataset.images > 0))
    show(f"{len(dataset):,} images of 28 x 28, {ink:.1%} of the pixels with ink")
    width = max(3, *(len(shown(name)) for name in dataset.class_names))
    block = "█" if can_show("█") else "#"
    for name, count in zip(dataset.class_names, counts, strict=True):
        show(f"{shown(name):>{width}}  {count:>7,}  {block * round(40 * count / counts.max())}")
    return 1 if some_failed else 0


def _sources(args: argparse.Namespace) -> int:
    show(*LIST_OF_SOURCES.splitlines())
    return 0


def _preview(args: argparse.Namespace) -> int:
    from digitnet.plots.report import save_image_grid

    require("plots")
    if args.source == "forms" and args.augment is None and args.beside is None:
        return _preview_forms(args.output)
    if args.augment is not None and args.beside is not None:
        raise SettingsError("--augment and --beside both fill the second half; choose one.")
    rng = np.random.default_rng(args.seed)
    dataset, some_failed = _read(args, args.source, n_synthetic=ENOUGH_TO_SHOW)
    shown = _shuffled(dataset, rng)
    beside = None
    if args.beside is not None:
        other, other_failed = _read(args, args.beside, n_synthetic=ENOUGH_TO_SHOW)
        some_failed |= other_failed
        other = _shuffled(other, rng)
        beside = (other.images, other.labels, other.source)
    if args.augment is not None:
        beside = (_augmented(shown, args.augment, rng), shown.labels, f"augmented: {args.augment}")
    save_image_grid(
        shown.images,
        shown.labels,
        args.output,
        shown.source,
        beside=beside,
        class_names=shown.class_names,
    )
    show(f"Drawn: {args.output}")
    return 1 if some_failed else 0


def _preview_forms(output: str) -> int:
    from digitnet.plots.forms import save_forms

    save_forms(output)
    show(f"Drawn: {output}")
    return 0


def _augmented(dataset: Dataset, name: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What training with --augment NAME sees of the same digits."""
    augmentation = AUGMENTATIONS[name].augmentation if name in AUGMENTATIONS else None
    if augmentation is None:
        known = ", ".join(known for known, each in AUGMENTATIONS.items() if each.augmentation)
        raise SettingsError(f"--augment shows one of {known}, not {name}.")
    return augmented(dataset.images, augmentation, rng)


def _shuffled(dataset: Dataset, rng: np.random.Generator) -> Dataset:
    """The same digits in another order, so that the first of each class are a fair sample."""
    return dataset.take(rng.permutation(len(dataset)))


def _download(args: argparse.Namespace) -> int:
    from rich.progress import DownloadColumn, Progress

    from digitnet.data.mnist import cache_folder, download_mnist

    with Progress(*Progress.get_default_columns(), DownloadColumn()) as progress:
        task = progress.add_task("MNIST", total=None)
        folder = download_mnist(
            Path(args.to) if args.to else cache_folder(),
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    show(f"MNIST is in {folder}.")
    return 0


def _synthesize(args: argparse.Namespace) -> int:
    from digitnet.data.synthetic import synthesize

    if args.seed < 0:
        raise SettingsError(f"The seed must be a whole number from 0, not {args.seed}.")
    if args.pages:
        return _synthesize_pages(args)
    if args.grade is not None:
        raise SettingsError("--grade is how hard pages are; give --pages too.")
    output = Path(args.output or "synthetic.npz")
    if output.suffix != ".npz":
        raise SettingsError(f"{output}: digits are kept as .npz; choose a name that ends in .npz.")
    with progress_bar() as progress:
        task = progress.add_task("Drawing", total=max(args.n, 1))
        dataset = synthesize(
            args.n,
            np.random.default_rng(args.seed),
            rare=args.rare_forms,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with replacing(output) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, images=dataset.images, labels=dataset.labels)
    show(f"{len(dataset):,} digits are in {output}.")
    return 0


def _synthesize_pages(args: argparse.Namespace) -> int:
    from digitnet.handwriting.scenes import draw_scene
    from digitnet.imaging.png import as_png

    if args.rare_forms:
        raise SettingsError("--rare-forms draws single digits; leave it out with --pages.")
    if args.n < 1:
        raise SettingsError(f"The number of pages to draw must be at least 1, not {args.n}.")
    grade = 1.0 if args.grade is None else args.grade
    folder = Path(args.output or "synthetic-pages")
    labels: list[str] = []
    boxes: dict[str, Any] = {}
    rng = np.random.default_rng(args.seed)
    with new_folder(folder) as temporary, progress_bar() as progress:
        task = progress.add_task("Drawing", total=args.n)
        for k in range(1, args.n + 1):
            page, name = draw_scene(rng.spawn(1)[0], grade=grade), f"page-{k:04}.png"
            (temporary / name).write_bytes(as_png(page.picture))
            labels.append(f"{name}\t{' '.join(page.lines)}\n")
            boxes[name] = {"lines": page.lines, "boxes": page.boxes}
            progress.update(task, completed=k)
        (temporary / "labels.txt").write_text("".join(labels), encoding="utf-8", newline="\n")
        (temporary / "boxes.json").write_text(json.dumps(boxes), encoding="utf-8", newline="\n")
    show(f"{args.n:,} pages are in {folder}, their text is in {folder / 'labels.txt'}.")
    return 0
