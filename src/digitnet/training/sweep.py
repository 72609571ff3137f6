"""Sweep: the same recipe with other values and other seeds, side by side, what is done kept."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from digitnet.data.dataset import Dataset
from digitnet.errors import DigitnetError, ModelError, SettingsError, require
from digitnet.files import MOST_TEXT, make_folder, read_regular, replacing
from digitnet.threads import n_cores
from digitnet.training.checkpoints import load_checkpoint
from digitnet.training.config import TrainingConfig
from digitnet.training.engines import workers
from digitnet.training.run import Run, checkpoint_path
from digitnet.training.setting import as_text

FIXED = (
    "source", "framing", "labels", "per_class", "mix", "mix_share", "start", "seed", "validation",
)  # fmt: skip
"""Settings that are one for a whole sweep: they decide the digits that are measured on."""

VERSION = 1

Values = Mapping[str, Any]
"""What a setting is called, and its value."""


class RunResult(NamedTuple):
    """What one training reached at its best epoch.

    Attributes:
        validation_accuracy: share of the validation digits; None where the run failed.
        validation_loss: in nats; None where the run failed.
        best_epoch: counted from 1.
        epochs: done.
        seconds: of all epochs.
        error: why the run failed, in a sentence; None where it did not.
    """

    validation_accuracy: float | None
    validation_loss: float | None
    best_epoch: int
    epochs: int
    seconds: float
    error: str | None = None


class Row(NamedTuple):
    """What the seeds of one combination of values reached.

    Attributes:
        values: of the settings that differ.
        results: of the seeds that are done, failed ones among them.
        mean: of the validation accuracies; None where a seed failed, or none is done yet.
        spread: their standard deviation; 0 for one.
        loss: mean of the validation losses.
    """

    values: Values
    results: tuple[RunResult, ...]
    mean: float | None
    spread: float
    loss: float

    @property
    def words(self) -> str:
        """learning_rate=0.1 hidden=64."""
        return in_words(self.values)


def in_words(values: Values) -> str:
    """learning_rate=0.1 hidden=128+64, as it is typed."""
    return " ".join(f"{name}={as_text(value, '+') or 'none'}" for name, value in values.items())


@dataclass(frozen=True)
class Trial:
    """One training of a sweep.

    Attributes:
        values: of the settings that differ.
        config: what decides it.
        key: what its files are called: the same for the same config and digits alone.
    """

    values: Values
    config: TrainingConfig
    key: str


class Sweep:
    """Every combination of values, each with several seeds.

    What a run reached is one small file in `folder/runs`, called after its config and its digits:
    a sweep that is done again, with more values or more seeds too, takes what is there. A run that
    was interrupted goes on from the checkpoint of its last epoch.

    Args:
        base: what all runs share.
        over: setting -> the values it takes.
        n_seeds: the base's seed and those after it.
        dataset: what `base.source` stands for.
        folder: where it is kept.
        rest: what `base.mix` stands for.

    Raises:
        SettingsError: a setting that cannot differ, a value that makes no sense, a value twice, no
            seed, or no validation part to choose by.
        OutputError: the folder cannot be made.
    """

    def __init__(
        self,
        base: TrainingConfig,
        over: Mapping[str, Sequence[Any]],
        n_seeds: int,
        dataset: Dataset,
        folder: str | Path,
        rest: Dataset | None = None,
    ) -> None:
        check_plan(base, over, n_seeds)
        self.folder = Path(folder)
        self._dataset, self._rest = dataset, rest
        digits = [d.fingerprint() for d in (dataset, rest) if d is not None]
        self.combinations: list[Values] = [
            dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())
        ]
        self.trials = []
        for values in self.combinations:
            for seed in range(base.seed, base.seed + n_seeds):
                config = replace(base, **values, seed=seed)
                said = json.dumps([VERSION, config.as_dict(), digits], sort_keys=True)
                key = hashlib.sha256(said.encode()).hexdigest()[:20]
                self.trials.append(Trial(values, config, key))
        self.results: dict[str, RunResult] = {}
        make_folder(self.folder / "runs")
        for trial in self.trials:
            found = _read(self._file(trial), trial)
            if found is not None:
                self.results[trial.key] = found

    @property
    def waiting(self) -> list[Trial]:
        """The runs that are not done: first one seed of every combination, then the next."""
        left = [trial for trial in self.trials if trial.key not in self.results]
        return sorted(left, key=lambda trial: trial.config.seed)

    def run(
        self, engine: str = "joblib", jobs: int | None = None, scheduler: str | None = None
    ) -> Generator[tuple[Trial, RunResult], None, None]:
        """Train what is not done yet, several at once; each run as it ends, and is kept.

        Whoever stops listening stops the sweep, and loses the running epochs alone.

        Args:
            engine: "joblib" for processes of this machine, "dask" for the workers of Dask.
            jobs: runs at the same time; None for one a core. A scheduler's workers decide it
                themselves.
            scheduler: address of a Dask scheduler; None starts workers on this machine.

        Raises:
            MissingExtraError: the engine is not installed.
            SettingsError: no scheduler answers there, or a worker has been killed.
            OutputError: a result cannot be written.
        """
        require("sweep" if engine == "joblib" else "dask")
        from joblib import Parallel, delayed

        jobs = n_cores() if jobs is None else jobs
        work = delayed(train_one)
        runs = (self.folder / "runs").resolve()
        with workers(engine, jobs, scheduler, [self._dataset, self._rest]):
            done = Parallel(n_jobs=jobs if engine == "joblib" else -1, return_as=UNORDERED)(
                work(trial, self._dataset, self._rest, runs / trial.key) for trial in self.waiting
            )
            for trial, result in done:
                self._keep(trial, result)
                yield trial, result

    def rows(self) -> list[Row]:
        """A row for each combination, the best first, those without a figure last."""
        rows = []
        for values in self.combinations:
            keys = [trial.key for trial in self.trials if trial.values == values]
            results = tuple(self.results[key] for key in keys if key in self.results)
            reached = [r.validation_accuracy for r in results if r.validation_accuracy is not None]
            losses = [r.validation_loss for r in results if r.validation_loss is not None]
            failed = len(reached) < len(results)
            mean = fmean(reached) if reached and not failed else None
            spread = stdev(reached) if len(reached) > 1 else 0.0
            rows.append(Row(values, results, mean, spread, fmean(losses) if losses else 0.0))
        return sorted(
            rows, key=lambda row: (row.mean is None, -round(row.mean or 0.0, 9), row.loss)
        )

    def best(self) -> Row | None:
        """The combination with the highest mean validation accuracy, of those whose seeds are done.

        Among equals the one with the lowest mean loss; None where none is done.
        """
        n_seeds = len(self.trials) // len(self.combinations)
        done = (r for r in self.rows() if r.mean is not None and len(r.results) == n_seeds)
        return next(done, None)

    def write_best(self, row: Row) -> Path:
        """A recipe with the values of a row, `best.toml`; its path.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.folder / "best.toml"
        defaults = TrainingConfig().as_dict()
        chosen = replace(self.trials[0].config, **row.values).as_dict()
        lines = [
            f"{name} = {json.dumps(value)}"
            for name, value in chosen.items()
            if value is not None and (value != defaults[name] or name == "source")
        ]
        head = (
            f"# The best of {len(self.combinations)} combinations by its validation digits: "
            f"{row.mean:.2%}, standard deviation {row.spread:.2%}, over {len(row.results)} seeds.\n"
        )
        with replacing(path) as temporary:
            temporary.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _file(self, trial: Trial) -> Path:
        return self.folder / "runs" / f"{trial.key}.json"

    def _keep(self, trial: Trial, result: RunResult) -> None:
        said = {"version": VERSION, "plan": trial.config.as_dict(), "result": result._asdict()}
        with replacing(self._file(trial)) as temporary:
            temporary.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        self.results[trial.key] = result


UNORDERED = "generator_unordered"


def check_plan(base: TrainingConfig, over: Mapping[str, Sequence[Any]], n_seeds: int) -> None:
    """Whether a sweep makes sense, before any digit is read.

    Raises:
        SettingsError: as of `Sweep`.
    """
    if base.start is not None:
        raise SettingsError("A sweep trains from the beginning, and this recipe has a start.")
    if not base.validation:
        raise SettingsError(
            "A sweep chooses by validation digits, and this recipe keeps none back.",
            "give it validation = 0.1.",
        )
    if n_seeds < 1:
        raise SettingsError(f"A sweep needs one seed or more, not {n_seeds}.")
    for name, values in over.items():
        if name in FIXED:
            raise SettingsError(
                f"A sweep cannot differ in {name}: all its runs learn from the same digits, and "
                "the seeds are counted.",
                "say it in the recipe, or make two sweeps.",
            )
        for value in values:
            if value is None:
                raise SettingsError(f"A recipe cannot say {name} as none.", "give a number.")
        if len({str(value) for value in values}) < len(values):
            raise SettingsError(f"{name} has the same value twice.")
    for values in itertools.product(*over.values()):
        combination = dict(zip(over, values, strict=True))
        try:
            replace(base, **combination)
        except SettingsError as error:
            raise SettingsError(f"{in_words(combination)}: {error.sentence}", error.hint) from error


def train_one(
    trial: Trial, dataset: Dataset, rest: Dataset | None, out: Path
) -> tuple[Trial, RunResult]:
    """One run from where it stands to its end: what a worker does.

    Args:
        trial: which.
        dataset: to learn from.
        rest: to be learnt beside.
        out: what its checkpoint is called after; nothing else is written.
    """
    _leave_ctrl_c_to_others()
    try:
        try:
            run = Run(trial.config, dataset, out, load_checkpoint(checkpoint_path(out)), rest)
        except (FileNotFoundError, ModelError):  # a damaged one: from the beginning
            run = Run(trial.config, dataset, out, None, rest)
        for _ in run.events():
            pass
    except DigitnetError as error:
        checkpoint_path(out).unlink(missing_ok=True)
        return trial, RunResult(None, None, 0, 0, 0.0, str(error))
    history, best = run.history, run.history.best_epoch - 1
    result = RunResult(
        history.validation_accuracy[best],
        history.validation_loss[best],
        history.best_epoch,
        len(history.epochs),
        round(sum(history.seconds), 3),
    )
    checkpoint_path(out).unlink(missing_ok=True)
    return trial, result


def _leave_ctrl_c_to_others() -> None:
    """In a worker: Ctrl-C reaches every process of a terminal, and the first of them ends all."""
    import signal
    from multiprocessing import parent_process

    if parent_process() is not None:
        with suppress(ValueError):  # a thread of a Dask worker, which has a way of its own
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(path: Path, trial: Trial) -> RunResult | None:
    """What a run reached; None where it is not done, or its file is not what was written."""
    try:
        said = json.loads(read_regular(path, MOST_TEXT))
        result = RunResult(**said["result"])
        numbers = (result.validation_accuracy, result.validation_loss, result.seconds)
        whole = all(isinstance(n, int | float) or (n is None and result.error) for n in numbers)
        if said["version"] == VERSION and said["plan"] == trial.config.as_dict() and whole:
            return result
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return None
