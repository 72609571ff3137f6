"""Loop: training as a generator of events. It prints nothing and saves nothing itself."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.data.features import Features
from digitnet.errors import NothingLearntError, SettingsError, TrainingDivergedError
from digitnet.models.model import classify
from digitnet.nn import Network, cross_entropy, one_hot
from digitnet.nn.layer import FloatArray
from digitnet.nn.losses import LossFunction
from digitnet.threads import StepThreads
from digitnet.training.batches import DataLoader
from digitnet.training.chance import check_learnt
from digitnet.training.checkpoints import TrainingState, begin
from digitnet.training.config import Settings
from digitnet.training.data_parallel import DataParallel
from digitnet.training.events import EpochDone, Event, Finished, History, StepDone
from digitnet.training.progress import ProgressBar


def train(
    network: Network,
    training: Dataset | Features,
    validation: Dataset | Features | None,
    settings: Settings,
    state: TrainingState,
    *,
    sample_weights: FloatArray | None = None,
    yielding: bool = False,
) -> Iterator[Event]:
    """Train in place, and tell what happens: a StepDone per step, an EpochDone per epoch.

    A step is a batch from the data loader, backpropagation of its loss to the gradient, and the
    optimiser's move against it.

    Per-sample, mini-batch and full-batch descent differ in `settings.batch_size` alone. The images
    are shuffled anew each epoch. The best epoch is the one with the highest validation accuracy,
    among equals the one with the lowest validation loss; without a validation part, the last. At
    the end the network holds the best epoch's parameters, and the last event is Finished.
    Whoever stops listening stops the run; `state` is then complete and can go on later.

    BLAS takes as many threads as pay for the sizes at hand while steps are made (see
    `StepThreads`); at every EpochDone, at the end, and when the generator is closed the number is
    what it was. The same seed and the same number of threads give the same weights to the bit,
    interrupted or not.

    Args:
        network: its parameters are where the run starts, or goes on.
        training: images to learn from.
        validation: images to choose the best epoch by; never learnt from.
        settings: how.
        state: from `begin`, or of an interrupted run.
        sample_weights: (N,), how much each training image counts beside its class's weight; they
            are scaled to a mean of 1. None for all the same.
        yielding: take one thread while others take the cores, which spares a busy machine much;
            the last bits of large networks' weights then depend on how busy it was.

    Raises:
        SettingsError: the network and the images do not fit together.
        TrainingDivergedError: the loss is no longer finite; the network then holds the best
            epoch's parameters.
    """
    _check_fit(network, training, settings)
    dtype = network.vector.dtype
    n_classes = len(training.class_names)
    weights = _weights(training, settings, sample_weights, dtype)
    class_targets = one_hot(np.arange(n_classes), n_classes, settings.label_smoothing, dtype)
    batch_size = min(settings.batch_size or len(training), len(training))
    n_steps = math.ceil(len(training) / batch_size)
    n_all = settings.epochs * n_steps
    teacher = settings.teacher
    loss_function: LossFunction = cross_entropy if teacher is None else teacher.loss
    loader = DataLoader(training, batch_size, network, settings.augmentation, teacher, weights)
    optimizer, optimizer_state = settings.optimizer, state.optimizer_state

    def learning_rate(steps_done: int) -> float:
        return settings.learning_rate * settings.schedule.factor(steps_done / n_all)

    # Two halves at once leave one thread to the products of each.
    largest = 0 if network.convolves else batch_size * network.largest_product
    threads = StepThreads(largest, yielding=yielding)

    with closing(DataParallel(network, halves=network.convolves)) as parallel:
        gradient = parallel.gradient
        while state.epoch < settings.epochs and not _stops_early(state, settings):
            started = time.perf_counter()
            epoch = state.epoch + 1
            if state.step == 0:
                state.order = state.rng.permutation(len(training))
                state.loss_sum, state.n_right = 0.0, 0
            with threads.held():
                for x, labels, soft, of_images in loader.batches(state.order, first=state.step):
                    threads.look()
                    steps_done = state.epoch * n_steps + state.step
                    targets = class_targets.take(labels, 1)  # in columns, as the logits are
                    if soft is not None:
                        targets = np.concatenate([targets, soft.T])
                    with np.errstate(over="ignore", invalid="ignore"):  # divergence is told below
                        loss, logits = parallel.loss_and_gradient(
                            x,
                            targets.T,
                            state.rng,
                            of_images,
                            skip=loader.layers_done,
                            loss_function=loss_function,
                        )
                        network.absorb_statistics(gradient)
                        rate = learning_rate(steps_done)
                        optimizer.step(network.vector, gradient, optimizer_state, rate)
                    if not math.isfinite(loss):
                        raise _diverged(network, state, settings, loss)
                    if settings.ema_decay:
                        decay = min(settings.ema_decay, (1 + steps_done) / (10 + steps_done))
                        np.subtract(network.vector, state.average, gradient)
                        gradient *= 1.0 - decay
                        state.average += gradient
                    state.loss_sum += loss * len(labels)
                    state.n_right += int(np.count_nonzero(logits.argmax(1) == labels))
                    state.step += 1
                    yield StepDone(epoch, state.step, n_steps, loss)
            last_rate = learning_rate(epoch * n_steps - 1)
            yield _end_epoch(network, training, validation, state, last_rate, started)
    reason = f"all {settings.epochs} epochs done"
    if state.epoch < settings.epochs:
        reason = f"no better validation accuracy for {settings.patience} epochs"
    network.vector[:] = state.best_vector
    yield Finished(state.history.best_epoch, reason)


def _diverged(
    network: Network, state: TrainingState, settings: Settings, loss: float
) -> TrainingDivergedError:
    """Put the best epoch's parameters back; the error to raise."""
    network.vector[:] = state.best_vector
    return TrainingDivergedError(
        f"The loss became {loss} in epoch {state.epoch + 1}, step {state.step + 1}: the learning "
        f"rate {settings.learning_rate:g} is too high.",
        f"try {settings.learning_rate / 10:g}.",
    )


def _stops_early(state: TrainingState, settings: Settings) -> bool:
    """Early stopping: the last epochs brought nothing. Told from the state, so resuming agrees."""
    waited = state.epoch - state.history.best_epoch
    return settings.patience is not None and waited >= settings.patience


def _end_epoch(
    network: Network,
    training: Dataset | Features,
    validation: Dataset | Features | None,
    state: TrainingState,
    learning_rate: float,
    started: float,
) -> EpochDone:
    """Measure the epoch, keep it where it is the best, and write it into the history."""
    validation_loss = validation_accuracy = None
    is_best = True
    if validation is not None:
        averaged = Network(network.layers, network.vector.dtype)
        averaged.vector[:] = state.average
        logits = classify(averaged, validation.images)
        targets = one_hot(validation.labels, len(validation.class_names), dtype=logits.dtype)
        validation_loss, _ = cross_entropy(logits, targets)
        validation_accuracy = float(np.mean(logits.argmax(axis=1) == validation.labels))
        is_best = (validation_accuracy, -validation_loss) > (state.best_accuracy, -state.best_loss)
        if is_best:
            state.best_accuracy, state.best_loss = validation_accuracy, validation_loss
    if is_best:
        state.best_vector[:] = state.average
    state.epoch += 1
    state.step = 0
    event = EpochDone(
        epoch=state.epoch,
        training_loss=state.loss_sum / len(training),
        training_accuracy=state.n_right / len(training),
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
        learning_rate=learning_rate,
        seconds=time.perf_counter() - started,
        is_best=is_best,
    )
    state.history.add(event)
    return event


def fit(
    network: Network,
    training: Dataset,
    validation: Dataset | None = None,
    settings: Settings | None = None,
    *,
    rng: np.random.Generator,
    progress: bool = False,
) -> History:
    """`train` from a fresh start to its end, for those who only want the result.

    Args:
        network: its weights are drawn anew from `rng` first.
        training: images to learn from.
        validation: images to choose the best epoch by, or None.
        settings: how; None for the defaults.
        rng: draws the start, the order of the images, dropout.
        progress: show a bar on standard error; where that is no terminal, a line now and then.

    Warns:
        UserWarning: it has learnt nothing; see `chance`.

    Raises:
        SettingsError, TrainingDivergedError: as `train` does.
    """
    settings = settings or Settings()
    network.initialize(rng)
    state = begin(network, settings, rng)
    events = train(network, training, validation, settings, state)
    if progress:
        with ProgressBar(settings.epochs, len(training)) as bar:
            for event in events:
                bar.show(event)
    else:
        for _ in events:
            pass
    try:
        check_learnt(state.history, training, validation, settings.learning_rate)
    except NothingLearntError as error:
        warnings.warn(str(error), stacklevel=2)
    return state.history


def _weights(
    training: Dataset | Features, settings: Settings, given: FloatArray | None, dtype: Any
) -> FloatArray | None:
    """How much each image counts, (N,) with a mean of 1: its class's weight times its own."""
    of_classes = settings.weights_of_classes(training)
    if given is None:
        return None if of_classes is None else of_classes[training.labels]
    weights = np.asarray(given, dtype=np.float64)
    fits = weights.shape == (len(training),) and np.isfinite(weights).all()
    if not fits or weights.min() < 0 or weights.max() <= 0:
        raise SettingsError(
            f"Sample weights need one number from 0 for each of the {len(training)} images, and "
            "one above 0."
        )
    if of_classes is not None:
        weights = weights * of_classes[training.labels]
    scaled: FloatArray = (weights / weights.mean()).astype(dtype)
    return scaled


def _check_fit(network: Network, training: Dataset | Features, settings: Settings) -> None:
    """The network must take the images and answer with the classes, its teacher too."""
    n_pixels, n_classes = training.images[0].size, len(training.class_names)
    if (network.n_in, network.n_out) != (n_pixels, n_classes):
        raise SettingsError(
            f"The network maps {network.n_in} inputs to {network.n_out} classes, but "
            f"{training.source} has {n_pixels} pixels and {n_classes} classes."
        )
    if settings.teacher is not None:
        taught = settings.teacher.network
        if (taught.n_in, taught.n_out) != (n_pixels, n_classes):
            raise SettingsError(
                f"The teacher maps {taught.n_in} inputs to {taught.n_out} classes, but "
                f"{training.source} has {n_pixels} pixels and {n_classes} classes."
            )
