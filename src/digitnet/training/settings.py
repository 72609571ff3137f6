"""Settings: everything that decides how a network is trained, checked before the first step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.imaging.augment import Variation
from digitnet.nn import SGD, Cosine, Distillation, Ensemble, Network, Optimizer, Schedule


class Teacher(NamedTuple):
    """A trained network to learn from, and how; it sees what the pupil sees."""

    network: Network | Ensemble
    loss: Distillation


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults were chosen on a validation split (docs/lab-notes.md).

    Attributes:
        epochs: passes over the training images.
        batch_size: images per step; 1 is per-sample descent, None full-batch descent.
        learning_rate: the schedule's factor 1.
        optimizer: moves the parameters.
        schedule: the learning rate over the course of the run.
        label_smoothing: see `one_hot`.
        ema_decay: the weights that are kept are an exponential moving average over the steps,
            average = decay average + (1 - decay) weights (Polyak and Juditsky 1992 in the form of
            Tarvainen and Valpola 2017); 0 keeps the weights of the step itself. While fewer steps
            have been made than the average reaches back, the decay is (1 + steps) / (10 + steps).
        teacher: a network whose answers are learnt beside the labels, or None.
        patience: stop after so many epochs without a better validation accuracy; None never stops.
        class_weights: how much an image of each class counts: None for all the same,
            "balanced" for n_images / (n_classes * n_images_of_the_class), or one per class.
        variation: how much each image is changed, anew in every epoch; None for not at all.

    Raises:
        SettingsError: a value that makes no sense.
    """

    epochs: int = 100
    batch_size: int | None = 32
    learning_rate: float = 1.0
    optimizer: Optimizer = SGD()  # noqa: RUF009 (frozen, so it can be shared)
    schedule: Schedule = Cosine()  # noqa: RUF009 (frozen too)
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    teacher: Teacher | None = None
    patience: int | None = None
    class_weights: str | Sequence[float] | None = None
    variation: Variation | None = None

    def __post_init__(self) -> None:
        _whole("number of epochs", self.epochs)
        if self.batch_size is not None:
            _whole("batch size", self.batch_size)
        if self.patience is not None:
            _whole("patience", self.patience)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0.0):
            raise SettingsError(
                f"The learning rate must be above 0, not {self.learning_rate:g}; try 0.001."
            )
        if not 0.0 <= self.label_smoothing < 1.0:
            raise SettingsError(
                f"Label smoothing lies in [0, 1), not at {self.label_smoothing:g}; try 0.1."
            )
        if not 0.0 <= self.ema_decay < 1.0:
            raise SettingsError(
                f"The decay of averaged weights lies in [0, 1), not at {self.ema_decay:g}; "
                "try 0.999."
            )
        if isinstance(self.class_weights, str) and self.class_weights != "balanced":
            raise SettingsError(
                f"Class weights are 'balanced' or one number per class, not {self.class_weights!r}."
            )

    def weights_of_classes(self, training: Dataset) -> NDArray[np.float32] | None:
        """(n_classes,) float32, scaled to a mean of 1 over the training images, or None.

        Raises:
            SettingsError: not one positive number per class.
        """
        if self.class_weights is None:
            return None
        counts = training.counts()
        if isinstance(self.class_weights, str):
            weights = len(training) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        else:
            weights = np.asarray(self.class_weights, dtype=np.float64)
        if weights.shape != counts.shape or not (np.isfinite(weights) & (weights > 0)).all():
            raise SettingsError(
                f"Class weights need one number above 0 for each of the {len(counts)} classes."
            )
        return (weights * (len(training) / (weights @ counts))).astype(np.float32)


def _whole(name: str, value: int) -> None:
    """Raise where a count is not a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise SettingsError(f"The {name} must be a whole number of at least 1, not {value!r}.")
