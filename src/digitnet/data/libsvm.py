"""LIBSVM: text with a label and index:value pairs in each line, pixels that are 0 left out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from digitnet.data.found import Found, Options
from digitnet.data.frames import image_side
from digitnet.data.unpack import unpacked
from digitnet.errors import DataError
from digitnet.imaging.frame import SIDE

_NUMBER = rb"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
_LINE = re.compile(rb"[ \t]*(%b)((?:[ \t]+[0-9]+:%b)+)[ \t]*(?:#.*)?" % (_NUMBER, _NUMBER))
MNIST_LIKE = range(257, SIDE * SIDE + 1)
"""Highest indices that mean 28 x 28: the last pixels of MNIST's images are 0 in all of them."""


def is_libsvm(data: bytes) -> bool:
    """Whether a text's first line that is not blank is a label and pairs."""
    first = next((line for line in data[: 2**20].splitlines() if line.strip()), b"")
    return _LINE.fullmatch(first) is not None


def read_libsvm(path: Path, options: Options) -> Found:
    """Read digits from the text format of LIBSVM, svmlight and their collections of data.

    Indices count from 1, or from 0 where a 0 occurs.

    Raises:
        DataError: the file is missing or damaged, a line is none of its kind, which is named, or
            the indices make no square image.
    """
    return parse_libsvm(unpacked(path, options.most_bytes), path, options.most_bytes)


def parse_libsvm(data: bytes, path: Path, most_bytes: int) -> Found:
    """The same, of bytes that were read already."""
    labels, indices, values, names = [], [], [], []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise DataError(
                f"{path}, line {number}: {line[:30].decode(errors='replace')!r} is not a label "
                "with index:value pairs behind it, as the lines above or LIBSVM's files have."
            )
        pairs = np.array(match[2].replace(b":", b" ").split(), np.float64)
        labels.append(match[1].decode())
        indices.append(pairs[::2].astype(np.int64))
        values.append(pairs[1::2].astype(np.float32))
        names.append(f"line {number}")
    if not labels:
        raise DataError(f"{path} has no row of digits; give a label and pixels in each line.")
    first = min(int(index.min()) for index in indices)
    n_pixels = _pixels(max(int(index.max()) for index in indices) + (first == 0), path)
    if 4 * n_pixels * len(labels) > most_bytes:
        raise DataError(
            f"{path} holds more than the {most_bytes:,} bytes that are read of one file.",
            "split it, or allow more with {most_bytes:N}.",
        )
    pixels = np.zeros((len(labels), n_pixels), np.float32)
    for row, index, value in zip(pixels, indices, values, strict=True):
        row[index - (first > 0)] = value
    return Found(pixels, labels, str(path), ["It is a text in LIBSVM's format."], names)


def _pixels(highest: int, path: Path) -> int:
    """How many pixels an image has whose highest index, from 1, that is not 0 is this one."""
    if highest in MNIST_LIKE:
        return SIDE * SIDE
    if image_side(highest) is not None:
        return highest
    raise DataError(
        f"{path}: its highest index is {highest}, the pixels of no square image.",
        "give pixels from 1 to 784, or those of another square.",
    )
