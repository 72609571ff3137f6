"""Model store: the models a server has: those in the box, and those that were trained here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError, OutputError
from digitnet.export import EXPORTERS
from digitnet.export.page_format import encode
from digitnet.files import make_folder, read_regular, remove_folder, settle_folder
from digitnet.models.box import BEST, box_names, in_box, recipe_of
from digitnet.models.description import SEAL, sealed, to_json
from digitnet.models.find import DEFAULT, put_back, standing
from digitnet.models.folder import DESCRIPTION, foreign_files, load_model, model_files
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.lines import LineModel, line_model_beside
from digitnet.models.model import Model, float_network, network_in_words
from digitnet.models.npy import MOST_ARRAY
from digitnet.training.run import checkpoint_path
from digitnet.web.errors import Problem, as_field
from digitnet.web.limits import Limits
from digitnet.web.places import Places

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
"""What a model may be called: nothing that could lead out of a folder."""
MOST_LOADED = 8
"""Models of one's own that stay in memory."""
FOR_DEVICES = (
    "In whole numbers, for a microcontroller: take the C header along. The page computes in "
    "floats, so this model answers nothing here; compared with others it can be."
)
"""What a model is for that the page does not compute with."""


@dataclass(frozen=True)
class StoredModel:
    """A model, loaded, and what it is called."""

    name: str
    kind: str
    folder: Path
    model: Model
    stamp: tuple[int, ...]

    @cached_property
    def weights(self) -> bytes:
        """What a page computes with; see digitnet.export.page_format."""
        return encode(self.model, self.name)

    @cached_property
    def etag(self) -> str:
        """Another one for other weights."""
        return f'"{hashlib.sha256(self.weights).hexdigest()[:32]}"'

    @property
    def is_for_devices(self) -> bool:
        """Whether it computes in whole numbers: the page and its server do not answer with it."""
        return isinstance(self.model.network, IntegerNetwork)

    def as_dict(self, default: str) -> dict[str, Any]:
        """What a list of models says about it."""
        if self.is_for_devices:
            takes = [kind for kind, exporter in EXPORTERS.items() if exporter.takes_integers]
            return {**self._figures(), "purpose": FOR_DEVICES, "exports": takes}
        return {**self._figures(), "default": self.name == default}

    def _figures(self) -> dict[str, Any]:
        training = self.model.training
        with _unless_replaced():
            n_bytes = sum(path.stat().st_size for path in model_files(self.folder))
        return {
            "name": self.name,
            "kind": self.kind,
            "network": network_in_words(self.model.network),
            "parameters": self.model.n_parameters,
            "bytes": n_bytes,
            "validation_accuracy": training.get("validation_accuracy"),
            "made_with": self._made_with(training),
        }

    def _made_with(self, training: dict[str, Any]) -> str:
        if self.kind == "box":
            return f"the recipe {recipe_of(self.name)}"
        plan = training.get("plan", {})
        if "source" not in plan:
            return "made elsewhere"
        words = f"{Path(plan['source']).name}, {training.get('epochs_done', '?')} epochs"
        return words if plan.get("start") is None else f"{words}, from {Path(plan['start']).name}"

    def as_zip(self, places: Places) -> bytes:
        """The model's folder as a zip file, the same bytes for the same files.

        What it was trained on is named in it as it is called here, not where it lies.
        """
        contents = {}
        with _unless_replaced():
            for path in model_files(self.folder):
                content = read_regular(path, MOST_ARRAY)
                if path.name == DESCRIPTION:
                    content = _without_places(content, places)
                contents[f"{self.name}/{path.name}"] = content
        return as_zip(contents)


class ModelStore:
    """Models by their names; one that has changed on disk is loaded again.

    Args:
        folder: where `model` and `models/NAME` lie.
        limits: how many of them are listed.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self.places = Places(folder)
        self._box = box_names()
        self._loaded: dict[str, StoredModel] = {}
        self._lines = line_model_beside(DIGITS)
        self._lock, self._changing = threading.Lock(), threading.Lock()

    @property
    def own(self) -> Path:
        """Where models that are trained here are kept."""
        return self._folder / "models"

    @property
    def default(self) -> str:
        """The model that answers where none is named, as on the command line."""
        return DEFAULT if standing(self._folder / DEFAULT).is_dir() else BEST

    @property
    def answering(self) -> str:
        """That model in words for who starts the server."""
        if self.default in self._box:
            return f"{self.default}, in the box"
        return f"{self._folder / self.default}, since it is there"

    def is_free(self, name: str) -> bool:
        """Whether a new model may be called that."""
        if name == DEFAULT or name in self._box:
            return False
        return not os.path.lexists(self.own / name) and not standing(self.own / name).exists()

    def listed(self) -> dict[str, list[dict[str, Any]]]:
        """All models: those that answer here, the box's first, those for devices, and the others.

        The others cannot be loaded; each has the reason with it.
        """
        found: list[dict[str, Any]] = []
        devices: list[dict[str, Any]] = []
        unreadable: list[dict[str, Any]] = []
        for name in self._folders():
            try:
                stored = self.load(name)
                (devices if stored.is_for_devices else found).append(stored.as_dict(self.default))
            except ModelError as error:
                reason = self.places.told(error.worded(as_field))
                unreadable.append({"name": name, "reason": reason})
            except Problem:  # just replaced or deleted
                continue
        return {"models": found, "devices": devices, "unreadable": unreadable}

    def lines_beside(self, model: Model) -> LineModel | None:
        """What reads lines beside a model; None where its classes are not the digits."""
        return self._lines if list(model.class_names) == list(DIGITS) else None

    def get(self, name: str | None = None) -> StoredModel:
        """A model by its name, or the one that answers unasked.

        Raises:
            Problem: 404, there is none of that name.
            ModelError: it is damaged, or one that the page does not run.
        """
        stored = self.load(name or self.default)
        float_network(stored.model, stored.name)
        return stored

    def load(self, name: str) -> StoredModel:
        """A model by its name, for devices too; raises as `get` does."""
        kind, folder = self._standing(name)
        if kind == "own" and (folder.is_symlink() or standing(folder).is_symlink()):
            raise ModelError(
                f"{name} is a symbolic link, which is not followed.", "put the folder itself there."
            )
        stamp = _stamp(folder)
        with self._lock:
            loaded = self._loaded.get(name)
        if loaded is not None and loaded.stamp == stamp:
            return loaded
        model = load_model(folder)
        if model.class_names != DIGITS:
            raise ModelError(f"{name} knows other classes than the ten digits; choose another.")
        stored = StoredModel(name, kind, folder, model, stamp)
        with self._lock:
            self._loaded.pop(name, None)
            self._loaded[name] = stored
            while len(self._loaded) > MOST_LOADED + len(self._box):
                del self._loaded[next(iter(self._loaded))]
        return stored

    def rename(self, name: str, new: str) -> None:
        """Call a model of one's own otherwise; a stopped run of it comes along.

        Raises:
            Problem: 404, there is none; 409, it is in the box, or the new name is taken.
            OutputError: nothing can be written there.
        """
        with self._changing:
            folder = self._own_folder(name)
            if not self.is_free(new) or os.path.lexists(checkpoint_path(self.own / new)):
                raise Problem(409, f"The name {new} is taken already; choose another.")
            try:
                make_folder(self.own)
                folder.rename(self.own / new)
                with suppress(FileNotFoundError):
                    checkpoint_path(folder).rename(checkpoint_path(self.own / new))
            except OSError as error:
                raise OutputError(f"{name} cannot be renamed: {error.strerror}.") from error

    def delete(self, name: str) -> None:
        """Remove a model of one's own for good; a stopped run of it can still go on.

        Raises:
            Problem: 404, there is none; 409, it is in the box, or its folder holds other files.
            OutputError: it cannot be removed.
        """
        with self._changing:
            folder = self._own_folder(name)
            foreign = foreign_files(folder)
            if foreign:
                more = ", ..." if len(foreign) > 3 else ""
                raise Problem(
                    409,
                    f"The folder of {name} holds files that are not a model's "
                    f"({', '.join(foreign[:3])}{more}), which would be lost; move them first.",
                )
            remove_folder(folder)

    def _own_folder(self, name: str) -> Path:
        """The folder of a model of one's own, settled, readable or not."""
        kind, folder = self._standing(name)
        if kind == "box":
            raise Problem(409, f"{name} came with digitnet, and stays as it is.")
        if folder.is_symlink():
            raise Problem(409, f"{name} is a symbolic link: change what it leads to instead.")
        settle_folder(put_back(folder))
        return self._standing(name)[1]

    def _standing(self, name: str) -> tuple[str, Path]:
        place = self._place(name)
        if place is None:
            names = ", ".join(self._folders())
            raise Problem(404, f"There is no model {name}; there are {names}.")
        return place

    def _place(self, name: str) -> tuple[str, Path] | None:
        """Kind and folder of a model; a name that may lead elsewhere has none."""
        if name in self._box:
            return "box", in_box(name)
        own = standing(self._folder / DEFAULT)
        if name == DEFAULT and own.is_dir():
            return "own", own
        own = standing(self.own / name)
        if re.match(NAME, name) and own.is_dir():
            return "own", own
        return None

    def _folders(self) -> dict[str, tuple[str, Path]]:
        """Kind and folder of every model, by its name, the box's first."""
        names = [*self._box, DEFAULT]
        with suppress(OSError):  # there is no such folder yet, or it may not be listed
            own = {put_back(path).name for path in self.own.iterdir() if path.is_dir()}
            names += sorted(own)[: self._limits.own_models]
        found = {name: self._place(name) for name in names}
        return {name: place for name, place in found.items() if place is not None}


def as_zip(contents: Mapping[str, bytes]) -> bytes:
    """Files, path to content, as a zip file, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in contents.items():
            entry = zipfile.ZipInfo(path)  # dated 1980, like all of them
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _without_places(content: bytes, places: Places) -> bytes:
    """A model.json whose record of the training names no folder; sealed anew where it was."""
    description = json.loads(content)
    told = {**description, "training": places.told(description.get("training", {}))}
    if told == description:
        return content
    return to_json(sealed(told) if SEAL in told else told)


@contextmanager
def _unless_replaced() -> Iterator[None]:
    """A folder may be swapped for a new one while its files are read: that is said as a 503."""
    try:
        yield
    except OSError:
        raise Problem(503, "The model is just being replaced; try again in a moment.") from None


def _stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever a model is swapped in."""
    for name in (DESCRIPTION, "W1.npy"):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        return (status.st_ino, status.st_mtime_ns, status.st_size)
    return ()
