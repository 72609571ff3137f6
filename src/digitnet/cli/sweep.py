"""Sweep: `digitnet sweep RECIPE --over NAME=VALUE,...`: which values are best on validation."""

from __future__ import annotations

import argparse
import difflib
import shlex
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import sqrt
from pathlib import Path
from types import FrameType
from typing import Any

from digitnet.cli.main import as_option
from digitnet.cli.output import say, show, show_json, shown, write_table
from digitnet.cli.signals import StopRequested
from digitnet.cli.source_options import read_source
from digitnet.cli.train import mixed_in
from digitnet.errors import MissingExtraError, SettingsError
from digitnet.plots.sweep import Spread, save_sweep
from digitnet.training.config import TrainingConfig, settings_of
from digitnet.training.engines import ENGINES
from digitnet.training.recipes import read_recipe, recipe_names
from digitnet.training.setting import Setting, as_text
from digitnet.training.sweep import Row, Sweep, check_plan, in_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The recipe, what differs, and where it is computed."""
    parser.add_argument(
        "recipe", metavar="RECIPE",
        help=f"what all runs share: {', '.join(recipe_names())}, or a .toml of your own",
    )  # fmt: skip
    parser.add_argument(
        "--over", action="append", nargs="+", default=[], metavar="NAME=VALUE,...",
        help="a setting and the values it takes, such as learning_rate=0.1,0.3; of hidden, layers "
        "are joined by +, 64,128+64; one value is another than the recipe's, epochs=5",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="N", help="seeds for each combination (default: 3)"
    )
    parser.add_argument(
        "--out", default="sweep", metavar="DIR", help="folder to keep it in (default: sweep)"
    )
    parser.add_argument(
        "--resume", action="store_true",
        help="take the runs in DIR that are done, and go on with the others",
    )  # fmt: skip
    parser.add_argument(
        "--engine", choices=ENGINES, default="joblib",
        help="processes of this machine, or workers of Dask (default: joblib)",
    )  # fmt: skip
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask, such as tcp://10.0.0.5:8786"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="runs at the same time (default: one for each core)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each row")


def run(args: argparse.Namespace) -> int:
    """Train all that is not done, and show what is best; Ctrl-C keeps what is done."""
    if args.jobs is not None and args.jobs < 1:
        raise SettingsError(f"A sweep needs one job or more, not {args.jobs}.")
    if args.scheduler is not None and args.engine != "dask":
        raise SettingsError("A scheduler is Dask's.", "say {engine:dask} too.")
    base = TrainingConfig(**read_recipe(args.recipe))
    over = _over(args.over)
    check_plan(base, over, args.seeds)
    out = Path(args.out)
    _check_folder(out, resume=args.resume)
    dataset = read_source(
        base.source, quiet=args.json, labels=base.labels, per_class=base.per_class,
        framing=base.framing,
    )  # fmt: skip
    rest = None if base.mix is None else mixed_in(base, len(dataset))
    sweep = Sweep(base, over, args.seeds, dataset, out, rest)
    n_all, n_done = len(sweep.trials), len(sweep.results)
    say(
        f"{n_all} runs: {args.seeds} for each of {len(sweep.combinations)}"
        + (f"; {n_done} are done already." if n_done else ".")
    )
    try:
        with (
            _stopping_at_once(),
            closing(sweep.run(args.engine, args.jobs, args.scheduler)) as done,
        ):
            for trial, result in done:
                reached = result.error
                if reached is None:
                    reached = f"{result.validation_accuracy:.2%} in {result.seconds:.1f} s"
                told = f"{in_words(trial.values)} seed {trial.config.seed}: {reached}"
                say(f"{len(sweep.results)}/{n_all}  {shown(told)}")
    except StopRequested as stop:
        _tell(sweep, json=args.json)
        words = ["digitnet", "sweep", args.recipe]
        words += [word for each in args.over for word in ("--over", *each)]
        words += ["--seeds", str(args.seeds), "--out", args.out, "--resume"]
        words += ["--engine", args.engine] if args.engine != ENGINES[0] else []
        words += ["--scheduler", args.scheduler] if args.scheduler else []
        words += ["--jobs", str(args.jobs)] if args.jobs else []
        say(
            "",
            f"Stopped by {stop.name} with {len(sweep.results)} of {n_all} runs done, which are "
            "kept. Go on with:",
            f"  {shlex.join(words)}",
        )
        return 128 + stop.number
    _tell(sweep, json=args.json)
    return 0 if all(result.error is None for result in sweep.results.values()) else 1


def _tell(sweep: Sweep, *, json: bool) -> None:
    """The table, also as a file, the picture, and the best recipe."""
    rows = sweep.rows()
    started = [row for row in rows if row.results]
    if json:
        for row in rows:
            show_json(_as_dict(row))
    elif started:
        _show(started)
    if not started:
        return
    names = list(rows[0].values)
    write_table(
        str(sweep.folder / "table.csv"),
        (*names, "validation_accuracy", "deviation", "validation_loss", "seeds", "seconds"),
        [
            (
                *(as_text(value, "+") for value in row.values.values()),
                "" if row.mean is None else f"{row.mean:.6f}",
                f"{row.spread:.6f}", f"{row.loss:.6f}", len(row.results),
                f"{sum(result.seconds for result in row.results):.1f}",
            )
            for row in started
        ],
    )  # fmt: skip
    kept = ["table.csv"]
    drawn = [
        Spread(row.words, [r.validation_accuracy or 0.0 for r in row.results])
        for row in started
        if row.mean is not None
    ]
    no_plot = ""
    if drawn:
        try:
            save_sweep(drawn, sweep.folder / "sweep.png")
            kept.append("sweep.png")
        except MissingExtraError as error:
            no_plot = error.worded(as_option)
    best = sweep.best()
    if best is not None:
        recipe = sweep.write_best(best)
        kept.append(recipe.name)
    if json:
        return
    if best is not None:
        others = [row for row in rows if row.mean is not None and row.values != best.values]
        _show_best(best, others)
    show(f"Kept in {shown(str(sweep.folder))}: {', '.join(kept)}.")
    if no_plot:
        show(f"No plot: {no_plot}")
    if best is not None:
        show(f"Train it: digitnet train --recipe {shlex.quote(str(recipe))}")


def _show(rows: list[Row]) -> None:
    width = max(len("settings"), *(len(shown(row.words)) for row in rows))
    show(f"{'settings':<{width}}  validation  deviation    loss  seeds  s for a run")
    for row in rows:
        seconds = sum(result.seconds for result in row.results) / len(row.results)
        mean = "    failed" if row.mean is None else f"{row.mean:10.2%}"
        show(
            f"{shown(row.words):<{width}}  {mean}  {row.spread:9.2%}  {row.loss:6.4f}  "
            f"{len(row.results):5}  {seconds:11.1f}"
        )
    for row in rows:
        for error in {result.error for result in row.results} - {None}:
            show(f"{shown(row.words)} failed: {shown(str(error))}")


def _show_best(best: Row, others: list[Row]) -> None:
    """What is best, and whether it is surely so."""
    show(f"Best on validation: {shown(best.words)}.")
    if not others:
        return
    following = others[0]
    assert best.mean is not None
    assert following.mean is not None
    n, m = len(best.results), len(following.results)
    behind, doubt = best.mean - following.mean, sqrt(best.spread**2 / n + following.spread**2 / m)
    if min(n, m) < 2:
        show("One seed alone does not tell how much of that is luck.")
    elif behind <= 2 * doubt:
        show(
            f"{shown(following.words)} is {behind:.2%} behind, which may be luck (standard error "
            f"{doubt:.2%}): more seeds would tell."
        )


def _as_dict(row: Row) -> dict[str, Any]:
    return {
        "settings": dict(row.values),
        "validation_accuracy": row.mean,
        "deviation": row.spread,
        "validation_loss": row.loss if row.mean is not None else None,
        "runs": [result._asdict() for result in row.results],
    }


def _over(words: list[list[str]]) -> dict[str, list[Any]]:
    """Setting -> values, from NAME=VALUE,VALUE."""
    settings = settings_of()
    over: dict[str, list[Any]] = {}
    for word in (word for each in words for word in each):
        name, equals, text = word.partition("=")
        name = name.replace("-", "_")
        if not equals or not text:
            raise SettingsError(
                f"{shown(word)} says no values.", "write NAME=VALUE,..., as learning_rate=0.1,0.3."
            )
        if name not in settings:
            close = difflib.get_close_matches(name, settings, 1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else "digitnet train --help lists them."
            raise SettingsError(f"There is no setting {shown(name)}.", hint)
        if name in over:
            raise SettingsError(f"{name} is there twice.", "say all its values at once.")
        over[name] = [_value(settings[name], part) for part in text.split(",")]
    if not over:
        raise SettingsError(
            "A sweep needs a setting that differs.", "say {over:learning_rate=0.1,0.3}."
        )
    return over


def _value(setting: Setting, text: str) -> Any:
    """A value of what was typed, checked."""
    value: Any = text
    try:
        if setting.kind is bool:
            value = {"true": True, "false": False}[text.lower()]
        elif setting.kind is tuple:
            value = () if text == "none" else tuple(int(part) for part in text.split("+"))
        elif setting.kind is not str:
            value = setting.kind(text)
    except (ValueError, KeyError):
        expected = "true or false" if setting.kind is bool else setting.expected
        raise SettingsError(f"The {setting.words} must be {expected}, not {shown(text)}.") from None
    return setting.checked(value)


def _check_folder(out: Path, *, resume: bool) -> None:
    """A folder that is there is gone on with where that is asked for, and is a sweep's."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "runs").is_dir():
        raise SettingsError(f"{out} is there and is no sweep.", "choose another {out}.")
    if not resume:
        raise SettingsError(
            f"There is a sweep in {out} already.", "go on with {resume}, or choose another {out}."
        )


@contextmanager
def _stopping_at_once() -> Iterator[None]:
    """While open, SIGINT and SIGTERM raise StopRequested wherever the program is."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise StopRequested(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
