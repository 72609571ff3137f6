"""Chance: whether a run has learnt to answer better than one who always says the same."""

from __future__ import annotations

import math

from digitnet.data.dataset import Dataset
from digitnet.data.features import Features
from digitnet.errors import NothingLearntError
from digitnet.training.events import History

SURE = 3.0
"""Standard errors above chance from which on something has been learnt."""

FALLEN = 0.98
"""Of the first epoch's training loss, what the last one's must be below to have fallen."""

ENOUGH_TO_TELL = 100
"""Validation images from which on their accuracy tells whether something has been learnt."""


def check_learnt(
    history: History,
    training: Dataset | Features,
    validation: Dataset | Features | None,
    learning_rate: float,
    verdict: str = "Nothing was learnt",
) -> None:
    """Whether the best epoch answers better than one who always says the most frequent class.

    Asked of the validation part, of the training part where that has too few images to tell;
    there a loss that has FALLEN since the first epoch is something learnt, too, and one epoch
    alone tells nothing. Better is more than SURE standard errors above, or any better where
    so few images are there that even all of them right would not be.

    Args:
        history: of the run, of one epoch at least.
        training: what was learnt from.
        validation: what was kept back, or None.
        learning_rate: of the run; a lower one is one of the things to try.
        verdict: what is said where nothing was learnt, before the figures.

    Raises:
        NothingLearntError: it does not.
    """
    best, words = history.best_epoch - 1, "training"
    dataset: Dataset | Features = training
    losses = history.training_loss
    falls = len(losses) == 1 or losses[-1] < FALLEN * losses[0]
    accuracy: float | None = history.training_accuracy[best]
    if validation is not None and len(validation) >= ENOUGH_TO_TELL:
        words, dataset = "validation", validation
        accuracy, falls = history.validation_accuracy[best], False
    counts, n = dataset.counts(), len(dataset)
    chance = counts.max() / n
    bound = chance + SURE * math.sqrt(chance * (1 - chance) / n)
    if falls or accuracy is None or accuracy > (bound if bound < 1 else chance):
        return
    raise NothingLearntError(
        f"{verdict}: {accuracy:.2%} of the {n:,} {words} images are right, and always to say "
        f"{dataset.class_names[counts.argmax()]} would be right for {chance:.2%} (training loss "
        f"{losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last).",
        f"see in a preview of the data that the labels are right, or try more {{epochs}}, "
        f"{{learning_rate:{learning_rate / 10:g}}} or fewer layers.",
    )
