"""Config: everything that decides a run, as plain values that a file can keep."""

from __future__ import annotations

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
    Cosine,
    Deskew,
    Distillation,
    Dropout,
    Ensemble,
    Layer,
    Linear,
    Momentum,
    Network,
    OneCycle,
    Optimizer,
    Schedule,
    ToImages,
    ToRows,
    multilayer_perceptron,
)
from digitnet.nn.notation import convolutional_layers
from digitnet.training.settings import Settings, Teacher

# What worked best for each optimiser at the default batch size (docs/lab-notes.md).
LEARNING_RATES = {"sgd": 1.0, "momentum": 0.1, "nesterov": 0.1, "adam": 0.002}
SIDE = 28  # pixels, of the frames that a plan's network is made for
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
    "ink": Variation(
        rotation=10,
        shift=1.5,
        scale=0.1,
        shear=0.15,
        elastic=0.8,
        thickness=0.5,
        blur=0.7,
        erasure=0.3,
        noise=8,
    ),
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
    deskew: bool = False
    conv: str = ""
    batch_norm: bool = False
    input_dropout: float = 0.1
    dropout: float = 0.0
    epochs: int = 100
    batch_size: int | None = 32
    learning_rate: float | None = None
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    schedule: str = "cosine"
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    teacher: str | None = None
    temperature: float = 2.0
    teacher_share: float = 0.9
    patience: int | None = None
    class_weights: str | None = None
    augment: str = "none"
    validation: float = 0.1
    start: str | None = None
    mix: str | None = None
    mix_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if not isinstance(self.conv, str):
            raise TypeError(f"conv is a notation such as 16C5-MP2-32C5-MP2, not {self.conv!r}")
        if not (self.hidden or self.conv) or any(
            not isinstance(n, int) or n < 1 for n in self.hidden
        ):
            raise SettingsError(
                "The hidden sizes must be whole numbers of at least 1, such as 64 or 256,64, "
                f"not {','.join(map(str, self.hidden))}."
            )
        if self.batch_norm and not self.conv:
            raise SettingsError("--batch-norm normalises behind convolutions; give --conv too.")
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
        if not 0.0 < self.mix_share < 1.0:
            raise SettingsError(
                f"The share of other digits must lie between 0 and 1, not at {self.mix_share:g}; "
                "try 0.5."
            )
        if self.conv:
            try:
                convolutional_layers(self.conv, SIDE, ACTIVATIONS[self.activation], self.batch_norm)
            except ValueError as error:
                raise SettingsError(str(error)) from error
        if not 0.0 < self.temperature < 100.0 or not 0.0 <= self.teacher_share <= 1.0:
            raise SettingsError(
                f"The temperature must lie above 0 and the teacher's share in 0 to 1, not at "
                f"{self.temperature:g} and {self.teacher_share:g}; try 2 and 0.9."
            )
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

    def settings(self, teacher: Network | Ensemble | None = None) -> Settings:
        """What the training loop needs of it; `teacher` is the network that the plan names."""
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
            ema_decay=self.ema_decay,
            teacher=Teacher(teacher, Distillation(self.temperature, self.teacher_share))
            if teacher is not None
            else None,
            patience=self.patience,
            class_weights=self.class_weights,
            variation=VARIATIONS[self.augment],
        )

    def layers(self, n_in: int, n_classes: int) -> list[Layer]:
        """The network it describes: pixels made ready, convolutions, then Dense layers."""
        layers: list[Layer] = []
        side = math.isqrt(n_in)
        if self.pool > 1:
            layers += [ToImages(side, side), AveragePool2D(self.pool), ToRows()]
            n_in = (side // self.pool) ** 2
        if self.deskew:
            layers.append(Deskew(side // self.pool, side // self.pool))
        if self.input_dropout:
            layers.append(Dropout(self.input_dropout))
        activation = ACTIVATIONS[self.activation]
        if self.conv:
            convolutions, n_in = convolutional_layers(self.conv, side, activation, self.batch_norm)
            layers += convolutions
            if self.dropout:
                layers.append(Dropout(self.dropout))
        for layer in multilayer_perceptron(n_in, self.hidden, n_classes, self.activation):
            layers.append(layer)
            if self.dropout and isinstance(layer, activation):
                layers.append(Dropout(self.dropout))
        return layers

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `Plan(**d)` reads them back."""
        return {**asdict(self), "hidden": list(self.hidden)}


def _known(what: str, name: str, known: dict[str, Any]) -> None:
    if name not in known:
        raise SettingsError(f"The {what} is one of {', '.join(known)}, not {name}.")
