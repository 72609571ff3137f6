"""Events: what happened in a training run, and its history."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class StepDone(NamedTuple):
    """One step of the optimiser.

    Attributes:
        epoch: the running epoch, counted from 1.
        step: steps done in this epoch, 1 .. n_steps.
        n_steps: steps in an epoch.
        loss: mean cross-entropy of this batch before the step, in nats.
    """

    epoch: int
    step: int
    n_steps: int
    loss: float


class EpochDone(NamedTuple):
    """One pass over the training images.

    Attributes:
        epoch: counted from 1.
        training_loss: mean over the epoch's batches, each before its step, in nats per image.
        training_accuracy: share of training images answered right on the way.
        validation_loss: in nats per image; None without a validation part.
        validation_accuracy: share of validation images answered right; None without.
        learning_rate: at the epoch's last step.
        seconds: wall time of the epoch, validation included.
        is_best: whether this epoch is the best so far.
    """

    epoch: int
    training_loss: float
    training_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float
    is_best: bool


class Finished(NamedTuple):
    """The run is over and the network holds the best epoch's parameters.

    Attributes:
        best_epoch: counted from 1.
        reason: why it ended, in words: all epochs done, or patience.
    """

    best_epoch: int
    reason: str


Event = StepDone | EpochDone | Finished


@dataclass
class History:
    """One entry per epoch in every list, as in `EpochDone`; what `history.json` holds."""

    epochs: list[int] = field(default_factory=list)
    training_loss: list[float] = field(default_factory=list)
    training_accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float | None] = field(default_factory=list)
    validation_accuracy: list[float | None] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    best_epoch: int = 0

    def add(self, event: EpochDone) -> None:
        """Append one epoch."""
        self.epochs.append(event.epoch)
        self.training_loss.append(event.training_loss)
        self.training_accuracy.append(event.training_accuracy)
        self.validation_loss.append(event.validation_loss)
        self.validation_accuracy.append(event.validation_accuracy)
        self.learning_rate.append(event.learning_rate)
        self.seconds.append(event.seconds)
        if event.is_best:
            self.best_epoch = event.epoch

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON; `History(**d)` reads them back."""
        return asdict(self)
