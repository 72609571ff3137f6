"""HDF5: arrays in the groups of an .h5 file, and of MATLAB's version 7.3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.found import Found, Options
from digitnet.data.npz import from_arrays
from digitnet.errors import DataError, require

if TYPE_CHECKING:
    import h5py


def read_hdf5(path: Path, options: Options, *, turned: bool = False) -> Found:
    """Read digits from an .h5 file whose arrays are named like those of an .npz.

    A group's name stands before its arrays' names: `train/data` is train's data. What lies in
    other files, as links and virtual or external arrays do, is not followed.

    Args:
        path: the file.
        options: as of any source.
        turned: whether each array's last axis was written first, as MATLAB does.

    Raises:
        DataError: the file is damaged or too large, its arrays' names do not tell the images.
        MissingExtraError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        require("mat")
        raise
    try:
        with h5py.File(path, "r") as file:
            arrays = _Arrays(_arrays_of(file), path, options.most_bytes, turned)
            return from_arrays(arrays, arrays.names, path, options)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; give the path of a file.") from None
    except MemoryError as error:
        raise DataError(f"{path} does not fit into memory; store fewer images.") from error
    except DataError:
        raise
    except Exception as error:  # h5py raises anything on damaged bytes
        first = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise DataError(f"{path} is damaged or no {path.suffix} file ({first}).") from error


def _arrays_of(file: h5py.File) -> dict[str, h5py.Dataset]:
    """All arrays of numbers or texts, by the names of their groups and their own."""
    import h5py

    found: dict[str, h5py.Dataset] = {}

    def visit(name: str, item: Any) -> None:
        is_text = isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None
        if (
            isinstance(item, h5py.Dataset)
            and (item.dtype.kind in "uifb" or is_text)
            and not name.startswith("#")  # MATLAB's own
            and not item.is_virtual
            and item.external is None
        ):
            found[name.replace("/", ".")] = item

    file.visititems(visit)
    return found


class _Arrays:
    """Arrays of an open file; each is read when it is asked for, within a budget of bytes."""

    def __init__(
        self, items: Mapping[str, h5py.Dataset], path: Path, most_bytes: int, turned: bool
    ) -> None:
        self._items, self._path, self._left, self._turned = items, path, most_bytes, turned
        self.names = list(items)

    def __getitem__(self, name: str) -> NDArray[Any]:
        item = self._items[name]
        if item.nbytes > self._left:
            raise DataError(
                f"{self._path}: `{name}` has {item.nbytes:,} bytes, more than the "
                f"{self._left:,} that may be read.",
                "split it, or allow more with {most_bytes:N}.",
            )
        self._left -= item.nbytes
        array = np.asarray(item if item.dtype.kind in "uifb" else item.asstr()[()])
        return array.T if self._turned else array
