"""Folders: labelled pictures decoded in parallel and framed, the unreadable ones named."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitnet.data.classes import understand_labels
from digitnet.data.dataset import DIGITS
from digitnet.data.found import Found, Options
from digitnet.data.labelling import label_folder
from digitnet.errors import DataError, PictureError
from digitnet.imaging.parallel import frame_files


def read_picture_folder(folder: Path, options: Options) -> Found:
    """Read a folder of pictures, labelled in any of the ways of `label_folder`.

    Raises:
        SettingsError: `labels`, `per_class` or `framing` makes no sense.
        DataError: no pictures, none readable, labels that cannot be told, or a single class.
    """
    told = label_folder(folder, options.labels, options.per_class, options.part)
    source = str(folder) if told.part is None else f"{folder} ({told.part})"
    classes = understand_labels(
        told.labels, source, name_of=lambda i: told.paths[i].name, grouped=told.grouped
    )
    images, kept = [], []
    skipped = list(told.skipped)
    for i, frame in enumerate(frame_files(told.paths, options.framing)):
        path = told.paths[i]
        if isinstance(frame, PictureError):
            skipped.append((path, str(frame).removeprefix(f"{path} ")))
        elif frame.reason is not None:
            skipped.append((path, f"shows no digit: {frame.reason}."))
        else:
            images.append(frame.image)
            kept.append(i)
        if options.progress:
            options.progress(i + 1, len(told.paths))
    if not images:
        path, reason = skipped[-1] if len(skipped) > len(told.skipped) else skipped[0]
        raise DataError(
            f"None of the {len(skipped)} pictures in {folder} can be used; "
            f"{path.name}, one of them, {reason}"
        )
    indices = classes.indices[kept]
    if len(set(indices.tolist())) == 1:
        raise DataError(
            f"All {len(kept)} pictures in {folder} ({told.convention}) are of class "
            f"{classes.names[indices[0]]}; add pictures of another "
            f"{'digit' if classes.names == DIGITS else 'class'}."
        )
    return Found(
        np.stack(images),
        indices,
        source,
        [f"Labels: {told.convention}.", *classes.notes],
        [str(told.paths[i]) for i in kept],
        classes.names,
        [(str(path), reason) for path, reason in skipped],
        [path.relative_to(folder).as_posix() for path in told.left_alone],
        framed=True,
    )
