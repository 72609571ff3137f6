"""Network: layers over ONE flat parameter vector.

All parameters lie in one contiguous vector; W1, b1, W2, b2, ... are views into it, and the
gradient is a second vector laid out the same way. An optimiser step, a checkpoint, an average
over epochs is then one line on one vector. Never rebind `vector`: write into it.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from digitnet.nn.layer import Buffers, Context, FloatArray, Layer, Shape
from digitnet.nn.layers import ACTIVATIONS, Activation, Dense
from digitnet.nn.losses import LossFunction, cross_entropy

# Per layer, where each of its parameters lies in the flat vector, and its shape.
Layout = list[list[tuple[slice, tuple[int, ...]]]]
STATISTICS_RATE = 0.1
"""How far running statistics move towards each batch's."""


class Stack:
    """Layers over one flat vector: what networks of digits and of lines share.

    Attributes:
        layers: the frozen layer descriptions, input first.
        vector: every parameter, (n_parameters,), zeros until `initialize`.
        views: per layer, its parameters as views into the vector.
        parameters: name to view, in order: W1, b1, W2, b2, ...
        statistics: where running statistics lie in the vector, which are kept but not learnt.

    Raises:
        ValueError: two layers whose parameters would have one name.
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
            if name in layer.statistics
        ]
        # Nobody needs dL/dx of the first layer that has parameters, nor anything before it.
        self._first = next(i for i, views in enumerate(self.views) if views)

    def with_layers(self, layers: Sequence[Layer]) -> Self:
        """A network of the same kind with other layers, its parameters zeros."""
        other = copy.copy(self)
        Stack.__init__(other, layers, self.dtype)
        return other

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle or a copy keeps: all but the views, which would be arrays of their own."""
        return {k: v for k, v in vars(self).items() if k not in ("views", "parameters")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Views into the vector again: in them the network sees what an optimiser writes there."""
        vars(self).update(state)
        self.views = self._split(self.vector)
        self.parameters = self.named(self.vector)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the parameters, the inputs and the logits."""
        return self.vector.dtype

    def _split(self, vector: FloatArray) -> list[list[FloatArray]]:
        """Per layer, its parameters as views into a vector laid out like `self.vector`."""
        return [[vector[place].reshape(shape) for place, shape in group] for group in self._layout]

    def named(self, vector: FloatArray) -> dict[str, FloatArray]:
        """Views into any vector of this layout by name: W1, b1, W2, b2, ...

        What belongs to a layer without weights bears the number of those before it: gamma1, ...
        """
        named = {}
        number = 0
        for layer, group in zip(self.layers, self._split(vector), strict=True):
            number += "W" in layer.parameter_names
            for name, view in zip(layer.parameter_names, group, strict=True):
                if f"{name}{number}" in named:
                    raise ValueError(
                        f"Two layers would both call a parameter {name}{number}: put a layer with "
                        f"weights before {layer}, or leave it out."
                    )
                named[f"{name}{number}"] = view
        return named

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw new weights, as the activation behind them asks for; see `Affine.initialize`."""
        for i, (layer, params) in enumerate(zip(self.layers, self.views, strict=True)):
            layer.initialize(params, rng, self._start_of(i))

    def _start_of(self, i: int) -> str:
        """What the first activation behind a layer and before the next with weights asks for."""
        for layer in self.layers[i + 1 :]:
            if "W" in layer.parameter_names:
                break
            if isinstance(layer, Activation):
                return layer.start
        return "glorot"

    def forward(self, x: FloatArray) -> FloatArray:
        """Logits (N, n_classes) for inputs (N, n_in). Pure: safe to call from several threads."""
        ctx = Context()  # one for all: without a backward pass nobody looks back
        for layer, params in zip(self.layers, self.views, strict=True):
            ctx.params = params
            x = layer.forward(x, ctx)
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

    def buffers(self, gradient: FloatArray | None = None) -> Buffers:
        """What `loss_and_gradient` writes into; the gradient is a new vector if none is given."""
        gradient = np.empty_like(self.vector) if gradient is None else gradient
        contexts = [
            Context(params, grads, need_dx=i > self._first, keep=True)
            for i, (params, grads) in enumerate(zip(self.views, self._split(gradient), strict=True))
        ]
        return Buffers(gradient, contexts)

    def loss_and_gradient(
        self,
        x: FloatArray,
        targets: Any,
        gradient: FloatArray | Buffers,
        rng: np.random.Generator | None = None,
        sample_weights: FloatArray | None = None,
        skip: int = 0,
        loss_function: LossFunction = cross_entropy,
    ) -> tuple[float, FloatArray]:
        """One forward pass, and backpropagation: the gradient by one backward pass.

        Args:
            x: inputs (N, n_in).
            targets: what the loss takes; for cross-entropy (N, n_classes), see `one_hot`.
            gradient: (n_parameters,), overwritten with dL/dvector; or buffers whose gradient
                is overwritten, and all its other arrays too: those of the step before, the logits
                among them, are then gone, and none had to be made.
            rng: draws the dropout masks; None switches dropout off.
            sample_weights: (N,), how much each image counts.
            skip: layers that x has been through already, at most `n_fixed`.
            loss_function: gives the loss and dL/dlogits, as `cross_entropy` does.

        Returns:
            (mean loss in nats, logits (N, n_classes)).
        """
        buffers = gradient if isinstance(gradient, Buffers) else self.buffers(gradient)
        steps = list(zip(self.layers, buffers.contexts, strict=True))
        for layer, ctx in steps[skip:]:
            ctx.rng = rng
            x = layer.forward(x, ctx)
        loss, dy = loss_function(x, targets, sample_weights, buffers.loss)
        for layer, ctx in steps[: self._first : -1]:
            dx = layer.backward(dy, ctx)
            assert dx is not None, f"{layer} gave no dL/dx"
            dy = dx
        layer, ctx = steps[self._first]
        layer.backward(dy, ctx)
        return loss, x


class Network(Stack):
    """A stack of layers that maps inputs (N, n_in) to logits (N, n_classes).

    Attributes:
        layers: the frozen layer descriptions, input first.
        vector: every parameter, (n_parameters,), zeros until `initialize`.
        views: per layer, its parameters as views into the vector.
        parameters: name to view, in order: W1, b1, W2, b2, ...
        statistics: where running statistics lie in the vector, which are kept but not learnt.
        shapes: what each layer gives for one input, without N.
        n_in: numbers per input.
        n_out: logits per input, one per class.
        n_fixed: layers at the head that give the same for the same input throughout a training.
        n_head: numbers per input that they give.
        convolves: whether any layer is a convolution.
        largest_product: multiply-adds per input of the largest matrix product.

    Raises:
        ValueError: layers that do not fit together, or none with weights; one without a backward
            pass behind one with parameters; two whose parameters would have one name.
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any = np.float32) -> None:
        self.n_in = _inputs(layers)
        self.shapes = shapes = _walk(layers, self.n_in)
        super().__init__(layers, dtype)
        (self.n_out,) = shapes[-1]
        self.n_fixed = next(
            i for i, layer in enumerate(self.layers) if layer.draws or i == self._first
        )
        self.n_head = math.prod(shapes[self.n_fixed - 1]) if self.n_fixed else self.n_in
        self.convolves = any(layer.convolves for layer in self.layers)
        self.largest_product = max(
            math.prod(views[0].shape) * math.prod(shape[1:])  # at every place of an image
            for layer, views, shape in zip(self.layers, self.views, shapes, strict=True)
            if "W" in layer.parameter_names
        )

    def with_layers(self, layers: Sequence[Layer]) -> Self:
        return type(self)(layers, self.dtype)

    def head(self, x: FloatArray) -> FloatArray:
        """What the first `n_fixed` layers make of inputs (N, n_in)."""
        ctx = Context()
        for layer in self.layers[: self.n_fixed]:
            x = layer.forward(x, ctx)
        return x

    def summary(self) -> str:
        """A table of the layers, the shapes they give, and their parameters."""
        from digitnet.nn.summary import as_text

        return as_text(self)

    def __repr__(self) -> str:
        from digitnet.nn.notation import in_words

        return f"Network({in_words(self)}, {self.vector.size:,} parameters)"

    def _repr_html_(self) -> str:
        """The summary as a notebook shows it."""
        from digitnet.nn.summary import as_html

        return as_html(self)


def multilayer_perceptron(
    n_in: int, hidden: Sequence[int], n_out: int, activation: str | Layer = "sigmoid"
) -> list[Layer]:
    """Dense layers with an activation after each but the last: [784, *hidden, 10] and the like.

    Args:
        n_in: numbers per input.
        hidden: neurons of each hidden layer.
        n_out: classes.
        activation: one of `ACTIVATIONS` by name, or a layer of one's own.

    Raises:
        ValueError: an unknown activation or a width below 1.
    """
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"The activation is one of {', '.join(ACTIVATIONS)}, not {activation!r}."
            )
        activation = ACTIVATIONS[activation]()
    widths = [n_in, *hidden, n_out]
    layers: list[Layer] = []
    for n_from, n_to in itertools.pairwise(widths):
        layers += [Dense(n_from, n_to), activation]
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


def _inputs(layers: Sequence[Layer]) -> int:
    """Numbers per input: what the first layer that says so takes."""
    return next((n for layer in layers if (n := getattr(layer, "n_in", 0))), 0)


def _walk(layers: Sequence[Layer], n_in: int) -> list[Shape]:
    """What each layer gives for one input, without N; at the end one number per class."""
    if not any("W" in layer.parameter_names for layer in layers):
        raise ValueError("A network needs at least one Dense or Conv2D layer.")
    shape: Shape = (n_in,)
    shapes = []
    learnt = False
    for layer in layers:
        shape = layer.output_shape(shape)
        shapes.append(shape)
        if learnt and type(layer).backward is Layer.backward:
            raise ValueError(f"{layer} has no backward pass, so nothing can be learnt before it.")
        learnt = learnt or bool(layer.parameter_names)
    if len(shape) != 1:
        raise ValueError(f"A network ends in one number per class, not in {shape}: add ToRows.")
    return shapes
