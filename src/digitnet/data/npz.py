"""NPZ: arrays of images and labels, in an .npz, in .npy files side by side, or as MATLAB has them.

Nothing is ever unpickled.
"""

from __future__ import annotations

import lzma
import os
import re
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from digitnet.data import columns
from digitnet.data.classes import flat_labels, number_meant
from digitnet.data.found import Found, Options
from digitnet.data.parts import PARTS
from digitnet.errors import DataError
from digitnet.files import open_regular, read_whole_npy

IMAGE_NAMES = (
    "images", "image", "imgs", "img", "x", "xs", "data", "pixels", "digits", "inputs", "features",
    "fea", "samples", "arr_0",
)  # fmt: skip
LABEL_NAMES = (*columns.LABEL_NAMES, "ys", "lab", "t", "outputs", "output", "gnd", "arr_1")
VAGUE = {"data", "digits", "samples", "t"}
"""Names that say which array is which only where they stand alone."""
_PART = re.compile(
    "(training|train|testing|test|validation|valid|val(?!u)|dev|t10k"
    "|(?<=^[xy])(?:tr|te)(?![a-z])|(?<![a-z])(?:tr|te)(?=[xy]?$|[^a-z]))"
)
_SHORT = {"tr": "train", "te": "test"}

# RuntimeError: zipfile's word for encryption and for packings it does not know.
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


class Arrays(Protocol):
    """Arrays by their names; each is read when it is asked for."""

    def __getitem__(self, name: str) -> NDArray[Any]: ...


def read_npz(path: Path, options: Options) -> Found:
    """Read digits from an .npz archive.

    The arrays may be called images and labels, x and y, data and target, or the like, with train
    or test in the names where it has both parts.

    Raises:
        DataError: the archive is missing, damaged, too large, holds pickled objects, or names
            that do not tell which array is which.
    """
    try:
        # Opened here, so that it is closed even when NumPy finds that it is not an archive.
        with open_regular(path, sys.maxsize) as file, _opened(file, path) as archive:
            members = _Archive(archive, path, options.most_bytes)
            return from_arrays(members, archive.files, path, options)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of an .npz file.") from None
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); "
            "check the path and its permissions."
        ) from error


def read_npy(path: Path, options: Options) -> Found:
    """Read digits from an .npy file of images, its labels in another beside it.

    Raises:
        DataError: one of them is missing, damaged or holds pickled objects.
    """
    beside = {other.stem: other for other in sorted(path.parent.glob("*.npy"))}
    if path.stem not in beside:
        raise DataError(f"{path} does not exist; give the path of an .npy file.")
    part, rest = _split_name(path.stem)
    kind = _kind_of(rest)
    if kind in LABEL_NAMES and kind not in IMAGE_NAMES:
        raise DataError(f"{path} is called as if it held labels; give the file with the images.")
    of_part = {n: _split_name(n)[1] for n in beside if _split_name(n)[0] == part}
    labels = [n for n, name in of_part.items() if n != path.stem and _kind_of(name) in LABEL_NAMES]
    if len(labels) > 1:  # a_labels beside a_images, b_labels beside b_images
        bare = rest.replace(kind, "")
        labels = [n for n in labels if of_part[n].replace(_kind_of(of_part[n]), "") == bare]
        if len(labels) != 1:
            raise DataError(
                f"{path}: several files beside it may hold its labels; leave one there, or "
                "call both alike, such as a_images.npy and a_labels.npy."
            )
    files = _Files(beside, options.most_bytes)
    images = files[path.stem]
    found = Found(images, None, str(path))
    if labels:
        found.labels, notes = flat_labels(files[labels[0]], images, str(path))
        found.notes += [f"The labels are those of {labels[0]}.npy beside it.", *notes]
    return found


def read_npy_folder(folder: Path, options: Options) -> Found:
    """Read digits from a folder of .npy files, named like the arrays of an .npz."""
    beside = {path.stem: path for path in npy_files(folder)}
    return from_arrays(_Files(beside, options.most_bytes), list(beside), folder, options)


def npy_files(folder: Path) -> list[Path]:
    """The .npy files in a folder."""
    return sorted(folder.glob("*.npy"))


def from_arrays(arrays: Arrays, names: list[str], path: Path, options: Options) -> Found:
    """Images and labels out of arrays, told apart by their names.

    Raises:
        DataError: none of them, or several, could be the images.
    """
    by_class = _named_by_class(names, options.part)
    if by_class:
        return _of_each_class(arrays, by_class, path, options)
    has_part, images_name, labels_name = _choose(names, options.part, path)
    source = str(path) if has_part is None else f"{path} ({has_part} part)"
    images = arrays[images_name]
    found = Found(images, None, source)
    if has_part not in (None, options.part):
        found.notes.append(f"It has no {options.part} part; its {has_part} part was taken.")
    if (images_name, labels_name) != ("images", "labels"):
        with_labels = "" if labels_name is None else f" and the labels `{labels_name}`"
        found.notes.append(f"The images are its `{images_name}`{with_labels}.")
    if labels_name is not None:
        found.labels, notes = flat_labels(arrays[labels_name], images, source)
        found.notes += notes
    return found


def _named_by_class(names: Iterable[str], part: str) -> dict[int, str]:
    """The arrays of a part that hold one digit's images each, such as train0 to train9."""
    split = [(*_split_name(name), name) for name in names]
    for wanted in (part, None):
        found = {number_meant(rest): name for p, rest, name in split if p == wanted}
        by_class = {k: name for k, name in found.items() if k is not None}
        if sorted(by_class) == list(range(10)):
            return by_class
    return {}


def _of_each_class(
    arrays: Arrays, by_class: Mapping[int, str], path: Path, options: Options
) -> Found:
    images = {label: arrays[name] for label, name in sorted(by_class.items())}
    shapes = {array.shape[1:] for array in images.values()}
    if len(shapes) > 1:
        raise DataError(f"{path}: the images of its digits differ in shape: {sorted(shapes)}.")
    labels = np.repeat(list(images), [len(array) for array in images.values()])
    found = Found(np.concatenate(list(images.values())), labels, f"{path} ({options.part} part)")
    found.notes.append(f"It has an array for each digit, `{by_class[0]}` to `{by_class[9]}`.")
    return found


def _split_name(name: str) -> tuple[str | None, str]:
    """The part and the rest of an array's name: `x_train` is train's x."""
    lower = name.lower()
    match = _PART.search(lower)
    if match is None:
        return None, lower.strip("_-. ")
    word = _SHORT.get(match[1], match[1])
    part = next(part for part, words in PARTS.items() if word in words)
    rest = lower[: match.start()] + lower[match.end() :]
    return (part if word not in PARTS["test"][2:5] else "validation"), rest.strip("_-. ")


def _kind_of(rest: str) -> str:
    """What a name says in one of its words: `mnist_images` holds images; itself if none does.

    Of a name in a group or struct, such as `set.images`, the last part counts.
    """
    rest = rest.strip("_-. ").rpartition(".")[2]
    words = re.split("[_. -]+", rest)
    known = [w for w in words if w in {*IMAGE_NAMES, *LABEL_NAMES} - VAGUE]
    return known[0] if len(known) == 1 and not {"name", "names"} & {*words} else rest


def _choose(names: Iterable[str], part: str, path: Path) -> tuple[str | None, str, str | None]:
    """The part that is there, the name of its images, and that of its labels."""
    names = list(names)
    split = {name: _split_name(name) for name in names}
    order = [part, "test" if part == "train" else "validation", "train", None, "validation"]
    order = [None, *order] if not any(split[name][0] == part for name in names) else order
    for wanted in order:
        of_part = {rest: name for name, (p, rest) in split.items() if p == wanted}
        kinds = [_kind_of(rest) for rest in of_part]
        for rest, kind in zip(list(of_part), kinds, strict=True):
            if kinds.count(kind) == 1:
                of_part.setdefault(kind, of_part[rest])
        images = next((of_part[rest] for rest in IMAGE_NAMES if rest in of_part), None)
        told = [of_part[rest] for rest in LABEL_NAMES if rest in of_part]
        labels = next((name for name in told if name != images), None)
        if images is not None and not (images in told and labels is None and len(names) == 1):
            return wanted, images, labels
    found = ", ".join(names) or "nothing"
    raise DataError(
        f"{path} has no array `images`, nor any other usual name (it has: {found}).",
        "call them images and labels, or x and y, with _train or _test where it has both parts.",
    )


class _Files:
    """Arrays in .npy files by their stems."""

    def __init__(self, files: Mapping[str, Path], most_bytes: int) -> None:
        self._files, self._most_bytes = files, most_bytes

    def __getitem__(self, name: str) -> NDArray[Any]:
        path = self._files[name]
        try:
            with open_regular(path, sys.maxsize) as file:
                _check_size(os.fstat(file.fileno()).st_size, self._most_bytes, str(path))
                return read_whole_npy(file)
        except MemoryError as error:
            raise DataError(f"{path} does not fit into memory; store fewer images.") from error
        except _DAMAGED as error:
            raise DataError(_why_not(error, path, name)) from error


class _Archive:
    """Arrays in an .npz, read within a budget of bytes for all of them."""

    def __init__(self, archive: np.lib.npyio.NpzFile, path: Path, most_bytes: int) -> None:
        self._archive, self._path, self._left = archive, path, most_bytes

    def __getitem__(self, name: str) -> NDArray[Any]:
        path = self._path
        try:
            archive = cast(zipfile.ZipFile, self._archive.zip)
            size = archive.getinfo(f"{name}.npy").file_size
            _check_size(size, self._left, f"{path}: `{name}`")
            self._left -= size
            with archive.open(f"{name}.npy") as member:
                return read_whole_npy(cast(BinaryIO, member))
        except MemoryError as error:
            raise DataError(
                f"{path}: `{name}` does not fit into memory; store fewer images."
            ) from error
        except _DAMAGED as error:
            raise DataError(_why_not(error, path, name)) from error


def _check_size(size: int, most_bytes: int, what: str) -> None:
    if size > most_bytes:
        raise DataError(
            f"{what} has {size:,} bytes, more than the {most_bytes:,} that may be read.",
            "store fewer images, or bytes instead of floats, or allow more with {most_bytes:N}.",
        )


def _why_not(error: BaseException, path: Path, name: str) -> str:
    if "allow_pickle" in str(error):
        return (
            f"{path}: `{name}` holds pickled objects, which could run any code and are never "
            "loaded; store it as an array of numbers."
        )
    return f"{path}: `{name}` is damaged ({_first_line(error)}); write the file again."


def _opened(file: BinaryIO, path: Path) -> np.lib.npyio.NpzFile:
    try:
        archive = np.load(file, allow_pickle=False)
    except MemoryError as error:
        raise DataError(f"{path} holds one array too large for memory.") from error
    except _DAMAGED as error:
        raise DataError(
            f"{path} is not an .npz archive or is damaged ({_first_line(error)}); "
            "write it with numpy.savez(path, images=..., labels=...)."
        ) from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DataError(
            f"{path} holds one bare array; "
            "write both with numpy.savez(path, images=..., labels=...)."
        )
    return archive


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
