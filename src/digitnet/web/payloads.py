"""Telling: what the events of a run say to the page, as values for JSON."""

from __future__ import annotations

from typing import Any

from digitnet.nn import in_words
from digitnet.training.events import EpochDone
from digitnet.training.run import Run
from digitnet.web.jobs import Job, as_settings


def start_of(run: Run, job: Job, run_id: str) -> dict[str, Any]:
    """What is being trained, and from where on."""
    return {
        "run": run_id,
        "name": job.name,
        "network": in_words(run.network),
        "epochs": job.plan.epochs,
        "n_training": len(run.training),
        "n_validation": 0 if run.validation is None else len(run.validation),
        "settings": as_settings(job.name, job.plan),
        "resumed": job.checkpoint is not None,
        "epochs_done": len(run.history.epochs),
    }


def epochs_before(run: Run) -> list[dict[str, Any]]:
    """The epochs of a run that goes on, as they were told when they were done."""
    h = run.history
    told = zip(
        h.epochs, h.training_loss, h.validation_loss, h.validation_accuracy, h.seconds, strict=True
    )
    return [_epoch(*each, seconds_left=None) for each in told]


def epoch_of(event: EpochDone, run: Run) -> dict[str, Any]:
    """An epoch that is done, and how long the others will take."""
    recent = run.history.seconds[-5:]
    return _epoch(
        event.epoch,
        event.training_loss,
        event.validation_loss,
        event.validation_accuracy,
        event.seconds,
        seconds_left=(run.plan.epochs - event.epoch) * sum(recent) / max(1, len(recent)),
    )


def best_of(run: Run) -> dict[str, Any]:
    """The best epoch so far, counted from 1, and its accuracy."""
    best = run.history.best_epoch
    accuracy = run.history.validation_accuracy[best - 1] if best else None
    return {"best_epoch": best or None, "validation_accuracy": accuracy}


def _epoch(
    epoch: int,
    training_loss: float,
    validation_loss: float | None,
    validation_accuracy: float | None,
    seconds: float,
    *,
    seconds_left: float | None,
) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "training_loss": training_loss,
        "validation_loss": validation_loss,
        "validation_accuracy": validation_accuracy,
        "seconds": seconds,
        "seconds_left": seconds_left,
    }
