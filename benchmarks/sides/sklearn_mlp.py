"""scikit-learn's MLPClassifier, one epoch by partial_fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.sides.work import Work


def with_parameters(parameters: list[np.ndarray], **settings: Any) -> MLPClassifier:
    """784-64-10 with W1, b1, W2, b2."""
    warnings.simplefilter("ignore")
    net = MLPClassifier((64,), activation="logistic", alpha=0.0, random_state=0, **settings)
    net.partial_fit(np.eye(10, 784, dtype=np.float32), np.arange(10), classes=np.arange(10))
    W1, b1, W2, b2 = parameters
    net.coefs_, net.intercepts_ = [W1, W2], [b1, b2]
    return net


def fitted(work: Work) -> MLPClassifier:
    """The same with the work's optimiser."""
    settings: dict[str, Any] = {"solver": work.optimizer, "batch_size": work.batch_size}
    settings |= {"learning_rate_init": work.learning_rate, "momentum": 0.0}
    return with_parameters(work.start(), **settings)


def epoch(work: Work) -> Callable[[], object]:
    net, x, y = fitted(work), work.flat(), work.labels()
    return lambda: net.partial_fit(x, y)


def single(work: Work) -> Callable[[], object]:
    net, x = fitted(work), work.flat()[:1]
    return lambda: net.predict_proba(x)


def bulk(work: Work) -> Callable[[], object]:
    net, images = fitted(work), np.array(work.images())
    return lambda: net.predict_proba(images.reshape(-1, 784).astype(np.float32) / 255)
