"""Folder: a model on disk, as .npy arrays and one model.json, written whole or not at all.

    model/
      W1.npy  b1.npy  W2.npy  b2.npy    float32, (784, 64) (64,) (64, 10) (10,)
      novelty_*.npy                     float32, see novelty.py; only where it was calibrated
      multiplier1.npy                   uint8, of a network of whole numbers, whose W1 is int8 and
                                        whose b1 is int32; see integer_network.py
      model.json                        layers, class names, framing, calibration, training record,
                                        SHA-256 of each array and of itself

A folder with the four arrays and no model.json is the original program's format: float64, biases
of shape (1, 64) and (1, 10), sigmoid hidden layer, pictures stretched to 28 x 28. It loads too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from digitnet.errors import ModelError, OutputError
from digitnet.files import (
    MOST_TEXT,
    is_temporary,
    make_folder,
    read_regular,
    replacing_folder,
    settle_folder,
)
from digitnet.models.description import NOVELTY, arrays_of, describe, rebuild, sealed, to_json
from digitnet.models.find import find_model
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model
from digitnet.models.npy import fill, read_array, read_content, sha256, to_npy
from digitnet.models.original import load_original
from digitnet.nn.kinds import layer_kinds

DESCRIPTION = "model.json"
_ARRAY = re.compile(r"\w+\d\.npy").fullmatch
COMPANIONS = ("history.json", "training_loss.png")  # what a training run keeps beside the arrays


def save_model(
    model: Model, folder: str | Path, companions: Mapping[str, bytes] | None = None
) -> None:
    """Build the folder complete under a temporary name beside its place, then swap it in.

    A model that stands there is replaced; a reader finds the old one or the new one, never a mix.

    Args:
        model: what to keep.
        folder: where; its parents are made.
        companions: further files to write into it, name to content.

    Raises:
        ModelError: a layer that could not be loaded again, because its kind is not registered.
        OutputError: a file in the way, a folder with files that are not a model's, a place that
            cannot be written to. What stood there still stands.
    """
    check_place(folder)
    contents = {f"{name}.npy": to_npy(view) for name, view in arrays_of(model).items()}
    hashes = {name: sha256(content) for name, content in contents.items()}
    description = sealed(describe(model, hashes))
    contents[DESCRIPTION] = to_json(description)
    contents |= companions or {}
    write_folder(contents, folder)


def write_folder(contents: Mapping[str, bytes], folder: str | Path) -> None:
    """Write files, name to content, as a folder that takes another's place at once.

    Raises:
        OutputError: see `save_model`.
    """
    place = Path(folder).resolve()
    check_place(place)
    make_folder(place.parent)
    with replacing_folder(place) as built:
        for name, content in contents.items():
            (built / name).write_bytes(content)


def check_place(folder: str | Path) -> None:
    """Raise where a model cannot be written: asked before a long training, and again after it.

    What a writer that was killed has left there is put in order.

    Raises:
        OutputError: a file stands there, or a folder with files that are not a model's.
    """
    import tempfile

    place = Path(folder).resolve()
    if place.exists() and not place.is_dir():
        raise OutputError(f"{place} is a file.", "choose another place for the model's folder.")
    for above in place.parents:
        if above.exists():
            if not above.is_dir():
                raise OutputError(
                    f"{above} is a file, so {place} cannot be made in it.",
                    "choose another place for the model's folder.",
                )
            try:
                tempfile.TemporaryFile(dir=above).close()
            except OSError as error:
                raise OutputError(
                    f"Nothing can be written in {above}: {error.strerror}.",
                    "choose another place for the model's folder.",
                ) from error
            break
    settle_folder(place)
    if place.is_dir():
        foreign = foreign_files(place)
        if foreign:
            raise OutputError(
                f"{place} holds files that are not a model's ({', '.join(foreign[:3])}"
                f"{', ...' if len(foreign) > 3 else ''}).",
                "choose another folder, so that nothing of yours is replaced.",
            )


def load_model(named: str | Path | None = None) -> Model:
    """Read a model's folder and check every array: shape, type, finite, SHA-256.

    Args:
        named: a folder, or the name of a model in the box; without it the model in ./model, or
            else the best in the box (`find_model`).

    Raises:
        ModelError: no such model, or one that is incomplete, damaged or tampered with.
    """
    folder = find_model(named)
    if not folder.is_dir():
        raise ModelError(f"The model {folder} is a file, not a model's folder.", "name the folder.")
    try:
        if not os.path.lexists(folder / DESCRIPTION):
            return load_original(folder)
        try:
            return _load(folder)
        except (ModelError, FileNotFoundError):
            # A writer may have swapped a new model in while this one was being read: look again.
            return _load(find_model(named))
    except OSError as error:
        raise ModelError(
            f"The model {folder} cannot be read: {error.strerror or error} "
            f"({Path(error.filename or folder).name})."
        ) from error


def _load(folder: Path) -> Model:
    """A folder with a model.json: the model it describes, its arrays filled from the files."""
    where = folder / DESCRIPTION
    if where.is_symlink():
        raise ModelError(
            f"{where} is a symbolic link, which is not followed in a model's folder.",
            "put the file itself there.",
        )
    model, hashes = rebuild(read_regular(where, MOST_TEXT), where)
    arrays = arrays_of(model)
    if unknown := sorted(hashes.keys() - {f"{name}.npy" for name in arrays}):
        raise ModelError(
            f"{where} lists {unknown[0]}, which its layers have no place for: damaged or changed.",
            "restore it or train anew.",
        )
    fill_arrays(arrays, hashes, folder)
    if isinstance(model.network, IntegerNetwork):
        model.network.check()
    return model


def fill_arrays(
    arrays: Mapping[str, NDArray[Any]], hashes: Mapping[str, str], folder: Path
) -> None:
    """Fill arrays by their names from a folder's files, whose SHA-256 must be those of `hashes`.

    Raises:
        ModelError: a file is missing, or is not the one that the description was written with.
    """
    for name, view in arrays.items():
        path = folder / f"{name}.npy"
        content = read_content(path)
        if sha256(content) != hashes.get(path.name):
            raise ModelError(
                f"{path} is not the array that {DESCRIPTION} was written with (its SHA-256 "
                "differs): damaged, swapped or changed; restore it or train anew."
            )
        fill(view, read_array(path, content, "f" if view.dtype.kind == "f" else "iu"), path)


def foreign_files(folder: Path) -> list[str]:
    """What lies in a model folder and is not a model's, by name: it is not to be lost with it."""
    ours = {path.name for path in model_files(folder)}
    return sorted(p.name for p in folder.iterdir() if p.name not in ours and not is_temporary(p))


def model_files(folder: str | Path) -> list[Path]:
    """The files of a model folder that are a model's, in the order of their names."""
    names = {name for _, kind in layer_kinds() for name in kind.parameter_names}
    numbered = re.compile(rf"({'|'.join(names)})\d+\.npy")
    ours = {DESCRIPTION, *COMPANIONS, *(f"{name}.npy" for name in NOVELTY)}
    ours |= _listed(Path(folder) / DESCRIPTION)
    return sorted(
        path
        for path in Path(folder).iterdir()
        if path.is_file()
        and not path.is_symlink()
        and (path.name in ours or numbered.fullmatch(path.name))
    )


def _listed(description: Path) -> set[str]:
    """The arrays that model.json lists: an own layer's, registered or not."""
    try:
        listed = json.loads(read_regular(description, MOST_TEXT))["arrays"]
        return {name for name in listed if _ARRAY(name)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
