"""Network: layers over ONE flat parameter vector.

All parameters lie in one contiguous vector; W1, b1, W2, b2, ... are views into it, and the
gradient is a second vector laid out the same way. An optimiser step, a checkpoint, an average
over epochs is then one line on one vector. Never rebind `vector`: write into it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from digitnet.nn.convolution import Conv2D
from digitnet.nn.layer import FloatArray, Layer, Shape, Workspace
from digitnet.nn.layers import Dense, Dropout, ReLU, Sigmoid, Tanh
from digitnet.nn.losses import LossFunction, cross_entropy

# Per layer, where each of its parameters lies in the flat vector, and its shape.
Layout = list[list[tuple[slice, tuple[int, ...]]]]
STATISTICS_RATE = 0.1
"""How far running statistics move towards each batch's."""
ACTIVATIONS: dict[str, type[Sigmoid] | type[Tanh] | type[ReLU]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
}


class Network:
    """A stack of layers that maps inputs (N, n_in) to logits (N, n_classes).

    Attributes:
        layers: the frozen layer descriptions, input first.
        vector: every parameter, (n_parameters,), zeros until `initialize`.
        views: per layer, its parameters as views into the vector.
        parameters: name to view, in order: W1, b1, W2, b2, ...
        statistics: where running statistics lie in the vector, which are kept but not learnt.
        n_in: numbers per input.
        n_out: logits per input, one per class.
        n_fixed: layers at the head that give the same for the same input throughout a training.
        n_head: numbers per input that they give.
        convolves: whether any layer is a convolution.
        largest_product: multiply-adds per input of the largest matrix product.
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any = np.float32) -> None:
        self.layers = tuple(layers)
        self._layout, n_parameters = _lay_out(self.layers)
        self.vector: FloatArray = np.zeros(n_parameters, dtype=dtype)
        self.views = self._split(self.vector)
        self.parameters = self.named(self.vector)
        self.statistics = [
            place
            for layer, group in zip(self.layers, self._layout, strict=True)
            for name, (place, _) in zip(layer.parameter_names, group, strict=True)
            if name in ("mean", "variance")
        ]
        self.n_in = next((n for layer in layers if (n := getattr(layer, "n_in", 0))), 0)
        shapes = _walk(self.layers, (self.n_in,))
        (self.n_out,) = shapes[-1]
        changing = (
            bool(v) or isinstance(s, Dropout) for s, v in zip(layers, self.views, strict=True)
        )
        self.n_fixed = next(i for i, changes in enumerate(changing) if changes)
        self.n_head = math.prod(shapes[self.n_fixed - 1]) if self.n_fixed else self.n_in
        self.convolves = any(isinstance(layer, Conv2D) for layer in self.layers)
        self.largest_product = max(
            math.prod(views[0].shape) * math.prod(shape[1:])  # at every place of an image
            for layer, views, shape in zip(self.layers, self.views, shapes, strict=True)
            if "W" in layer.parameter_names
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the parameters, the inputs and the logits."""
        return self.vector.dtype

    def _split(self, vector: FloatArray) -> list[list[FloatArray]]:
        """Per layer, its parameters as views into a vector laid out like `self.vector`."""
        return [[vector[place].reshape(shape) for place, shape in group] for group in self._layout]

    def named(self, vector: FloatArray) -> dict[str, FloatArray]:
        """Views into any vector of this layout by name: W1, b1, W2, b2, ...

        What belongs to a BatchNorm bears the number of the weights before it: gamma1, beta1, ...
        """
        named = {}
        number = 0
        for layer, group in zip(self.layers, self._split(vector), strict=True):
            number += "W" in layer.parameter_names
            for name, view in zip(layer.parameter_names, group, strict=True):
                named[f"{name}{number}"] = view
        return named

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw new weights, chosen by the activation that follows; biases become 0, scales 1.

        He et al. 2015 before a ReLU: normal with standard deviation sqrt(2 / n_in).
        Glorot and Bengio 2010 ("Xavier") otherwise: uniform within sqrt(6 / (n_in + n_out)).
        """
        for i, layer in enumerate(self.layers):
            for name, view in zip(layer.parameter_names, self.views[i], strict=True):
                if name != "W":
                    view[:] = name in ("gamma", "variance")
                    continue
                n_in, n_out = view.shape
                if self._activation_after(i) is ReLU:
                    view[:] = rng.normal(0.0, np.sqrt(2.0 / n_in), view.shape)
                else:
                    limit = np.sqrt(6.0 / (n_in + n_out))
                    view[:] = rng.uniform(-limit, limit, view.shape)

    def _activation_after(self, i: int) -> type | None:
        """The kind of the first activation behind a layer and before the next with weights."""
        for layer in self.layers[i + 1 :]:
            if "W" in layer.parameter_names:
                return None
            if isinstance(layer, Sigmoid | Tanh | ReLU):
                return type(layer)
        return None

    def head(self, x: FloatArray) -> FloatArray:
        """What the first `n_fixed` layers make of inputs (N, n_in)."""
        for layer in self.layers[: self.n_fixed]:
            x, _ = layer.forward((), x)
        return x

    def forward(self, x: FloatArray) -> FloatArray:
        """Logits (N, n_classes) for inputs (N, n_in). Pure: safe to call from several threads."""
        for layer, params in zip(self.layers, self.views, strict=True):
            x, _ = layer.forward(params, x)
        return x

    def absorb_statistics(self, gradient: FloatArray) -> None:
        """Move running statistics towards the batch's; to be called before the optimiser's step.

        Args:
            gradient: (n_parameters,), as `loss_and_gradient` left it: at the places of running
                statistics it holds batch minus running, and 0 afterwards.
        """
        for place in self.statistics:
            self.vector[place] += STATISTICS_RATE * gradient[place]
            gradient[place] = 0.0

    def workspace(self, gradient: FloatArray | None = None) -> Workspace:
        """What `loss_and_gradient` writes into; the gradient is a new vector if none is given."""
        gradient = np.empty_like(self.vector) if gradient is None else gradient
        return Workspace(gradient, self._split(gradient))

    def loss_and_gradient(
        self,
        x: FloatArray,
        targets: FloatArray,
        gradient: FloatArray | Workspace,
        rng: np.random.Generator | None = None,
        sample_weights: FloatArray | None = None,
        skip: int = 0,
        loss_function: LossFunction = cross_entropy,
    ) -> tuple[float, FloatArray]:
        """One forward and one backward pass.

        Args:
            x: inputs (N, n_in).
            targets: what the loss takes; for cross-entropy (N, n_classes), see `one_hot`.
            gradient: (n_parameters,), overwritten with dL/dvector; or a workspace whose gradient
                is overwritten, and all its other arrays too: those of the step before, the logits
                among them, are then gone, and none had to be made.
            rng: draws the dropout masks; None switches dropout off.
            sample_weights: (N,), how much each image counts.
            skip: layers that x has been through already, at most `n_fixed`.
            loss_function: gives the loss and dL/dlogits, as `cross_entropy` does.

        Returns:
            (mean loss in nats, logits (N, n_classes)).
        """
        space = gradient if isinstance(gradient, Workspace) else self.workspace(gradient)
        caches: list[Any] = [None] * skip
        for i in range(skip, len(self.layers)):
            x, cache = self.layers[i].forward(self.views[i], x, rng, space.rooms[i])
            caches.append(cache)
        loss, dy = loss_function(x, targets, sample_weights, space.loss_room)
        # Nobody needs dL/dx of the first layer that has parameters, nor anything before it.
        first = next(i for i, views in enumerate(self.views) if views)
        for i in range(len(self.layers) - 1, first - 1, -1):
            grads, need_dx = space.grads[i], i > first
            dx = self.layers[i].backward(self.views[i], caches[i], dy, grads, need_dx=need_dx)
            if dx is not None:
                dy = dx
        return loss, x


def multilayer_perceptron(
    n_in: int, hidden: Sequence[int], n_out: int, activation: str = "sigmoid"
) -> list[Layer]:
    """Dense layers with an activation after each but the last: [784, *hidden, 10] and the like.

    Raises:
        ValueError: an unknown activation or a width below 1.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"The activation is one of {', '.join(ACTIVATIONS)}, not {activation!r}.")
    widths = [n_in, *hidden, n_out]
    layers: list[Layer] = []
    for n_from, n_to in itertools.pairwise(widths):
        layers += [Dense(n_from, n_to), ACTIVATIONS[activation]()]
    return layers[:-1]


def _lay_out(layers: Sequence[Layer]) -> tuple[Layout, int]:
    """Give each parameter its place in the flat vector, in order; and the vector's length."""
    layout: Layout = []
    start = 0
    for layer in layers:
        group = []
        for shape in layer.parameter_shapes():
            stop = start + math.prod(shape)
            group.append((slice(start, stop), shape))
            start = stop
        layout.append(group)
    return layout, start


def _walk(layers: Sequence[Layer], shape: Shape) -> list[Shape]:
    """What each layer gives for one input, without N; at the end one number per class."""
    if not any("W" in layer.parameter_names for layer in layers):
        raise ValueError("A network needs at least one Dense or Conv2D layer.")
    shapes = []
    for layer in layers:
        shape = layer.output_shape(shape)
        shapes.append(shape)
    if len(shape) != 1:
        raise ValueError(f"A network ends in one number per class, not in {shape}: add ToRows.")
    return shapes
