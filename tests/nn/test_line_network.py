"""Line network: gradients, shapes, batches of lines of different widths."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.nn import check_gradients, fold, line_network
from digitnet.nn.ctc import LineLabels
from digitnet.nn.layer import Context, FloatArray
from digitnet.nn.line_network import STRIDE, LineNetwork, as_batch

NARROW = (2, 3, 2, 3, 2, 3, 4)


@pytest.fixture
def network() -> LineNetwork:
    network = LineNetwork(8, 4, NARROW, np.float64)
    rng = np.random.default_rng(1)
    network.initialize(rng)
    network.vector += 0.1 * rng.random(network.vector.size)  # off the kinks of ReLU
    return network


def batch() -> tuple[FloatArray, LineLabels]:
    x = np.random.default_rng(2).random((3, 8, 20))
    return x, LineLabels.of([(1, 1), (2, 3), ()], [5, 4, 3])


@pytest.mark.parametrize("seed", [None, 3])
def test_gradients(network: LineNetwork, seed: int | None) -> None:
    check = check_gradients(network, *batch(), seed=seed)
    assert check.error < 1e-5, check


@pytest.mark.parametrize("layer", ["_Columns", "_MaxPoolRows", "_LogitsOut"])
def test_the_check_finds_a_planted_mistake(
    network: LineNetwork, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = getattr(line_network, layer)
    right = kind.backward

    def wrong(self: object, dy: FloatArray, ctx: Context) -> FloatArray:
        dx: FloatArray = right(self, dy, ctx).copy()
        dx[..., 1, :] *= 1.01
        return dx

    monkeypatch.setattr(kind, "backward", wrong)
    assert check_gradients(network, *batch(), seed=3).error > 1e-4


@pytest.mark.parametrize("width", [4, 8, 100])
def test_a_column_for_each_stride_of_any_width(width: int) -> None:
    network = LineNetwork(32, 17)
    network.initialize(np.random.default_rng(0))
    x = np.random.default_rng(1).random((2, 32, width)).astype(np.float32)
    assert network.forward(x).shape == (2, width // STRIDE, 17)


def test_neighbours_come_from_both_sides_and_zeros_from_beyond() -> None:
    x = np.arange(1.0, 4.0).reshape(1, 1, 3, 1)
    y = line_network._Columns(5).forward(x, Context())
    assert y[:, 0, :, 0].tolist() == [
        [0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 0],
    ]  # fmt: skip


def test_lines_of_different_widths_make_a_batch() -> None:
    images = [np.full((32, 9), 255, np.uint8), np.full((32, 3), 51, np.uint8)]
    x, columns = as_batch(images)
    assert (x.shape, columns) == ((2, 32, 12), [3, 1])
    assert (x[0, :, :9] == 1.0).all()
    assert x[1, 0, 2] == np.float32(0.2)
    assert not x[0, :, 9:].any()
    assert not x[1, :, 3:].any()


def test_buffers_serve_batches_of_any_width(network: LineNetwork) -> None:
    """Memory is shared between widths; what one step left does no harm to the next."""
    x, targets = batch()
    wide = np.random.default_rng(4).random((3, 8, 44))
    buffers = network.buffers()
    for lines in (x, wide, x, wide[:2], x):
        labels = targets[: len(lines)]
        fresh = network.buffers()
        expected = network.loss_and_gradient(lines, labels, fresh)[0]
        assert network.loss_and_gradient(lines, labels, buffers)[0] == expected
        np.testing.assert_array_equal(buffers.gradient, fresh.gradient)


def test_folded_it_reads_the_same(network: LineNetwork) -> None:
    x, _ = batch()
    lighter = fold(network)
    assert lighter.vector.size < network.vector.size
    assert (lighter.height, lighter.n_classes) == (8, 4)
    np.testing.assert_allclose(lighter.forward(x), network.forward(x), atol=1e-12)


def test_what_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="multiple of 8, not 30"):
        LineNetwork(30, 17)
    with pytest.raises(ValueError, match="7 widths, not 2"):
        LineNetwork(32, 17, (1, 2))
