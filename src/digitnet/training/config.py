"""Config: every hyperparameter of a training: its help, its limits, its default, said once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS, Dataset
from digitnet.data.features import Features
from digitnet.data.labelling import LABELS
from digitnet.errors import ModelError, SettingsError
from digitnet.imaging.augment import AUGMENTATIONS, Augmentation
from digitnet.imaging.frame import SIDE
from digitnet.imaging.framing import FRAMINGS
from digitnet.models.quantize import check_layers
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
from digitnet.nn.quantization import FORMATS, quantized_layers
from digitnet.training.setting import OnPage, Range, Setting, described, setting


class Choice(NamedTuple):
    """An optimiser by its name: made with a weight decay, and the rate that suits it."""

    make: Callable[[float], Optimizer]
    learning_rate: float


# The rates are what worked best at the default batch size (docs/lab-notes.md).
OPTIMIZERS = {
    "sgd": Choice(SGD, 1.0),
    "momentum": Choice(lambda decay: Momentum(weight_decay=decay), 0.1),
    "nesterov": Choice(lambda decay: Momentum(nesterov=True, weight_decay=decay), 0.1),
    "adam": Choice(lambda decay: Adam(weight_decay=decay), 0.002),
}
SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "cosine": Cosine(),
    "linear": Linear(),
    "one-cycle": OneCycle(),
}

SOURCE, FOLDER = "the digits", "a folder of pictures"
NETWORK, TRAINING, REGULARISATION = "the network", "the training", "regularisation"
TEACHER, FINETUNING = "a teacher", "fine-tuning and mixing"
GROUPS = (SOURCE, FOLDER, NETWORK, TRAINING, REGULARISATION, TEACHER, FINETUNING)


SHARE = Range(0, 1, below_high=True)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run, as plain values that a file can keep.

    A field here is an option of `digitnet train`, a line of a recipe, and, where it has an
    `on_page`, a field of the page and of the server's schema. The defaults were chosen on a
    validation split (docs/lab-notes.md).

    Raises:
        SettingsError: a value that makes no sense, or two that do not go together.
    """

    source: str = setting(
        "synthetic", SOURCE, "labelled digits to learn from", example="synthetic", metavar="SOURCE"
    )
    framing: str = setting(
        "mnist", SOURCE,
        "how pictures become 28 x 28: mnist, or the original program's stretch",
        choices=FRAMINGS,
    )  # fmt: skip
    labels: str = setting("auto", FOLDER, "where a folder's labels stand", choices=LABELS)
    per_class: int | None = setting(
        None, FOLDER, "the first so many pictures are 0, the next 1, ...", limits=Range(1),
        example="10", words="number of pictures per class",
    )  # fmt: skip
    hidden: tuple[int, ...] = setting(
        (64,), NETWORK, "hidden neurons per layer, or none behind convolutions", limits=Range(1),
        example="64 or 128,64", words="hidden neurons", metavar="N[,N...]",
        on_page=OnPage(
            "64 are a good start; 128, 64 are two layers.", 1024, n_most=4
        ),
    )  # fmt: skip
    activation: str = setting(
        "sigmoid", NETWORK, "a neuron's answer", choices=tuple(ACTIVATIONS),
        on_page=OnPage(
            "A neuron's answer to its sum.",
            choices={
                "sigmoid": "sigmoid: 0 to 1", "tanh": "tanh: \u22121 to 1",
                "relu": "ReLU: from 0 up; try rate 0.1",
            },
        ),
    )  # fmt: skip
    pool: int = setting(
        1, NETWORK, "look at the mean of each N x N pixels: 2 quarters the work",
        choices=(1, 2, 4, 7), words="pooling of pixels",
    )  # fmt: skip
    deskew: bool = setting(False, NETWORK, "set slanted writing upright first")
    conv: str = setting(
        "", NETWORK,
        "convolutions before the hidden layers, such as 16C5-MP2-32C5-MP2 (16 channels, windows of "
        "5 x 5; max pooling of 2 x 2); also AP2, GAP, 16C3S2P1 (stride, border)",
        example="16C5-MP2-32C5-MP2", words="convolutions", metavar="LAYERS",
        on_page=OnPage(
            "Small windows that slide over the picture: slower, and they read better.",
            choices={
                "": "none", "8C5-MP2": "one layer: 8 windows of 5 \u00d7 5",
                "16C5-MP2-32C5-MP2": "two layers: 16, then 32 windows",
                "16C5-MP2-32C3-MP2-64C3": "three layers: 16, 32, 64 windows",
            },
        ),
    )  # fmt: skip
    batch_norm: bool = setting(False, NETWORK, "normalise behind each convolution")
    bits: str = setting(
        "float", NETWORK,
        "bits of each weight of a network in whole numbers for a microcontroller; ternary is -1, "
        "0 and 1",
        choices=("float", *FORMATS),
    )  # fmt: skip
    input_dropout: float = setting(
        0.1, REGULARISATION, "share of the pixels dropped in each step", limits=SHARE, example="0.1"
    )
    dropout: float = setting(
        0.0, REGULARISATION, "share of the hidden activations dropped in each step",
        limits=SHARE, example="0.1",
    )  # fmt: skip
    epochs: int = setting(
        100, TRAINING, "passes over the training images", limits=Range(1), example="20",
        on_page=OnPage("How often it sees every digit.", 1000, default=20),
    )  # fmt: skip
    batch_size: int | None = setting(
        32, TRAINING, "images per step; 1 is per-sample descent, full is full-batch descent",
        limits=Range(1), example="32", none="full",
        on_page=OnPage("Digits looked at for each step.", 10_000),
    )  # fmt: skip
    learning_rate: float | None = setting(
        None, TRAINING,
        "how far a step goes; where none is given, the optimiser's own: "
        + ", ".join(f"{name} {choice.learning_rate:g}" for name, choice in OPTIMIZERS.items()),
        limits=Range(0, above_low=True), example="0.1",
        on_page=OnPage("How far a step goes. Empty: what suits the optimiser.", 1000),
    )  # fmt: skip
    optimizer: str = setting(
        "sgd", TRAINING, "what moves the weights", choices=tuple(OPTIMIZERS), words="optimiser",
        on_page=OnPage(
            "What moves the weights.",
            choices={
                name: f"{what}, rate {OPTIMIZERS[name].learning_rate:g}"
                for name, what in {
                    "sgd": "SGD: down the gradient", "momentum": "momentum: with a run-up",
                    "nesterov": "Nesterov: looks ahead", "adam": "Adam: one for each weight",
                }.items()
            },
        ),
    )  # fmt: skip
    weight_decay: float = setting(
        0.0, REGULARISATION, "decoupled weight decay", limits=Range(0), example="0.0005"
    )
    schedule: str = setting(
        "cosine", TRAINING, "the learning rate over the run", choices=tuple(SCHEDULES)
    )
    label_smoothing: float = setting(
        0.0,
        REGULARISATION,
        "share of the target spread over all classes",
        limits=SHARE,
        example="0.1",
    )
    ema_decay: float = setting(
        0.0, TRAINING, "keep a moving average of the weights, such as 0.999; 0 keeps the last",
        limits=SHARE, example="0.999", words="decay of averaged weights",
    )  # fmt: skip
    teacher: str | None = setting(
        None, TEACHER, "learn from this model's answers too (distillation): cnn, or a folder",
        metavar="MODEL",
    )  # fmt: skip
    temperature: float = setting(
        2.0, TEACHER, "how soft the teacher's answers are made",
        limits=Range(0, 100, above_low=True, below_high=True), example="2",
    )  # fmt: skip
    teacher_share: float = setting(
        0.9, TEACHER, "of the teacher in the loss", limits=Range(0, 1), example="0.9",
        words="teacher's share",
    )  # fmt: skip
    patience: int | None = setting(
        None, TRAINING,
        "early stopping: end after so many epochs without a better validation accuracy",
        limits=Range(1), example="10",
    )  # fmt: skip
    class_weights: str | None = setting(
        None, TRAINING, "balanced: rare classes count as much as frequent ones",
        choices=("balanced",),
    )  # fmt: skip
    augment: str = setting(
        "none", REGULARISATION, "augment each image anew in every epoch: "
        + ", ".join(f"{name} ({a.help})" for name, a in AUGMENTATIONS.items()),
        choices=tuple(AUGMENTATIONS), words="augmentation",
        on_page=OnPage(
            "Each digit is changed anew in every epoch: slower, and it learns more.",
            choices={
                "none": "none", "affine": "affine: turned, moved, slanted",
                "elastic": "elastic: bent besides", "ink": "ink: other ink besides",
                "wide": "wide: far wider or narrower", "wide-elastic": "wide-elastic: both",
            },
        ),
    )  # fmt: skip
    validation: float = setting(
        0.1, TRAINING, "share set aside to choose the best epoch; 0 for none", limits=SHARE,
        example="0.1", words="validation share",
    )  # fmt: skip
    start: str | None = setting(
        None, FINETUNING,
        "start from a model, cnn or mlp or a folder, and fine-tune it to the digits",
        metavar="MODEL",
    )  # fmt: skip
    mix: str | None = setting(
        None, FINETUNING,
        "other digits to be learnt beside; in fine-tuning, those that are not to be forgotten "
        "(then by default mnist where it has been downloaded, else synthetic)",
        metavar="SOURCE",
    )  # fmt: skip
    mix_share: float = setting(
        0.5, FINETUNING, "share of those in what is learnt",
        limits=Range(0, 1, above_low=True, below_high=True),
        example="0.5", words="share of other digits",
    )  # fmt: skip
    seed: int = setting(
        0, TRAINING, "of the split, the start and the shuffling", limits=Range(0), example="0"
    )

    def __post_init__(self) -> None:
        for name, each in settings_of(type(self)).items():
            object.__setattr__(self, name, each.checked(getattr(self, name)))
        if not (self.hidden or self.conv):
            raise SettingsError(
                "A network without convolutions needs hidden neurons.",
                "try {hidden} with one number or more, such as 64.",
            )
        if self.batch_norm and not self.conv:
            raise SettingsError(
                "Batch normalisation stands behind convolutions, and there are none.",
                "try {conv:16C5-MP2-32C5-MP2}, or leave out {batch_norm}.",
            )
        if self.conv and self.pool > 1:
            raise SettingsError(
                "Convolutions and pooling of pixels are two ways to look at a picture.",
                "choose one of {conv} and {pool}.",
            )
        if self.conv:
            try:
                convolutional_layers(self.conv, SIDE, ACTIVATIONS[self.activation], self.batch_norm)
            except ValueError as error:
                raise SettingsError(str(error)) from error
        if self.bits != "float":
            try:
                check_layers(self.layers(SIDE**2, len(DIGITS)))
            except (ModelError, ValueError) as error:
                raise SettingsError(*error.args) from error
        if self.weight_decay * self.rate >= 1.0:
            raise SettingsError(
                f"The weight decay must be below 1 / learning rate, which is {1 / self.rate:g}, "
                f"not {self.weight_decay:g}.",
                "try 0.0005.",
            )

    @property
    def rate(self) -> float:
        """The learning rate that is used."""
        own = OPTIMIZERS[self.optimizer].learning_rate
        return own if self.learning_rate is None else self.learning_rate

    def settings(self, teacher: Network | Ensemble | None = None) -> Settings:
        """What the training loop needs of it; `teacher` is the network that the config names."""
        taught = Distillation(self.temperature, self.teacher_share)
        return Settings(
            **{name: getattr(self, name) for name in _SAME},
            learning_rate=self.rate,
            optimizer=OPTIMIZERS[self.optimizer].make(self.weight_decay),
            schedule=SCHEDULES[self.schedule],
            teacher=None if teacher is None else Teacher(teacher, taught),
            class_weights=self.class_weights,
            augmentation=AUGMENTATIONS[self.augment].augmentation,
        )

    def layers(self, n_in: int, n_classes: int) -> list[Layer]:
        """The network it describes: what the pixels go through, convolutions, then Dense layers."""
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
        return layers if self.bits == "float" else quantized_layers(layers, self.bits)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `TrainingConfig(**d)` reads them back."""
        return {**asdict(self), "hidden": list(self.hidden)}


def settings_of(config: type[TrainingConfig] = TrainingConfig) -> dict[str, Setting]:
    """Every setting of a config by its name, in order."""
    return {each.name: each for each in described(config)}


def settings_on_page(config: type[TrainingConfig] = TrainingConfig) -> list[Setting]:
    """The settings that the page asks for, with the server's limits and the page's defaults."""
    return [each.as_on_page(each.on_page) for each in described(config) if each.on_page]


class Teacher(NamedTuple):
    """A trained network to learn from, and how; it sees what the pupil sees."""

    network: Network | Ensemble
    loss: Distillation


_SAME = ("epochs", "batch_size", "label_smoothing", "ema_decay", "patience")
"""Settings that mean the same in a config and in the loop."""


@dataclass(frozen=True)
class Settings:
    """What the loop trains by: a config's values, and in place of its names the things themselves.

    Whoever trains a network in Python passes an optimiser, a schedule or an augmentation of their
    own.

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
        patience: early stopping: end after so many epochs without a better validation accuracy;
            None never stops.
        class_weights: how much an image of each class counts: None for all the same,
            "balanced" for n_images / (n_classes * n_images_of_the_class), or one per class.
        augmentation: how much each image is changed, anew in every epoch; None for not at all.

    Raises:
        SettingsError: a value that makes no sense.
    """

    epochs: int = TrainingConfig.epochs
    batch_size: int | None = TrainingConfig.batch_size
    learning_rate: float = OPTIMIZERS["sgd"].learning_rate
    optimizer: Optimizer = SGD()  # noqa: RUF009 (frozen, so it can be shared)
    schedule: Schedule = Cosine()  # noqa: RUF009 (frozen too)
    label_smoothing: float = TrainingConfig.label_smoothing
    ema_decay: float = TrainingConfig.ema_decay
    teacher: Teacher | None = None
    patience: int | None = TrainingConfig.patience
    class_weights: str | Sequence[float] | None = None
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        known = settings_of()
        for name in _SAME:
            object.__setattr__(self, name, known[name].checked(getattr(self, name)))
        rate = replace(known["learning_rate"], optional=False)
        object.__setattr__(self, "learning_rate", rate.checked(self.learning_rate))
        if isinstance(self.class_weights, str):
            known["class_weights"].checked(self.class_weights)

    def weights_of_classes(self, training: Dataset | Features) -> NDArray[np.float32] | None:
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
