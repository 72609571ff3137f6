"""Train: `digitnet train [SOURCE]`, from labelled digits to a model folder."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
from pathlib import Path
from typing import Any

from digitnet.cli.finetune import tell_before_and_after
from digitnet.cli.main import as_option, tell_error
from digitnet.cli.output import say, show
from digitnet.cli.signals import StopRequested, listen_for_stop
from digitnet.cli.source_options import read_source
from digitnet.cli.table_options import NOT_SETTINGS
from digitnet.cli.training_options import add_arguments
from digitnet.data.dataset import Dataset
from digitnet.data.sources import N_SYNTHETIC
from digitnet.errors import (
    DigitnetError,
    MissingExtraError,
    NothingLearntError,
    SettingsError,
    TrainingDivergedError,
)
from digitnet.files import MOST_TEXT, read_regular, replacing
from digitnet.models.find import standing
from digitnet.models.folder import check_place, load_model
from digitnet.models.model import Model
from digitnet.nn import Network, in_words
from digitnet.training.checkpoints import Checkpoint, damaged_checkpoint, load_checkpoint
from digitnet.training.config import TrainingConfig, settings_of
from digitnet.training.events import History
from digitnet.training.finetune import N_MIXED, as_finetuning, n_others
from digitnet.training.recipes import read_recipe
from digitnet.training.run import Run, checkpoint_path
from digitnet.training.setting import as_text

__all__ = ["add_arguments", "mixed_in", "run", "train_and_keep"]

CURVE = "training_loss.png"


def run(args: argparse.Namespace) -> int:
    """Train, keep, draw the curve; Ctrl-C keeps a checkpoint and says how to go on."""
    if args.fast is not None:
        return _run_fast(args)
    given = _given(args)
    if args.recipe is not None:
        given = {**read_recipe(args.recipe), **given}
    if "start" in given:
        given = as_finetuning(given, load_model(given["start"]))
    check_place(args.out)
    checkpoint = _checkpoint(args.out) if args.resume else None
    if args.resume and checkpoint is None and _is_finished(args.out, given):
        _tell_finished(Path(args.out))
        return 0
    config = _config(given, checkpoint)
    understood = _understood(args, checkpoint)
    dataset = read_source(
        config.source,
        **{**understood, "labels": config.labels, "per_class": config.per_class},
        framing=config.framing,
    )
    before = None if config.start is None else load_model(config.start)  # --out may take its place
    rest = None if config.mix is None else mixed_in(config, len(dataset))
    code = train_and_keep(
        Run(config, dataset, args.out, checkpoint, rest, understood),
        live=args.live,
        some_failed=bool(dataset.report.skipped),
    )
    if before is not None and code in (0, 1):
        tell_before_and_after(config, before, load_model(args.out), dataset)
    return code


def mixed_in(config: TrainingConfig, n_own: int) -> Dataset:
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
    odd += [name for name in NOT_SETTINGS if name in args]
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

    out = run.out
    with listen_for_stop() as stopping:
        try:
            with TrainingView(run, live=live) as view:
                for event in run.events():
                    view.show(event)
                    stopping.check()
            run.check_learnt()
        except StopRequested as stop:
            run.checkpoint()
            say(
                "",
                f"Stopped by {stop.name} in epoch {run.state.epoch + 1}; nothing is lost. "
                "Go on with:",
                f"  digitnet train --resume --out {shlex.quote(str(out))}",
            )
            return 128 + stop.number
        except TrainingDivergedError:
            if run.history.epochs:
                run.keep()
                say(f"The best epoch, {run.history.best_epoch}, is kept in {out}.")
            checkpoint_path(out).unlink(missing_ok=True)
            raise
        except NothingLearntError as error:
            checkpoint_path(out).unlink(missing_ok=True)
            tell_error(error)
            return 1
        if run.is_calibrated:
            say("Calibrating it on digits as people bring them; this takes some seconds.")
        model, no_curve = _keep(run)
    view.summarize(model, no_curve)
    if stopping.number is not None:  # it came while the model was written
        say("Stopped, after the model was kept.")
        return 128 + stopping.number
    return 1 if some_failed else 0


def _keep(run: Run) -> tuple[Model, str]:
    """Write the model folder, the loss curve with it; and why it is missing, where it is."""
    try:
        curve = _curve(run.network, run.training.source, run.history)
    except MissingExtraError as error:
        return run.keep(), error.worded(as_option)
    except Exception:
        run.keep()  # the model is not lost for want of its picture
        raise
    return run.keep({CURVE: curve}), ""


def _curve(network: Network, source: str, history: History) -> bytes:
    """The loss curve as a PNG file."""
    from digitnet.plots.loss_curve import loss_curve_png

    return loss_curve_png(history, f"Learning to read digits: {in_words(network)} on {source}")


def _checkpoint(out: str) -> Checkpoint | None:
    path = checkpoint_path(out)
    try:
        return load_checkpoint(path)
    except FileNotFoundError:
        return None


def _is_finished(out: str, given: dict[str, Any]) -> bool:
    """Whether the model folder holds the end of the very run that is asked for.

    Raises:
        SettingsError: it holds the end of another run, which is not to be lost.
        ModelError: what stands there cannot be read.
    """
    if not standing(Path(out)).exists():
        say(f"There is nothing to resume at {out}; starting from the beginning.")
        return False
    record = load_model(Path(out).resolve()).training
    try:
        made_with = TrainingConfig(**record["plan"])
        same = dataclasses.replace(made_with, **given) == made_with and "epochs_done" in record
    except (DigitnetError, KeyError, TypeError):
        same = False
    if not same:
        raise SettingsError(
            f"The model in {out} is finished, and was not made by these settings.",
            f"go on learning from it with {{start:{out}}}, or train anew without {{resume}}.",
        )
    return True


def _tell_finished(out: Path) -> None:
    """Say that there is nothing to do, and draw the curve where it could not be drawn then."""
    show(f"The run into {out} is already finished; there is nothing to resume.")
    kept = out / "history.json"
    if (out / CURVE).exists() or not kept.exists():
        return
    model, history = load_model(out.resolve()), History(**json.loads(read_regular(kept, MOST_TEXT)))
    assert isinstance(model.network, Network)  # no run makes an ensemble
    try:
        curve = _curve(model.network, model.training["plan"]["source"], history)
    except MissingExtraError as error:
        show(f"No loss curve: {error.worded(as_option)}")
        return
    with replacing(out / CURVE) as temporary:
        temporary.write_bytes(curve)
    show(f"Drawn: {out / CURVE}")


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


def _understood(args: argparse.Namespace, checkpoint: Checkpoint | None) -> dict[str, Any]:
    """What is said of the source beside the config; when resuming, what was said at first."""
    given = {name: vars(args)[name] for name in NOT_SETTINGS if name in args}
    if checkpoint is None:
        return given
    at_first = checkpoint.run.get("understood", {})
    if not isinstance(at_first, dict) or set(at_first) - set(NOT_SETTINGS):
        raise damaged_checkpoint(checkpoint.path)
    for name, asked in given.items():
        if at_first.get(name) != asked:
            raise SettingsError(
                f"The interrupted run read {checkpoint.config().source} in another way.",
                f"resume without {{{name}}}, or train anew without {{resume}}.",
            )
    return at_first
