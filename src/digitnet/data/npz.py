"""NPZ: an .npz file with `images` and `labels`, read without ever unpickling."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE

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


def load_npz(path: str | Path) -> Dataset:
    """Read digits from an .npz archive, as `numpy.savez(path, images=..., labels=...)` writes it.

    Args:
        path: the archive. `images` is (N, 28, 28) or (N, 784), ink bright: whole numbers from 0
            to 255, or floats from 0 to 1, which are multiplied by 255 and rounded. `labels` is
            (N,) whole numbers.

    Raises:
        DataError: the archive is missing, damaged, holds pickled objects, or its arrays are not
            as above.
    """
    path = Path(path)
    try:
        # Opened here, so that it is closed even when NumPy finds that it is not an archive.
        with path.open("rb") as file:
            images, labels = _open(file, path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of an .npz file.") from None
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); "
            "check the path and its permissions."
        ) from error
    if images.ndim == 2 and images.shape[1] == SIDE * SIDE:
        images = images.reshape(-1, SIDE, SIDE)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"{path}: `images` has shape {images.shape}; it must be (N, 28, 28) or (N, 784)."
        )
    if labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: `labels` is of type {labels.dtype}; store whole numbers from 0 to 9, (N,)."
        )
    return Dataset(_to_bytes(images, path), labels.astype(np.int64), source=str(path))


def _open(file: BinaryIO, path: Path) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    try:
        archive = np.load(file, allow_pickle=False)
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
    with archive:
        return _read(archive, "images", path), _read(archive, "labels", path)


def _read(archive: np.lib.npyio.NpzFile, key: str, path: Path) -> NDArray[np.generic]:
    if key not in archive.files:
        found = ", ".join(archive.files) or "nothing"
        raise DataError(f"{path} has no array `{key}` (it has: {found}); add it under that name.")
    try:
        return np.asarray(archive[key])
    except MemoryError as error:
        raise DataError(f"{path}: `{key}` does not fit into memory; store fewer images.") from error
    except _DAMAGED as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: `{key}` holds pickled objects, which could run any code and are never "
                "loaded; store it as an array of numbers."
            ) from error
        raise DataError(
            f"{path}: `{key}` is damaged ({_first_line(error)}); write the file again."
        ) from error


def _to_bytes(images: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    """Pixels of any accepted type as uint8, (N, 28, 28) to (N, 28, 28)."""
    kind = images.dtype.kind
    if kind not in "uif":
        raise DataError(
            f"{path}: `images` is of type {images.dtype}; "
            "store whole numbers from 0 to 255, or floats from 0 to 1."
        )
    top = 1 if kind == "f" else 255
    # Written so that NaN, which is neither inside nor outside, counts as outside.
    inside = (images >= 0) & (images <= top)  # type: ignore[operator]
    if not inside.all():
        first = int(np.argmin(inside.all(axis=(1, 2))))
        value = images[first][~inside[first]][0]
        raise DataError(
            f"{path}: image {first} has the pixel value {value}; "
            f"{'floats' if kind == 'f' else 'whole numbers'} must lie between 0 and {top}."
        )
    if kind == "f":
        return np.rint(images.astype(np.float64) * 255).astype(np.uint8)
    return images.astype(np.uint8)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
