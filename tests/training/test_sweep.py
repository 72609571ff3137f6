"""Sweep: what is trained, kept, gone on with, and called the best."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("joblib", reason="needs joblib: pip install 'digitnet[sweep]'")

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.training import sweep as sweeps
from digitnet.training.config import TrainingConfig
from digitnet.training.recipes import read_recipe
from digitnet.training.run import checkpoint_path
from digitnet.training.sweep import RunResult, Sweep, train_one
from support.helpers import bars

BASE = TrainingConfig(source="bars", hidden=(4,), epochs=2, seed=3, batch_size=16)
OVER = {"learning_rate": [0.5, 0.1]}


@pytest.fixture
def digits(rng: np.random.Generator) -> Dataset:
    return bars(80, rng)


def swept(folder: Path, digits: Dataset, **more: Any) -> Sweep:
    arguments = {"base": BASE, "over": OVER, "n_seeds": 2, **more}
    return Sweep(dataset=digits, folder=folder, **arguments)


def reached(accuracy: float | None, loss: float = 1.0) -> RunResult:
    error = "diverged." if accuracy is None else None
    return RunResult(accuracy, None if error else loss, 1, 2, 0.5, error)


def filled(sweep: Sweep, *results: RunResult) -> Sweep:
    sweep.results = {
        trial.key: result for trial, result in zip(sweep.trials, results, strict=False)
    }
    return sweep


def test_every_combination_has_every_seed_and_one_seed_of_each_comes_first(
    tmp_path: Path, digits: Dataset
) -> None:
    sweep = swept(tmp_path, digits, over={**OVER, "activation": ["tanh", "relu", "sigmoid"]})
    assert len(sweep.combinations) == 6
    assert [trial.config.seed for trial in sweep.waiting] == [3] * 6 + [4] * 6
    assert len({trial.key for trial in sweep.trials}) == 12
    made = {(t.config.learning_rate, t.config.activation, t.config.seed) for t in sweep.trials}
    assert len(made) == 12


def test_runs_are_kept_and_not_made_again(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(swept(tmp_path, digits).run(jobs=1))
    assert len(first) == 4
    again = swept(tmp_path, digits)
    assert again.waiting == []
    assert again.results == {trial.key: result for trial, result in first}
    assert list(again.run(jobs=1)) == []
    more = swept(tmp_path, digits, over={"learning_rate": [0.1, 0.5, 0.7]}, n_seeds=3)
    assert len(more.waiting) == 9 - 4
    assert not list(tmp_path.rglob("*.checkpoint.npz"))


def test_other_digits_or_settings_are_other_runs(
    tmp_path: Path, digits: Dataset, rng: np.random.Generator
) -> None:
    list(swept(tmp_path, digits).run(jobs=1))
    assert len(swept(tmp_path, bars(80, rng)).waiting) == 4
    from dataclasses import replace

    assert len(swept(tmp_path, digits, base=replace(BASE, epochs=3)).waiting) == 4


def test_a_result_is_that_of_a_training_by_itself(tmp_path: Path, digits: Dataset) -> None:
    sweep = swept(tmp_path, digits)
    (trial, result), *_ = sweep.run(jobs=1)
    from digitnet.training.run import Run

    run = Run(trial.config, digits, tmp_path / "alone")
    for _ in run.events():
        pass
    best = run.history.best_epoch - 1
    assert result.validation_accuracy == run.history.validation_accuracy[best]
    assert result.validation_loss == run.history.validation_loss[best]


def test_whoever_stops_listening_keeps_what_is_done(tmp_path: Path, digits: Dataset) -> None:
    runs = swept(tmp_path, digits).run(jobs=1)
    next(runs)
    runs.close()
    assert len(swept(tmp_path, digits).waiting) == 3


def test_an_interrupted_run_goes_on_from_its_checkpoint(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = swept(tmp_path, digits).trials[0]
    _, expected = train_one(trial, digits, None, tmp_path / "whole")
    from digitnet.training.run import Run

    run = Run(trial.config, digits, tmp_path / "cut")
    for event in run.events():
        if type(event).__name__ == "EpochDone":
            break
    run.checkpoint()
    started: list[int] = []
    init = Run.__init__

    def noted(self: Run, *args: Any) -> None:
        init(self, *args)
        started.append(self.state.epoch)

    monkeypatch.setattr(Run, "__init__", noted)
    _, result = train_one(trial, digits, None, tmp_path / "cut")
    assert started == [1]
    assert result[:4] == expected[:4]
    assert not checkpoint_path(tmp_path / "cut").exists()


def test_a_damaged_checkpoint_or_result_is_made_anew(tmp_path: Path, digits: Dataset) -> None:
    sweep = swept(tmp_path, digits)
    checkpoint_path(tmp_path / "run").write_bytes(b"odd")
    _, result = train_one(sweep.trials[0], digits, None, tmp_path / "run")
    assert result.error is None
    sweep._keep(sweep.trials[0], result)
    (file,) = (tmp_path / "runs").glob("*.json")
    whole = json.loads(file.read_text())
    assert len(swept(tmp_path, digits).waiting) == 3
    for odd in ("", "[]", '{"version": 1}', json.dumps({**whole, "plan": {}}),
                json.dumps({**whole, "result": {**whole["result"], "seconds": "x"}})):  # fmt: skip
        file.write_text(odd)
        assert len(swept(tmp_path, digits).waiting) == 4


def test_a_run_that_diverges_does_not_end_the_others(tmp_path: Path, digits: Dataset) -> None:
    over = {"learning_rate": [1e30, 0.1]}
    base = TrainingConfig(source="bars", hidden=(4,), epochs=2, activation="relu")
    sweep = swept(tmp_path, digits, base=base, over=over)
    with np.errstate(all="ignore"):
        assert len(list(sweep.run(jobs=1))) == 4
    best, failed = sweep.rows()
    assert (best.values["learning_rate"], failed.mean) == (0.1, None)
    assert "learning rate" in str(failed.results[0].error)


def test_the_best_has_the_highest_mean_then_the_lowest_loss(
    tmp_path: Path, digits: Dataset
) -> None:
    sweep = swept(tmp_path, digits)
    filled(sweep, reached(0.9), reached(0.8), reached(0.84), reached(0.84))
    assert sweep.best().values == {"learning_rate": 0.5}  # type: ignore[union-attr]
    row = sweep.rows()[0]
    assert row.mean == pytest.approx(0.85)
    assert row.spread == pytest.approx(0.0707, abs=1e-4)
    filled(
        sweep, reached(0.9, 2.0), reached(0.8, 2.0), reached(0.85), reached(0.85)
    )  # but for 1e-16
    assert sweep.best().values == {"learning_rate": 0.1}  # type: ignore[union-attr]


def test_the_best_has_all_its_seeds_and_none_that_failed(tmp_path: Path, digits: Dataset) -> None:
    sweep = swept(tmp_path, digits)
    filled(sweep, reached(0.9), reached(None), reached(0.2), reached(0.2))
    assert sweep.best().values == {"learning_rate": 0.1}  # type: ignore[union-attr]
    assert sweep.rows()[-1].mean is None
    filled(sweep, reached(0.9))
    assert sweep.best() is None


def test_the_best_recipe_is_one(tmp_path: Path, digits: Dataset) -> None:
    over: dict[str, Any] = {"hidden": [(4, 3), (5,)], "batch_norm": [False], "patience": [7]}
    sweep = swept(tmp_path, digits, over=over)
    filled(sweep, *[reached(0.5)] * 4)
    best = sweep.best()
    assert best is not None
    recipe = read_recipe(str(sweep.write_best(best)))
    made = TrainingConfig(**recipe)
    assert made == TrainingConfig(**{**BASE.as_dict(), **best.values})
    assert made.hidden == (4, 3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"over": {"seed": [1, 2]}}, "cannot differ in seed"),
        ({"over": {"validation": [0.1, 0.2]}}, "cannot differ in validation"),
        ({"over": {"hidden": [(8,), (8,)]}}, "same value twice"),
        ({"over": {"batch_size": [None]}}, "as none"),
        ({"over": {"hidden": [()]}}, "hidden=none: A network without convolutions"),
        ({"n_seeds": 0}, "one seed or more"),
        ({"base": TrainingConfig(validation=0.0)}, "keeps none back"),
        ({"base": TrainingConfig(start="cnn")}, "from the beginning"),
    ],
)
def test_what_makes_no_sense_is_refused(
    more: dict[str, Any], words: str, tmp_path: Path, digits: Dataset
) -> None:
    with pytest.raises(SettingsError, match=words):
        swept(tmp_path / "sweep", digits, **more)
    assert not (tmp_path / "sweep").exists()


def test_processes_give_what_one_gives(tmp_path: Path, digits: Dataset) -> None:
    alone = {t.key: r[:4] for t, r in swept(tmp_path / "1", digits).run(jobs=1)}
    together = {t.key: r[:4] for t, r in swept(tmp_path / "2", digits).run(jobs=2)}
    assert together == alone


@pytest.mark.filterwarnings("ignore")  # of Dask's own
def test_dask_gives_what_one_process_gives(tmp_path: Path, digits: Dataset) -> None:
    pytest.importorskip("distributed", reason="needs Dask: pip install 'digitnet[dask]'")
    alone = {t.key: r[:4] for t, r in swept(tmp_path / "1", digits).run(jobs=1)}
    far = {t.key: r[:4] for t, r in swept(tmp_path / "2", digits).run("dask", jobs=1)}
    assert far == alone


@pytest.mark.filterwarnings("ignore")  # of Dask's own
def test_no_scheduler_is_one_sentence(tmp_path: Path, digits: Dataset) -> None:
    pytest.importorskip("distributed", reason="needs Dask: pip install 'digitnet[dask]'")
    with pytest.raises(SettingsError, match=r"answers at tcp://127\.0\.0\.1:9; start"):
        list(swept(tmp_path, digits).run("dask", scheduler="tcp://127.0.0.1:9"))


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_killed_worker_is_one_sentence(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:  # in here, so that it goes to the worker whole
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(sweeps, "train_one", killed)
    with pytest.raises(SettingsError, match="A worker of the sweep has been killed"):
        list(swept(tmp_path, digits).run(jobs=2))
