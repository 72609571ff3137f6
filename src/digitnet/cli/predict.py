"""Predict: `digitnet predict PICTURE ...`, as a table, as JSON, or as a dialogue."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from digitnet.cli.blocks import draw_frame
from digitnet.cli.main import as_option
from digitnet.cli.models import add_model_option
from digitnet.errors import DataError, PictureError, SettingsError, require
from digitnet.models.folder import load_model
from digitnet.models.model import Model, Prediction

BATCH = 256  # pictures classified at once where there are many


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pictures, the model, and how to answer."""
    parser.add_argument(
        "pictures", nargs="*", metavar="PICTURE", help="or a folder of them; none: asks for paths"
    )
    add_model_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument(
        "--explain",
        metavar="DIR",
        help="write one picture for each into DIR: how it was framed, and the answer",
    )


def run(args: argparse.Namespace) -> int:
    """Answer for each picture; exit code 1 if some could not be read, 2 if none could."""
    if args.explain is not None:
        require("plots")
    model = load_model(args.model)
    if not args.pictures:
        if args.explain or args.json:
            raise SettingsError("--json and --explain need pictures: name one or more.")
        from digitnet.cli.dialogue import converse

        return converse(model)
    pictures = _named(args.pictures)
    answers = _answers(model, pictures)
    if args.explain is not None:
        answers = _explained(model, pictures, answers, Path(args.explain))
    show = _show_json if args.json else _show_table
    n_failed = show(model, pictures, answers)
    return 0 if n_failed == 0 else 2 if n_failed == len(pictures) else 1


def _named(words: Sequence[str]) -> list[str]:
    """The pictures that are meant: a folder stands for those in it, in natural order."""
    pictures: list[str] = []
    for word in words:
        if Path(word).is_dir():
            from digitnet.data.picture_files import pictures_in

            inside = [str(path) for path in pictures_in(Path(word))]
            if not inside:
                raise DataError(f"The folder {word} holds no pictures; name one that does.")
            pictures += inside
        else:
            pictures.append(word)
    return pictures


def _answers(model: Model, pictures: Sequence[str]) -> Iterator[Prediction | PictureError]:
    """One answer or one error for each picture, in order; they are classified in batches."""
    if len(pictures) == 1:  # at once, without what only many pictures need
        try:
            yield model.predict(pictures[0])
        except PictureError as error:
            yield error
        return
    from digitnet.imaging.parallel import frame_files
    from digitnet.threads import one_blas_thread

    framed = frame_files(pictures, model.framing)
    with one_blas_thread():  # the other cores are busy with the next pictures
        while batch := list(islice(framed, BATCH if len(pictures) > BATCH else 1)):
            answers = iter(model.answers([f for f in batch if not isinstance(f, PictureError)]))
            yield from (f if isinstance(f, PictureError) else next(answers) for f in batch)


def _explained(
    model: Model,
    pictures: Sequence[str],
    answers: Iterator[Prediction | PictureError],
    folder: Path,
) -> Iterator[Prediction | PictureError]:
    """The same answers, each with an explanation written into the folder on the way."""
    from digitnet.files import make_folder
    from digitnet.imaging.framing import framing_stages
    from digitnet.imaging.pictures import open_picture
    from digitnet.plots.explanation import save_explanation

    make_folder(folder)
    used: set[str] = set()
    for path, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, Prediction):
            stem = Path(path).stem
            name = next(n for n in _names(stem) if n not in used)
            used.add(name)
            stages = framing_stages(open_picture(path), model.framing)
            save_explanation(stages, answer, model.class_names, folder / name)
            print(f"{path}: {folder / name}", file=sys.stderr)
        yield answer


def _names(stem: str) -> Iterator[str]:
    """digit.png, then digit-2.png, digit-3.png, ... for pictures of one name in two folders."""
    yield f"{stem}.png"
    yield from (f"{stem}-{number}.png" for number in count(2))


def _show_json(
    model: Model, pictures: Sequence[str], answers: Iterator[Prediction | PictureError]
) -> int:
    n_failed = 0
    for path, answer in zip(pictures, answers, strict=True):
        if isinstance(answer, PictureError):
            n_failed += 1
            reason = answer.worded(as_option)
            line = {"path": path, "label": None, "probabilities": None, "reason": reason}
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
            print(f"digitnet: {answer.worded(as_option)}", file=sys.stderr)
            continue
        if len(pictures) == 1 and sys.stdout.isatty():
            print(draw_frame(answer.frame.image))
        print(f"{path:<{width}}  {in_words(model, answer)}")
        if len(pictures) == 1:
            print(answer.frame.sentence)
    return n_failed


def in_words(model: Model, answer: Prediction) -> str:
    """The answer in one line: the label with its probability, and the runner-up."""
    order = answer.probabilities.argsort()[::-1]
    best, second = (f"{model.class_names[i]}  {answer.probabilities[i]:6.1%}" for i in order[:2])
    if answer.label is None:
        return f"-  {answer.reason}"
    return f"{best}   (then {second.replace('  ', ' ')})" if len(order) > 1 else best
