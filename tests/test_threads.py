"""BLAS threads: few for small products, and as they were whenever others may compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from digitnet import threads as module
from digitnet.nn import Network, multilayer_perceptron
from digitnet.threads import (
    ENOUGH_FOR_ALL,
    FIRST_LOOK,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    StepThreads,
    at_most_blas_threads,
    cores_granted,
    n_cores,
    one_blas_thread,
    pays,
)
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
    with StepThreads(ENOUGH_FOR_ALL - 1).held():
        assert threads() == 1
    with StepThreads(ENOUGH_FOR_ALL).held():
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
def test_steps_take_one_thread_while_the_other_core_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looked at after a moment, then after pauses that double while the answer stays."""
    now, looks, free = 100.0, 0, True

    def answer(n_threads: int, side: int) -> bool:
        nonlocal looks
        looks += 1
        assert (n_threads, side) == (2, 200)
        return free

    monkeypatch.setattr(module, "pays", answer)
    monkeypatch.setattr(module.time, "perf_counter", lambda: now)
    steps = StepThreads(200**3, yielding=True)
    with steps.held():
        steps.look()
        assert (threads(), looks) == (2, 0)  # a short training is not looked at
        now += FIRST_LOOK
        steps.look()
        assert (threads(), looks) == (2, 1)
        now += 1.99 * SHORTEST_PAUSE
        steps.look()
        assert looks == 1  # the second pause is twice as long
        now, free = now + 0.02 * SHORTEST_PAUSE, False
        steps.look()
        assert (threads(), looks) == (1, 2)
    assert threads() == 2
    with steps.held():
        assert threads() == 1  # the next epoch goes on as it was
        pauses = []
        for _ in range(5):
            before, start = looks, now
            while looks == before:
                now += SHORTEST_PAUSE / 4
                steps.look()
            pauses.append((now - start) / SHORTEST_PAUSE)
        assert pauses == [1, 2, 4, 8, 8]
        assert (FIRST_LOOK, SHORTEST_PAUSE, LONGEST_PAUSE) == (0.25, 1, 8)
        free = True
        now += LONGEST_PAUSE
        steps.look()
        assert threads() == 2
    assert threads() == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    ("slow", "kept_off", "right"),
    [
        ([], [], True), ([0], [], True), ([0, 1], [], False),
        ([], [0], True), ([], [0, 1], False), ([1], [0], False),
    ],
)  # fmt: skip
def test_a_product_that_is_hardly_quicker_both_times_does_not_pay(
    monkeypatch: pytest.MonkeyPatch, slow: list[int], kept_off: list[int], right: bool
) -> None:
    """The cores are made to look taken: a product by two threads takes about as long as by one,
    or this thread has a core for less than nine tenths of the time.
    """
    calls, now, worked = 0, 0.0, 0.0
    monkeypatch.setattr(module.time, "perf_counter", lambda: now)
    monkeypatch.setattr(module.time, "thread_time", lambda: worked)

    def seconds(matrix: np.ndarray, least: float) -> float:
        nonlocal calls, now, worked
        attempt, calls = calls // 2, calls + 1
        now, worked = now + 1.0, worked + (0.89 if attempt in kept_off else 0.91)
        return 1.0 if threads() == 1 else 0.86 if attempt in slow else 0.84

    monkeypatch.setattr(module, "_seconds_each", seconds)
    assert pays(2, 10) is right
    assert threads() == 2


def test_small_products_and_trainings_that_do_not_yield_are_never_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the bits of most trainings do not depend on how busy the machine is."""
    monkeypatch.setattr(module, "pays", lambda *_: pytest.fail("looked"))
    for steps in (StepThreads(ENOUGH_FOR_ALL - 1, yielding=True), StepThreads(ENOUGH_FOR_ALL)):
        with steps.held():
            steps._next_look = 0.0
            steps.look()


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "max 100000"}, 8),
        ({"own/cpu.max": "max 100000", "cpu.max": "300000 100000"}, 3),
        ({"own/cpu.max": "50000 100000", "cpu.max": "300000 100000"}, 0.5),
        ({"cpu/own/cpu.cfs_quota_us": "250000", "cpu/own/cpu.cfs_period_us": "100000"}, 2.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.max": "nonsense"}, 8),
        ({}, 8),
    ],
)
def test_a_quota_counts_as_so_many_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cores: float
) -> None:
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "groups").write_text("9:name=systemd:/other\n2:cpuacct,cpu:/own\n0::/own\n")
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cores_granted(tmp_path / "groups", tmp_path) == cores
    assert cores_granted(tmp_path / "none", tmp_path) == 8


@pytest.mark.parametrize(("granted", "whole", "threads"), [(0.5, 1, 1), (1.5, 2, 1), (2.5, 3, 2)])
def test_a_part_of_a_core_has_a_process_but_no_thread_of_blas(
    monkeypatch: pytest.MonkeyPatch, granted: float, whole: int, threads: int
) -> None:
    """A process may pause; a thread that others wait for makes them spin."""
    monkeypatch.setattr(module, "cores_granted", lambda: granted)
    assert n_cores() == whole
    with at_most_blas_threads(2):
        assert module.most_blas_threads() <= threads


@pytest.mark.parametrize(
    ("said", "cores"), [("1", 1), ("3", 3), ("16", 8), ("0", 8), ("", 8), ("two", 8), ("-1", 8)]
)
def test_what_joblib_and_dask_grant_their_workers_is_kept(
    monkeypatch: pytest.MonkeyPatch, said: str, cores: int
) -> None:
    monkeypatch.setattr(module, "cores_granted", lambda: 8.0)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert n_cores() == cores


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


def test_the_same_seed_gives_the_same_bits_on_the_same_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "pays", lambda *_: True)  # however busy this machine is

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
