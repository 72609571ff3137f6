"""Sources: what digits can come from, a row each, and the one way in to all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from digitnet.data.classes import Classes, understand_labels
from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.found import MOST_BYTES, Found, Options, Part, Progress
from digitnet.data.frames import as_bytes, as_images, ink_bright, into_frames, reframed
from digitnet.data.plausibility import Judge, check_pixels, judge_digits, turn_upright
from digitnet.data.report import Report
from digitnet.data.unpack import only_name
from digitnet.errors import DataError, SettingsError
from digitnet.imaging.frame import SIDE

N_SYNTHETIC = 100_000  # fewer are learnt by heart (docs/lab-notes.md)


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Attributes:
        name: the word that stands for it, what its files end in, or what its folders are called.
        kind: "word", "file" or "folder".
        reader: "module:function", called with the word or path and `Options`; it returns a `Found`
            and raises DataError.
        help: one line for people.
        also: other endings of the same kind.
        packed: whether its files may be packed, as .csv.gz; large arrays are not read that way.
        holds: of a folder, "module:function" that tells whether a folder is one of this kind;
            without it, any is.
    """

    name: str
    kind: Literal["word", "file", "folder"]
    reader: str
    help: str
    also: tuple[str, ...] = ()
    packed: bool = False
    holds: str = ""

    def read(self, place: str | Path, options: Options) -> Found:
        """Read it; the module is imported only now."""
        found: Found = _named(self.reader)(place, options)
        return found

    def is_for(self, folder: Path) -> bool:
        """Whether a folder is one of this kind."""
        return self.kind == "folder" and (not self.holds or bool(_named(self.holds)(folder)))


def _named(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    named: Callable[..., Any] = getattr(import_module(module), function)
    return named


_DATA = "digitnet.data"
SOURCES: tuple[Source, ...] = (
    Source("synthetic", "word", f"{_DATA}.synthetic:read_synthetic", "digits drawn by digitnet"),
    Source("rare-forms", "word", f"{_DATA}.synthetic:read_rare_forms",
           "drawn as MNIST's writers hardly wrote"),
    Source("forms", "word", f"{_DATA}.synthetic:read_forms",
           "each of those forms as often as the next"),
    Source("mnist", "word", f"{_DATA}.mnist:read_mnist", "MNIST, downloaded if it is not here"),
    Source("folder of IDX files", "folder", f"{_DATA}.idx:read_idx_folder",
           "MNIST's or EMNIST's own files", holds=f"{_DATA}.idx:has_idx"),
    Source("folder of .parquet files", "folder", f"{_DATA}.parquet:read_parquet_folder",
           "as a hub keeps MNIST (an extra)", holds=f"{_DATA}.parquet:parquet_files"),
    Source("folder of .npy files", "folder", f"{_DATA}.npz:read_npy_folder",
           "images.npy and labels.npy", holds=f"{_DATA}.npz:npy_files"),
    Source("folder of pictures", "folder", f"{_DATA}.folders:read_picture_folder",
           "labelled by sub-folders, by names, or by a file beside"),
    Source(".csv", "file", f"{_DATA}.csv:read_csv", "a table of pixels and labels",
           also=(".tsv", ".txt", ".arff", ".data", ".dat", ".tra", ".tes"), packed=True),
    Source(".libsvm", "file", f"{_DATA}.libsvm:read_libsvm", "a label and index:value pairs",
           also=(".svm", ".svmlight", ".scale", ".t"), packed=True),
    Source(".npz", "file", f"{_DATA}.npz:read_npz", "arrays of images and labels"),
    Source(".npy", "file", f"{_DATA}.npz:read_npy", "an array of images, its labels beside it"),
    Source(".mat", "file", f"{_DATA}.mat:read_mat", "MATLAB's arrays (an extra)"),
    Source(".h5", "file", f"{_DATA}.hdf5:read_hdf5", "arrays in groups (an extra)",
           also=(".hdf5", ".hdf")),
    Source(".parquet", "file", f"{_DATA}.parquet:read_parquet", "pictures in a table (an extra)"),
    Source("-ubyte", "file", f"{_DATA}.idx:read_idx_file", "one of MNIST's or EMNIST's files",
           packed=True),
)  # fmt: skip
"""A new kind of source is a reader and a row here; command line, page and docs print the rows."""

PACKINGS = (".gz", ".zip", ".bz2", ".xz")
_SAVE = "numpy.savez('digits.npz', images=x, labels=y)"
_SAVE_TENSORS = "numpy.savez('digits.npz', images=x.numpy(), labels=y.numpy())"
PICKLES = {
    ".pkl": f"x, y = pickle.load(open(path, 'rb')); {_SAVE}",
    ".pickle": f"x, y = pickle.load(open(path, 'rb')); {_SAVE}",
    ".joblib": f"x, y = joblib.load(path); {_SAVE}",
    ".pt": f"x, y = torch.load(path)[:2]; {_SAVE_TENSORS}",
    ".pth": f"x, y = torch.load(path)[:2]; {_SAVE_TENSORS}",
}
"""Files that could run any code when they are loaded, each with the line that converts them."""
_FEATHER = "convert it in Python: pandas.read_feather(path).to_csv('digits.csv', index=False)"
_SHEET = "save it as a .csv where it was made, and give that"
_UNPACK = "unpack it, and give the folder or the file in it"
NOT_READ = {
    ".feather": _FEATHER,
    ".arrow": _FEATHER,
    ".rds": "convert it in R: write.csv(readRDS(path), 'digits.csv', row.names = FALSE)",
    ".rdata": "convert it in R: load(path); write.csv(digits, 'digits.csv', row.names = FALSE)",
    ".rda": "convert it in R: load(path); write.csv(digits, 'digits.csv', row.names = FALSE)",
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), _SHEET),
    ".json": "convert it in Python: pandas.read_json(path).to_csv('digits.csv', index=False)",
    ".jsonl": "convert it in Python: pandas.read_json(path, lines=True)"
    ".to_csv('digits.csv', index=False)",
    ".tfrecord": "convert it in Python: d = tfds.as_numpy(tfds.load('mnist', split='train', "
    "batch_size=-1)); numpy.savez('digits.npz', images=d['image'], labels=d['label'])",
    **dict.fromkeys((".tar", ".tgz", ".7z", ".rar"), _UNPACK),
}
"""Files of digits that others write and nothing here reads, each with what to do."""


def accepted() -> str:
    """All sources there are, in words."""
    shown = {"word": "`{}`", "file": "a file *{}", "folder": "a {}"}
    return ", ".join(shown[row.kind].format(row.name) for row in SOURCES)


def find_source(source: str | Path) -> tuple[Source, str | Path]:
    """The row that reads a word or path, and the place to hand to it.

    Raises:
        DataError: there is no such file, or none of the rows reads it.
    """
    if isinstance(source, str):
        row = next((row for row in SOURCES if row.kind == "word" and row.name == source), None)
        if row is not None:
            return row, source
    path = Path(source)
    if str(source).startswith(("http://", "https://")):
        raise DataError(f"{source} is an address; download it first, and give the file.")
    try:
        if source == "":
            raise ValueError("it has no name")
        if path.is_dir():
            return next(row for row in SOURCES if row.is_for(path)), path
        exists = path.exists()
    except (OSError, ValueError) as error:
        # A folder without permission, a name longer than names may be, or one with a zero byte.
        raise DataError(
            f"{str(path)[:200]} cannot be read ({getattr(error, 'strerror', error)}); "
            f"it may be {accepted()}."
        ) from error
    if not exists:
        raise DataError(f"There is no source {str(path)[:200]}; it may be {accepted()}.")
    name = path.name.lower()
    if name.endswith(".zip"):
        name = only_name(path) or name
    while name.endswith(PACKINGS):
        name = name.rpartition(".")[0]
    ending = Path(name).suffix
    if ending in PICKLES:
        raise DataError(
            f"{path} is a pickle, which could run any code and is never loaded; "
            f"where you trust it, convert it in Python: {PICKLES[ending]}."
        )
    if ending in NOT_READ:
        raise DataError(f"{path} is not read, a {ending} file.", NOT_READ[ending])
    for row in SOURCES:
        if row.kind == "file" and name.endswith((row.name, *row.also)):
            if not row.packed and not path.name.lower().endswith((row.name, *row.also)):
                raise DataError(f"{path} is a packed {row.name}; unpack it first.")
            return row, path
    raise DataError(f"{path} is none of the sources digitnet reads; it may be {accepted()}.")


def open_source(
    source: str | Path,
    *,
    part: Part = "train",
    framing: str = "mnist",
    labels: str = "auto",
    per_class: int | None = None,
    label_column: str | None = None,
    as_is: bool = False,
    transpose: bool = False,
    invert: bool = False,
    n_synthetic: int = N_SYNTHETIC,
    seed: int = 0,
    progress: Progress | None = None,
    most_bytes: int = MOST_BYTES,
    judge: Judge | None = None,
) -> Dataset:
    """Read the digits a SOURCE word or path stands for; the dataset's `report` says what came.

    Args:
        source: one of the words in `SOURCES`, or a path (write `./mnist` for a folder of that
            name).
        part: "train" or "test": which of the two parts to read, where there are two; synthetic
            digits are drawn from a different stream for each, so that the test ones are new.
        framing: how what is not 28 x 28 yet becomes so.
        labels: how a folder of pictures is labelled, see `digitnet.data.labelling`.
        per_class: pictures of each class in a flat folder.
        label_column: the column of a table that holds the labels: its name, or its number from 1.
        as_is: leave images as they lie, and take labels even where they seem wrong.
        transpose: turn images that have rows for columns.
        invert: turn dark ink on light into light on dark.
        n_synthetic: how many digits to draw.
        seed: of the drawing, not negative.
        progress: called with (done, in all): pictures decoded, digits drawn, or bytes downloaded.
        most_bytes: so many bytes are read of one file at most, unpacked.
        judge: reads digits, to find images that lie wrong and labels that are not theirs.

    Raises:
        DataError: the source is unknown, missing, damaged, has no labels, or cannot be understood.
        SettingsError: a setting makes no sense, or does not go with the source.
    """
    options = Options(
        part, framing, labels, per_class, label_column, as_is, transpose, invert,
        n_synthetic, seed, progress, most_bytes,
    )  # fmt: skip
    found = _read(source, options)
    if found.labels is None:
        raise DataError(
            f"{found.source} has no labels.",
            "digits without labels can be predicted, but not learnt from nor measured on; "
            "where a column of a table holds them, say {label_column:N}; an array of them is to be "
            "called labels, or y.",
        )
    images = _images(found, options)
    classes = _classes(found)
    found.notes += classes.notes
    if judge is not None and not (as_is or found.trusted) and classes.names == DIGITS:
        reframe = None if found.framed else lambda images: reframed(images, None, framing)
        verdict = judge_digits(images, classes.indices, judge, found.source, reframe=reframe)
        images, classes = verdict.images, classes._replace(indices=verdict.labels)
        found.notes += verdict.notes
    names = None if found.names is None else tuple(found.names)
    dataset = Dataset(images, classes.indices, classes.names, found.source, names=names)
    return dataset.reported(_report(found, dataset))


def open_unlabelled(
    source: str | Path, *, judge: Judge | None = None, **options: Any
) -> tuple[NDArray[np.uint8], NDArray[np.int64], Report]:
    """Read the images of a source whose labels do not matter, such as a table to hand in.

    Args:
        source: a path.
        judge: tells what looks like a digit, to find images that lie wrong.
        options: as of `open_source`.

    Returns:
        the frames (N, 28, 28), which rows of the source they are (N,), counted from 1, and the
        report; a row that shows nothing may be missing, and is named there.

    Raises:
        DataError, SettingsError: as `open_source`, but labels need not be there.
    """
    chosen = Options(**options)
    found = _read(source, chosen)
    images = _images(found, chosen)
    if judge is not None and not (chosen.as_is or found.trusted):
        images = _upright(images, found, judge, chosen.framing)
    report = Report(found.source, {"images": len(images)}, tuple(found.notes), tuple(found.skipped))
    rows = np.arange(len(images)) if found.rows is None else found.rows
    return images, rows + 1, report


def _upright(
    images: NDArray[np.uint8], found: Found, judge: Judge, framing: str
) -> NDArray[np.uint8]:
    """Images turned right, told by their labels where these are theirs, else by their looks."""
    reframe = None if found.framed else lambda images: reframed(images, None, framing)
    notes: tuple[str, ...] = ()
    try:
        classes = _classes(found) if found.labels is not None else None
        if classes is not None and classes.names == DIGITS:
            truth, source = classes.indices, found.source
            verdict = judge_digits(images, truth, judge, source, reframe=reframe)
            if verdict.images is not images:
                images, notes = verdict.images, verdict.notes
    except DataError:  # the labels do not matter here, so they may be wrong
        pass
    if not notes:
        images, notes = turn_upright(images, judge, reframe=reframe)
    found.notes += notes
    return images


def _read(source: str | Path, options: Options) -> Found:
    if options.part not in ("train", "test"):
        raise SettingsError(f"The part must be train or test, not {options.part!r}.")
    if options.seed < 0:
        raise SettingsError(f"The seed must be 0 or more, not {options.seed}.")
    row, place = find_source(source)
    is_pictures = row.name == "folder of pictures"
    if not is_pictures and (options.per_class is not None or options.labels != "auto"):
        raise SettingsError(
            f"{source} is not a folder of pictures.", "{labels} and {per_class} go with such only."
        )
    if row.name != ".csv" and options.label_column is not None:
        raise SettingsError(f"{source} is not a table.", "{label_column} goes with a table only.")
    return row.read(place, options)


def _images(found: Found, options: Options) -> NDArray[np.uint8]:
    """What was found as frames, ink bright; `found` notes what was done."""
    if found.framed and not (options.transpose or options.invert):
        return np.asarray(found.pixels)
    is_flat = np.ndim(found.pixels) == 2
    stored = as_images(found)
    if is_flat and not options.as_is and stored.shape[1:3] != (SIDE, SIDE):
        check_pixels(stored, found.source)
    images = as_bytes(stored, found)
    found.pixels = images
    if options.invert:
        images = 255 - images
    elif not (options.as_is or found.framed or found.trusted or images.ndim > 3):
        images = ink_bright(images, found)
    if options.transpose != (found.transposed and not options.as_is):
        images = np.ascontiguousarray(images.swapaxes(1, 2))
    return into_frames(images, found, options.framing)


def _classes(found: Found) -> Classes:
    labels = np.asarray(found.labels)
    if found.class_names is None:
        return understand_labels(labels, found.source, name_of=found.name_of)
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= len(found.class_names):
        raise DataError(f"{found.source}: its labels are not those of its classes.")
    used = np.unique(labels)
    if len(used) == len(found.class_names) or tuple(found.class_names) == DIGITS:
        return Classes(found.class_names, labels.astype(np.int64), ())
    place = np.zeros(len(found.class_names), np.int64)
    place[used] = np.arange(len(used))
    return Classes(tuple(found.class_names[i] for i in used), place[labels], ())


def _report(found: Found, dataset: Dataset) -> Report:
    counts = {
        name: int(count)
        for name, count in zip(dataset.class_names, dataset.counts(), strict=True)
        if count
    }
    notes = [*found.notes]
    if len(counts) == 1:
        notes.append(f"All images are of one class, {next(iter(counts))}.")
    return Report(found.source, counts, tuple(notes), tuple(found.skipped), tuple(found.left_alone))
