"""Train: `digitnet train [SOURCE]`, from labelled digits to a model folder."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from typing import Any

from digitnet.cli.adapt import as_adaptation, tell_before_and_after
from digitnet.cli.sources import SOURCE_HELP, add_folder_options, read_source
from digitnet.cli.stopping import StopRequested, listen_for_stop
from digitnet.data.dataset import Dataset
from digitnet.data.sources import N_SYNTHETIC
from digitnet.errors import ModelError, SettingsError, TrainingDivergedError
from digitnet.finding import find_model
from digitnet.model_folder import check_place, load_model
from digitnet.nn import in_words
from digitnet.training.checkpoints import Checkpoint, load_checkpoint
from digitnet.training.mixture import n_others
from digitnet.training.plan import LEARNING_RATES, SCHEDULES, Plan
from digitnet.training.recipes import read_recipe, recipe_names
from digitnet.training.run import Run, checkpoint_path

NOT_OF_THE_PLAN = ("command", "run", "version", "out", "live", "resume", "fast", "recipe")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options default to nothing here: the plan knows its own defaults."""
    unset, plan = argparse.SUPPRESS, Plan()
    parser.add_argument(
        "source", nargs="?", default=unset, metavar="SOURCE",
        help=f"{SOURCE_HELP} (default: {plan.source})",
    )  # fmt: skip
    parser.add_argument("--out", default="model", metavar="DIR", help="model folder to write")
    parser.add_argument("--live", action="store_true", help="follow the loss in a window")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    parser.add_argument(
        "--recipe", metavar="NAME",
        help=f"settings from a file: {', '.join(recipe_names())}, or a .toml of your own; "
        "what else is said here wins over it",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="start", default=unset, metavar="MODEL",
        help="start from a model, cnn or mlp or a folder, and adapt it to SOURCE",
    )  # fmt: skip
    parser.add_argument(
        "--mix", default=unset, metavar="SOURCE",
        help="other digits to be learnt beside; with --from, those that are not to be forgotten "
        "(then by default mnist where it has been downloaded, else synthetic)",
    )  # fmt: skip
    parser.add_argument(
        "--mix-share", type=float, default=unset, metavar="X",
        help=f"share of those in what is learnt (default: {plan.mix_share})",
    )  # fmt: skip
    parser.add_argument(
        "--fast", nargs="?", const="98", metavar="PERCENT",
        help="a fixed recipe to 97, 98 (default) or 99 %% on MNIST's test digits, in seconds",
    )  # fmt: skip
    add_folder_options(parser)

    network = parser.add_argument_group("the network")
    network.add_argument(
        "--hidden", type=_sizes, default=unset, metavar="N[,N...]",
        help="hidden neurons per layer, or none (default: 64)",
    )  # fmt: skip
    network.add_argument(
        "--conv", default=unset, metavar="LAYERS",
        help="convolutions before the hidden layers, such as 16C5-MP2-32C5-MP2 (16 channels, "
        "windows of 5 x 5; max pooling of 2 x 2); also AP2, GAP, 16C3S2P1 (stride, border)",
    )  # fmt: skip
    flag = argparse.BooleanOptionalAction
    network.add_argument(
        "--batch-norm", action=flag, default=unset, help="normalise behind each convolution"
    )
    network.add_argument(
        "--deskew", action=flag, default=unset, help="set slanted writing upright first"
    )
    training = parser.add_argument_group("the training")
    for group, name, kind, help_text in (
        (network, "activation", str, "sigmoid, tanh or relu"),
        (network, "pool", int, "look at the mean of each N x N pixels: 2 quarters the work"),
        (training, "input-dropout", float, "share of the pixels dropped in each step"),
        (training, "dropout", float, "share of the hidden activations dropped in each step"),
        (network, "framing", str, "how pictures become 28 x 28: mnist, or the original's stretch"),
        (training, "epochs", int, "passes over the training images"),
        (training, "batch-size", _batch_size, "images per step, or full"),
        (training, "learning-rate", float, "default: the optimiser's own"),
        (training, "optimizer", str, ", ".join(LEARNING_RATES)),
        (training, "weight-decay", float, "decoupled weight decay"),
        (training, "schedule", str, ", ".join(SCHEDULES)),
        (training, "label-smoothing", float, "share of the target spread over all classes"),
        (training, "ema-decay", float, "keep a moving average of the weights, such as 0.999"),
        (training, "teacher", str, "learn from this model's answers too: cnn, or a folder"),
        (training, "temperature", float, "how soft the teacher's answers are made"),
        (training, "teacher-share", float, "of the teacher in the loss, 0 to 1"),
        (training, "patience", int, "stop after so many epochs without improvement"),
        (training, "class-weights", str, "balanced: rare classes count as much as frequent ones"),
        (
            training,
            "augment",
            str,
            "affine, elastic or ink: vary each image every time",
        ),
        (training, "validation", float, "share set aside to choose the best epoch; 0 for none"),
        (training, "seed", int, "of the split, the start and the shuffling"),
    ):
        default = getattr(plan, name.replace("-", "_"))
        shown = "" if default in (None, 0.0) and name != "seed" else f" (default: {default})"
        group.add_argument(
            f"--{name}", type=kind, default=unset, metavar="X", help=help_text + shown
        )


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
    before = None if plan.start is None else find_model(plan.start)  # --out may take its place
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
    most = n_others(n_own, plan.mix_share)
    drawn = N_SYNTHETIC if plan.start else min(max(1, most), N_SYNTHETIC)
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
    from digitnet.plots import save_loss_curve

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


def _sizes(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(int(part) for part in text.split(","))


_sizes.__name__ = "list of whole numbers"  # argparse puts it into its message


def _batch_size(text: str) -> int | None:
    return None if text == "full" else int(text)


_batch_size.__name__ = "whole number, or full"
