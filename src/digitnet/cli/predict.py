"""Predict: `digitnet predict PICTURE ...`, as a table, as JSON, or as a dialogue."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from digitnet.cli.blocks import draw_frame
from digitnet.cli.models import add_model_option, find_model
from digitnet.errors import PictureError
from digitnet.model import Model, Prediction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pictures, the model, and how to answer."""
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="none: asks for paths")
    add_model_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def run(args: argparse.Namespace) -> int:
    """Answer for each picture; exit code 1 if some could not be read, 2 if none could."""
    model = find_model(args.model)
    if not args.pictures:
        from digitnet.cli.dialogue import converse

        return converse(model)
    answers = _answers(model, args.pictures)
    show = _show_json if args.json else _show_table
    n_failed = show(model, args.pictures, answers)
    return 0 if n_failed == 0 else 2 if n_failed == len(args.pictures) else 1


def _answers(model: Model, pictures: Sequence[str]) -> Iterator[Prediction | PictureError]:
    """One answer or one error for each picture, in order."""
    for path in pictures:
        try:
            yield model.predict(path)
        except PictureError as error:
            yield error


def _show_json(
    model: Model, pictures: Sequence[str], answers: Iterator[Prediction | PictureError]
) -> int:
    n_failed = 0
    for path, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            n_failed += 1
            line = {"path": path, "label": None, "probabilities": None, "reason": str(answer)}
        else:
            line = {"path": path, **answer.as_dict()}
        print(json.dumps(line))
    return n_failed


def _show_table(
    model: Model, pictures: Sequence[str], answers: Iterator[Prediction | PictureError]
) -> int:
    n_failed = 0
    width = min(60, max(map(len, pictures)))
    for path, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            n_failed += 1
            print(f"digitnet: {answer}", file=sys.stderr)
            continue
        if len(pictures) == 1 and sys.stdout.isatty():
            print(draw_frame(answer.frame.image))
        print(f"{path:<{width}}  {in_words(model, answer)}")
    return n_failed


def in_words(model: Model, answer: Prediction) -> str:
    """The answer in one line: the label with its probability, and the runner-up."""
    order = answer.probabilities.argsort()[::-1]
    best, second = (f"{model.class_names[i]}  {answer.probabilities[i]:6.1%}" for i in order[:2])
    if answer.label is None:
        return f"-  {answer.reason}"
    return f"{best}   (then {second.replace('  ', ' ')})" if len(order) > 1 else best
