"""Events: what happened in a training run, and its history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, NamedTuple

WIDTH, HEIGHT = 480, 200  # of the curve in a notebook, in pixels


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

    def __repr__(self) -> str:
        n = len(self.epochs)
        best = f", best epoch {self.best_epoch}" if n else ""
        return f"<History of {n} epoch{'' if n == 1 else 's'}{best}>"

    def _repr_html_(self) -> str:
        """The losses as a curve, for a notebook: training in blue, validation in orange."""
        lines: list[tuple[str, Sequence[float | None]]] = [
            ("#1f77b4", self.training_loss),
            ("#d95f02", self.validation_loss),
        ]
        finite = [y for _, line in lines for y in line if y is not None and math.isfinite(y)]
        if not finite:
            return f"<p>{escape(repr(self))}</p>"
        most, n = max(finite) or 1.0, max(len(self.epochs) - 1, 1)
        drawn = ""
        for colour, line in lines:
            points = [
                f"{WIDTH * i / n:.1f},{HEIGHT * (1 - y / most):.1f}"
                for i, y in enumerate(line)
                if y is not None and math.isfinite(y)
            ]
            drawn += f'<polyline points="{" ".join(points)}" stroke="{colour}"/>' if points else ""
        x = WIDTH * (self.best_epoch - 1) / n
        return (
            f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="-4 -4 {WIDTH + 8} {HEIGHT + 8}" '
            f'fill="none" stroke-width="2" role="img" aria-label="{escape(repr(self))}">'
            f'<path d="M{x:.1f} 0V{HEIGHT}" stroke="#999" stroke-dasharray="4"/>{drawn}</svg>'
            f"<p>{escape(repr(self))}: loss from 0 to {most:.3g}, training in blue, validation in "
            "orange, the best epoch dashed.</p>"
        )
