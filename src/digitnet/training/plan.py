"""Plan: everything that decides a run, as plain values that a file can keep."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from typing import Any

from digitnet.errors import SettingsError
from digitnet.imaging.augment import Variation
from digitnet.nn import (
    ACTIVATIONS,
    SGD,
    Adam,
    AveragePool2D,
    Constant,
    Conv2D,
    Cosine,
    Dropout,
    Layer,
    Linear,
    MaxPool2D,
    Momentum,
    OneCycle,
    Optimizer,
    ReLU,
    Schedule,
    ToImages,
    ToRows,
    multilayer_perceptron,
)
from digitnet.training.settings import Settings

# What worked best for each optimiser at the default batch size (docs/lab-notes.md).
LEARNING_RATES = {"sgd": 1.0, "momentum": 0.1, "nesterov": 0.1, "adam": 0.002}
WINDOW = 5  # pixels a side of every convolution: 28 becomes 24, pooled 12, then 8 and 4
SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "cosine": Cosine(),
    "linear": Linear(),
    "one-cycle": OneCycle(),
}

# Mild enough that every digit stays itself; what each brought is in docs/lab-notes.md.
VARIATIONS: dict[str, Variation | None] = {
    "none": None,
    "affine": Variation(rotation=10, shift=1.5, scale=0.1, shear=0.15),
    "elastic": Variation(rotation=10, shift=1.5, scale=0.1, shear=0.15, elastic=0.8),
}


@dataclass(frozen=True)
class Plan:
    """One field for each option of `digitnet train`; see there for what they mean.

    `learning_rate` None takes the optimiser's own, `batch_size` None the whole training part.

    Raises:
        SettingsError: a value that makes no sense.
    """

    source: str = "synthetic"
    framing: str = "mnist"
    labels: str = "auto"
    per_class: int | None = None
    hidden: tuple[int, ...] = (64,)
    activation: str = "sigmoid"
    pool: int = 1
    conv: tuple[int, ...] = ()
    input_dropout: float = 0.1
    dropout: float = 0.0
    epochs: int = 100
    batch_size: int | None = 32
    learning_rate: float | None = None
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    schedule: str = "cosine"
    label_smoothing: float = 0.0
    patience: int | None = None
    class_weights: str | None = None
    augment: str = "none"
    validation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "conv", tuple(self.conv))
        if not self.hidden or any(not isinstance(n, int) or n < 1 for n in self.hidden):
            raise SettingsError(
                "The hidden sizes must be whole numbers of at least 1, such as 64 or 256,64, "
                f"not {','.join(map(str, self.hidden))}."
            )
        if len(self.conv) > 2 or any(not isinstance(n, int) or n < 1 for n in self.conv):
            raise SettingsError(
                "The convolutions are one or two numbers of channels, such as 16 or 16,32, "
                f"not {','.join(map(str, self.conv))}."
            )
        if self.conv and self.pool > 1:
            raise SettingsError("--conv and --pool are two ways to look at pixels; choose one.")
        if not 0.0 <= self.validation < 1.0:
            raise SettingsError(
                f"The validation share must lie between 0 and 1, not {self.validation:g}; try 0.1."
            )
        for rate in (self.input_dropout, self.dropout):
            if not 0.0 <= rate < 1.0:
                raise SettingsError(f"A dropout rate must lie in [0, 1), not at {rate:g}; try 0.1.")
        if self.pool not in (1, 2, 4, 7):
            raise SettingsError(f"--pool must be 1, 2, 4 or 7, which divide 28, not {self.pool}.")
        if self.seed < 0:
            raise SettingsError(f"The seed must be a whole number from 0, not {self.seed}.")
        _known("activation", self.activation, ACTIVATIONS)
        _known("optimizer", self.optimizer, LEARNING_RATES)
        _known("schedule", self.schedule, SCHEDULES)
        _known("augmentation", self.augment, VARIATIONS)
        self.settings()
        if not 0.0 <= self.weight_decay * self.rate < 1.0:
            raise SettingsError(
                f"The weight decay must lie in [0, 1 / learning rate), not at "
                f"{self.weight_decay:g}; try 0.01."
            )

    @property
    def rate(self) -> float:
        """The learning rate that is used."""
        own = LEARNING_RATES.get(self.optimizer, 1.0)
        return own if self.learning_rate is None else self.learning_rate

    def settings(self) -> Settings:
        """What the training loop needs of it."""
        optimizers: dict[str, Optimizer] = {
            "sgd": SGD(self.weight_decay),
            "momentum": Momentum(weight_decay=self.weight_decay),
            "nesterov": Momentum(nesterov=True, weight_decay=self.weight_decay),
            "adam": Adam(weight_decay=self.weight_decay),
        }
        return Settings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.rate,
            optimizer=optimizers[self.optimizer],
            schedule=SCHEDULES[self.schedule],
            label_smoothing=self.label_smoothing,
            patience=self.patience,
            class_weights=self.class_weights,
            variation=VARIATIONS[self.augment],
        )

    def layers(self, n_in: int, n_classes: int) -> list[Layer]:
        """The network it describes: dropped pixels, pooled or convolved, then Dense layers."""
        layers: list[Layer] = []
        side = math.isqrt(n_in)
        if self.input_dropout:
            layers.append(Dropout(self.input_dropout))
        if self.pool > 1:
            layers[:0] = [ToImages(side, side), AveragePool2D(self.pool), ToRows()]
            n_in = (side // self.pool) ** 2
        if self.conv:
            layers.append(ToImages(side, side))
            for n_from, n_to in itertools.pairwise((1, *self.conv)):
                layers += [Conv2D(n_from, n_to, WINDOW), MaxPool2D(2), ReLU()]
                side = (side - WINDOW + 1) // 2
            layers.append(ToRows())
            n_in = self.conv[-1] * side**2
        for layer in multilayer_perceptron(n_in, self.hidden, n_classes, self.activation):
            layers.append(layer)
            if self.dropout and isinstance(layer, ACTIVATIONS[self.activation]):
                layers.append(Dropout(self.dropout))
        return layers

    def words(self, n_in: int, n_classes: int) -> str:
        """The network in a word: 784-64-10, 784-conv16-conv32-128-10, 784-pool2-384-10."""
        pooled = [f"pool{self.pool}"] if self.pool > 1 else []
        parts = [n_in, *pooled, *(f"conv{n}" for n in self.conv), *self.hidden, n_classes]
        return "-".join(map(str, parts))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `Plan(**d)` reads them back."""
        return {**asdict(self), "hidden": list(self.hidden), "conv": list(self.conv)}


def _known(what: str, name: str, known: dict[str, Any]) -> None:
    if name not in known:
        raise SettingsError(f"The {what} is one of {', '.join(known)}, not {name}.")
