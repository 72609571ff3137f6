"""Payloads: what the events of a run say to the page, as values for JSON."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.evaluation import confusion_matrix, worst_mistakes
from digitnet.imaging.frame import SIDE
from digitnet.imaging.png import in_base64
from digitnet.models.model import classify
from digitnet.nn import Network, in_words, softmax
from digitnet.nn.layer import FloatArray
from digitnet.training.events import EpochDone
from digitnet.training.run import Run
from digitnet.web.jobs import Job, as_settings


def start_of(run: Run, job: Job, run_id: str) -> dict[str, Any]:
    """What is being trained, and from where on; `sentences` are those of the command line."""
    report = run.training.report
    return {
        "run": run_id,
        "name": job.name,
        "network": in_words(run.network),
        "epochs": job.config.epochs,
        "n_training": len(run.training),
        "n_validation": 0 if run.validation is None else len(run.validation),
        "settings": as_settings(job.name, job.config),
        "resumed": job.checkpoint is not None,
        "epochs_done": len(run.history.epochs),
        "digits": {**report.as_dict(), "sentences": report.lines()},
    }


def epochs_before(run: Run) -> list[dict[str, Any]]:
    """The epochs that a resumed run has behind it, as they were sent when they were done."""
    h = run.history
    epochs = zip(
        h.epochs, h.training_loss, h.validation_loss, h.validation_accuracy, h.seconds, strict=True
    )
    return [_epoch(*each, seconds_left=None) for each in epochs]


def epoch_of(event: EpochDone, run: Run) -> dict[str, Any]:
    """An epoch that is done, and how long the others will take."""
    recent = run.history.seconds[-5:]
    return _epoch(
        event.epoch,
        event.training_loss,
        event.validation_loss,
        event.validation_accuracy,
        event.seconds,
        seconds_left=(run.config.epochs - event.epoch) * sum(recent) / max(1, len(recent)),
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


MOST_COLUMNS = 100
MOST_MISTAKES = 24


def snapshot(
    network: Network, vector: FloatArray, validation: Dataset | None, epoch: int
) -> dict[str, Any]:
    """What a page draws of a network after an epoch.

    Args:
        network: its layers.
        vector: the parameters to look at; those of the network itself stay.
        validation: digits that it has not learnt from, or None.
        epoch: counted from 1.
    """
    shown = Network(network.layers, network.vector.dtype)
    shown.vector[:] = vector
    weights, n_hidden = _columns(shown)
    return {
        "epoch": epoch,
        "weights": None if weights is None else base64.b64encode(weights.tobytes()).decode(),
        "n": 0 if weights is None else len(weights),
        "n_hidden": n_hidden,
        **_mistakes(shown, validation),
    }


def _columns(network: Network) -> tuple[NDArray[np.uint8] | None, int]:
    """W1's columns as pictures (n, 28, 28), 128 for 0, one scale for all; and how many it has."""
    layers = enumerate(network.layers)
    dense = (i for i, one in layers if one.needs == "rows" and "W" in one.parameter_names)
    if (place := next(dense, None)) is None:
        return None, 0
    (n_hidden,) = network.shapes[place]
    pixels = (SIDE * SIDE,)  # what every layer before hands on, if it leaves the image an image
    if any(shape != pixels for shape in network.shapes[:place]):
        return None, n_hidden
    W1 = network.views[place][0]
    columns = W1[:, :MOST_COLUMNS].T
    largest = max(float(np.abs(columns).max()), 1e-12)
    grey = np.rint(127.5 + columns * (127.5 / largest)).clip(0, 255)
    return np.ascontiguousarray(grey, np.uint8).reshape(-1, SIDE, SIDE), n_hidden


def _mistakes(network: Network, validation: Dataset | None) -> dict[str, Any]:
    """The confusion matrix, rows the true digit, and the mistakes it is surest of."""
    if validation is None:
        return {"confusion": None, "n_validation": 0, "mistakes": []}
    probabilities = softmax(classify(network, validation.images))
    read_as = probabilities.argmax(axis=1)
    confusion = confusion_matrix(validation.labels, read_as, len(validation.class_names))
    worst = worst_mistakes(probabilities, validation.labels)[:MOST_MISTAKES]
    return {
        "confusion": confusion.tolist(),
        "n_validation": len(validation),
        "mistakes": [
            {
                "frame": in_base64(validation.images[i]),
                "label": int(validation.labels[i]),
                "read_as": int(read_as[i]),
                "probability": float(probabilities[i, read_as[i]]),
            }
            for i in worst
        ],
    }
