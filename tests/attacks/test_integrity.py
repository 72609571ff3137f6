"""Integrity: every byte of what is kept, changed: it is refused, or the answer is the same."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attacks.conftest import Attack
from digitnet.data.sources import open_source
from digitnet.errors import DigitnetError, ModelError
from digitnet.models.description import SEAL, sealed
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model
from digitnet.nn import Network, multilayer_perceptron
from digitnet.plots.loss_curve import save_loss_curve
from digitnet.training.checkpoints import (
    TrainingState,
    begin,
    load_checkpoint,
    save_checkpoint,
)
from digitnet.training.config import TrainingConfig
from digitnet.training.events import EpochDone
from digitnet.web import schemas
from digitnet.web.jobs import StoppedRuns
from support.helpers import bars, small_model


def _small(rng: np.random.Generator) -> Model:
    """784-1-10, calibrated with plain numbers."""
    network = Network(multilayer_perceptron(784, [1], 10))
    network.vector[:] = rng.normal(0, 0.1, network.vector.size)
    record = {"source": "bars", "validation_accuracy": 0.5, "epochs_done": 3, "plan": {}}
    return Model(network, training=record)


def _flip(
    path: Path,
    attack: Attack,
    rng: np.random.Generator,
    answer: Callable[[], Any],
    same: Callable[[Any], bool],
) -> int:
    """Change bytes of a file, one at a time; how many of the changes were refused."""
    whole = path.read_bytes()
    refused = 0
    for place in attack.places(len(whole), rng):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                got = answer()
            except DigitnetError:
                refused += 1
                continue
        assert same(got), f"byte {place} of {path.name} changes the answer"
    path.write_bytes(whole)
    return refused


@pytest.mark.promise("damage is noticed")
@pytest.mark.parametrize("name", ["model.json", "W1.npy", "b2.npy"])
def test_a_changed_byte_of_a_model(
    name: str, tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    model = _small(rng)
    save_model(model, tmp_path / "m")
    image = rng.integers(0, 256, (3, 28, 28)).astype(np.uint8)
    expected = model.probabilities(image)

    def same(got: Model) -> bool:
        return bool(
            np.array_equal(got.probabilities(image), expected)
            and (got.class_names, got.framing) == (model.class_names, model.framing)
            and got.training == model.training
            and got.calibration.least_probability == model.calibration.least_probability
        )

    refused = _flip(tmp_path / "m" / name, attack, rng, lambda: load_model(tmp_path / "m"), same)
    assert refused > 0
    assert same(load_model(tmp_path / "m"))


@pytest.mark.promise("damage is noticed")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_changed_byte_of_an_archive(
    save: Any, tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    path = tmp_path / "digits.npz"
    digits = bars(10, rng)
    save(path, images=digits.images, labels=digits.labels)

    def same(got: Any) -> bool:
        return np.array_equal(got.images, digits.images) and list(got.labels) == list(digits.labels)

    assert _flip(path, attack, rng, lambda: open_source(path, as_is=True), same) > 0


@pytest.mark.promise("damage is noticed")
def test_a_changed_byte_of_a_checkpoint(
    tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    path = tmp_path / "m.checkpoint.npz"
    config = TrainingConfig(hidden=(1,))
    network = Network(multilayer_perceptron(784, [1], 10))
    network.initialize(rng)
    state = begin(network, config.settings(), rng)
    state.order = rng.permutation(100)
    save_checkpoint(path, state, {"plan": config.as_dict(), "data": "bars"})
    whole = load_checkpoint(path)

    def same(got: Any) -> bool:
        return (
            (got.run, got._progress) == (whole.run, whole._progress)
            and got._arrays.keys() == whole._arrays.keys()
            and all(np.array_equal(got._arrays[k], whole._arrays[k]) for k in whole._arrays)
        )

    assert _flip(path, attack, rng, lambda: load_checkpoint(path), same) > 0


ODD = [
    None, True, -1, 5, 1e308, float("nan"), 10**400, "", "x", "\x1b[2J", "9" * 300, [], [[]], {},
    {"a": {}}, [1, 2, 3], [None], 2**63,
]  # fmt: skip


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value of a JSON document stands."""
    found = [at] if at else []
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            found += _places(below, (*at, key))
    return found


def _is_one_sentence(error: DigitnetError) -> None:
    text = str(error)
    assert len(text.splitlines()) == 1, text


def _replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    target = copy
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return copy


@pytest.mark.promise("odd values are refused in a sentence")
@pytest.mark.parametrize("sealed_anew", [True, False])
def test_odd_values_in_a_description(
    sealed_anew: bool, tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    """With a fitting seal, and as in a folder from before there were seals."""
    save_model(small_model(rng), tmp_path / "m")
    path = tmp_path / "m" / "model.json"
    whole = json.loads(path.read_bytes())
    del whole[SEAL]
    places = _places(whole)
    for _ in attack.times(10_000):
        place = places[int(rng.integers(len(places)))]
        odd = _replaced(whole, place, ODD[int(rng.integers(len(ODD)))])
        path.write_text(json.dumps(sealed(odd) if sealed_anew else odd))
        try:
            model = load_model(tmp_path / "m")
        except ModelError as error:
            _is_one_sentence(error)
        else:  # what lists show of it is of the kind that they show
            assert f"{model.training.get('validation_accuracy', 0.0):.2%}"
            assert isinstance(model.training.get("plan", {}).get("source", ""), str | None)
    path.write_text("[" * 100_000)
    with pytest.raises(ModelError):
        load_model(tmp_path / "m")
    attack.tried()


CONFIG = TrainingConfig(hidden=(1,))


def _begun() -> TrainingState:
    network = Network(multilayer_perceptron(784, [1], 10))
    return begin(network, CONFIG.settings(), np.random.default_rng(0))


def _kept(state: TrainingState, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The head and the arrays of a state's checkpoint."""
    save_checkpoint(path, state, {"plan": CONFIG.as_dict(), "data": "bars"})
    with np.load(path) as archive:
        arrays = dict(archive)
    return json.loads(arrays.pop("head").tobytes()), arrays


def _bytes_of(head: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(head).encode(), np.uint8)


@pytest.mark.promise("odd values are refused in a sentence")
def test_odd_values_in_a_checkpoint(
    tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    path = tmp_path / "m.checkpoint.npz"
    head, arrays = _kept(_begun(), path)
    places = _places(head)
    for _ in attack.times(5_000):
        place = places[int(rng.integers(len(places)))]
        odd = _replaced(head, place, ODD[int(rng.integers(len(ODD)))])
        np.savez(path, head=_bytes_of(odd), **arrays)
        fresh = _begun()
        try:
            checkpoint = load_checkpoint(path)
            checkpoint.config()
            checkpoint.restore(fresh)
        except DigitnetError as error:
            _is_one_sentence(error)


@pytest.mark.promise("odd values are refused in a sentence")
def test_one_odd_checkpoint_breaks_no_list_and_no_run(
    tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    """What the page shows of it can be shown, and a history that is taken can be drawn."""
    path, state = tmp_path / "m.checkpoint.npz", _begun()
    for epoch in (1, 2):
        state.history.add(EpochDone(epoch, 2.0, 0.1, None, None, 0.01, 1.5, is_best=True))
    state.epoch = 2
    head, arrays = _kept(state, path)
    places = _places(head)
    history = [place for place in places if "history" in place]
    for number in attack.times(3_000):
        several = history if number % 2 else places
        place = several[int(rng.integers(len(several)))]
        odd = _replaced(head, place, ODD[int(rng.integers(len(ODD)))])
        np.savez(path, head=_bytes_of(odd), **arrays)
        newest = StoppedRuns(tmp_path).newest()
        if newest is not None:
            schemas.Resumable.model_validate(newest)
            json.dumps(newest, allow_nan=False).encode()
        try:
            checkpoint = load_checkpoint(path)
            checkpoint.restore(state)
        except DigitnetError as error:
            _is_one_sentence(error)
            continue
        h = state.history
        save_loss_curve(h, tmp_path / "curve.png") if number % 100 == 1 else None
        assert len(h.epochs) == len(h.seconds) == len(h.validation_loss)
        assert isinstance(sum(h.seconds), int | float)
        assert h.best_epoch in (0, *h.epochs)
