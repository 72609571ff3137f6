"""Predict: `digitnet predict PICTURE ...`, as a table, as CSV, as JSON, or as a dialogue."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from digitnet.cli.blocks import draw_frame
from digitnet.cli.main import as_option, tell_error
from digitnet.cli.models import add_model_option, open_model
from digitnet.cli.named_pictures import Named, named_pictures
from digitnet.cli.output import add_table_option, can_show, say, show, show_json, shown, write_table
from digitnet.cli.predict_table import is_table, predict_table
from digitnet.cli.risk_option import add_risk_option, at_risk
from digitnet.cli.table_options import add_table_options, source_options
from digitnet.errors import PictureError, SettingsError, require
from digitnet.models.model import Model, Prediction

BATCH = 256  # pictures classified at once where there are many

Answer = Prediction | PictureError


EXPLAINED_SIDE = 1_200
"""Pixels of the longer side of what --explain shows: more cannot be seen, but takes memory."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pictures, the model, and how to answer."""
    parser.add_argument(
        "pictures",
        nargs="*",
        metavar="PICTURE",
        help="a file, a folder, a pattern such as 'scans/*.png', - for standard input, or a table "
        "of digits; none: asks for paths",
    )
    add_model_option(parser)
    add_risk_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_table_option(
        parser, "--csv", "a row for each picture: path, label, probability, reason; for a table's "
        "rows ImageId and Label, the likeliest"
    )  # fmt: skip
    parser.add_argument(
        "--explain",
        metavar="DIR",
        help="write one picture for each into DIR: how it was framed, and the answer",
    )
    add_table_options(parser)


def run(args: argparse.Namespace) -> int:
    """Answer for each picture; exit code 1 if some could not be read, 2 if none could."""
    if args.json and args.csv is not None:
        raise SettingsError("--json and --csv are two ways to answer; leave one out.")
    if not args.pictures and (args.explain or args.json or args.csv is not None):
        raise SettingsError("--json, --csv and --explain need pictures; name one or more.")
    in_table = len(args.pictures) == 1 and is_table(args.pictures[0])
    options = source_options(args)
    if options and not in_table:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in options)
        raise SettingsError(f"{given}: only for a table or array of digits; name one, alone.")
    if args.explain is not None:
        require("plots")
    model, called = open_model(args.model, quiet=args.json)
    model = at_risk(model, args.risk)
    if not args.pictures:
        from digitnet.cli.dialogue import converse

        return converse(model)
    if in_table:
        if args.explain is not None:
            raise SettingsError("--explain takes pictures, not a table; leave it out.")
        return predict_table(
            model, called, args.pictures[0], csv=args.csv, as_json=args.json, **options
        )
    pictures = named_pictures(args.pictures)
    failed: list[str] = []
    answers = _noting(failed, pictures, _answers(model, pictures))
    if args.explain is not None:
        answers = _explained(model, pictures, answers, Path(args.explain))
    if args.json:
        _show_json(called, pictures, answers)
    elif args.csv is not None:
        rows = _rows(model, pictures, answers)
        write_table(args.csv, ("path", "label", "probability", "reason"), rows)
    else:
        _show_table(model, pictures, answers)
    if failed and len(pictures) > 1 and not args.json:
        say(f"{len(failed):,} of {len(pictures):,} pictures could not be read.")
    return 0 if not failed else 2 if len(failed) == len(pictures) else 1


def _answers(model: Model, pictures: Sequence[Named]) -> Iterator[Answer]:
    """One answer or one error for each picture, in order; they are classified in batches."""
    from digitnet.imaging.parallel import frame_files

    framed = frame_files([picture.source for picture in pictures], model.framing)
    if len(pictures) == 1:  # at once, without what only many pictures need
        (one,) = framed
        yield one if isinstance(one, PictureError) else model.answer(one)
        return
    from digitnet.threads import one_blas_thread

    with one_blas_thread():  # the other cores are busy with the next pictures
        while batch := list(islice(framed, BATCH if len(pictures) > BATCH else 1)):
            answers = iter(model.answers([f for f in batch if not isinstance(f, PictureError)]))
            yield from (f if isinstance(f, PictureError) else next(answers) for f in batch)


def _noting(
    failed: list[str], pictures: Sequence[Named], answers: Iterator[Answer]
) -> Iterator[Answer]:
    """The same answers; the names of pictures without one are noted on the way."""
    for picture, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            failed.append(picture.name)
        yield answer


def _explained(
    model: Model, pictures: Sequence[Named], answers: Iterator[Answer], folder: Path
) -> Iterator[Answer]:
    """The same answers, each with an explanation written into the folder on the way."""
    from digitnet.files import make_folder
    from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
    from digitnet.imaging.framing import framing_stages
    from digitnet.imaging.reduce import reduce
    from digitnet.plots.explanation import save_explanation

    make_folder(folder)
    used: set[str] = set()
    for picture, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, Prediction) and not isinstance(picture.source, PictureError):
            stem = Path(picture.name).stem
            name = next(n for n in _names(stem) if n not in used)
            used.add(name)
            with Decoders(PHOTOGRAPH) as decoders:
                opened = decoders.open(picture.source)
            stages = [
                (title, reduce(stage, EXPLAINED_SIDE))
                for title, stage in framing_stages(opened, model.framing)
            ]
            save_explanation(stages, answer, model.class_names, folder / name)
            say(f"{picture.name}: {folder / name}")
        yield answer


def _names(stem: str) -> Iterator[str]:
    """digit.png, then digit-2.png, digit-3.png, ... for pictures of one name in two folders."""
    yield f"{stem}.png"
    yield from (f"{stem}-{number}.png" for number in count(2))


def _show_json(called: str, pictures: Sequence[Named], answers: Iterator[Answer]) -> None:
    for picture, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            reason = answer.worded(as_option)
            line = {"label": None, "probabilities": None, "reason": reason}
        else:
            line = answer.as_dict()
        show_json({"path": picture.name, **line, "model": called})


def _rows(
    model: Model, pictures: Sequence[Named], answers: Iterator[Answer]
) -> Iterator[tuple[str, str, str, str]]:
    """A row for each picture; one without an answer has no label, but the reason."""
    for picture, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            tell_error(answer)
            yield picture.name, "", "", answer.worded(as_option)
        elif answer.label is None:
            yield picture.name, "", "", answer.reason or ""
        else:
            probability = f"{answer.probabilities[answer.label]:.4f}"
            yield picture.name, model.class_names[answer.label], probability, ""


def _show_table(model: Model, pictures: Sequence[Named], answers: Iterator[Answer]) -> None:
    width = min(60, max(len(shown(picture.name)) for picture in pictures))
    for picture, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            tell_error(answer)
            continue
        if len(pictures) == 1 and sys.stdout.isatty():
            drawn = draw_frame(answer.frame.image)
            if can_show(drawn):
                show(*drawn.splitlines())
        show(f"{shown(picture.name):<{width}}  {in_words(model, answer)}")
        if len(pictures) == 1:
            show(answer.frame.sentence)


def in_words(model: Model, answer: Prediction) -> str:
    """The answer in one line: the label with its probability, and the runner-up."""
    order = answer.probabilities.argsort()[::-1]
    best, second = (f"{model.class_names[i]}  {answer.probabilities[i]:6.1%}" for i in order[:2])
    if answer.label is None:
        return f"-  {answer.reason}"
    return f"{best}   (then {second.replace('  ', ' ')})" if len(order) > 1 else best
