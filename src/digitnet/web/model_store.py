"""Model store: the models a server has: those in the box, and those that were trained here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.export.page_format import encode, header
from digitnet.files import read_regular
from digitnet.models.box import BEST, MCU, box_names, in_box
from digitnet.models.description import SEAL, sealed, to_json
from digitnet.models.find import DEFAULT, put_back, standing
from digitnet.models.folder import DESCRIPTION, load_model, model_files
from digitnet.models.lines import LineModel, line_model_beside
from digitnet.models.model import Model, float_network
from digitnet.models.npy import MOST_ARRAY
from digitnet.web.errors import Problem, as_field
from digitnet.web.limits import Limits
from digitnet.web.places import Places

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
"""What a model may be called: nothing that could lead out of a folder."""
MOST_LOADED = 8
"""Models of one's own that stay in memory."""


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

    def as_dict(self, default: str) -> dict[str, Any]:
        """What a list of models says about it."""
        training = self.model.training
        with _unless_replaced():
            n_bytes = sum(path.stat().st_size for path in model_files(self.folder))
        return {
            "name": self.name,
            "kind": self.kind,
            "network": header(self.model, self.name)[0]["network"],
            "parameters": self.model.n_parameters,
            "bytes": n_bytes,
            "validation_accuracy": training.get("validation_accuracy"),
            "made_with": self._made_with(training),
            "default": self.name == default,
        }

    def _made_with(self, training: dict[str, Any]) -> str:
        if self.kind == "box":
            return f"the recipe {self.name}"
        plan = training.get("plan", {})
        if "source" not in plan:
            return "unknown"
        words = f"{Path(plan['source']).name}, {training.get('epochs_done', '?')} epochs"
        return words if plan.get("start") is None else f"{words}, from {Path(plan['start']).name}"

    def as_zip(self, places: Places) -> bytes:
        """The model's folder as a zip file, the same bytes for the same files.

        What it was trained on is named in it as it is called here, not where it lies.
        """
        packed = io.BytesIO()
        with (
            _unless_replaced(),
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            for path in model_files(self.folder):
                entry = zipfile.ZipInfo(f"{self.name}/{path.name}")  # dated 1980, like all of them
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                content = read_regular(path, MOST_ARRAY)
                if path.name == DESCRIPTION:
                    content = _without_places(content, places)
                archive.writestr(entry, content)
        return packed.getvalue()


class ModelStore:
    """Models by their names; one that has changed on disk is loaded again.

    Args:
        folder: where `model` and `models/NAME` lie.
        limits: how many of them are listed.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self.places = Places(folder)
        self._box = [name for name in box_names() if name != MCU]
        self._loaded: dict[str, StoredModel] = {}
        self._lines = line_model_beside(DIGITS)
        self._lock = threading.Lock()

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

    def listed(self) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """All models that can be loaded, the box's first; and the others, each with the reason."""
        found, unreadable = [], []
        for name in self._folders():
            try:
                found.append(self.get(name).as_dict(self.default))
            except ModelError as error:
                reason = self.places.told(error.worded(as_field))
                unreadable.append({"name": name, "reason": reason})
            except Problem:  # just replaced or deleted
                continue
        return found, unreadable

    def lines_beside(self, model: Model) -> LineModel | None:
        """What reads lines beside a model; None where its classes are not the digits."""
        return self._lines if list(model.class_names) == list(DIGITS) else None

    def get(self, name: str | None = None) -> StoredModel:
        """A model by its name, or the one that answers unasked.

        Raises:
            Problem: 404, there is none of that name.
            ModelError: it is damaged, or one that the page does not run.
        """
        name = name or self.default
        place = self._place(name)
        if place is None:
            names = ", ".join(self._folders())
            raise Problem(404, f"There is no model {name}; there are {names}.")
        kind, folder = place
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
        float_network(model, name)
        stored = StoredModel(name, kind, folder, model, stamp)
        with self._lock:
            self._loaded.pop(name, None)
            self._loaded[name] = stored
            while len(self._loaded) > MOST_LOADED + len(self._box):
                del self._loaded[next(iter(self._loaded))]
        return stored

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
