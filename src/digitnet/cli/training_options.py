"""Training options: every setting of a run as an option of `digitnet train`."""

from __future__ import annotations

import argparse

from digitnet.cli.source_options import SOURCE_HELP, add_folder_options
from digitnet.training.config import LEARNING_RATES, SCHEDULES, Plan
from digitnet.training.recipes import recipe_names


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


def _sizes(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(int(part) for part in text.split(","))


_sizes.__name__ = "list of whole numbers"  # argparse puts it into its message


def _batch_size(text: str) -> int | None:
    return None if text == "full" else int(text)


_batch_size.__name__ = "whole number, or full"
