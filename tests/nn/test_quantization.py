"""Quantised layers: rounding and a step by hand, gradients where the straight-through is exact."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from digitnet.nn import (
    BatchNorm,
    Conv2D,
    Dense,
    Deskew,
    MaxPool2D,
    Network,
    ReLU,
    Sigmoid,
    ToImages,
    ToRows,
    fold,
    one_hot,
)
from digitnet.nn.layer import Context, Layer
from digitnet.nn.quantization import (
    FORMATS,
    QuantizedConv2D,
    QuantizedDense,
    QuantizedReLU,
    quantized_layers,
    rounded,
)


@pytest.mark.parametrize(
    ("bits", "values", "expected"),
    [
        ("ternary", [-9, -0.51, -0.5, 0.49, 0.5, 7], [-1, -1, 0, 0, 1, 1]),
        ("2", [-9, -2.01, -2, -0.1, 0, 1.9, 2, 9], [-3, -3, -1, -1, 1, 1, 3, 3]),
        ("3", [-9, -2.5, -1.51, 2.4, 2.5, 3.9], [-3, -2, -2, 2, 3, 3]),
        ("4", [-9, -6.5, 6.5, 7.9], [-7, -6, 7, 7]),
        ("8", [-999, -126.6, 0.2, 999], [-127, -127, 0, 127]),
    ],
)
def test_rounding_is_to_the_nearest_halves_up_within_the_format(
    bits: str, values: list[float], expected: list[int]
) -> None:
    assert_array_equal(rounded(np.array(values), FORMATS[bits]), expected)


def test_a_dense_step_by_hand() -> None:
    """W / step = 0.6, -1.5, 4: rounded to 1, -1 (halves up), 3 (the largest of 3 bits).

    y = 0.5 (1 x1 - x2 + 3 x3) + b; for x = (1, 2, 3): 0.5 (1 - 2 + 9) + 0.1 = 4.1. With dy = 1,
    dW before the rounding is x, and passes where |W / step| <= 3: (1, 2, 0). dstep is the sum of
    x (q - W / step) inside and x q outside, 1 (1 - 0.6) + 2 (-1 + 1.5) + 3 3 = 10.4, times
    1 / sqrt(3 numbers, largest 3) = 1 / 3.
    """
    layer = QuantizedDense(3, 1, "3")
    W, b, step = np.array([[0.3], [-0.75], [2.0]]), np.array([0.1]), np.array([0.5])
    grads = [np.empty((3, 1)), np.empty(1), np.empty(1)]
    ctx = Context((W, b, step), grads)
    x = np.array([[1.0, 2.0, 3.0]])
    assert_allclose(layer.forward(x, ctx), [[4.1]])
    dx = layer.backward(np.array([[1.0]]), ctx)
    assert dx is not None
    assert_allclose(dx, [[0.5, -0.5, 1.5]])
    assert_allclose(grads[0], [[1.0], [2.0], [0.0]])
    assert_allclose(grads[1], [1.0])
    assert_allclose(grads[2], [10.4 / 3])
    assert_allclose(W.ravel(), [0.3, -0.75, 2.0])  # the weights themselves stay as they are


def test_an_activation_by_hand() -> None:
    """Top 510 is a step of 2: 2.9 is 1.45, rounded 1, 3 is 1.5, rounded 2; 600 is cut at 510.

    dstep is dy (q - x / step) inside, (1 - 1.45) + (2 - 1.5), and dy 255 above: 255.05, times
    1 / sqrt(4 numbers, 255).
    """
    ctx = Context((np.array([510.0]),), [np.empty(1)])
    layer = QuantizedReLU()
    x = np.array([[2.9, 3.0, -5.0, 600.0]])
    assert_allclose(layer.forward(x, ctx), [[2.0, 4.0, 0.0, 510.0]])
    dx = layer.backward(np.ones((1, 4)), ctx)
    assert dx is not None
    assert_allclose(dx, [[1.0, 1.0, 0.0, 0.0]])
    assert_allclose(ctx.grads[0], [255.05 / np.sqrt(4 * 255)])


def test_images_share_the_top_and_count_numbers_per_image(rng: np.random.Generator) -> None:
    x = rng.normal(0, 4, (2, 3, 3, 5))
    rows, images = (Context((np.array([6.0]),), [np.empty(1)]) for _ in range(2))
    dy = rng.normal(size=x.shape)
    layer = QuantizedReLU()
    y = layer.forward(x, images)
    flat = layer.forward(x.reshape(18, 5).T, rows)
    assert_array_equal(y.reshape(18, 5).T, flat)
    layer.backward(dy, images)
    layer.backward(dy.reshape(18, 5).T, rows)
    assert_allclose(images.grads[0], rows.grads[0])


STACK: list[Layer] = [
    ToImages(6, 6), Conv2D(1, 3, 3), BatchNorm(3), MaxPool2D(2), ReLU(), ToRows(), Dense(12, 4),
]  # fmt: skip


@pytest.mark.parametrize("bits", FORMATS)
@pytest.mark.parametrize("kind", ["dense", "conv", "shared"])
def test_step_gradient_is_central_differences_without_the_rounding(
    bits: str, kind: str, rng: np.random.Generator
) -> None:
    """With q held fixed, step q is linear in the step: LSQ's dstep lacks that of the rounding.

    So beside the part through q, which is dy q, backward takes away dv v / step where v passes.
    """
    layer = {
        "dense": QuantizedDense(18, 4, bits),
        "conv": QuantizedConv2D(2, 4, 3, bits=bits),
        "shared": QuantizedDense(18, 4, bits, shared=True),
    }[kind]
    form = FORMATS[bits]
    shapes = layer.parameter_shapes()
    W, b = rng.normal(size=shapes[0]), rng.normal(size=shapes[1])
    step = rng.uniform(0.1, 0.6, shapes[2])
    x = rng.normal(size=(5, 18)) if kind != "conv" else rng.normal(size=(2, 4, 4, 3))
    grads = [np.empty(shape) for shape in shapes]
    ctx = Context((W, b, step), grads)
    y = layer.forward(x, ctx)
    dy = rng.normal(size=y.shape)
    layer.backward(dy, ctx)
    q = rounded(W / step, form)
    plain: Layer = Conv2D(2, 4, 3) if kind == "conv" else Dense(18, 4)

    def loss(Wq: np.ndarray) -> float:
        return float((plain.forward(x, Context((Wq, b))) * dy).sum())

    dWq = np.empty_like(W)
    for place in np.ndindex(*W.shape):
        moved = np.zeros_like(W)
        moved[place] = 1e-3
        dWq[place] = (loss(q * step + moved) - loss(q * step - moved)) / 2e-3
    inside = np.abs(W / step) <= form.largest
    assert_allclose(grads[0], dWq * inside, atol=1e-8)
    slope = np.where(inside, q - W / step, q)  # LSQ, equation 3
    expected = (dWq * slope).sum(axis=None if kind == "shared" else 0)
    n = W.size if kind == "shared" else W.shape[0]
    assert_allclose(grads[2], expected / np.sqrt(n * form.largest), atol=1e-8)


def test_weights_begin_with_the_step_that_lsq_says(rng: np.random.Generator) -> None:
    for bits, form in FORMATS.items():
        layer = QuantizedDense(200, 30, bits)
        network = Network([layer])
        network.initialize(rng)
        W, b, step = network.views[0]
        assert_allclose(step, 2 * np.abs(W).mean() / np.sqrt(form.largest) / form.step, rtol=1e-5)
        assert not b.any()
    network = Network([Dense(2, 2), QuantizedReLU()])
    network.initialize(rng)
    assert network.parameters["top1"] == 6.0


def test_it_learns_and_its_steps_move(rng: np.random.Generator) -> None:
    network = Network(quantized_layers(STACK, "ternary"))
    network.initialize(rng)
    x = rng.random((64, 36), dtype=np.float32)
    labels = (x.reshape(64, 6, 6)[:, :3].sum(axis=(1, 2)) > 4.5).astype(int)
    before = {name: view.copy() for name, view in network.parameters.items()}
    buffers = network.buffers()
    losses = []
    for _ in range(150):
        loss, _ = network.loss_and_gradient(x, one_hot(labels, 4), buffers, rng)
        network.absorb_statistics(buffers.gradient)
        network.vector -= 0.1 * buffers.gradient
        losses.append(loss)
    assert losses[-1] < 0.4 * losses[0]
    for name in ("step1", "top1", "step2"):
        assert (network.parameters[name] != before[name]).all(), name


def test_a_batch_norm_folds_into_weights_and_steps(rng: np.random.Generator) -> None:
    network = Network(quantized_layers(STACK, "3"), dtype=np.float64)
    network.initialize(rng)
    network.parameters["gamma1"][:] = 1.5, -0.7, 0.2
    network.parameters["beta1"][:] = 0.1, 0.4, -0.2
    network.parameters["mean1"][:] = rng.normal(size=3)
    x = rng.random((20, 36))
    folded = fold(network)
    assert not any(isinstance(layer, BatchNorm) for layer in folded.layers)
    assert_allclose(folded.forward(x), network.forward(x), atol=0.03)
    q = [
        rounded(n.parameters["W1"] / n.parameters["step1"], FORMATS["3"]) for n in (network, folded)
    ]
    assert_array_equal(q[0] * [1, -1, 1], q[1])


def test_the_last_layer_has_one_step_and_other_activations_are_refused() -> None:
    layers = quantized_layers(STACK, "4")
    affine = [layer for layer in layers if isinstance(layer, (QuantizedConv2D, QuantizedDense))]
    assert [layer.shared for layer in affine] == [False, True]
    assert [type(layer).__name__ for layer in layers] == [
        "ToImages", "QuantizedConv2D", "BatchNorm", "MaxPool2D", "QuantizedReLU", "ToRows",
        "QuantizedDense",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="a ReLU, not Sigmoid"):
        quantized_layers([Dense(3, 2), Sigmoid(), Dense(2, 2)], "4")
    with pytest.raises(ValueError, match="not 5"):
        quantized_layers(STACK, "5")
    assert isinstance(quantized_layers([Deskew(2, 2), Dense(4, 2)], "4")[0], Deskew)
