"""Checkpoints: all that a run needs to go on, also those that earlier versions wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from digitnet.models.folder import load_model
from digitnet.nn import Network, multilayer_perceptron
from digitnet.training.checkpoints import begin, load_checkpoint, save_checkpoint
from digitnet.training.config import Settings, TrainingConfig, read_recipe
from digitnet.training.events import EpochDone
from digitnet.training.loop import train
from digitnet.training.run import Run
from support.helpers import bars, digitnet

BEFORE = Path(__file__).parents[1] / "data" / "written_before"
"""A recipe, its checkpoint after three of six epochs and its model, by digitnet before the config
was one; on `bars(200)` of seed 7."""


def test_what_was_the_best_so_far_is_restored(tmp_path: Path, rng: np.random.Generator) -> None:
    """A run that forgot its best loss would take an equally right, worse epoch for a better one."""
    training, validation = bars(300, rng).split(0.2, rng)
    settings = Settings(epochs=4)
    network = Network(multilayer_perceptron(784, [8], 10))
    network.initialize(rng)
    state = begin(network, settings, rng)
    for event in train(network, training, validation, settings, state):
        if isinstance(event, EpochDone) and event.epoch == 3:
            break
    save_checkpoint(tmp_path / "c.npz", state, {})
    other = begin(Network(network.layers), settings, np.random.default_rng(0))
    assert other.best_loss == np.inf
    load_checkpoint(tmp_path / "c.npz").restore(other)
    best = state.history.best_epoch - 1
    assert other.best_loss == state.best_loss == state.history.validation_loss[best]
    assert other.best_accuracy == state.best_accuracy == state.history.validation_accuracy[best]
    np.testing.assert_array_equal(other.best_vector, state.best_vector)
    np.testing.assert_array_equal(other.order, state.order)
    assert (other.epoch, other.step, other.history) == (3, 0, state.history)
    assert other.rng.bit_generator.state == state.rng.bit_generator.state


def test_what_earlier_versions_wrote_is_read_and_gone_on_with(tmp_path: Path) -> None:
    config = TrainingConfig(**read_recipe(str(BEFORE / "recipe.toml")))
    checkpoint = load_checkpoint(BEFORE / "model.checkpoint.npz")
    finished = load_model(BEFORE / "model")
    assert checkpoint.epochs_done == 3
    assert checkpoint.config() == config == TrainingConfig(**finished.training["plan"])
    assert config.as_dict() == finished.training["plan"]
    run = Run(config, bars(200, np.random.default_rng(7)), tmp_path / "model", checkpoint)
    for _ in run.events():
        pass
    np.testing.assert_allclose(run.network.vector, finished.network.vector, atol=1e-5)
    assert run.history.epochs == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_of_earlier_is_resumed_on_the_command_line(tmp_path: Path) -> None:
    dataset = bars(200, np.random.default_rng(7))
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    shutil.copy(BEFORE / "model.checkpoint.npz", tmp_path)
    done = digitnet("train", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    vectors = [load_model(each / "model").network.vector for each in (tmp_path, BEFORE)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    again = digitnet("train", "--recipe", BEFORE / "recipe.toml", "--resume", cwd=tmp_path)
    assert "already finished" in again.stdout


def test_a_checkpoint_that_says_nothing_of_its_run_is_damaged(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    from digitnet.errors import ModelError

    network = Network(multilayer_perceptron(784, [8], 10))
    state = begin(network, Settings(), rng)
    for record in ({}, {"plan": {"epochs": 0}}, {"plan": {"surprise": 1}}):
        save_checkpoint(tmp_path / "c.npz", state, record)
        with pytest.raises(ModelError, match="is damaged and cannot be resumed from; train again"):
            load_checkpoint(tmp_path / "c.npz").config()
