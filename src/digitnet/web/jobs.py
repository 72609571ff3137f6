"""Jobs: what a page asked to be trained, as a config that a run can follow."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitnet.errors import DigitnetError
from digitnet.models.box import box_names
from digitnet.training.checkpoints import ENDING, Checkpoint, load_checkpoint
from digitnet.training.config import TrainingConfig, settings_on_page
from digitnet.training.finetune import as_finetuning, others
from digitnet.training.run import checkpoint_path
from digitnet.web.datasets import OfferedDataset, OfferedDatasets
from digitnet.web.errors import Problem
from digitnet.web.model_store import ModelStore
from digitnet.web.schemas import TrainingRequest

N_OTHERS = 20_000
"""Other digits that are learnt beside one's own."""
ENOUGH_TO_VALIDATE = 100
"""Digits of one's own from which on some of them are set aside."""


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
    name = _free_name(asked.name, store)
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
        "source": Path(config.source).name,
        "start": start if start is None or start in box_names() else Path(start).name,
    }


def _mix(source: OfferedDataset) -> dict[str, Any]:
    """Corrections alone are too few to learn from: others are learnt beside them."""
    if source.name != "corrections":
        return {}
    n = source.digits or 1
    mixed = {"mix": others(), "mix_share": N_OTHERS / (N_OTHERS + n)}
    return mixed if n >= ENOUGH_TO_VALIDATE else {**mixed, "validation": 0.0}


def _free_name(wanted: str, store: ModelStore) -> str:
    """The wanted name, or the first of wanted-2, wanted-3, ... that nothing has yet."""
    number, name = 1, wanted
    while not store.is_free(name) or checkpoint_path(store.own / name).exists():
        number += 1
        ending = f"-{number}"
        name = wanted[: 40 - len(ending)] + ending
    return name


class StoppedRuns:
    """The checkpoints in a folder; each is read once, unless it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, ...], dict[str, Any] | None]] = {}

    def newest(self, but: Path | None = None) -> dict[str, Any] | None:
        """The run that stopped last, in the words of the page; the checkpoint `but` is not its.

        A damaged checkpoint is passed over, it says so when its run is named.
        """
        stamped = []
        for path in self._folder.glob(f"*{ENDING}") if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):  # its run has ended in this moment
                status = path.stat()
                if not path.name.startswith(".") and path != but:
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
