"""Parquet: tables with a picture's bytes in each row, as the Hugging Face hub keeps MNIST."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.columns import tell_columns
from digitnet.data.found import Found, Options
from digitnet.data.npz import IMAGE_NAMES, LABEL_NAMES
from digitnet.data.parts import PARTS
from digitnet.errors import DataError, PictureError, require
from digitnet.files import open_regular

if TYPE_CHECKING:
    from pyarrow import parquet


def read_parquet(path: Path, options: Options) -> Found:
    """Read digits from a .parquet file: a column of pictures (their bytes), one of labels.

    Raises:
        DataError: the file is missing, damaged, too large, has other columns, or PyArrow is not
            installed.
    """
    return _read([path], str(path), options)


def read_parquet_folder(folder: Path, options: Options) -> Found:
    """Read the .parquet files of one part, told by their names, such as train-00000-of-00001."""
    paths = parquet_files(folder)
    of_part = [path for path in paths if path.name.lower().startswith(PARTS[options.part])]
    source = f"{folder} ({options.part} part)" if of_part else str(folder)
    found = _read(of_part or paths, source, options)
    if not of_part:
        found.notes.append(f"It has no {options.part} part; all its files were taken.")
    return found


def parquet_files(folder: Path) -> list[Path]:
    """Those in a folder, or in the folders in it, such as `data` or the hub's `mnist`."""
    return sorted(folder.glob("*.parquet")) or sorted(folder.glob("*/*.parquet"))


def _read(paths: Sequence[Path], source: str, options: Options) -> Found:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        require("parquet")
        raise
    rows: list[Any] = []
    labels: list[Any] = []
    class_names = None
    try:
        for path in paths:
            with open_regular(path, sys.maxsize) as opened:
                file = parquet.ParquetFile(opened)
                columns = {name.lower(): name for name in file.schema_arrow.names}
                image = next((columns[name] for name in IMAGE_NAMES if name in columns), None)
                label = next((columns[name] for name in LABEL_NAMES if name in columns), None)
                size = sum(
                    file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups)
                )
                if size > options.most_bytes:
                    raise DataError(
                        f"{path} holds more than the {options.most_bytes:,} bytes that are read.",
                        "split it, or allow more with {most_bytes:N}.",
                    )
                class_names = _class_names(file.schema_arrow.metadata, label)
                if image is None:
                    row, told = _pixel_columns(file, path, options)
                    rows += list(row)
                    labels += told
                    continue
                table = file.read([image] if label is None else [image, label])
                rows += table.column(image).to_pylist()
                labels += [] if label is None else table.column(label).to_pylist()
    except FileNotFoundError:
        raise DataError(f"{source} does not exist; check the path.") from None
    except (pyarrow.ArrowException, OSError) as error:
        why = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        first = why.splitlines()[0][:120]
        raise DataError(f"{source} is damaged or no Parquet file ({first}).") from error
    found = Found(np.empty(0), np.array(labels) if labels else None, source)
    found.class_names = class_names
    _decode(rows, found, options)
    return found


def _pixel_columns(
    file: parquet.ParquetFile, path: Path, options: Options
) -> tuple[NDArray[Any], list[Any]]:
    """Pixels (N, H * W) and labels of a table with a column for each pixel, as a .csv has it."""
    table = file.read()
    names = table.column_names
    first = [[str(value) for value in row.values()] for row in table.slice(0, 200).to_pylist()]
    found = tell_columns(names, first, options.label_column, str(path)) if first else None
    if found is None:
        some = ", ".join(names[:6]) + ", ..." * (len(names) > 6)
        raise DataError(f"{path} has no column of images (it has: {some}).")
    try:
        pixels = np.column_stack([table.column(j).to_numpy() for j in found.pixels])
        if pixels.dtype == object:
            raise ValueError("a value is missing")
    except ValueError as error:
        raise DataError(f"{path}: its columns of pixels are not all numbers ({error}).") from error
    if found.one_hot:
        hot = np.column_stack([table.column(j).to_numpy() for j in found.one_hot])
        return pixels, found.one_hot_labels(hot, lambda i: f"{path}, row {i + 1}")
    return pixels, [] if found.label is None else table.column(found.label).to_pylist()


def _decode(rows: list[Any], found: Found, options: Options) -> None:
    """Each row's picture as pixels; those that cannot be read are skipped and named."""
    from digitnet.data.frames import reframed
    from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
    from digitnet.imaging.pictures import quiet_pillow

    images: list[NDArray[Any] | None] = []
    with quiet_pillow(), Decoders(PHOTOGRAPH) as decoders:
        for i, row in enumerate(rows):
            value = row.get("bytes") if isinstance(row, dict) else row
            try:
                if isinstance(value, bytes):
                    images.append(decoders.open(value))
                elif isinstance(value, list):
                    images.append(np.array(value))
                elif isinstance(value, np.ndarray):
                    images.append(value)
                else:
                    raise PictureError("holds no picture.")
            except PictureError as error:
                images.append(None)
                found.skipped.append((f"row {i + 1}", str(error)))
            if options.progress:
                options.progress(i + 1, len(rows))
    good = np.array([image is not None for image in images], bool)
    found.names = [f"row {i + 1}" for i in range(len(rows))]
    found.pixels = np.empty(len(rows), np.uint8)
    found.keep(good)
    kept = [image for image in images if image is not None]
    if not kept:
        raise DataError(f"{found.source}: none of its {len(rows)} pictures can be read.")
    if len({image.shape for image in kept}) == 1:
        found.pixels = np.stack(kept)
    else:
        found.pixels = np.concatenate([reframed(k[None], None, options.framing) for k in kept])
        found.framed = True
        found.notes.append("The pictures differ in size and were framed one by one.")


def _class_names(metadata: dict[bytes, bytes] | None, label: str | None) -> tuple[str, ...] | None:
    """The labels' names, where the hub's own words beside the schema give them."""
    try:
        told = json.loads((metadata or {})[b"huggingface"])["info"]["features"][label]["names"]
    except (KeyError, ValueError, TypeError):
        return None
    return tuple(map(str, told)) if isinstance(told, list) else None
