"""Train: `digitnet train [SOURCE]`, from labelled digits to a model folder."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from typing import Any

from digitnet.cli.finetune import as_adaptation, tell_before_and_after
from digitnet.cli.signals import StopRequested, listen_for_stop
from digitnet.cli.source_options import read_source
from digitnet.cli.training_options import add_arguments
from digitnet.data.dataset import Dataset
from digitnet.data.sources import N_SYNTHETIC
from digitnet.errors import ModelError, SettingsError, TrainingDivergedError
from digitnet.models.folder import check_place, load_model
from digitnet.nn import in_words
from digitnet.training.checkpoints import Checkpoint, load_checkpoint
from digitnet.training.config import Plan
from digitnet.training.finetune import N_MIXED, n_others
from digitnet.training.recipes import read_recipe
from digitnet.training.run import Run, checkpoint_path

__all__ = ["add_arguments", "run", "train_and_keep"]

NOT_OF_THE_PLAN = ("command", "run", "version", "out", "live", "resume", "fast", "recipe")


def run(args: argparse.Namespace) -> int:
    """Train, keep, draw the curve; Ctrl-C keeps a checkpoint and says how to go on."""
    if args.fast is not None:
        return _run_fast(args)
    given = {name: value for name, value in vars(args).items() if name not in NOT_OF_THE_PLAN}
    if args.recipe is not None:
        given = {**read_recipe(args.recipe), **given}
    if "start" in given:
        given = as_adaptation(given)
    checkpoint = _checkpoint(args.out) if args.resume else None
    if args.resume and checkpoint is None and _is_finished(args.out, given):
        print(f"The run into {args.out} is already finished; there is nothing to resume.")
        return 0
    plan = _plan(given, checkpoint)
    check_place(args.out)
    dataset, report = read_source(
        plan.source, framing=plan.framing, labels=plan.labels, per_class=plan.per_class,
    )  # fmt: skip
    before = None if plan.start is None else load_model(plan.start)  # --out may take its place
    rest = None if plan.mix is None else _others(plan, len(dataset))
    code = train_and_keep(
        Run(plan, dataset, args.out, checkpoint, rest),
        live=args.live,
        some_failed=bool(report.unreadable),
    )
    if before is not None and code in (0, 1):
        tell_before_and_after(plan, before, load_model(args.out), dataset)
    return code


def _others(plan: Plan, n_own: int) -> Dataset:
    """What `--mix` stands for; no more are drawn than are mixed in."""
    if plan.start is not None:
        n_own += N_MIXED // 2  # one's own are learnt from repeatedly
    drawn = min(max(1, n_others(n_own, plan.mix_share)), N_SYNTHETIC)
    return read_source(str(plan.mix), framing=plan.framing, n_synthetic=drawn)[0]


def _run_fast(args: argparse.Namespace) -> int:
    """`--fast`: the recipe decides all but the source, the seed and the place."""
    from digitnet.cli.fast import run_fast

    kept = {"source", "seed", *NOT_OF_THE_PLAN}
    odd = [name for name in vars(args) if name not in kept]
    odd += [name for name in ("live", "resume", "recipe") if vars(args)[name]]
    if odd:
        raise SettingsError(
            f"--fast is a fixed recipe and takes no --{odd[0].replace('_', '-')}; leave one out."
        )
    return run_fast(
        args.fast, vars(args).get("source", Plan().source), vars(args).get("seed", 0), args.out
    )


def train_and_keep(run: Run, *, live: bool = False, some_failed: bool = False) -> int:
    """Follow a run to its end; returns the exit code."""
    from digitnet.cli.training_view import TrainingView
    from digitnet.plots.loss_curve import save_loss_curve

    out = run.out
    try:
        with listen_for_stop() as stopping, TrainingView(run, live=live) as view:
            for event in run.events():
                view.show(event)
                stopping.check()
    except StopRequested as stop:
        run.checkpoint()
        print(
            f"\nStopped by {stop.name} in epoch {run.state.epoch + 1}; nothing is lost. "
            "Go on with:\n"
            f"  digitnet train --resume --out {shlex.quote(str(out))}",
            file=sys.stderr,
        )
        return 128 + stop.number
    except TrainingDivergedError:
        if run.history.epochs:
            run.keep()
            print(f"The best epoch, {run.history.best_epoch}, is kept in {out}.", file=sys.stderr)
        checkpoint_path(out).unlink(missing_ok=True)
        raise
    model = run.keep()
    save_loss_curve(run.history, out / "training_loss.png", title=_title(run))
    view.summarize(model)
    return 1 if some_failed else 0


def _title(run: Run) -> str:
    return f"Learning to read digits: {in_words(run.network)} on {run.training.source}"


def _checkpoint(out: str) -> Checkpoint | None:
    path = checkpoint_path(out)
    try:
        return load_checkpoint(path)
    except FileNotFoundError:
        return None


def _is_finished(out: str, given: dict[str, Any]) -> bool:
    """Whether the model folder holds the end of the very run that is asked for."""
    try:
        made_with = Plan(**load_model(out).training["plan"])
    except (ModelError, KeyError, TypeError):
        print(f"There is nothing to resume at {out}; starting from the beginning.", file=sys.stderr)
        return False
    return dataclasses.replace(made_with, **given) == made_with


def _plan(given: dict[str, Any], checkpoint: Checkpoint | None) -> Plan:
    """The plan of the command line; when resuming, the checkpoint's, which it must agree with."""
    if checkpoint is None:
        return Plan(**given)
    try:
        made_with = Plan(**checkpoint.run["plan"])
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"{checkpoint.path} is damaged and cannot be resumed from; train without --resume."
        ) from error
    for name, value in given.items():
        made = getattr(made_with, name)
        if made != value:
            raise SettingsError(
                f"The interrupted run has {name.replace('_', ' ')} {made}, not {value}: "
                "resume without that option, or train anew without --resume."
            )
    return made_with
