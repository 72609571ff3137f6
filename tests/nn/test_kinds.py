"""The table of kinds of layers, walked: each has its gradient check and its counterparts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitnet
from digitnet import nn
from digitnet.nn import Context, Dense, Layer, Network, ReLU, UnknownLayerError, register_layer
from digitnet.nn.kinds import (
    LAYERS,
    _registered,
    describe_layer,
    kind_of,
    layer_kind,
    layer_kinds,
    rebuild_layer,
)
from digitnet.nn.layer import FloatArray
from digitnet.nn.notation import layer_in_words
from support.networks import EXAMPLES

STATIC = Path(digitnet.__file__).parent / "web" / "static"


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    """What a test registers is gone behind it."""
    before = dict(_registered)
    yield
    _registered.clear()
    _registered.update(before)


def check(layers: list[Layer], seed: int | None) -> nn.GradientCheck:
    """A gradient check with every parameter drawn, variances positive."""
    rng = np.random.default_rng(4)
    network = Network(layers, dtype=np.float64)
    network.vector[:] = rng.normal(0.0, 0.7, network.vector.shape)
    for place in network.statistics:
        network.vector[place] = rng.uniform(0.3, 2.0, place.stop - place.start)
    targets = nn.one_hot(rng.integers(0, 3, 6), 3, dtype=np.float64)
    return nn.check_gradients(network, rng.normal(size=(6, 4)), targets, seed=seed)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("seed", [None, 1], ids=["prediction", "training"])
def test_each_kind_passes_a_gradient_check(kind: str, seed: int | None) -> None:
    example = EXAMPLES[kind]
    assert type(example.layer).__name__ == kind
    assert any(type(layer) is type(example.layer) for layer in example.layers)
    assert check(example.layers, seed).error < 1e-6


@pytest.mark.parametrize("kind", LAYERS)
def test_a_mistake_planted_in_each_kind_fails_the_check(kind: str) -> None:
    """All that its backward pass gives is a hundredth too much."""
    right = layer_kind(kind)
    if right.backward is Layer.backward:
        assert kind == "Deskew"  # nothing can be learnt before it
        return

    class Wrong(right):  # type: ignore[misc, valid-type]
        def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
            dx: FloatArray | None = super().backward(dy, ctx)
            for grad in ctx.grads:
                grad *= 1.01
            return None if dx is None else dx * 1.01

    layers = [
        Wrong(**vars(layer)) if type(layer) is right else layer for layer in EXAMPLES[kind].layers
    ]
    assert check(layers, seed=1).error > 1e-3


@pytest.mark.parametrize("kind", LAYERS)
def test_each_kind_has_its_word(kind: str) -> None:
    assert layer_in_words(EXAMPLES[kind].layer) == EXAMPLES[kind].word


@pytest.mark.parametrize("kind", LAYERS)
def test_each_kind_goes_into_model_json_and_comes_back(kind: str) -> None:
    example = EXAMPLES[kind]
    assert json.dumps(describe_layer(example.layer)) == example.described
    assert rebuild_layer(json.loads(example.described)) == example.layer


def test_each_kind_has_its_counterpart_on_the_page() -> None:
    (path,) = STATIC.rglob("layers.js")
    table = path.read_text().split("export const LAYERS = {")[1].split("\n}")[0]
    assert set(re.findall(r"^  (\w+): ", table, flags=re.MULTILINE)) == set(LAYERS)


def test_each_kind_is_public() -> None:
    assert set(LAYERS) <= set(nn.__all__)
    for kind in LAYERS:
        assert getattr(nn, kind) is layer_kind(kind)


def test_each_name_of_the_public_face_is_there() -> None:
    assert set(nn.__all__) == set(nn._HOMES)
    assert all(getattr(nn, name) is not None for name in nn.__all__)
    assert dir(nn) == sorted(nn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Dens'"):
        nn.Dens  # noqa: B018


@dataclass(frozen=True)
class Scale(Layer):
    """Y = scale x: one parameter, and a setting."""

    first: float = 1.0

    parameter_names = ("scale",)

    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((1,),)

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        ctx.cache = x
        return x * ctx.params[0]

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray:
        ctx.grads[0][:] = np.vdot(dy, ctx.cache)
        return dy * ctx.params[0]


def test_a_registered_layer_is_known_by_its_name() -> None:
    with pytest.raises(UnknownLayerError, match=r"^Scale$"):
        kind_of(Scale())
    assert register_layer(Scale) is Scale
    assert kind_of(Scale()) == "Scale"
    assert rebuild_layer(describe_layer(Scale(0.5))) == Scale(0.5)
    assert dict(layer_kinds())["Scale"] is Scale


def test_a_layer_can_be_registered_under_another_name() -> None:
    assert register_layer("a scale")(Scale) is Scale
    assert describe_layer(Scale(2.0)) == {"kind": "a scale", "first": 2.0}
    with pytest.raises(UnknownLayerError, match="Scale"):
        layer_kind("Scale")


def test_a_class_defined_again_takes_its_own_place_and_no_other() -> None:
    def defined() -> type[Layer]:
        class Mine(Layer):
            pass

        return Mine

    first, second = defined(), defined()
    register_layer("Mine")(first)
    register_layer("Mine")(second)  # as in a notebook's cell that is run again
    assert layer_kind("Mine") is second
    with pytest.raises(UnknownLayerError):
        kind_of(first())
    for name in ("Mine", "Dense"):
        with pytest.raises(ValueError, match=rf"called {name} already.*another name"):
            register_layer(name)(Scale)


def test_a_subclass_of_a_known_layer_is_not_that_layer() -> None:
    known = type("Dense", (Dense,), {})
    with pytest.raises(UnknownLayerError):
        kind_of(known(2, 3))


@pytest.mark.parametrize("name", ["scale2", "a scale", ""])
def test_a_parameters_name_leaves_room_for_the_layers_number(name: str) -> None:
    bad = type("Bad", (Scale,), {"parameter_names": (name,)})
    with pytest.raises(ValueError, match="needs a name"):
        register_layer(bad)


@pytest.mark.parametrize("first", [(1, 2), np.float64(1.0) * np.ones(1), {1}, lambda: 1])
def test_settings_that_would_not_come_back_are_refused(first: Any) -> None:
    register_layer(Scale)
    with pytest.raises(ValueError, match="does not come back"):
        describe_layer(Scale(first))


def test_an_own_parameter_is_named_learnt_and_drawn() -> None:
    network = Network([Dense(4, 5), Scale(), ReLU(), Dense(5, 3)], dtype=np.float64)
    assert list(network.parameters) == ["W1", "b1", "scale1", "W2", "b2"]
    network.vector[:] = 7.0
    network.initialize(np.random.default_rng(0))
    assert network.parameters["scale1"] == 0.0  # what a layer that says nothing begins with
    assert check([Dense(4, 5), Scale(), Dense(5, 3)], None).error < 1e-6


def test_two_parameters_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="both call a parameter scale1"):
        Network([Dense(4, 5), Scale(), Scale(), Dense(5, 3)])
    Network([Dense(4, 5), Scale(), Dense(5, 3), Scale()])


def test_a_layer_without_a_backward_pass_may_stand_only_before_what_is_learnt() -> None:
    class Forwards(Layer):
        def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
            return x + 1.0

    network = Network([Forwards(), Dense(4, 3)])
    assert network.n_fixed == 1
    with pytest.raises(ValueError, match="has no backward pass"):
        Network([Dense(4, 3), Forwards()])
    with pytest.raises(ValueError, match="has no backward pass"):
        Network([Dense(4, 4), nn.Deskew(2, 2), Dense(4, 3)])


def test_layers_of_the_same_settings_are_equal_and_cannot_be_changed() -> None:
    assert Scale(2.0) == Scale(2.0) != Scale(3.0)
    assert replace(Scale(2.0), first=3.0) == Scale(3.0)
    with pytest.raises(AttributeError):
        Scale().first = 2.0  # type: ignore[misc]
