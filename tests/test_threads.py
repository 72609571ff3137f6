"""BLAS threads: few for small products, and as they were whenever others may compute."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from digitnet.nn import Network, multilayer_perceptron
from digitnet.threads import ENOUGH_FOR_ALL, blas_threads, one_blas_thread
from digitnet.training.checkpoints import begin
from digitnet.training.config import Settings
from digitnet.training.events import EpochDone, StepDone
from digitnet.training.loop import train
from support.helpers import bars


def threads() -> int:
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


@pytest.fixture
def two_threads():  # type: ignore[no-untyped-def]
    with threadpool_limits(2, "blas"):
        if threads() < 2:
            pytest.skip("BLAS has but one thread on this machine")
        yield


@pytest.mark.usefixtures("two_threads")
def test_small_products_get_one_thread_and_large_ones_all() -> None:
    with blas_threads(ENOUGH_FOR_ALL - 1):
        assert threads() == 1
    with blas_threads(ENOUGH_FOR_ALL):
        assert threads() == 2
    with one_blas_thread():
        assert threads() == 1
    assert threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_blocks_that_overlap_give_back_what_was_before_all_of_them() -> None:
    """As when two requests of the web server overlap: the first to begin is the first to end."""
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert threads() == 1
    second.__exit__(None, None, None)
    assert threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_an_inner_block_holds_too_where_others_have_set_the_number_since() -> None:
    with one_blas_thread(), threadpool_limits(2, "blas"):
        assert threads() == 2
        with one_blas_thread():
            assert threads() == 1
    assert threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_training_gives_the_threads_back(rng: np.random.Generator) -> None:
    dataset = bars(200, rng)
    network = Network(multilayer_perceptron(784, [16], 10))
    network.initialize(rng)
    settings = Settings(epochs=2, batch_size=20)
    events = train(network, dataset, None, settings, begin(network, settings, rng))
    for event in events:
        if isinstance(event, StepDone):
            assert threads() == 1
        if isinstance(event, EpochDone):
            assert threads() == 2  # whoever listens may now compute with all of them
    assert threads() == 2
    events = train(network, dataset, None, settings, begin(network, settings, rng))
    next(events)
    events.close()
    assert threads() == 2


def test_the_same_seed_gives_the_same_bits_on_the_same_threads() -> None:
    def trained(n_threads: int) -> bytes:
        rng = np.random.default_rng(3)
        dataset = bars(600, rng)
        network = Network(multilayer_perceptron(784, [64], 10))
        network.initialize(rng)
        settings = Settings(epochs=2, batch_size=128)
        with threadpool_limits(n_threads, "blas"):
            for _ in train(network, dataset, None, settings, begin(network, settings, rng)):
                pass
        return network.vector.tobytes()

    assert trained(1) == trained(1)
    assert trained(2) == trained(2)
