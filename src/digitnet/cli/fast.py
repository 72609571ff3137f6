"""Fast: `digitnet train mnist --fast 98`, a recipe of fixed length from a cold start to a model.

Only what that takes: no checkpoint, no calibration, no curve; the test part is opened once, at the
end, and unpacked in a second thread while the steps run.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from digitnet.cli.output import say, show
from digitnet.cli.signals import listen_for_stop
from digitnet.data.dataset import Dataset
from digitnet.data.found import Part
from digitnet.data.idx import has_idx
from digitnet.errors import OutputError, SettingsError
from digitnet.models.folder import check_place, save_model
from digitnet.models.model import Model, classify
from digitnet.models.plausibility import open_source
from digitnet.nn import Network
from digitnet.training.checkpoints import begin
from digitnet.training.config import TrainingConfig
from digitnet.training.events import EpochDone
from digitnet.training.loop import train
from digitnet.training.recipes import read_recipe, recipe_names


def run_fast(target: str, source: str, seed: int, out: str) -> int:
    """Train by the recipe `fast-TARGET`, keep the model, say how good it is on the test part.

    Ctrl-C ends it behind the running epoch; what was learnt by then is measured and kept.

    Raises:
        SettingsError: an unknown target, or a source without a test part of its own.
    """
    started = time.perf_counter()
    check_place(out)
    targets = [name[5:] for name in recipe_names() if name.startswith("fast-")]
    if target not in targets:
        raise SettingsError(f"--fast takes one of {', '.join(targets)}, not {target}.")
    recipe = {**read_recipe(f"fast-{target}"), "source": source, "seed": seed}
    config = TrainingConfig(**recipe)
    with listen_for_stop() as stopping, ThreadPoolExecutor(1) as helper:
        training = _part(source, "train")
        coming = helper.submit(_part, source, "test")
        rng = np.random.default_rng(seed)
        network = Network(config.layers(training.images[0].size, len(training.class_names)))
        network.initialize(rng)
        settings = config.settings()
        state = begin(network, settings, rng)
        unheard: OutputError | BrokenPipeError | None = None
        for event in train(network, training, None, settings, state, yielding=True):
            if isinstance(event, EpochDone):
                try:
                    _tell(event, settings.epochs)
                except (OutputError, BrokenPipeError) as error:  # the model is kept all the same
                    unheard = error
                if stopping.number is not None:
                    break
        test = coming.result()
    accuracy = np.mean(classify(network, test.images).argmax(axis=1) == test.labels)
    record = {"plan": config.as_dict(), "fast": target}
    save_model(Model(network, training.class_names, config.framing, record), out)
    if unheard is not None:
        raise unheard
    show(
        f"{accuracy:.2%} of {len(test):,} test digits right, "
        f"{time.perf_counter() - started:.1f} s with reading and saving. Kept in {out}."
    )
    if stopping.number is not None:
        say("Stopped before the recipe's end; what was learnt by then is kept.")
        return 128 + stopping.number
    return 0


def _tell(event: EpochDone, n_epochs: int) -> None:
    show(
        f"epoch {event.epoch}/{n_epochs}  training loss {event.training_loss:.4f}  "
        f"accuracy {event.training_accuracy:.2%}  {event.seconds:.1f} s, "
        f"{event.seconds * (n_epochs - event.epoch):.0f} s left",
        flush=True,
    )


def _part(source: str, part: Part) -> Dataset:
    """One part of a source that has two."""
    if source not in ("mnist", "synthetic") and not has_idx(Path(source)):
        raise SettingsError(
            f"--fast needs a source with a test part: mnist, synthetic or a folder with MNIST's "
            f"IDX files, not {source}."
        )
    return open_source(source, part=part)
