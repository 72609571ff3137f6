"""Job: what a page asked to be trained, as a plan that a run can follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitnet.errors import ModelError, SettingsError
from digitnet.models.box import box_names
from digitnet.training.checkpoints import Checkpoint, load_checkpoint
from digitnet.training.finetune import SETTINGS, others
from digitnet.training.plan import Plan
from digitnet.training.run import checkpoint_path
from digitnet.web.datasets import Source, Sources
from digitnet.web.errors import Problem
from digitnet.web.model_store import Shelf
from digitnet.web.schemas import Settings

EPOCHS = 20
N_OTHERS = 20_000
"""Other digits that are learnt beside one's own."""
ENOUGH_TO_VALIDATE = 100
"""Digits of one's own from which on some of them are set aside."""


@dataclass(frozen=True)
class Job:
    """A run to be made: its name, its plan, the folder to write, and where to go on from."""

    name: str
    plan: Plan
    out: Path
    checkpoint: Checkpoint | None = None


def new_job(settings: Settings, shelf: Shelf, sources: Sources) -> Job:
    """A fresh run under a free name.

    Raises:
        Problem: 404, no such source or model.
        SettingsError: settings that make no sense.
    """
    source = sources.named(settings.source)
    given = settings.model_dump(include={"learning_rate", "batch_size", "epochs"})
    given = {name: value for name, value in given.items() if value is not None}
    if settings.start is None:
        chosen = {"hidden": tuple(settings.hidden), "activation": settings.activation}
        plan = Plan(**{"source": source.place, "epochs": EPOCHS, **chosen, **_mix(source), **given})
    else:
        start = shelf.get(settings.start)
        named = start.name if start.kind == "box" else str(start.folder)
        framing = start.model.framing
        mix = {} if source.place in ("synthetic", "mnist") else {"mix": others()}
        plan = Plan(
            **{"source": source.place, "start": named, "framing": framing}
            | SETTINGS | mix | given
        )  # fmt: skip
    name = _free_name(settings.name, shelf)
    return Job(name, plan, shelf.own / name)


def resumed_job(name: str, shelf: Shelf) -> Job:
    """A stopped run, to go on where it was.

    Raises:
        Problem: 404, there is none of that name.
        ModelError: its checkpoint is damaged.
    """
    out = shelf.own / name
    try:
        checkpoint = load_checkpoint(checkpoint_path(out))
    except FileNotFoundError:
        raise Problem(404, f"There is no stopped run {name} to go on with.") from None
    return Job(name, plan_of(checkpoint), out, checkpoint)


def plan_of(checkpoint: Checkpoint) -> Plan:
    """The plan a checkpoint was made with.

    Raises:
        ModelError: it has none that makes sense.
    """
    try:
        plan = dict(checkpoint.run["plan"])
        return Plan(**{**plan, "hidden": tuple(plan["hidden"])})
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise ModelError(f"{checkpoint.path.name} is damaged; train anew.") from error


def as_settings(name: str, plan: Plan) -> dict[str, Any]:
    """A plan in the words of the page."""
    start = plan.start
    return {
        "name": name,
        "source": Path(plan.source).name,
        "hidden": list(plan.hidden),
        "activation": plan.activation,
        "learning_rate": plan.rate,
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
        "start": start if start is None or start in box_names() else Path(start).name,
    }


def _mix(source: Source) -> dict[str, Any]:
    """Corrections alone are too few to learn from: others are learnt beside them."""
    if source.name != "corrections":
        return {}
    n = source.digits or 1
    mixed = {"mix": others(), "mix_share": N_OTHERS / (N_OTHERS + n)}
    return mixed if n >= ENOUGH_TO_VALIDATE else {**mixed, "validation": 0.0}


def _free_name(wanted: str, shelf: Shelf) -> str:
    """The wanted name, or the first of wanted-2, wanted-3, ... that nothing has yet."""
    number, name = 1, wanted
    while not shelf.is_free(name) or checkpoint_path(shelf.own / name).exists():
        number += 1
        ending = f"-{number}"
        name = wanted[: 40 - len(ending)] + ending
    return name
