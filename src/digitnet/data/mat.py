"""MAT: MATLAB's files of version 5, read by SciPy; those of version 7.3 are HDF5."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.found import Found, Options
from digitnet.data.hdf5 import read_hdf5
from digitnet.data.npz import from_arrays
from digitnet.errors import DataError, require
from digitnet.files import open_regular

HDF5 = b"\x89HDF\r\n\x1a\n"
DEFLATED = 15
_CHUNK = 2**20
_HEADS = 2**12
"""Bytes of names, types and shapes beside the numbers, at most."""


def read_mat(path: Path, options: Options) -> Found:
    """Read digits from a .mat file whose variables are named like the arrays of an .npz.

    Raises:
        DataError: the file is missing or damaged, its variables' names do not tell the images.
        MissingExtraError: SciPy or h5py is not installed.
    """
    try:
        with open_regular(path, sys.maxsize) as file:
            head = file.read(520)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of a .mat file.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
    if HDF5 in (head[:8], head[512:]):
        return read_hdf5(path, options, turned=True)
    try:
        arrays = _version_5(path, options.most_bytes)
    except ImportError:
        require("mat")
        raise
    except MemoryError as error:
        raise DataError(f"{path} does not fit into memory; store fewer images.") from error
    except DataError:
        raise
    except Exception as error:  # SciPy raises anything on damaged bytes
        raise DataError(f"{path} is damaged or no .mat file ({_first_line(error)}).") from error
    found = from_arrays(arrays, list(arrays), path, options)
    mapping = arrays.get("dataset.mapping")
    if mapping is not None and "dataset.train.images" in arrays:
        _as_emnist(found, mapping)
    return found


def _as_emnist(found: Found, mapping: NDArray[Any]) -> None:
    """EMNIST's own .mat files: rows for columns, and a table of what each label means.

    Args:
        found: what was read.
        mapping: (K, 2 or more) each label, and the character that it stands for.
    """
    found.transposed = True
    found.notes.append("EMNIST's files keep rows for columns; the images were turned right.")
    labels = mapping[:, 0].tolist()
    if labels and len(mapping) == max(labels) - min(labels) + 1 and 0 <= min(labels) <= 1:
        names = dict(zip(labels, (chr(int(code)) for code in mapping[:, 1]), strict=True))
        found.class_names = tuple(names.get(k, "-") for k in range(max(labels) + 1))


def _version_5(path: Path, most_bytes: int) -> dict[str, NDArray[Any]]:
    """The variables of numbers and texts, and those within structs: `dataset.train.images`."""
    from scipy.io import loadmat

    _check_size(path, most_bytes)
    found: dict[str, NDArray[Any]] = {}

    def enter(name: str, value: Any) -> None:
        if not isinstance(value, np.ndarray):
            return
        if value.dtype.names is not None and value.size == 1:
            for inner in value.dtype.names:
                enter(f"{name}.{inner}", value[inner].item())
        elif value.dtype.kind in "uifbU":
            found[name] = value

    for name, value in loadmat(path).items():
        if not name.startswith("__"):
            enter(name, value)
    return found


def _check_size(path: Path, most_bytes: int) -> None:
    """Count what a file unpacks to: a header of 128 bytes, then variables, most of them deflated.

    Each begins with a type and its length, both of four bytes ("MAT-File Format", MathWorks);
    behind anything that is not of a type nothing is read.

    Raises:
        DataError: it is more than `most_bytes`.
    """
    size = 0
    with open_regular(path, sys.maxsize) as file:
        order = ">" if file.read(128)[126:] == b"MI" else "<"
        while len(tag := file.read(8)) == 8:
            kind, length = struct.unpack(f"{order}II", tag)
            if not (kind and length):
                return
            inflate = zlib.decompressobj() if kind == DEFLATED else None
            while length and (chunk := file.read(min(length, _CHUNK))):
                length -= len(chunk)
                while inflate and chunk and size <= most_bytes:
                    size += len(inflate.decompress(chunk, _CHUNK))
                    chunk = inflate.unconsumed_tail
                size += 0 if inflate else len(chunk)
                if size > most_bytes + _HEADS:
                    raise DataError(
                        f"{path} holds more than the {most_bytes:,} bytes that are read.",
                        "split it, or allow more with {most_bytes:N}.",
                    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
