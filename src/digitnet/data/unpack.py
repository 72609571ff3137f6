"""Unpack: the bytes of a file that is packed once, twice or not at all, and never too many."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from digitnet.data.found import MOST_BYTES
from digitnet.errors import DataError
from digitnet.files import open_regular

DEEPEST = 3
"""Packings within packings that are opened."""

_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)
_CHUNK = 2**22


def unpacked(path: Path, limit: int = MOST_BYTES) -> bytes:
    """A file's bytes, taken out of .gz, .bz2, .xz or a .zip with one file, also packed twice.

    How it is packed is told by its first bytes, not by its name.

    Raises:
        DataError: the file is missing, damaged, or unpacks to more than `limit` bytes.
    """
    try:
        with open_regular(path, sys.maxsize) as file:
            if os.fstat(file.fileno()).st_size > limit:
                raise _too_much(path, limit)
            data = _bounded(file, limit, path)
        for _ in range(DEEPEST):
            stream = _stream(data, path)
            if stream is None:
                return data
            with stream:
                data = _bounded(stream, limit, path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path.") from None
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({_first_line(error)}); fetch it again.") from error
    except (OSError, RuntimeError, NotImplementedError) as error:  # zipfile on encryption
        raise DataError(
            f"{path} cannot be read ({getattr(error, 'strerror', None) or _first_line(error)}); "
            "check the path and its permissions."
        ) from error
    if _stream(data, path) is not None:
        raise DataError(f"{path} is packed more than {DEEPEST} times; unpack it.")
    return data


def only_name(path: Path) -> str:
    """The name of the one file in a .zip, in small letters; "" for other packings.

    Raises:
        DataError: it is damaged, or holds several files.
    """
    try:
        with open_regular(path, sys.maxsize) as file, zipfile.ZipFile(file) as archive:
            return Path(_only_file(archive, path).filename).name.lower()
    except (zipfile.BadZipFile, OSError):
        return ""


def _only_file(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    inside = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX")
        and not Path(info.filename).name.startswith(".")
    ]
    if len(inside) != 1:
        some = ", ".join(info.filename for info in inside[:3]) + ", ..." * (len(inside) > 3)
        raise DataError(f"{path} holds {len(inside)} files, not one ({some}); unpack it.")
    return inside[0]


def _stream(data: bytes, path: Path) -> BinaryIO | None:
    """What the data unpacks to, or None where it is not packed."""
    if data[:2] == b"\x1f\x8b":
        return cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(data)))
    if data[:3] == b"BZh":
        return cast(BinaryIO, bz2.BZ2File(io.BytesIO(data)))
    if data[:6] == b"\xfd7zXZ\0":
        return cast(BinaryIO, lzma.LZMAFile(io.BytesIO(data)))
    if data[:4] == b"PK\x03\x04":
        archive = zipfile.ZipFile(io.BytesIO(data))
        return cast(BinaryIO, archive.open(_only_file(archive, path)))
    return None


def _bounded(stream: BinaryIO, limit: int, path: Path) -> bytes:
    chunks, length = [], 0
    while chunk := stream.read(min(_CHUNK, limit + 1 - length)):
        chunks.append(chunk)
        length += len(chunk)
        if length > limit:
            raise _too_much(path, limit)
    return b"".join(chunks)


def _too_much(path: Path, limit: int) -> DataError:
    return DataError(
        f"{path} holds more than the {limit:,} bytes that are read of one file.",
        "split it, or allow more with {most_bytes:N}.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
