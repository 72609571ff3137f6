"""The integer network: by hand, against plain loops over Python's integers, bounds, packing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from digitnet.errors import ModelError
from digitnet.models.integer_network import (
    POWERS,
    IntegerLayer,
    IntegerNetwork,
    Limits,
)
from digitnet.models.packing import pack, unpack
from digitnet.nn.quantization import FORMATS
from support.integers import POOL, some_layer, some_network

BITS = tuple(FORMATS)


def int8(values: object) -> np.ndarray:
    return np.array(values, np.int8)


def by_loops(network: IntegerNetwork, frame: np.ndarray) -> list[int]:
    """The same in Python's own integers, one number at a time, scaled before it is pooled."""
    x = [[[int(v) for v in row] for row in frame.reshape(28, 28)]]
    flat: list[int] = []
    for layer in network.layers:
        w, b = layer.weights.tolist(), layer.bias.tolist()

        def byte(total: int, channel: int, layer: IntegerLayer = layer) -> int:
            if not layer.shift:
                return total
            product = max(total, 0) * int(layer.multiplier[channel])
            return min((product + 2 ** (layer.shift - 1)) // 2**layer.shift, 255)

        if layer.kind == "pool":
            x = [
                [
                    [max(c[r][k], c[r][k + 1], c[r + 1][k], c[r + 1][k + 1])
                     for k in range(0, len(c[0]), 2)]
                    for r in range(0, len(c), 2)
                ]
                for c in x
            ]  # fmt: skip
        elif layer.kind == "conv":
            size = len(w[0][0])
            places = range(len(x[0]) - size + 1)
            x = [
                [
                    [
                        byte(b[o] + sum(
                            w[o][i][p][q] * x[i][r + p][k + q]
                            for i in range(len(x)) for p in range(size) for q in range(size)
                        ), o)
                        for k in places
                    ]
                    for r in places
                ]
                for o in range(len(w))
            ]  # fmt: skip
        else:
            flat = flat or [v for c in x for row in c for v in row]
            flat = [
                byte(b[o] + sum(v * u for v, u in zip(w[o], flat, strict=True)), o)
                for o in range(len(w))
            ]
    return flat


@pytest.mark.parametrize("bits", BITS)
def test_every_logit_is_that_of_plain_loops(bits: str) -> None:
    rng = np.random.default_rng(3)
    network = some_network(bits, rng)
    frames = rng.integers(0, 256, (4, 784), np.uint8)
    frames[0], frames[1] = 0, 255
    logits = network.logits(frames)
    assert logits.dtype == np.int32
    assert_array_equal(logits, [by_loops(network, frame) for frame in frames])
    assert len(np.unique(logits[2:])) > 10  # not all cut off


def test_a_dense_layer_by_hand() -> None:
    """Rounded halves up, below 0 is 0, above 255 is 255; channels after rows of pixels."""
    first = np.zeros((4, 784), np.int8)
    first[:, 1] = 1, -1, 7, 3
    bias = np.array([2, 0, 0, -7], np.int32)
    multiplier = np.array([5, 255, 255, 1], np.uint8)
    last = int8([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    network = IntegerNetwork(
        (
            IntegerLayer("dense", "4", first, bias, multiplier, 2),
            IntegerLayer("dense", "4", last, np.array([0, 0, -1, 0], np.int32)),
        ),
        classes=("a", "b", "c", "d"),
    )
    frame = np.zeros((1, 784), np.uint8)
    frame[0, 1] = 4
    # (4 + 2) 5 = 30, 7.5 -> 8; -4 -> 0; 28 255 / 4 = 1785 -> 255, less 1; (12 - 7) / 4 = 1.25 -> 1
    assert network.logits(frame).tolist() == [[8, 0, 254, 1]]


def test_batches_and_shapes_do_not_matter() -> None:
    rng = np.random.default_rng(5)
    network = some_network("3", rng)
    frames = rng.integers(0, 256, (300, 28, 28), np.uint8)
    logits = network.logits(frames)
    assert_array_equal(network.logits(frames.reshape(300, 784)[257:258])[0], logits[257])
    with pytest.raises(ValueError, match="uint8"):
        network.logits(frames.astype(np.float32))
    with pytest.raises(ValueError, match="784"):
        network.logits(frames[:, :27])


def test_sums_beyond_what_float32_holds_are_exact() -> None:
    weights = np.full((10, 784), 127, np.int8)
    weights[:, 0] = np.arange(10)
    bias = np.arange(10, dtype=np.int32)
    network = IntegerNetwork((IntegerLayer("dense", "8", weights, bias),))
    expected = [255 * (127 * 783 + k) + k for k in range(10)]
    assert expected[0] > 2**24
    assert network.logits(np.full((1, 784), 255, np.uint8)).tolist() == [expected]


@pytest.mark.parametrize("bits", BITS)
def test_no_frame_passes_the_bound_and_the_worst_frame_meets_it(bits: str) -> None:
    rng = np.random.default_rng(7)
    layer = some_layer("dense", bits, (10, 784), rng, last=True)
    layer = replace(layer, bias=np.abs(layer.bias))
    network = IntegerNetwork((layer,))
    worst = np.where(layer.weights > 0, 255, 0).astype(np.uint8)
    highest = np.diagonal(network.logits(worst))
    (bound,) = network.bounds()
    assert highest.max() <= bound.sum
    all_one_sign = replace(layer, weights=np.abs(layer.weights))
    (bound,) = IntegerNetwork((all_one_sign,)).bounds()
    white = np.full((1, 784), 255, np.uint8)
    assert IntegerNetwork((all_one_sign,)).logits(white).max() == bound.sum


def test_the_product_with_the_multiplier_is_bounded_too() -> None:
    first = IntegerLayer(
        "dense", "8", np.full((1, 784), 100, np.int8), np.array([5], np.int32),
        np.array([100], np.uint8), 20,
    )  # fmt: skip
    last = IntegerLayer("dense", "8", np.ones((10, 1), np.int8), np.zeros(10, np.int32))
    network = IntegerNetwork((first, last))
    assert network.bounds()[0][1:] == (78400 * 255 + 5, (78400 * 255 + 5) * 100 + 2**19)
    with pytest.raises(ModelError, match=r"layer 1 \(dense\) could grow to 2,1"):
        IntegerNetwork((replace(first, multiplier=np.array([108], np.uint8)), last))


def test_logits_stay_below_2_to_the_30() -> None:
    layer = IntegerLayer(
        "dense", "4", np.zeros((10, 784), np.int8), np.full(10, 2**30 - 1, np.int32)
    )
    IntegerNetwork((layer,))
    with pytest.raises(ModelError, match="int32 holds less than 1,073,741,824"):
        IntegerNetwork((replace(layer, bias=np.full(10, 2**30, np.int32)),))


def test_packing_by_hand() -> None:
    assert pack(int8([-1, 0, 1, 1, -1, 1]), "ternary") == bytes([0 + 3 + 18 + 54 + 0, 2])
    assert pack(int8([-3, -1, 1, 3, 3]), "2") == bytes([0b11100100, 0b11])
    assert pack(int8([-3, -2, 3, 0]), "3") == bytes([0b10001000, 0b0111])
    assert pack(int8([-7, 7, 0]), "4") == bytes([0xE0, 0x07])
    assert pack(int8([-127, 127]), "8") == bytes([0, 254])
    for weight, bits in ((2, "ternary"), (0, "2"), (4, "3"), (-8, "4"), (-128, "8")):
        with pytest.raises(ValueError, match="Weights of"):
            pack(int8([weight]), bits)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("n", [1, 4, 5, 8, 9, 250])
def test_what_is_packed_comes_back(bits: str, n: int) -> None:
    weights = some_layer("dense", bits, (1, n), np.random.default_rng(n), last=True).weights
    packed = pack(weights, bits)
    per = {"ternary": 8 / 5, "2": 2, "3": 3, "4": 4, "8": 8}[bits]
    assert len(packed) == math.ceil(round(n * per / 8, 6))
    assert_array_equal(unpack(packed, n, bits), weights[0])


def test_packed_bytes_counts_all_that_lies_in_flash() -> None:
    rng = np.random.default_rng(0)
    network = some_network("3", rng)
    weights = math.ceil(75 * 3 / 8) + math.ceil(108 * 3 / 8) + math.ceil(600 * 3 / 8)
    weights += math.ceil(60 * 3 / 8)
    biases = sum(2 * len(x.bias) for x in network.layers)
    multipliers, shifts, table = 3 + 4 + 6, 3, 32 + 4
    assert network.packed_bytes() == weights + biases + multipliers + shifts + table
    first = replace(network.layers[0], bias=np.array([0, 0, 2**15], np.int32))
    wider = IntegerNetwork((first, *network.layers[1:]))
    assert wider.packed_bytes() == network.packed_bytes() + 6


def test_the_table_of_powers() -> None:
    assert tuple(math.floor(2**15 * 2 ** (-k / 16) + 0.5) for k in range(16)) == POWERS


def test_confidence_by_hand() -> None:
    """16 steps behind is half as likely: of 1, 1/2 and 1/4, 1 is 571 per mille."""
    network = IntegerNetwork(
        (IntegerLayer("dense", "4", np.zeros((3, 784), np.int8), np.zeros(3, np.int32)),),
        classes=("a", "b", "c"),
        limits=Limits(2, 1, 572),
    )
    logits = np.array([[32, 16, 0], [0, 0, 0], [5, 9, 2**30 - 1], [7, 6, 6]], np.int32)
    assert network.powers(logits)[0].tolist() == [32768, 16384, 8192]
    read = network.read_logits(logits)
    assert read.labels.tolist() == [0, 0, 2, 0]
    assert read.per_mille.tolist() == [571, 333, 1000, 343]
    assert read.refused.tolist() == [True, True, False, True]
    kinder = replace(network, limits=Limits(2, 1, 571)).read_logits(logits)
    assert kinder.refused.tolist() == [False, True, False, True]


def test_confidence_is_that_of_softmax() -> None:
    rng = np.random.default_rng(1)
    network = some_network("4", rng)
    network = replace(network, limits=Limits(185, 3, 0))  # 185 / 8 / 16 octaves: times ln 2
    logits = rng.integers(-20, 20, (500, 10)).astype(np.int32)
    exact = np.exp(logits * (185 / 8 / 16 * np.log(2)))
    exact = exact.max(axis=1) / exact.sum(axis=1)
    assert np.abs(network.read_logits(logits).per_mille / 1000 - exact).max() < 0.02


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    rng = np.random.default_rng(2)
    network = some_network("4", rng)
    layers = network.layers
    for wrong in (
        layers[1:],
        layers[:-1],
        (),
        (*layers[:-1], POOL),
        (layers[0], POOL, POOL, POOL, *layers[2:]),
        (replace(layers[0], shift=0), *layers[1:]),
        (replace(layers[0], shift=32), *layers[1:]),
        (replace(layers[0], bits="5"), *layers[1:]),
        (replace(layers[0], bits="ternary"), *layers[1:]),
        (replace(layers[0], bias=layers[0].bias[:2]), *layers[1:]),
        (replace(layers[0], bias=layers[0].bias.astype(np.int64)), *layers[1:]),
        (replace(layers[0], multiplier=layers[0].multiplier[:2]), *layers[1:]),
        (*layers[:-1], replace(layers[-1], shift=1)),
        (replace(layers[0], kind="gap"), *layers[1:]),
    ):
        with pytest.raises(ModelError, match=r"layer|classes|Layer"):
            IntegerNetwork(wrong)
    for limits in (
        Limits(0, 1, 0),
        Limits(256, 1, 0),
        Limits(1, 0, 0),
        Limits(1, 31, 0),
        Limits(1, 1, 1001),
    ):
        with pytest.raises(ModelError, match="limits"):
            IntegerNetwork(layers, limits=limits)
