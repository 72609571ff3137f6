"""Keras on JAX, by compile and fit."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from benchmarks.sides.work import Work

os.environ["KERAS_BACKEND"] = "jax"
import keras


def with_parameters(parameters: list[np.ndarray]) -> keras.Model:
    """784-64-10 with W1, b1, W2, b2."""
    layers = [keras.Input((784,)), keras.layers.Dense(64, "sigmoid"), keras.layers.Dense(10)]
    net = keras.Sequential(layers)
    net.set_weights(parameters)
    return net


def epoch(work: Work) -> Callable[[], object]:
    net, x, y = with_parameters(work.start()), work.flat(), work.labels()
    kind = keras.optimizers.SGD if work.optimizer == "sgd" else keras.optimizers.Adam
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(kind(work.learning_rate), loss)
    return lambda: net.fit(x, y, batch_size=work.batch_size, epochs=1, verbose=0)
