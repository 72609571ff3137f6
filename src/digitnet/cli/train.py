"""Train: `digitnet train [SOURCE]`, from labelled digits to a model folder."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from typing import Any

from digitnet.cli.finetune import tell_before_and_after
from digitnet.cli.output import say, show
from digitnet.cli.signals import StopRequested, listen_for_stop
from digitnet.cli.source_options import read_source, source_options
from digitnet.cli.training_options import add_arguments
from digitnet.data.dataset import Dataset
from digitnet.data.sources import N_SYNTHETIC
from digitnet.errors import DigitnetError, SettingsError, TrainingDivergedError
from digitnet.models.folder import check_place, load_model
from digitnet.nn import in_words
from digitnet.training.checkpoints import Checkpoint, load_checkpoint
from digitnet.training.config import TrainingConfig, read_recipe, settings_of
from digitnet.training.finetune import N_MIXED, as_finetuning, n_others
from digitnet.training.run import Run, checkpoint_path
from digitnet.training.setting import as_text

__all__ = ["add_arguments", "run", "train_and_keep"]


def run(args: argparse.Namespace) -> int:
    """Train, keep, draw the curve; Ctrl-C keeps a checkpoint and says how to go on."""
    if args.fast is not None:
        return _run_fast(args)
    given = _given(args)
    if args.recipe is not None:
        given = {**read_recipe(args.recipe), **given}
    if "start" in given:
        given = as_finetuning(given, load_model(given["start"]))
    checkpoint = _checkpoint(args.out) if args.resume else None
    if args.resume and checkpoint is None and _is_finished(args.out, given):
        show(f"The run into {args.out} is already finished; there is nothing to resume.")
        return 0
    config = _config(given, checkpoint)
    check_place(args.out)
    dataset = read_source(
        config.source,
        **{**source_options(args), "labels": config.labels, "per_class": config.per_class},
        framing=config.framing,
    )
    before = None if config.start is None else load_model(config.start)  # --out may take its place
    rest = None if config.mix is None else _others(config, len(dataset))
    code = train_and_keep(
        Run(config, dataset, args.out, checkpoint, rest),
        live=args.live,
        some_failed=bool(dataset.report.skipped),
    )
    if before is not None and code in (0, 1):
        tell_before_and_after(config, before, load_model(args.out), dataset)
    return code


def _others(config: TrainingConfig, n_own: int) -> Dataset:
    """What `--mix` stands for; no more are drawn than are mixed in."""
    if config.start is not None:
        n_own += N_MIXED // 2  # one's own are learnt from repeatedly
    drawn = min(max(1, n_others(n_own, config.mix_share)), N_SYNTHETIC)
    return read_source(str(config.mix), framing=config.framing, n_synthetic=drawn)


def _run_fast(args: argparse.Namespace) -> int:
    """`--fast`: the recipe decides all but the source, the seed and the place."""
    from digitnet.cli.fast import run_fast

    given = _given(args)
    odd = [name for name in given if name not in ("source", "seed")]
    odd += [name for name in ("live", "resume", "recipe") if vars(args)[name]]
    if odd:
        raise SettingsError(
            f"--fast is a fixed recipe and takes no --{odd[0].replace('_', '-')}; leave one out."
        )
    config = TrainingConfig(**given)
    return run_fast(args.fast, config.source, config.seed, args.out)


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line says."""
    return {name: vars(args)[name] for name in settings_of() if name in args}


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
        say(
            "",
            f"Stopped by {stop.name} in epoch {run.state.epoch + 1}; nothing is lost. Go on with:",
            f"  digitnet train --resume --out {shlex.quote(str(out))}",
        )
        return 128 + stop.number
    except TrainingDivergedError:
        if run.history.epochs:
            run.keep()
            say(f"The best epoch, {run.history.best_epoch}, is kept in {out}.")
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
        made_with = TrainingConfig(**load_model(out).training["plan"])
    except (DigitnetError, KeyError, TypeError):
        say(f"There is nothing to resume at {out}; starting from the beginning.")
        return False
    return dataclasses.replace(made_with, **given) == made_with


def _config(given: dict[str, Any], checkpoint: Checkpoint | None) -> TrainingConfig:
    """The command line's config; when resuming, the checkpoint's, which it must agree with."""
    if checkpoint is None:
        return TrainingConfig(**given)
    made_with = checkpoint.config()
    if dataclasses.replace(made_with, **given) != made_with:
        for name, setting in settings_of().items():
            made, asked = getattr(made_with, name), given.get(name, getattr(made_with, name))
            if made != asked:
                raise SettingsError(
                    f"The interrupted run has {setting.words} {as_text(made)}, "
                    f"not {as_text(asked)}.",
                    f"resume without {{{name}}}, or train anew without {{resume}}.",
                )
    return made_with
