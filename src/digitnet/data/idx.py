"""IDX: MNIST's own format for images and labels, plain or packed, strictly checked."""

from __future__ import annotations

import gzip
import io
import math
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.data.found import MOST_BYTES, Found, Options, Part
from digitnet.data.unpack import unpacked
from digitnet.errors import DataError
from digitnet.files import open_regular

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 2**20
_PREFIX = {"train": "train", "test": "t10k"}

# train-images-idx3-ubyte, t10k-images.idx3-ubyte.gz, emnist-digits-test-labels-idx1-ubyte.zip
_NAME = re.compile(
    r"(?:(?P<set>emnist-[a-z]+|[a-z0-9]+)-)?(?P<part>train|t10k|test)-(?P<kind>images|labels)"
    r"[-._]idx(?P<axes>[13])[-._]ubyte(?P<packing>(?:\.(?:gz|zip|bz2|xz))*)",
    re.IGNORECASE,
)
PLACES = ("raw", "*/raw", "gzip", "*/gzip")
"""Where in a folder the files may lie, if not at its top: torchvision's root, EMNIST's archive."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EMNIST_CLASSES = {
    "emnist-letters": ("-", *LETTERS),  # its labels begin at 1
    "emnist-balanced": (*"0123456789", *LETTERS, *"abdefghnqrt"),
    "emnist-bymerge": (*"0123456789", *LETTERS, *"abdefghnqrt"),
    "emnist-byclass": (*"0123456789", *LETTERS, *LETTERS.lower()),
}
"""What the labels of its sets mean (Cohen et al. 2017)."""


def read_idx(path: str | Path, most_bytes: int = MOST_BYTES) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    The layout (LeCun, Cortes and Burges, "The MNIST database", section "File formats"), all
    numbers big-endian: two zero bytes, one byte for the type (0x08), one for the number of axes,
    four bytes for the length of each axis, then the values, last axis fastest.

    Args:
        path: the file; whether it is packed, or packed twice, is told by its first bytes and not by
            its name.
        most_bytes: so many are read at most, unpacked.

    Returns:
        uint8, as many axes as the file has (1 to 3): labels (N,), images (N, rows, columns).

    Raises:
        DataError: the file is missing, not an IDX file of bytes, or longer or shorter than its
            header says. No more than the promised length is ever unpacked.
    """
    path = Path(path)
    try:
        with open_regular(path, sys.maxsize) as file:
            magic = file.read(2)
            file.seek(0)
            if magic == b"PK":
                return _read_stream(io.BytesIO(unpacked(path, most_bytes)), path, most_bytes)
            if magic != GZIP_MAGIC:
                return _read_stream(file, path, most_bytes)
            # GzipFile reads like any binary stream, but is not declared as one.
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
            twice = stream.read(2) in (GZIP_MAGIC, b"PK")
            if twice:
                return _read_stream(io.BytesIO(unpacked(path, most_bytes)), path, most_bytes)
            stream.seek(0)
            return _read_stream(stream, path, most_bytes)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of an IDX file.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); fetch it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); "
            "check the path and its permissions."
        ) from error


def _read_stream(stream: BinaryIO, path: Path, most_bytes: int) -> NDArray[np.uint8]:
    shape = _read_header(stream, path)
    length = math.prod(shape)
    if length > most_bytes:
        raise DataError(
            f"{path}: its header promises {length:,} bytes, more than the {most_bytes:,} that are "
            "read.",
            "fetch it again if it should be smaller, split it, or allow more with {most_bytes:N}.",
        )
    data = bytearray()
    while chunk := stream.read(min(_CHUNK, length + 1 - len(data))):
        data += chunk
    if len(data) < length:
        raise DataError(
            f"{path} is truncated: its header promises {length:,} bytes for shape {shape}, "
            f"but only {len(data):,} follow; fetch it again."
        )
    if len(data) > length:
        raise DataError(
            f"{path} is too long: more bytes follow than the {length:,} its header promises "
            f"for shape {shape}; fetch it again."
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_header(stream: BinaryIO, path: Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if not magic:
        raise DataError(f"{path} is empty; fetch it again.")
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE:
        raise DataError(
            f"{path} is not an IDX file of bytes: it starts with {magic.hex(' ')}, "
            "not with 00 00 08; give one of MNIST's files."
        )
    n_axes = magic[3]
    if n_axes not in (1, 3):
        raise DataError(
            f"{path} has {n_axes} axes; labels have 1 and images 3, so give one of MNIST's files."
        )
    lengths = stream.read(4 * n_axes)
    if len(lengths) < 4 * n_axes:
        raise DataError(f"{path} is truncated within its header; fetch it again.")
    return struct.unpack(f">{n_axes}I", lengths)


class IdxFile(NamedTuple):
    """An IDX file by its name: of which set, part and kind it is."""

    path: Path
    set_name: str
    part: Part
    kind: Literal["images", "labels"]


def idx_file(path: Path) -> IdxFile | None:
    """What a file's name promises, or None where it is no IDX file's."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    part: Part = "train" if match["part"].lower() == "train" else "test"
    kind: Literal["images", "labels"] = "images" if match["kind"].lower() == "images" else "labels"
    return IdxFile(path, (match["set"] or "").lower(), part, kind)


def find_idx(folder: Path, part: Part, kind: Literal["images", "labels"]) -> Path | None:
    """The file of one part and kind under any of its usual names, or None.

    MNIST's mirrors write `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, unpacked or
    with `.gz`; an unpacked file is preferred because it reads faster.
    """
    found = [file for file in _idx_files(folder) if (file.part, file.kind) == (part, kind)]
    return min((file.path for file in found), key=lambda p: (len(p.suffixes), p), default=None)


def _places(folder: Path) -> list[Path]:
    """The folder itself if it has IDX files, else those of the usual places that have some."""
    inner = [folder, *(path for place in PLACES for path in sorted(folder.glob(place)))]
    found = [path for path in inner if next(_in_one_folder(path), None) is not None]
    return found[:1] if folder in found else found


def _idx_files(folder: Path) -> list[IdxFile]:
    """All IDX files in the first of the usual places that has any."""
    return [file for place in _places(folder)[:1] for file in _in_one_folder(place)]


def _in_one_folder(folder: Path) -> Iterator[IdxFile]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            file = idx_file(path)
            if file is not None and path.is_file():
                yield file


def has_idx(folder: Path) -> bool:
    """Whether the folder holds any of MNIST's four files, under any of their usual names."""
    return bool(_idx_files(folder))


def read_idx_folder(folder: Path, options: Options) -> Found:
    """Read the images and labels of one part of a folder laid out like MNIST.

    Args:
        folder: where the files are, or the root that torchvision keeps them under.
        options: `part` is "train" (train-*) or "test" (t10k-*, or test-* as EMNIST has it).

    Raises:
        DataError: a file is missing or damaged, there are several sets, or images and labels
            differ in number.
    """
    places = _places(folder)
    if len(places) > 1:
        inner = ", ".join(place.relative_to(folder).as_posix() for place in places)
        raise DataError(
            f"{folder} has several folders of IDX files: {inner}.", "give the one that is meant."
        )
    files = _idx_files(folder)
    sets = sorted({file.set_name for file in files})
    if len(sets) > 1:
        images = [file for file in files if (file.part, file.kind) == (options.part, "images")]
        names = ", ".join(file.path.name for file in images or files if file.kind == "images")
        called = ", ".join(name or "MNIST" for name in sets)
        raise DataError(
            f"{folder} holds several sets: {called}.",
            f"give the file with the images of the one that is meant, such as {names}.",
        )
    paths = {}
    for kind, ending in (("images", "idx3-ubyte"), ("labels", "idx1-ubyte")):
        path = find_idx(folder, options.part, kind)  # type: ignore[arg-type]
        if path is None:
            other: Part = "test" if options.part == "train" else "train"
            hint = f"; or take its other part, {{part:{other}}}" if _has(files, other) else ""
            raise DataError(
                f"{folder} has no {_PREFIX[options.part]}-{kind}-{ending} (or .gz).",
                f"put it beside the others, MNIST's {options.part} part needs images and labels"
                f"{hint}.",
            )
        paths[kind] = path
    source = f"{folder} ({options.part} part)"
    return _pair(paths["images"], paths["labels"], sets[0], source, options)


def _has(files: list[IdxFile], part: Part) -> bool:
    return {file.kind for file in files if file.part == part} == {"images", "labels"}


def read_idx_file(path: Path, options: Options) -> Found:
    """Read an IDX file of images, with the labels from the file that belongs to it.

    Raises:
        DataError: it is no file of images, or one of the two is missing or damaged.
    """
    file = idx_file(path)
    if file is None or file.kind != "images":
        raise DataError(f"{path} is not called like an IDX file of images; give that one.")
    beside = [
        other
        for other in _in_one_folder(path.parent)
        if other.kind == "labels" and other[1:3] == file[1:3]
    ]
    if not beside:
        raise DataError(f"{path} has no file of labels beside it; put it there.")
    return _pair(path, beside[0].path, file.set_name, str(path), options)


def _pair(
    images_path: Path, labels_path: Path, set_name: str, source: str, options: Options
) -> Found:
    images = read_idx(images_path, options.most_bytes)
    labels = read_idx(labels_path, options.most_bytes)
    if images.ndim != 3:
        raise DataError(
            f"{images_path} has shape {images.shape}, not (N, 28, 28); give a file of images."
        )
    if labels.ndim != 1:
        raise DataError(f"{labels_path} holds images where labels should be; check its name.")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} has {len(images)} images but {labels_path.name} has {len(labels)} "
            "labels; the two files must belong together."
        )
    found = Found(images, labels.astype(np.int64), source)
    if set_name.startswith("emnist"):
        found.transposed = True
        found.notes.append("EMNIST's files keep rows for columns; the images were turned right.")
        found.class_names = EMNIST_CLASSES.get(set_name)
    return found


def load_idx_folder(folder: str | Path, part: Part = "train") -> Dataset:
    """One part of a folder laid out like MNIST, 28 x 28, taken as it is and at once.

    Raises:
        DataError: as `read_idx_folder`, or the images are not 28 x 28.
    """
    found = read_idx_folder(Path(folder), Options(part=part))
    return Dataset(found.pixels, np.asarray(found.labels), source=found.source)
