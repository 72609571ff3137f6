"""Checkpoints: all that a run needs to go on, also those that earlier versions wrote."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.models.folder import load_model
from digitnet.nn import SGD, Momentum, Network, multilayer_perceptron
from digitnet.training.checkpoints import (
    VERSION,
    TrainingState,
    begin,
    load_checkpoint,
    save_checkpoint,
)
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.events import EpochDone, History
from digitnet.training.loop import train
from digitnet.training.recipes import read_recipe
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
    assert config.as_dict() == {"bits": "float", **finished.training["plan"]}  # not asked then
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
    network = Network(multilayer_perceptron(784, [8], 10))
    state = begin(network, Settings(), rng)
    for record in ({}, {"plan": {"epochs": 0}}, {"plan": {"surprise": 1}}):
        save_checkpoint(tmp_path / "c.npz", state, record)
        with pytest.raises(ModelError, match="is damaged and cannot be resumed from; train again"):
            load_checkpoint(tmp_path / "c.npz").config()


def small(rng: np.random.Generator, settings: Settings, n_hidden: int = 3) -> TrainingState:
    network = Network(multilayer_perceptron(784, [n_hidden], 10))
    network.initialize(rng)
    return begin(network, settings, rng)


def test_where_a_run_begins(rng: np.random.Generator) -> None:
    for settings, own in ((Settings(), True), (Settings(ema_decay=0.9), False)):
        state = small(rng, settings)
        assert (state.epoch, state.step, state.loss_sum, state.n_right) == (0, 0, 0.0, 0)
        assert (state.best_accuracy, state.best_loss) == (-1.0, float("inf"))
        assert (state.order.shape, state.order.dtype) == ((0,), np.int64)
        assert state.history == History()
        assert (state.average is state.vector) is own
        assert not np.shares_memory(state.best_vector, state.vector)
        np.testing.assert_array_equal(state.best_vector, state.vector)
        np.testing.assert_array_equal(state.average, state.vector)


def test_all_of_a_state_comes_back(tmp_path: Path, rng: np.random.Generator) -> None:
    settings = Settings(optimizer=Momentum(), ema_decay=0.5)
    state = small(rng, settings)
    for array in (state.vector, state.best_vector, state.average, *state.optimizer_state.values()):
        array[...] = rng.random(array.shape)
    state.order = rng.permutation(7)
    state.epoch, state.step, state.loss_sum, state.n_right = 3, 2, 1.25, 9
    state.best_accuracy, state.best_loss = 0.75, 0.5
    state.history.add(EpochDone(1, 0.5, 0.25, None, None, 0.1, 2.0, True))
    path = tmp_path / "c.npz"
    save_checkpoint(path, state, {"what": ["it", 1]})
    read = load_checkpoint(path)
    assert (read.path, read.run, read.epochs_done) == (path, {"what": ["it", 1]}, 3)
    other = small(np.random.default_rng(9), settings)
    read.restore(other)
    for field in dataclasses.fields(state):
        found, expected = getattr(other, field.name), getattr(state, field.name)
        if field.name == "rng":
            assert found.bit_generator.state == expected.bit_generator.state
        elif field.name == "optimizer_state":
            assert found.keys() == expected.keys()
            for name in expected:
                np.testing.assert_array_equal(found[name], expected[name])
        else:
            np.testing.assert_array_equal(found, expected)
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.path = path  # type: ignore[misc]


@pytest.mark.parametrize(
    "misfit", ["width", "type", "optimiser", "generator", "progress", "history"]
)
def test_a_checkpoint_of_another_run_is_refused(
    misfit: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "c.npz"
    saved = small(rng, Settings())
    save_checkpoint(path, saved, {})
    read = load_checkpoint(path)
    settings = Settings(optimizer=Momentum() if misfit == "optimiser" else SGD())
    state = small(rng, settings, n_hidden=4 if misfit == "width" else 3)
    if misfit == "type":
        state.best_vector = state.best_vector.astype(np.float64)
    if misfit == "generator":
        read._progress["rng"]["bit_generator"] = "MT19937"
    if misfit == "progress":
        del read._progress["n_right"]
    if misfit == "history":
        read._progress["history"]["surprise"] = []
    with pytest.raises(ModelError) as raised:
        read.restore(state)
    assert str(raised.value) == (
        f"{path} does not fit the network and optimiser of this run; train again without `resume`."
    )


@pytest.mark.parametrize("share", [-0.5, 1.5, 1e308])
@pytest.mark.parametrize("where", ["training_accuracy", "validation_accuracy", "best_accuracy"])
def test_an_accuracy_that_is_no_share_is_damage(
    where: str, share: float, tmp_path: Path, rng: np.random.Generator
) -> None:
    state, path = small(rng, Settings()), tmp_path / "c.npz"
    good = EpochDone(1, 0.5, 0.25, 0.5, 1.0, 0.1, 2.0, True)
    state.history.add(good)
    state.best_accuracy = 1.0
    save_checkpoint(path, state, {})
    load_checkpoint(path)
    if where == "best_accuracy":
        state.best_accuracy = share
    else:
        getattr(state.history, where)[0] = share
    save_checkpoint(path, state, {})
    with pytest.raises(ModelError, match="is damaged and cannot be resumed from"):
        load_checkpoint(path)


def test_files_that_are_no_checkpoint_of_ours(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "c.npz"
    with pytest.raises(FileNotFoundError):
        load_checkpoint(path)
    save_checkpoint(path, small(rng, Settings()), {})
    whole = path.read_bytes()
    arrays = dict(np.load(path))
    head = json.loads(arrays["head"].tobytes())
    assert head["version"] == VERSION == 1

    def with_head(text: str) -> None:
        np.savez(path, **{**arrays, "head": np.frombuffer(text.encode(), np.uint8)})

    def without_head() -> None:
        np.savez(path, vector=arrays["vector"])

    for damage in (
        lambda: path.write_bytes(whole[: len(whole) // 2]),
        lambda: path.write_bytes(b""),
        lambda: path.write_bytes(b"no archive at all"),
        without_head,
        lambda: with_head("{"),
        lambda: with_head("[]"),
        lambda: with_head(json.dumps({"version": 1})),
        lambda: with_head(json.dumps({k: v for k, v in head.items() if k != "version"})),
    ):
        damage()
        with pytest.raises(ModelError, match="is damaged and cannot be resumed from"):
            load_checkpoint(path)
    for version in (0, 2):
        with_head(json.dumps({**head, "version": version}))
        with pytest.raises(ModelError) as raised:
            load_checkpoint(path)
        assert str(raised.value) == (
            f"{path} has version {version}, and this digitnet reads 1; "
            "train again without `resume`."
        )


def test_a_link_in_a_checkpoints_place_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "m.checkpoint.npz"
    link.symlink_to(BEFORE / "model.checkpoint.npz")
    with pytest.raises(ModelError, match="symbolic link"):
        load_checkpoint(link)
