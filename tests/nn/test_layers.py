"""The layers' constants: orders in memory, thresholds, what a training begins with."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from digitnet.nn import (
    ACTIVATIONS,
    Activation,
    Context,
    Conv2D,
    Dense,
    Dropout,
    Network,
    ReLU,
    Sigmoid,
    Tanh,
    ToImages,
    ToRows,
    multilayer_perceptron,
)
from digitnet.nn.layer import FloatArray


@pytest.mark.parametrize(("n_out", "in_columns"), [(10, True), (31, True), (32, False)])
@pytest.mark.parametrize("keep", [False, True])
def test_narrow_layers_keep_their_outputs_in_columns(
    n_out: int, in_columns: bool, keep: bool, rng: np.random.Generator
) -> None:
    W, b = rng.random((40, n_out), np.float32), rng.random(n_out, np.float32)
    y = Dense(40, n_out).forward(rng.random((8, 40), np.float32), Context((W, b), keep=keep))
    assert y.flags.f_contiguous == in_columns
    assert y.flags.c_contiguous != in_columns


class Drawn:
    """A generator whose 16 random bits are given."""

    def __init__(self, *values: int) -> None:
        self._values = values

    def bytes(self, n: int) -> bytes:
        assert n == 2 * len(self._values)
        return np.array(self._values, "<u2").tobytes()


def test_dropout_keeps_from_its_rates_16_bit_threshold_on() -> None:
    """A quarter of 65,536 is 16,384: what is drawn below is dropped, the rest times 4 / 3."""
    rng = Drawn(0, 16_383, 16_384, 65_535)
    x = np.array([[3.0, 3.0, 3.0, 6.0]])
    ctx = Context(rng=rng)  # type: ignore[arg-type]
    np.testing.assert_allclose(Dropout(0.25).forward(x, ctx), [[0.0, 0.0, 4.0, 8.0]])
    np.testing.assert_allclose(Dropout(0.25).backward(x, ctx), [[0.0, 0.0, 4.0, 8.0]])
    ctx = Context(rng=Drawn(32_767, 32_768))  # type: ignore[arg-type]
    np.testing.assert_allclose(Dropout(0.5).forward(np.ones((1, 2)), ctx), [[0.0, 2.0]])


def test_a_rate_of_0_draws_nothing() -> None:
    x = np.ones((2, 3))
    ctx = Context(rng=Drawn())  # type: ignore[arg-type]
    assert Dropout(0.0).forward(x, ctx) is x
    assert Dropout(0.0).backward(x, ctx) is x


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_a_dropout_rate_lies_in_0_to_1(rate: float) -> None:
    with pytest.raises(ValueError, match=r"lies in \[0, 1\)"):
        Dropout(rate)


@pytest.mark.parametrize(
    ("layer", "n_in", "n_out"), [(Dense(400, 200), 400, 200), (Conv2D(16, 50, 5), 400, 50)]
)
def test_what_the_weights_begin_with(layer: Dense | Conv2D, n_in: int, n_out: int) -> None:
    """He: a normal distribution of variance 2 / n_in; Glorot: even within sqrt(6 / (in + out))."""
    W, b = (np.full(shape, 7.0) for shape in layer.parameter_shapes())
    layer.initialize((W, b), np.random.default_rng(0), "he")
    assert not b.any()
    np.testing.assert_array_equal(
        W, np.random.default_rng(0).normal(0.0, (2 / 400) ** 0.5, (n_in, n_out))
    )
    layer.initialize((W, b), np.random.default_rng(0), "glorot")
    limit = (6 / (n_in + n_out)) ** 0.5
    np.testing.assert_array_equal(W, np.random.default_rng(0).uniform(-limit, limit, (n_in, n_out)))
    assert limit * 0.999 < np.abs(W).max() <= limit


@pytest.mark.parametrize(("kind", "start"), [(ReLU, "he"), (Sigmoid, "glorot"), (Tanh, "glorot")])
def test_each_activation_says_how_the_weights_before_it_begin(
    kind: type[Activation], start: str
) -> None:
    asked = []

    class Asking(Dense):
        def initialize(self, params, rng, start: str) -> None:  # type: ignore[no-untyped-def]
            asked.append(start)

    layers = [Asking(4, 5), Dropout(0.1), kind(), Asking(5, 5), Asking(5, 5), kind(), Asking(5, 3)]
    Network(layers).initialize(np.random.default_rng(0))
    assert asked == [start, "glorot", start, "glorot"]  # the next weights come first, or none


def test_the_activations_that_a_setting_can_name() -> None:
    assert {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU} == ACTIVATIONS
    for name, kind in ACTIVATIONS.items():
        assert multilayer_perceptron(4, [5], 3, name) == [Dense(4, 5), kind(), Dense(5, 3)]
    assert multilayer_perceptron(4, [5], 3)[1] == Sigmoid()
    assert multilayer_perceptron(4, [5, 6], 3, Tanh())[1::2] == [Tanh(), Tanh()]
    with pytest.raises(ValueError, match="one of sigmoid, tanh, relu, not 'swish'"):
        multilayer_perceptron(4, [5], 3, "swish")


def test_worked_slopes_of_the_activations() -> None:
    x = np.array([[-np.log(3.0), 0.0, np.log(3.0)]])
    for layer, values, slopes in (
        (Sigmoid(), [0.25, 0.5, 0.75], [3 / 16, 1 / 4, 3 / 16]),
        (Tanh(), [-0.8, 0.0, 0.8], [0.36, 1.0, 0.36]),
        (ReLU(), [0.0, 0.0, np.log(3.0)], [0.0, 0.0, 1.0]),
    ):
        ctx = Context()
        np.testing.assert_allclose(layer.forward(x, ctx), [values], atol=1e-15)
        dx: FloatArray | None = layer.backward(np.full_like(x, 2.0), ctx)
        np.testing.assert_allclose(dx, 2 * np.array([slopes]), atol=1e-15)


def test_a_context_gives_an_array_again_by_name_and_shape() -> None:
    ctx = Context(keep=True)
    kept = [ctx.array(name, shape, float) for name, shape in itertools.product("ab", [(2,), (3,)])]
    assert len({id(array) for array in kept}) == 4
    assert ctx.array("a", (3,), float) is kept[1]
    assert Context().array("a", (3,), float) is not Context().array("a", (3,), float)
    assert ctx.array("c", (2, 3), np.float32, "F").flags.f_contiguous


def test_a_network_says_whether_it_convolves() -> None:
    """By it the training loop takes two threads with half a batch each."""
    images = [ToImages(4, 4), Conv2D(1, 2, 3), ToRows(), Dense(8, 3)]
    assert Network(images).convolves
    assert not Network([Dense(4, 3)]).convolves
    assert not Network([ToImages(4, 4), ToRows(), Dense(16, 3)]).convolves
