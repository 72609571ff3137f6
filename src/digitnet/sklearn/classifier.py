"""Classifier: digitnet's network and training loop as an estimator of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from digitnet.data.dataset import Dataset, stratified
from digitnet.data.features import Features
from digitnet.errors import DigitnetError, NothingLearntError, SettingsError
from digitnet.imaging.frame import SIDE
from digitnet.models.model import Model, classify
from digitnet.nn import Layer, Network, log_softmax, softmax
from digitnet.nn.layer import FloatArray
from digitnet.nn.optimizers import State
from digitnet.training.chance import check_learnt
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.events import History
from digitnet.training.loop import train
from digitnet.training.progress import ProgressBar

SETTINGS = (
    "hidden", "conv", "batch_norm", "pool", "deskew", "activation", "dropout", "optimizer",
    "learning_rate", "schedule", "weight_decay", "label_smoothing", "epochs", "batch_size",
    "augment", "validation", "patience",
)  # fmt: skip
"""Arguments that mean what they mean in a recipe."""

OF_SQUARES = ("conv", "pool", "deskew")
"""Those that need rows which are square pictures."""

FLOATS = (np.float32, np.float64)
"""Rows of one of these stay as they are; others become the first."""

Examples = Dataset | Features


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network in NumPy, trained by digitnet, for rows of numbers of any length.

    Rows are taken as they are: pixels are best in 0 to 1, other features with mean 0 and variance
    1. Rows of float64 are computed with in float64, all others in float32, which takes half the
    time. What the arguments mean, `digitnet train --help` and docs/training.md say.

    Args:
        hidden: neurons of each hidden layer; () for none, behind convolutions.
        conv: convolutions before them, such as "16C5-MP2-32C5-MP2"; rows are then square pictures.
        batch_norm: normalise behind each convolution.
        pool: look at the mean of each N x N pixels of square pictures.
        deskew: set slanted writing in square pictures upright.
        activation: "relu", "sigmoid" or "tanh".
        dropout: share of hidden activations dropped in each step.
        optimizer: "adam", "sgd", "momentum" or "nesterov".
        learning_rate: of the first steps; None for the one that suits the optimiser.
        schedule: "cosine", "linear", "one-cycle" or "constant".
        weight_decay: decoupled weight decay.
        label_smoothing: share of the target spread over all classes.
        epochs: passes over the rows.
        batch_size: rows per step; None for all at once.
        augment: "none", or how each picture is changed anew in every epoch; rows are then pictures
            of 28 x 28, in 0 to 1.
        validation: share of the rows kept back, by which the best epoch is chosen.
        patience: end after so many epochs without a better validation accuracy.
        class_weight: how much each class counts: a dictionary, "balanced" or None.
        warm_start: let `fit` go on from where the last one ended.
        random_state: a whole number for the same result every time, or NumPy's RandomState.
        verbose: show a progress bar on standard error.

    Attributes:
        classes_: the classes, sorted.
        n_features_in_: numbers per row.
        feature_names_in_: the columns' names, where X had any.
        network_: the trained `digitnet.Network`.
        history_: loss and accuracy of each epoch of the last `fit`.
        n_iter_: epochs of the last `fit`.
    """

    classes_: NDArray[Any]
    network_: Network
    history_: History
    n_features_in_: int
    n_iter_: int
    _rng: np.random.Generator
    _optimizer_state: State

    def __init__(
        self,
        hidden: tuple[int, ...] = (64,),
        *,
        conv: str = "",
        batch_norm: bool = False,
        pool: int = 1,
        deskew: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float | None = None,
        schedule: str = "cosine",
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        epochs: int = 50,
        batch_size: int | None = 64,
        augment: str = "none",
        validation: float = 0.0,
        patience: int | None = None,
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.conv = conv
        self.batch_norm = batch_norm
        self.pool = pool
        self.deskew = deskew
        self.activation = activation
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.epochs = epochs
        self.batch_size = batch_size
        self.augment = augment
        self.validation = validation
        self.patience = patience
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows X (N, n) and their classes y (N,).

        Args:
            X: numbers.
            y: of any kind: numbers, text, truth values.
            sample_weight: (N,), from 0; a weight of 2 counts like the same row twice. None for 1.

        Warns:
            ConvergenceWarning: nothing was learnt.

        Raises:
            ValueError: X, y or an argument makes no sense, or the loss is no finite number any
                more.
        """
        goes_on = self.warm_start and hasattr(self, "network_")
        dtype = self.network_.dtype if goes_on else FLOATS
        X, y = validate_data(self, X, y, dtype=dtype, order="C", reset=not goes_on)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        if goes_on and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"With warm_start=True the classes stay {self._shown_classes()}, and y has "
                f"{list(classes)}; set warm_start=False to begin anew."
            )
        self.classes_ = classes
        with _as_value_errors():
            config = self._config()
            layers = self._layers(config, X.shape[1])
            if goes_on:
                self._check_same(layers)
            else:
                self._begin(layers, X.dtype)
            self._learn(X, labels, self._weights(X, y, labels, sample_weight), config)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Make one pass over some rows, at a constant learning rate, going on from before.

        Args:
            X: (N, n) numbers.
            y: (N,), their classes.
            classes: all there will be; needed in the first call, unless `fit` was called before.
            sample_weight: (N,), as of `fit`; within one call they are scaled to a mean of 1.

        Raises:
            ValueError: as of `fit`; or class_weight is "balanced", which takes all rows at once.
        """
        first = not hasattr(self, "network_")
        dtype = FLOATS if first else self.network_.dtype
        X, y = validate_data(self, X, y, dtype=dtype, order="C", reset=first)
        check_classification_targets(y)
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once, and partial_fit sees "
                "some; give a dictionary, or sample_weight."
            )
        if first:
            if classes is None:
                raise ValueError("The first partial_fit needs `classes`: all there will be.")
            self.classes_ = np.unique(classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"`classes` is {list(np.unique(classes))}, and before it was "
                f"{self._shown_classes()}: they stay the same."
            )
        odd = np.setdiff1d(y, self.classes_)
        if len(odd):
            raise ValueError(f"y holds {odd[0]!r}, which is not among {self._shown_classes()}.")
        labels = np.searchsorted(self.classes_, y)
        with _as_value_errors():
            config = self._config(epochs=1, schedule="constant", validation=0.0, patience=None)
            layers = self._layers(config, X.shape[1])
            if first:
                self._begin(layers, X.dtype)
            else:
                self._check_same(layers)
            weights = self._weights(X, y, labels, sample_weight)
            self._learn(X, labels, weights, config, going_on=not first)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each row, (N,)."""
        chosen = self._logits(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])

    def predict_proba(self, X: Any) -> FloatArray:
        """How likely each class is, (N, n_classes), in the order of `classes_`."""
        return softmax(self._logits(X))

    def predict_log_proba(self, X: Any) -> FloatArray:
        """The logarithms of `predict_proba`, finite however small a probability is."""
        return log_softmax(self._logits(X))

    def to_model(self, framing: str = "mnist") -> Model:
        """The trained network as a `digitnet.Model`: saved, exported, and asked about pictures.

        It answers always: how far its answers may be trusted, `digitnet calibrate` counts.

        Args:
            framing: how its pictures become 28 x 28.

        Raises:
            ValueError: the rows were no pictures of 28 x 28.
        """
        check_is_fitted(self)
        if self.n_features_in_ != SIDE**2:
            raise ValueError(
                f"A model reads pictures of {SIDE} x {SIDE}, {SIDE**2} numbers each, and this "
                f"classifier has learnt from rows of {self.n_features_in_}."
            )
        network = Network(self.network_.layers)  # in float32, as every model is
        network.vector[:] = self.network_.vector
        return Model(network, tuple(str(name) for name in self.classes_), framing)

    def _logits(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=self.network_.dtype, order="C", reset=False)
        return classify(self.network_, X)

    def _config(self, **fixed: Any) -> TrainingConfig:
        """The arguments as digitnet's training knows them, checked."""
        given = {name: getattr(self, name) for name in SETTINGS} | fixed
        if isinstance(given["hidden"], int | np.integer):
            given["hidden"] = (given["hidden"],)
        return TrainingConfig(**given, input_dropout=0.0)

    def _layers(self, config: TrainingConfig, n_features: int) -> list[Layer]:
        for name in OF_SQUARES:
            side = round(n_features**0.5)
            if getattr(config, name) != getattr(TrainingConfig, name) and side**2 != n_features:
                raise SettingsError(
                    f"{name}={getattr(config, name)!r} needs rows that are square pictures, and "
                    f"{n_features} numbers are none."
                )
        return config.layers(n_features, len(self.classes_))

    def _begin(self, layers: list[Layer], dtype: Any) -> None:
        """A network with new weights, and the generator of all that is drawn from now on."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._rng = np.random.default_rng(seed)
        self.network_ = Network(layers, dtype)
        self.network_.initialize(self._rng)

    def _check_same(self, layers: list[Layer]) -> None:
        """Whoever goes on does so with the same network."""
        if tuple(layers) != self.network_.layers:
            raise SettingsError(
                "Arguments that describe the network have changed, so it cannot learn on.",
                "set them back, or set warm_start=False and call fit.",
            )

    def _weights(
        self, X: NDArray[Any], y: NDArray[Any], labels: NDArray[Any], given: Any
    ) -> NDArray[np.float64] | None:
        """How much each row counts, (N,), its class's weight in it; None for all the same."""
        if given is None and self.class_weight is None:
            return None
        weights = _check_sample_weight(given, X, dtype=np.float64, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("All of sample_weight is 0: no row is left to learn from.")
        if self.class_weight == "balanced":
            totals = np.bincount(labels, weights, len(self.classes_))
            weights = weights * (weights.sum() / np.maximum(totals, 1e-300))[labels]
        elif self.class_weight is not None:
            of_classes = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
            weights = weights * of_classes[labels]
        return np.asarray(weights)

    def _learn(
        self,
        X: FloatArray,
        labels: NDArray[Any],
        weights: NDArray[np.float64] | None,
        config: TrainingConfig,
        *,
        going_on: bool = False,
    ) -> None:
        """Train by the config; `going_on`: with the optimiser as the last call left it."""
        if weights is not None:  # what counts nothing is not there: nor does it make a step longer
            counts = weights > 0
            X, labels, weights = X[counts], labels[counts], weights[counts]
        examples = self._examples(X, labels.astype(np.int64), config.augment != "none")
        training, validation = examples, None
        if config.validation:
            apart = stratified(labels, config.validation, self._rng, "X")
            training, validation = _part(examples, ~apart), _part(examples, apart)
            weights = None if weights is None else weights[~apart]
        settings: Settings = config.settings()
        state = begin(self.network_, settings, self._rng)
        if going_on:
            state.optimizer_state = self._optimizer_state
        events = train(self.network_, training, validation, settings, state, sample_weights=weights)
        if self.verbose:
            with ProgressBar(settings.epochs, len(training)) as bar:
                for event in events:
                    bar.show(event)
        else:
            for _ in events:
                pass
        self._optimizer_state = state.optimizer_state
        self.history_ = state.history
        self.n_iter_ = len(state.history.epochs)
        if len(np.unique(labels)) > 1 and weights is None:  # weighted, another share is chance
            try:
                check_learnt(state.history, training, validation, settings.learning_rate)
            except NothingLearntError as error:
                warnings.warn(str(error), ConvergenceWarning, stacklevel=3)

    def _examples(self, X: FloatArray, labels: NDArray[np.int64], as_pictures: bool) -> Examples:
        """The rows as the training takes them: as pictures where they are to be augmented."""
        names = tuple(str(name) for name in self.classes_)
        if not as_pictures:
            return Features(X, labels, names, "X")
        if X.shape[1] != SIDE**2 or X.min() < 0 or X.max() > 1:
            raise SettingsError(
                f"augment={self.augment!r} needs rows that are pictures of {SIDE} x {SIDE} in 0 "
                f"to 1, not {X.shape[1]} numbers from {X.min():g} to {X.max():g}."
            )
        return Dataset(
            np.rint(X * 255).astype(np.uint8).reshape(-1, SIDE, SIDE), labels, names, "X"
        )

    def _shown_classes(self) -> list[Any]:
        return list(self.classes_)


def _part(examples: Examples, chosen: NDArray[np.bool_]) -> Examples:
    """Those rows alone."""
    if isinstance(examples, Dataset):
        return examples.take(np.flatnonzero(chosen))
    return Features(
        examples.images[chosen], examples.labels[chosen], examples.class_names, examples.source
    )


@contextmanager
def _as_value_errors() -> Iterator[None]:
    """What digitnet cannot do with what it was given is a ValueError in scikit-learn's world."""
    try:
        yield
    except DigitnetError as error:
        raise ValueError(str(error)) from error
