"""IDX: MNIST's own format for images and labels, plain or gzipped, strictly checked."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE

Part = Literal["train", "test"]

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 2**31  # 2.7 million images; a header that promises more is taken for a mistake
_CHUNK = 2**20
_PREFIX = {"train": "train", "test": "t10k"}


def read_idx(path: str | Path) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    The layout (LeCun, Cortes and Burges, "The MNIST database", section "File formats"), all
    numbers big-endian: two zero bytes, one byte for the type (0x08), one for the number of axes,
    four bytes for the length of each axis, then the values, last axis fastest.

    Args:
        path: the file; whether it is gzipped is told by its first two bytes, not by its name.

    Returns:
        uint8, as many axes as the file has (1 to 3): labels (N,), images (N, rows, columns).

    Raises:
        DataError: the file is missing, not an IDX file of bytes, or longer or shorter than its
            header says. No more than the promised length is ever unpacked.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == GZIP_MAGIC
            file.seek(0)
            # GzipFile reads like any binary stream, but is not declared as one.
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if zipped else file
            return _read_stream(stream, path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of an IDX file.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); fetch it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); "
            "check the path and its permissions."
        ) from error


def _read_stream(stream: BinaryIO, path: Path) -> NDArray[np.uint8]:
    shape = _read_header(stream, path)
    length = math.prod(shape)
    if length > MAX_BYTES:
        raise DataError(
            f"{path}: its header promises {length:,} bytes, more than the {MAX_BYTES:,} "
            "digitnet reads; split the file, or fetch it again if it should be smaller."
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


def find_idx(folder: Path, part: Part, kind: Literal["images", "labels"]) -> Path | None:
    """The file of one part and kind under any of its usual names, or None.

    MNIST's mirrors write `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, unpacked or
    with `.gz`; an unpacked file is preferred because it reads faster.
    """
    ending = "idx3-ubyte" if kind == "images" else "idx1-ubyte"
    for suffix in ("", ".gz"):
        for joint in ("-", "."):
            path = folder / f"{_PREFIX[part]}-{kind}{joint}{ending}{suffix}"
            if path.is_file():
                return path
    return None


def has_idx(folder: Path) -> bool:
    """Whether the folder holds any of MNIST's four files, under any of their usual names."""
    parts: tuple[Part, ...] = ("train", "test")
    return any(find_idx(folder, part, kind) for part in parts for kind in ("images", "labels"))


def load_idx_folder(folder: str | Path, part: Part = "train") -> Dataset:
    """Read the images and labels of one part of a folder laid out like MNIST.

    Args:
        folder: where the files are (see `find_idx` for their names).
        part: "train" (train-*) or "test" (t10k-*).

    Returns:
        a Dataset of (N, 28, 28) images.

    Raises:
        DataError: a file is missing or damaged, images are not 28 x 28, or images and labels
            differ in number.
    """
    folder = Path(folder)
    images_path, labels_path = find_idx(folder, part, "images"), find_idx(folder, part, "labels")
    for path, kind, ending in (
        (images_path, "images", "idx3-ubyte"),
        (labels_path, "labels", "idx1-ubyte"),
    ):
        if path is None:
            raise DataError(
                f"{folder} has no {_PREFIX[part]}-{kind}-{ending} (or .gz); "
                f"put it beside the others, MNIST's {part} part needs images and labels."
            )
    assert images_path is not None
    assert labels_path is not None
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"{images_path} has shape {images.shape}, not (N, 28, 28); "
            "give a file of 28 x 28 images."
        )
    if labels.ndim != 1:
        raise DataError(f"{labels_path} holds images where labels should be; check its name.")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} has {len(images)} images but {labels_path.name} has {len(labels)} "
            "labels; the two files must belong together."
        )
    return Dataset(images, labels.astype(np.int64), source=f"{folder} ({part} part)")
