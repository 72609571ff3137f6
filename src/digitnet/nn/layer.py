"""Layer: what every layer is and can do, and what it works with in a pass.

A layer is a frozen description and holds no numbers. What it works with is handed in as its
`Context`: its parameters, its gradients, the generator, arrays to write into, and a place for what
the backward pass needs to know of the forward pass (the cache). Each pass of each thread has its
own, so prediction is pure and safe between threads.

Backpropagation is the chain rule from the loss back to the first layer. Each layer is given
`dy` = dL/dy, the gradient of the loss with respect to what the layer gave. From it, it computes
dL/dparameter for its own parameters, and `dx` = dL/dx, which is `dy` to the layer before it.

Shapes: N is the number of images in the batch. Rows are (N, numbers), images
(channels, height, width, N).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Order = Literal["C", "F"]
Parameters = Sequence[FloatArray]
Shape = tuple[int, ...]


class Context:
    """What one layer, or the loss, works with in a forward pass and the backward pass behind it.

    Attributes:
        params: the layer's parameters, in the order of its `parameter_names`.
        grads: where `backward` writes dL/dparameter, in the same order and shapes.
        rng: the generator in training; None in prediction.
        need_dx: whether anybody needs dL/dx.
        cache: what `forward` keeps for `backward`, whatever it likes.
        keep: whether this is a training: `array` gives the same arrays again in the next pass.

    Args:
        keep: give the same arrays again in the next pass, so that no step makes any; without it
            (in prediction) each array is new.
    """

    __slots__ = ("_arrays", "_memory", "cache", "grads", "keep", "need_dx", "params", "rng")

    def __init__(
        self,
        params: Parameters = (),
        grads: Parameters = (),
        rng: np.random.Generator | None = None,
        *,
        need_dx: bool = True,
        keep: bool = False,
    ) -> None:
        self.params = params
        self.grads = grads
        self.rng = rng
        self.need_dx = need_dx
        self.cache: Any = None
        # By name and shape, each a view of the name's memory, as large as the largest needs it:
        # batches of lines come in dozens of widths.
        self.keep = keep
        self._arrays: dict[tuple[str, Shape], NDArray[Any]] | None = {} if keep else None
        self._memory: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: Shape, dtype: Any, order: Order = "C") -> NDArray[Any]:
        """An array to write into; what stands in it is left from the pass before, or nothing."""
        kept = self._arrays
        if kept is None:
            return np.empty(shape, dtype, order)
        found = kept.get((name, shape))
        if found is None:
            size = math.prod(shape)
            memory = self._memory.get(name)
            if memory is None or memory.size < size or memory.dtype != dtype:
                for key in [key for key in kept if key[0] == name]:
                    del kept[key]
                memory = self._memory[name] = np.empty(size, dtype)
            found = kept[name, shape] = memory[:size].reshape(shape, order=order)
        return found


class Buffers:
    """All that the passes of one training write into; see `Network.buffers`.

    Attributes:
        gradient: (n_parameters,), overwritten in every step with dL/dvector.
        contexts: one for each layer; their gradients are views into `gradient`.
        loss: the loss's context.
    """

    def __init__(self, gradient: FloatArray, contexts: Sequence[Context]) -> None:
        self.gradient = gradient
        self.contexts = contexts
        self.loss = Context(keep=True)


@dataclass(frozen=True)
class Layer:
    """What every layer is; as it stands here, one without parameters that keeps the shape.

    A layer says what it gives in `forward`, and the derivative of that in `backward`; the rest has
    an answer here that fits most. The first layer that has a number `n_in` says with it how many
    numbers an input has. How to write an own layer is in docs/extending.md.

    Attributes:
        parameter_names: the name of each parameter, without its number: W and b, or none. They
            end in no digit.
        statistics: those of them that are kept but not learnt. Where others have their gradient,
            `backward` leaves the batch's minus the running ones.
        notation: how it is written in a network's notation, see notation.py; "" where it is not.
            A setting `channels_in` is not written: it is what the layer before gives.
        needs: what it takes: "rows", "images", "pixels" (rows that are an image's), or "any".
        draws: whether it draws at random in training.
        convolves: whether most of its work lies between matrix products, as in convolutions.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ()
    statistics: ClassVar[tuple[str, ...]] = ()
    notation: ClassVar[str] = ""
    needs: ClassVar[Literal["any", "rows", "images", "pixels"]] = "any"
    draws: ClassVar[bool] = False
    convolves: ClassVar[bool] = False

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        """What it gives for x."""
        raise NotImplementedError

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        """Write dL/dparameter into `ctx.grads`; return dL/dx, or None where nobody needs it.

        A layer that leaves this out may only stand before all layers with parameters.
        """
        raise NotImplementedError

    def parameter_shapes(self) -> tuple[Shape, ...]:
        """The shape of each parameter."""
        return ()

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of what it gives for an input of this shape, both without N.

        Raises:
            ValueError: it takes no such input.
        """
        return shape

    def initialize(self, params: Parameters, rng: np.random.Generator, start: str) -> None:
        """Write what a training begins with into `params`; here 0.

        Args:
            params: its parameters.
            rng: what is random is drawn from it.
            start: "he" or "glorot", as the activation behind it asks for.
        """
        for param in params:
            param[...] = 0.0


class Affine(Layer):
    """What Dense and Conv2D share: weights W (n_in, n_out) and biases b (n_out,).

    A BatchNorm right behind such a layer can be folded into them (folding.py).
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("W", "b")

    def initialize(self, params: Parameters, rng: np.random.Generator, start: str) -> None:
        """Draw W, so that what passes through keeps its size from layer to layer; b is 0.

        "he" (He et al. 2015): normal with standard deviation sqrt(2 / n_in).
        "glorot" (Glorot and Bengio 2010, "Xavier"): uniform within sqrt(6 / (n_in + n_out)).
        """
        W, b = params
        n_in, n_out = W.shape
        if start == "he":
            W[...] = rng.normal(0.0, np.sqrt(2.0 / n_in), W.shape)
        else:
            limit = np.sqrt(6.0 / (n_in + n_out))
            W[...] = rng.uniform(-limit, limit, W.shape)
        b[...] = 0.0
