"""Jobs: what a page asked to be trained, as a config that a run can follow."""

from __future__ import annotations

import json
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitnet.errors import DigitnetError
from digitnet.files import make_folder, read_regular, replacing
from digitnet.models.box import box_names
from digitnet.training.checkpoints import ENDING, Checkpoint, load_checkpoint
from digitnet.training.config import TrainingConfig, settings_on_page
from digitnet.training.finetune import as_finetuning, others
from digitnet.training.run import checkpoint_path
from digitnet.web.datasets import OfferedDataset, OfferedDatasets, escaped
from digitnet.web.errors import Problem
from digitnet.web.model_store import NAME, ModelStore
from digitnet.web.schemas import TrainingRequest

N_OTHERS = 20_000
"""Other digits that are learnt beside one's own."""
ENOUGH_TO_VALIDATE = 100
"""Digits of one's own from which on some of them are set aside."""
LONGEST_NOTE = 1000
"""Bytes."""


@dataclass(frozen=True)
class Job:
    """A run to be made: its name, its config, the folder to write, and where to go on from."""

    name: str
    config: TrainingConfig
    out: Path
    checkpoint: Checkpoint | None = None


def new_job(asked: TrainingRequest, store: ModelStore, datasets: OfferedDatasets) -> Job:
    """A fresh run under a free name.

    Raises:
        Problem: 404, no such source or model.
        SettingsError: settings that make no sense.
    """
    source = datasets.named(asked.source)
    given = asked.given()
    if asked.start is None:
        usual = {each.name: each.default for each in settings_on_page()}
        chosen = {**usual, **_mix(source), **given}
    else:
        start = store.get(asked.start)
        named = start.name if start.kind == "box" else str(start.folder)
        known = {"mix": None} if source.place in ("synthetic", "mnist") else {}
        chosen = as_finetuning({"start": named, **known, **given}, start.model)
    config = TrainingConfig(**{**chosen, "source": source.place})
    name = free_name(asked.name, store)
    return Job(name, config, store.own / name)


def resumed_job(name: str, store: ModelStore) -> Job:
    """A stopped run, to go on where it was.

    Raises:
        Problem: 404, there is none of that name.
        ModelError: its checkpoint is damaged.
    """
    out = store.own / name
    try:
        checkpoint = load_checkpoint(checkpoint_path(out))
    except FileNotFoundError:
        raise Problem(404, f"There is no stopped run {name} to go on with.") from None
    return Job(name, checkpoint.config(), out, checkpoint)


def as_settings(name: str, config: TrainingConfig) -> dict[str, Any]:
    """A config in the words of the page."""
    start = config.start
    told = {each.name: getattr(config, each.name) for each in settings_on_page()}
    return {
        **told,
        "hidden": list(config.hidden),
        "learning_rate": config.rate,
        "name": name,
        "source": escaped(Path(config.source).name),
        "start": start if start is None or start in box_names() else escaped(Path(start).name),
    }


def _mix(source: OfferedDataset) -> dict[str, Any]:
    """Corrections alone are too few to learn from: others are learnt beside them."""
    if source.name != "corrections":
        return {}
    n = source.digits or 1
    mixed = {"mix": others(), "mix_share": N_OTHERS / (N_OTHERS + n)}
    return mixed if n >= ENOUGH_TO_VALIDATE else {**mixed, "validation": 0.0}


def free_name(wanted: str, store: ModelStore) -> str:
    """The wanted name, or the first of wanted-2, wanted-3, ... that nothing has yet."""
    number, name = 1, wanted
    while not store.is_free(name) or checkpoint_path(store.own / name).exists():
        number += 1
        ending = f"-{number}"
        name = wanted[: 40 - len(ending)] + ending
    return name


class BegunRun:
    """A note of the run that is going on, for the server that comes after one that was killed.

    A run has no checkpoint until its first epoch is done, and drawing its digits takes a while.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._path = store.own / ".begun.json"

    def write(self, name: str) -> None:
        """Note that the run of this name begins.

        Raises:
            OutputError: it cannot be written.
        """
        make_folder(self._path.parent)
        with replacing(self._path) as temporary:
            temporary.write_text(json.dumps({"name": name}))

    def remove(self) -> None:
        """The run has ended, or left something to go on with."""
        with suppress(OSError):
            self._path.unlink()

    def interrupted(self) -> str | None:
        """The name of a run that left neither a model nor a checkpoint; None where there is none.

        A note that cannot be read says nothing.
        """
        try:
            name = json.loads(read_regular(self._path, LONGEST_NOTE))["name"]
            known = bool(re.match(NAME, name)) and self._store.is_free(name)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return name if known and not checkpoint_path(self._store.own / name).exists() else None


class StoppedRuns:
    """The checkpoints in a folder; each is read once, unless it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, ...], dict[str, Any] | None]] = {}

    def newest(self, but: Path | None = None) -> dict[str, Any] | None:
        """The run that stopped last, in the words of the page; the checkpoint `but` is not its.

        A damaged checkpoint is passed over, it says so when its run is named. So is what no run
        has written: a link, a pipe, a name that no run has.
        """
        stamped = []
        for path in self._folder.glob(f"*{ENDING}") if self._folder.is_dir() else ():
            with suppress(OSError):  # its run has ended in this moment
                status = path.lstat()
                named = re.match(NAME, path.name.removesuffix(ENDING))
                if named and stat.S_ISREG(status.st_mode) and path != but:
                    stamped.append(((status.st_mtime_ns, status.st_size, status.st_ino), path))
        for stamp, path in sorted(stamped, reverse=True):
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = stamp, _described(path)
                self._known = {path: known}
            if known[1] is not None:
                return known[1]
        return None


def _described(path: Path) -> dict[str, Any] | None:
    try:
        checkpoint = load_checkpoint(path)
        config = checkpoint.config()
    except (DigitnetError, OSError):
        return None
    name = path.name.removesuffix(ENDING)
    settings = as_settings(name, config)
    return {"name": name, "epoch": checkpoint.epochs_done, "settings": settings}
