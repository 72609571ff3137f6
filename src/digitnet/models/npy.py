"""Npy: one parameter array as an .npy file, checked before it is believed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError
from digitnet.files import read_regular, read_whole_npy

MOST_ARRAY = 2**30
"""Bytes of one parameter array, at most."""


def to_npy(view: NDArray[Any]) -> bytes:
    """An array as the bytes of an .npy file: float32, but whole numbers as they are."""
    file = io.BytesIO()
    dtype = np.float32 if view.dtype.kind == "f" else view.dtype
    np.save(file, np.ascontiguousarray(view, dtype=dtype), allow_pickle=False)
    return file.getvalue()


def sha256(content: bytes) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    return hashlib.sha256(content).hexdigest()


def read_content(path: Path) -> bytes:
    """The bytes of a model's array, or a sentence that says it is missing or leads elsewhere."""
    if path.is_symlink():
        raise ModelError(
            f"{path} is a symbolic link, which is not followed in a model's folder.",
            "put the file itself there.",
        )
    try:
        return read_regular(path, MOST_ARRAY)
    except FileNotFoundError as error:
        raise ModelError(
            f"{path.parent} lacks {path.name}, so it is no whole model; restore it or train anew."
        ) from error


def read_array(path: Path, content: bytes, kinds: str = "f") -> NDArray[Any]:
    """The array of an .npy file's bytes; finite numbers only, never a pickle.

    Args:
        path: where it comes from, for the error's sentence.
        content: the file's bytes.
        kinds: of numbers it may hold, as of NumPy's `dtype.kind`: f floats, i and u whole numbers.
    """
    try:
        array = read_whole_npy(io.BytesIO(content))
    except Exception as error:  # over hostile bytes numpy.load raises a dozen kinds
        raise ModelError(
            f"{path} is not a whole .npy array; restore it or train the model anew."
        ) from error
    if array.dtype.kind not in kinds:
        wanted = "floating-point array" if kinds == "f" else "array of whole numbers"
        raise ModelError(f"{path} holds no {wanted}; restore it or train anew.")
    if not np.isfinite(array).all():
        raise ModelError(f"{path} holds NaN or infinity; restore it or train the model anew.")
    return array


def fill(view: NDArray[Any], array: NDArray[Any], path: Path) -> None:
    """Copy an array into the network's view of it where shape and type are the same."""
    if array.shape != view.shape or not np.can_cast(array.dtype, view.dtype):
        raise ModelError(
            f"{path} is {array.shape} {array.dtype}; the network needs {view.shape} {view.dtype}.",
            "restore it or train anew.",
        )
    view[...] = array
