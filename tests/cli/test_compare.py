"""Comparing models: McNemar's test by hand and against its definition, and the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.cli.compare import milliseconds_for
from digitnet.cli.main import main
from digitnet.evaluation import SURE, McNemar, mcnemar
from digitnet.models.folder import save_model
from digitnet.models.model import Model
from digitnet.nn import Network, multilayer_perceptron
from digitnet.training.config import Settings
from digitnet.training.loop import fit
from support.helpers import assert_one_sentence, bars, digitnet, small_model


def rights(both: int, only_first: int, only_second: int, neither: int) -> tuple[np.ndarray, ...]:
    first = np.repeat([True, True, False, False], [both, only_first, only_second, neither])
    second = np.repeat([True, False, True, False], [both, only_first, only_second, neither])
    return first, second


def test_by_hand() -> None:
    """1 against 9: 2 (C(10, 0) + C(10, 1)) / 2^10 = 22 / 1024; ties are no difference at all."""
    test = mcnemar(*rights(80, 1, 9, 10))
    assert (test.only_first, test.only_second) == (1, 9)
    assert test.p_value == pytest.approx(22 / 1024)
    assert test.sure
    assert mcnemar(*rights(5, 4, 4, 0)).p_value == 1.0
    assert mcnemar(*rights(9, 0, 0, 1)).p_value == 1.0
    assert not mcnemar(*rights(9, 5, 0, 1)).sure  # 5 of 5 is 1 in 16


def test_less_than_5_percent_is_more_than_luck() -> None:
    assert SURE == 0.05
    assert [McNemar(1, 2, p).sure for p in (0.0499, 0.05, 0.0501)] == [True, False, False]
    assert mcnemar(*rights(9, 6, 0, 1)).sure  # 6 of 6 is 1 in 32
    assert mcnemar(*rights(0, 1, 0, 0)).p_value == 1.0
    assert mcnemar(*rights(0, 2, 0, 0)).p_value == 0.5
    assert mcnemar(*rights(0, 5, 2, 0)).p_value == pytest.approx(2 * (1 + 7 + 21) / 2**7)


@given(st.integers(0, 40), st.integers(0, 40))
def test_it_takes_no_sides_and_grows_surer_with_the_gap(a: int, b: int) -> None:
    one, other = mcnemar(*rights(3, a, b, 2)), mcnemar(*rights(3, b, a, 2))
    assert one.p_value == other.p_value
    assert 0.0 < one.p_value <= 1.0
    if a > b:
        assert mcnemar(*rights(3, a + 1, b, 2)).p_value < one.p_value


def test_thousands_of_differences_are_no_trouble() -> None:
    assert mcnemar(*rights(0, 3000, 3000, 0)).p_value == 1.0
    assert mcnemar(*rights(0, 5000, 100, 0)).p_value == 0.0  # less than any float


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with digits, a model that has learnt them, and one that has not."""
    place, rng = tmp_path_factory.mktemp("models"), np.random.default_rng(3)
    dataset = bars(300, rng)
    np.savez(place / "bars.npz", images=dataset.images, labels=dataset.labels)
    network = Network(multilayer_perceptron(784, [12], 10))
    fit(network, dataset, None, Settings(epochs=8), rng=rng)
    save_model(Model(network), place / "good")
    save_model(small_model(rng), place / "raw")
    return place


def test_the_command_says_which_is_better(place: Path) -> None:
    done = digitnet("compare", "good", "raw", "cnn", "--on", "bars.npz", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "so good is better" in done.stdout
    assert done.stdout.count("McNemar") == 3
    done = digitnet("compare", "good", "good", "--on", "bars.npz", "--json", cwd=place)
    assert_one_sentence(done, "two")


def test_where_no_picture_tells_two_models_apart_that_is_said(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    shutil.copytree("good", "same")
    assert main(["compare", "good", "same", "--on", "bars.npz"]) == 0
    said = capsys.readouterr().out
    assert "good and same read the same pictures rightly: neither is better." in said
    assert "luck" not in said


def test_json(place: Path) -> None:
    done = digitnet("compare", "good", "raw", "--on", "bars.npz", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == ["source", "n", "models", "pairs"]
    assert (found["source"], found["n"]) == ("bars.npz", 300)
    assert list(found["models"][0]) == [
        "model", "accuracy", "interval", "parameters", "kilobytes", "milliseconds_for_1000",
    ]  # fmt: skip
    assert list(found["pairs"][0]) == ["models", "only_first", "only_second", "p_value"]
    evaluated = digitnet("evaluate", "bars.npz", "--model", "good", "--json", cwd=place)
    assert found["models"][0]["accuracy"] == json.loads(evaluated.stdout)["accuracy"]
    assert found["models"][0]["parameters"] == 784 * 12 + 12 + 120 + 10
    (pair,) = found["pairs"]
    gap = pair["only_first"] - pair["only_second"]
    assert gap == round(300 * (found["models"][0]["accuracy"] - found["models"][1]["accuracy"]))


def test_a_speed_is_the_mean_of_many_passes_after_one_that_is_not_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first pass takes 9 s, each other one 0.2: the third of them is past half a second."""
    now, sizes = 0.0, []

    class Slow:
        def probabilities(self, images: np.ndarray) -> None:
            nonlocal now
            now += 0.2 if sizes else 9.0
            sizes.append(len(images))

    monkeypatch.setattr("digitnet.cli.compare.time", SimpleNamespace(perf_counter=lambda: now))
    milliseconds = milliseconds_for(cast(Model, Slow()), np.zeros((7, 28, 28), np.uint8))
    assert milliseconds == pytest.approx(200)
    assert sizes == [7] * 4


def test_few_pictures_are_timed_as_a_thousand(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    timed: list[np.ndarray] = []
    monkeypatch.setattr(
        "digitnet.cli.compare.milliseconds_for", lambda model, images: timed.append(images) or 1.0
    )
    assert main(["compare", "good", "raw", "--on", "bars.npz"]) == 0
    with np.load("bars.npz") as bars_file:
        assert np.array_equal(timed[0], bars_file["images"][[*range(300)] * 3 + [*range(100)]])
    assert "ms for 1,000 pictures, these over and over: the mean of" in capsys.readouterr().out


def test_one_model_or_an_unknown_one_is_refused(place: Path) -> None:
    assert_one_sentence(digitnet("compare", "good", "--on", "bars.npz", cwd=place), "two")
    gone = digitnet("compare", "good", "gone", "--on", "bars.npz", cwd=place)
    assert_one_sentence(gone, "gone")
