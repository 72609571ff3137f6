"""MAT: MATLAB's files, of version 5 by SciPy and of version 7.3 by h5py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.found import Found, Options
from digitnet.data.npz import from_arrays
from digitnet.errors import DataError, require
from digitnet.files import open_regular

HDF5 = b"\x89HDF\r\n\x1a\n"


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
    read = _version_7_3 if HDF5 in (head[:8], head[512:]) else _version_5
    try:
        arrays = read(path, options.most_bytes)
    except ImportError:
        require("mat")
        raise
    except MemoryError as error:
        raise DataError(f"{path} does not fit into memory; store fewer images.") from error
    except DataError:
        raise
    except Exception as error:  # SciPy and h5py raise anything on damaged bytes
        raise DataError(f"{path} is damaged or no .mat file ({_first_line(error)}).") from error
    found = from_arrays(arrays, list(arrays), path, options)
    if found.labels is not None:  # a column of texts has blanks at the end
        found.labels = np.asarray(found.labels)
    return found


class _Arrays(dict[str, NDArray[Any]]):
    """The numeric and text variables of a file."""


def _version_5(path: Path, most_bytes: int) -> _Arrays:
    from scipy.io import loadmat, whosmat

    size = sum(int(np.prod(shape, dtype=object)) for _, shape, _ in whosmat(path))
    _check_size(size, path, most_bytes)
    return _Arrays(
        {
            name: value
            for name, value in loadmat(path).items()
            if not name.startswith("__")
            and isinstance(value, np.ndarray)
            and value.dtype.kind in "uifbU"
        }
    )


def _version_7_3(path: Path, most_bytes: int) -> _Arrays:
    """MATLAB writes the last axis first there."""
    import h5py

    with h5py.File(path, "r") as file:
        chosen = {
            name: item
            for name, item in file.items()
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "uifb"
        }
        _check_size(sum(item.nbytes for item in chosen.values()), path, most_bytes)
        return _Arrays({name: np.asarray(item).T for name, item in chosen.items()})


def _check_size(size: int, path: Path, most_bytes: int) -> None:
    if size > most_bytes:
        raise DataError(
            f"{path} holds {size:,} bytes, more than the {most_bytes:,} that are read.",
            "split it, or allow more with {most_bytes:N}.",
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
