"""The network: one flat vector, a worked example by hand, starts, and NumPy alone."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from digitnet.nn import (
    Adam,
    Context,
    Dense,
    Dropout,
    Network,
    ReLU,
    Sigmoid,
    multilayer_perceptron,
    one_hot,
    softmax,
)


def test_parameters_are_views_into_one_contiguous_vector(rng: np.random.Generator) -> None:
    network = Network(multilayer_perceptron(784, [64], 10))
    network.initialize(rng)
    assert {name: view.shape for name, view in network.parameters.items()} == {
        "W1": (784, 64),
        "b1": (64,),
        "W2": (64, 10),
        "b2": (10,),
    }
    assert network.vector.dtype == np.float32
    assert network.vector.size == 50_890
    for view in network.parameters.values():
        assert np.shares_memory(view, network.vector)
    optimizer = Adam()
    state = optimizer.start(network.vector)
    x, targets = rng.random((8, 784), dtype=np.float32), one_hot(np.arange(8), 10)
    gradient = np.empty_like(network.vector)
    network.loss_and_gradient(x, targets, gradient)
    before = network.parameters["W1"].copy()
    optimizer.step(network.vector, gradient, state, 0.1)
    assert not np.array_equal(before, network.parameters["W1"])  # the step moved the view
    for view in network.parameters.values():
        assert np.shares_memory(view, network.vector)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))]
)
def test_a_copy_sees_what_is_written_into_its_vector(copied: Any, rng: np.random.Generator) -> None:
    """Views that were copied one by one would answer, and never learn."""
    network = Network(multilayer_perceptron(4, [3], 2))
    network.initialize(rng)
    other = copied(network)
    x = rng.random((5, 4), np.float32)
    np.testing.assert_array_equal(other.forward(x), network.forward(x))
    assert list(other.parameters) == list(network.parameters)
    for view in (*other.parameters.values(), *(v for views in other.views for v in views)):
        assert np.shares_memory(view, other.vector)
    other.vector[:] = 0
    assert not other.forward(x).any()


def test_forward_by_hand() -> None:
    """X = (1, 2); hidden = sigmoid(x W1 + b1) = sigmoid(0, ln 3) = (0.5, 0.75)."""
    network = Network([Dense(2, 2), Sigmoid(), Dense(2, 2)], dtype=np.float64)
    network.parameters["W1"][:] = [[1.0, 0.0], [0.0, 0.5]]
    network.parameters["b1"][:] = [-1.0, np.log(3.0) - 1.0]
    network.parameters["W2"][:] = [[2.0, -2.0], [4.0, 4.0]]
    network.parameters["b2"][:] = [1.0, 0.0]
    logits = network.forward(np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(logits, [[2 * 0.5 + 4 * 0.75 + 1, -2 * 0.5 + 4 * 0.75]])
    np.testing.assert_allclose(softmax(logits), [[1 / (1 + np.exp(-3)), 1 / (1 + np.exp(3))]])


def test_sigmoid_is_quiet_and_right_at_the_extremes() -> None:
    x = np.array([-1e30, -100.0, 0.0, 100.0, 1e30], dtype=np.float32)
    y = Sigmoid().forward(x, Context())
    np.testing.assert_allclose(y, [0.0, 0.0, 0.5, 1.0, 1.0], atol=1e-40)


def test_dropout_zeroes_its_share_in_training_and_nothing_in_prediction(
    rng: np.random.Generator,
) -> None:
    x = np.ones((200, 500), dtype=np.float32)
    y = Dropout(0.3).forward(x, Context(rng=rng))
    assert np.mean(y == 0.0) == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1.0, abs=0.01)  # the rest is scaled up
    assert Dropout(0.3).forward(x, Context()) is x


def test_starts_are_chosen_by_the_activation(rng: np.random.Generator) -> None:
    he = Network([Dense(400, 300), ReLU(), Dense(300, 10)])
    he.initialize(rng)
    assert he.parameters["W1"].std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    xavier = Network([Dense(400, 300), Sigmoid(), Dense(300, 10)])
    xavier.initialize(rng)
    limit = np.sqrt(6 / 700)
    assert np.abs(xavier.parameters["W1"]).max() <= limit
    assert xavier.parameters["W1"].std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not xavier.parameters["b1"].any()


def test_a_forward_pass_between_does_not_spoil_the_gradient(rng: np.random.Generator) -> None:
    """Layers hold no state, so predicting while training is safe."""
    network = Network(multilayer_perceptron(6, [5], 3), dtype=np.float64)
    network.initialize(rng)
    x, targets = rng.random((4, 6)), one_hot(np.array([0, 1, 2, 0]), 3, dtype=np.float64)
    first, second = np.empty_like(network.vector), np.empty_like(network.vector)
    network.loss_and_gradient(x, targets, first)
    network.forward(rng.random((9, 6)))
    network.loss_and_gradient(x, targets, second)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "layers",
    [[], [Sigmoid()], [Dense(3, 4), Dense(5, 2)]],
    ids=["nothing", "no parameters", "widths that do not fit"],
)
def test_layers_that_make_no_network_are_refused(layers: list[Sigmoid]) -> None:
    with pytest.raises(ValueError, match=r"Dense"):
        Network(layers)


def test_nn_needs_nothing_but_numpy() -> None:
    """In a process where every other installed package is blocked, the network still trains."""
    program = """
import sys
class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "digitnet"):
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, OnlyNumPy())
import numpy as np
from digitnet import nn
try:
    import PIL
except ImportError:
    pass
else:
    raise SystemExit("the block does not hold")
network = nn.Network(nn.multilayer_perceptron(4, [3], 2))
network.initialize(np.random.default_rng(0))
gradient = np.empty_like(network.vector)
x, targets = np.eye(2, 4, dtype=np.float32), nn.one_hot(np.arange(2), 2)
network.loss_and_gradient(x, targets, gradient)
print("learnt" if gradient.any() else "nothing")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "learnt", result.stderr
