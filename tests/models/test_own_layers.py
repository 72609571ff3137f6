"""Models with layers of one's own: kept, loaded again, or refused with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError, OutputError
from digitnet.export.page_format import encode
from digitnet.models.folder import load_model, model_files, save_model
from digitnet.models.model import Model
from digitnet.nn import Context, Dense, Ensemble, Layer, Network, ReLU, Sigmoid
from digitnet.nn.kinds import _registered, register_layer
from digitnet.nn.layer import FloatArray
from support.helpers import small_model


@dataclass(frozen=True)
class Shift(Layer):
    """Y = x + shift."""

    size: int
    steps: tuple[int, ...] | int = 1

    parameter_names = ("shift",)

    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.size,),)

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        return x + ctx.params[0]

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray:
        ctx.grads[0][:] = dy.sum(axis=0)
        return dy


@pytest.fixture(autouse=True)
def registry() -> Iterator[dict[str, type[Layer]]]:
    """What is registered; what a test adds is gone behind it."""
    before = dict(_registered)
    yield _registered
    _registered.clear()
    _registered.update(before)


def drawn(rng: np.random.Generator, layer: Layer | None = None) -> Network:
    network = Network([Dense(784, 6), layer or Shift(6), ReLU(), Dense(6, 10)])
    network.vector[:] = rng.normal(0, 0.1, network.vector.size)
    return network


def test_a_model_with_an_own_layer_comes_back(tmp_path: Path, rng: np.random.Generator) -> None:
    register_layer(Shift)
    network = drawn(rng)
    save_model(Model(network), tmp_path / "m")
    assert (tmp_path / "m" / "shift1.npy").is_file()
    back = load_model(tmp_path / "m").network
    assert isinstance(back, Network)
    assert back.layers == (Dense(784, 6), Shift(6), ReLU(), Dense(6, 10))
    assert back.vector.tobytes() == network.vector.tobytes()


def test_an_ensemble_of_own_layers_comes_back(tmp_path: Path, rng: np.random.Generator) -> None:
    register_layer(Shift)
    model = Model(Ensemble([drawn(rng), drawn(rng)]))
    save_model(model, tmp_path / "m")
    back = load_model(tmp_path / "m")
    assert list(back.network.parameters)[2::5] == ["shift1", "shift3"]
    for name, view in model.network.parameters.items():
        np.testing.assert_array_equal(back.network.parameters[name], view)


def test_what_could_not_be_loaded_again_is_not_saved(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    with pytest.raises(ModelError, match=r"Shift\(size=6, steps=1\) could not be loaded") as caught:
        save_model(Model(drawn(rng)), tmp_path / "m")
    assert caught.value.hint == "write @digitnet.nn.register_layer above the class."
    register_layer(Shift)
    with pytest.raises(ModelError, match="does not come back from plain values"):
        save_model(Model(drawn(rng, Shift(6, (1, 2)))), tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_a_refused_model_replaces_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    before = small_model(rng)
    save_model(before, tmp_path / "m")
    with pytest.raises(ModelError):
        save_model(Model(drawn(rng)), tmp_path / "m")
    assert load_model(tmp_path / "m").network.layers == before.network.layers  # type: ignore[union-attr]


def test_an_unknown_layer_is_called_unknown_not_damaged(
    tmp_path: Path, rng: np.random.Generator, registry: dict[str, type[Layer]]
) -> None:
    register_layer("a shift")(Shift)
    save_model(Model(drawn(rng)), tmp_path / "m")
    registry.clear()
    with pytest.raises(ModelError, match=r"model\.json has a layer of a kind .* a shift") as caught:
        load_model(tmp_path / "m")
    assert "register" in caught.value.hint
    assert "damaged" not in str(caught.value)
    register_layer("a shift")(Shift)
    load_model(tmp_path / "m")


@pytest.mark.parametrize("kind", [None, 5, ["Dense"], {}])
def test_a_kind_that_is_no_name_is_one_sentence(
    tmp_path: Path, rng: np.random.Generator, kind: object
) -> None:
    save_model(small_model(rng), tmp_path / "m")
    path = tmp_path / "m" / "model.json"
    description = json.loads(path.read_text())
    description["layers"][1]["kind"] = kind
    path.write_text(json.dumps(description))
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(tmp_path / "m")


def test_a_folder_with_own_arrays_is_a_models_where_the_layer_is_not_registered(
    tmp_path: Path, rng: np.random.Generator, registry: dict[str, type[Layer]]
) -> None:
    register_layer(Shift)
    save_model(Model(drawn(rng)), tmp_path / "m")
    registry.clear()
    assert tmp_path / "m" / "shift1.npy" in model_files(tmp_path / "m")
    save_model(small_model(rng), tmp_path / "m")
    assert not (tmp_path / "m" / "shift1.npy").exists()


def test_an_array_that_no_model_lists_is_somebodys(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    save_model(small_model(rng), tmp_path / "m")
    np.save(tmp_path / "m" / "shift1.npy", np.ones(3))
    with pytest.raises(OutputError, match=r"shift1\.npy"):
        save_model(small_model(rng), tmp_path / "m")


def test_the_page_cannot_compute_an_own_layer_and_says_so(rng: np.random.Generator) -> None:
    register_layer(Shift)
    with pytest.raises(ModelError, match=r"cannot compute with the layer Shift\(size=6, steps=1\)"):
        encode(Model(drawn(rng)), "mine")
    mine = type("Sigmoid", (Sigmoid,), {})
    with pytest.raises(ModelError, match="cannot compute"):
        encode(Model(Network([Dense(784, 3), mine(), Dense(3, 10)])), "mine")
