"""What the page draws of a network after an epoch."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from digitnet.nn import Conv2D, GlobalAveragePool2D, Network, ToImages
from digitnet.training.config import TrainingConfig
from digitnet.web.payloads import snapshot
from support.helpers import bars


@pytest.mark.parametrize(
    ("config", "n", "n_hidden"),
    [
        (TrainingConfig(hidden=(12,)), 12, 12),
        (TrainingConfig(hidden=(200,)), 100, 200),  # no more than a page can show
        (TrainingConfig(hidden=(12,), deskew=True, input_dropout=0.1), 12, 12),
        (TrainingConfig(hidden=(12,), pool=2), 0, 12),
        (TrainingConfig(hidden=(12,), conv="4C5-MP2"), 0, 12),
        (TrainingConfig(hidden=(12,), conv="16C3P1-MP4"), 0, 12),  # 784 numbers, but no pixels
    ],
)
def test_weights_are_shown_as_pictures_where_they_look_at_pixels(
    config: TrainingConfig, n: int, n_hidden: int, rng: np.random.Generator
) -> None:
    network = Network(config.layers(784, 10))
    network.initialize(rng)
    before = network.vector.copy()
    shown = snapshot(network, network.vector * 2, bars(50, rng), 3)
    assert (shown["epoch"], shown["n"], shown["n_hidden"]) == (3, n, n_hidden)
    if n:
        pictures = np.frombuffer(base64.b64decode(shown["weights"]), np.uint8).reshape(n, 784)
        weights = network.parameters["W1"].T[:n]
        assert {0, 255} & {int(pictures.min()), int(pictures.max())}
        assert ((pictures > 127.5) == (weights > 0))[np.abs(weights) > 0.01].all()
    else:
        assert shown["weights"] is None
    assert np.sum(shown["confusion"]) == 50
    assert np.array_equal(network.vector, before)
    nothing = snapshot(network, network.vector, None, 1)
    assert (nothing["confusion"], nothing["mistakes"], nothing["n_validation"]) == (None, [], 0)


def test_a_network_without_a_dense_layer_has_no_weights_to_show() -> None:
    network = Network([ToImages(28, 28), Conv2D(1, 10, 5), GlobalAveragePool2D()])
    shown = snapshot(network, network.vector, None, 1)
    assert (shown["weights"], shown["n"], shown["n_hidden"]) == (None, 0, 0)
