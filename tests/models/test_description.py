"""What model.json says, to the word, and what of it is believed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.imaging.framing import FRAMING_VERSION
from digitnet.models.calibration import Calibration
from digitnet.models.description import arrays_of, describe, rebuild
from digitnet.models.ensembles import combine
from digitnet.models.model import Model
from digitnet.models.novelty import Novelty
from digitnet.nn import Ensemble
from support.helpers import small_model

WHERE = Path("m", "model.json")


def knowing(n_classes: int = 2, n_axes: int = 3) -> Novelty:
    return Novelty(
        np.ones((272, n_axes), dtype=np.float32),
        np.ones((n_classes, n_axes), dtype=np.float32),
        np.ones((n_classes, n_axes * (n_axes + 1) // 2), dtype=np.float32),
    )


@pytest.fixture
def model(rng: np.random.Generator) -> Model:
    calibration = Calibration(1.25, 0.5, 80.0, knowing())
    return replace(small_model(rng, "stretch"), calibration=calibration)


def described(model: Model) -> dict[str, Any]:
    return describe(model, {f"{name}.npy": f"sha of {name}" for name in arrays_of(model)})


def rebuilt(description: dict[str, Any]) -> Model:
    return rebuild(json.dumps(description).encode(), WHERE)[0]


def test_a_description_to_the_word(model: Model) -> None:
    def array(name: str, *shape: int) -> dict[str, Any]:
        return {"shape": list(shape), "dtype": "float32", "sha256": f"sha of {name}"}

    assert described(model) == {
        "format": "digitnet model",
        "version": 1,
        "layers": [
            {"kind": "Dense", "n_in": 784, "n_out": 5},
            {"kind": "Sigmoid"},
            {"kind": "Dense", "n_in": 5, "n_out": 10},
        ],
        "class_names": list("0123456789"),
        "framing": {"name": "stretch", "version": FRAMING_VERSION},
        "calibration": {
            "temperature": 1.25,
            "least_probability": 0.5,
            "most_novelty": 80.0,
            "novelty_shape": [2, 3],
        },
        "training": {"source": "a test"},
        "arrays": {
            "W1.npy": array("W1", 784, 5),
            "b1.npy": array("b1", 5),
            "W2.npy": array("W2", 5, 10),
            "b2.npy": array("b2", 10),
            "novelty_axes.npy": array("novelty_axes", 272, 3),
            "novelty_centres.npy": array("novelty_centres", 2, 3),
            "novelty_whitening.npy": array("novelty_whitening", 2, 6),
        },
    }


def test_what_was_described_comes_back_with_room_for_its_arrays(model: Model) -> None:
    back, hashes = rebuild(json.dumps(described(model)).encode(), WHERE)
    assert back.network.layers == model.network.layers
    assert not back.network.vector.any()
    assert (back.class_names, back.framing, back.training) == (
        model.class_names,
        "stretch",
        {"source": "a test"},
    )
    kept = back.calibration
    assert (kept.temperature, kept.least_probability, kept.most_novelty) == (1.25, 0.5, 80.0)
    assert {name: array.shape for name, array in arrays_of(back).items()} == {
        name: array.shape for name, array in arrays_of(model).items()
    }
    assert all(array.dtype == np.float32 for array in arrays_of(back).values())
    assert hashes == {f"{name}.npy": f"sha of {name}" for name in arrays_of(model)}


@pytest.mark.parametrize("n_read", [272, 328])
def test_a_novelty_with_a_network_says_how_many_neurons_and_what_they_read(
    model: Model, n_read: int
) -> None:
    network = (np.ones((n_read + 1, 7), dtype=np.float32), np.ones(8, dtype=np.float32))
    taught = replace(knowing(), hidden=network[0], readout=network[1])
    known = replace(model, calibration=replace(model.calibration, novelty=taught))
    assert described(known)["calibration"]["novelty_shape"] == [2, 3, 7, n_read]
    back = arrays_of(rebuilt(described(known)))
    assert back["novelty_hidden"].shape == (n_read + 1, 7)
    assert back["novelty_readout"].shape == (8,)
    assert {array.dtype for array in back.values()} == {np.dtype(np.float32)}


def test_a_novelty_without_a_limit_is_null_and_so_is_none(rng: np.random.Generator) -> None:
    description = described(small_model(rng))
    assert description["calibration"] == {
        "temperature": 1.0, "least_probability": 0.0, "most_novelty": None, "novelty_shape": None,
    }  # fmt: skip
    kept = rebuilt(description).calibration
    assert (kept.most_novelty, kept.novelty) == (math.inf, None)
    del description["calibration"]
    assert rebuilt(description).calibration.temperature == 1.0


def test_an_ensemble_describes_each_member(rng: np.random.Generator) -> None:
    both = combine({"a": small_model(rng), "b": small_model(rng)})
    description = described(both)
    assert "layers" not in description
    assert [len(member["layers"]) for member in description["members"]] == [3, 3]
    back = rebuilt(description).network
    assert isinstance(back, Ensemble)
    assert [network.layers for network in back.networks] == [
        network.layers
        for network in both.network.networks  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.0}, {"temperature": -1e-9}, {"temperature": math.inf},
        {"least_probability": -0.001}, {"least_probability": 1.001}, {"most_novelty": math.nan},
        {"novelty_shape": [0, 3]}, {"novelty_shape": [2, 0]}, {"novelty_shape": [1001, 3]},
        {"novelty_shape": [2, 49]}, {"novelty_shape": [2, 3, 4, 5]}, {"novelty_shape": [2]},
        {"novelty_shape": [2, 3, 0]}, {"novelty_shape": [2, 3, 257]},
        {"novelty_shape": [2, 3, 4, 271]}, {"novelty_shape": [2, 3, 4, 328, 1]},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_that_make_no_sense_are_damage(model: Model, change: dict[str, Any]) -> None:
    description = described(model)
    description["calibration"] |= change
    with pytest.raises(ModelError, match=r"m/model\.json is damaged \(.+\); train the model anew"):
        rebuilt(description)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 1e-9}, {"least_probability": 0.0}, {"least_probability": 1.0},
        {"most_novelty": -5.0}, {"novelty_shape": [1, 1]}, {"novelty_shape": [1000, 1]},
        {"novelty_shape": [1, 48]}, {"novelty_shape": [1, 1, 1]}, {"novelty_shape": [1, 1, 256]},
        {"novelty_shape": [1, 1, 2, 272]}, {"novelty_shape": [1, 1, 2, 328]},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_at_the_edge_are_believed(model: Model, change: dict[str, Any]) -> None:
    description = described(model)
    description["calibration"] |= change
    kept = rebuilt(description).calibration
    if "novelty_shape" in change:
        n_classes, n_axes, *hidden = change["novelty_shape"]
        assert kept.novelty is not None
        assert kept.novelty.axes.shape == (272, n_axes)
        assert kept.novelty.centres.shape == (n_classes, n_axes)
        assert kept.novelty.whitening.shape == (n_classes, n_axes * (n_axes + 1) // 2)
        if hidden:
            assert kept.novelty.hidden is not None
            assert kept.novelty.readout is not None
            n_read = hidden[1] if len(hidden) > 1 else 272  # as models had it before the rises
            assert kept.novelty.hidden.shape == (n_read + 1, hidden[0])
            assert kept.novelty.readout.shape == (hidden[0] + 1,)
        else:
            assert kept.novelty.hidden is kept.novelty.readout is None
    else:
        ((name, value),) = change.items()
        assert getattr(kept, name) == value


def test_another_version_framing_or_number_of_classes_is_said(model: Model) -> None:
    description = described(model)
    with pytest.raises(ModelError, match="has format version 2, and this digitnet reads 1"):
        rebuilt({**description, "version": 2})
    with pytest.raises(ModelError, match="unknown framing 'round'"):
        rebuilt({**description, "framing": {"name": "round", "version": 2}})
    with pytest.raises(ModelError, match="names 9 classes for 10"):
        rebuilt({**description, "class_names": list("012345678")})
    assert rebuilt({**description, "class_names": list(range(10))}).class_names[9] == "9"


@pytest.mark.parametrize(
    "key", ["version", "layers", "class_names", "framing", "training", "arrays"]
)
def test_a_description_that_lacks_something_is_damaged(model: Model, key: str) -> None:
    description = described(model)
    del description[key]
    with pytest.raises(ModelError, match="is damaged"):
        rebuilt(description)
