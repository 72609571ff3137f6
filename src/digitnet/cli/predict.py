"""Predict: `digitnet predict PICTURE ...`, as a table, as CSV, as JSON, or as a dialogue."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice, tee
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.cli.blocks import draw_frame
from digitnet.cli.dask_options import add_dask_options, refuse_dask_options
from digitnet.cli.main import as_option, tell_error
from digitnet.cli.models import add_model_option, open_model
from digitnet.cli.named_pictures import Named, each_picture
from digitnet.cli.output import add_table_option, can_show, say, show, show_json, shown, write_table
from digitnet.cli.predict_table import is_table, predict_table
from digitnet.cli.risk_option import add_risk_option, at_risk
from digitnet.cli.table_options import add_table_options, source_options
from digitnet.data.listing import Tally
from digitnet.errors import OutputError, PictureError, SettingsError, require
from digitnet.models.bulk import BATCH, HEADER, answers_of, is_unread, mark_of, row_of
from digitnet.models.model import Model, Prediction

if TYPE_CHECKING:
    from digitnet.cli.growing_table import GrowingTable

LISTED = 10_000
"""Names that are held at once; the others are listed while the first are read."""
FLUSHED = 64
"""Rows that a run which is killed may lose, and reads again."""
Answer = Prediction | PictureError
Answered = tuple[Named, Answer]


EXPLAINED_SIDE = 1_200
"""Pixels of the longer side of what --explain shows: more cannot be seen, but takes memory."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pictures, the model, and how to answer."""
    parser.add_argument(
        "pictures",
        nargs="*",
        metavar="PICTURE",
        help="a file, a folder, a pattern such as 'scans/*.png', @list.txt with a name a line, - "
        "for standard input, or a table of digits; none: asks for paths",
    )
    add_model_option(parser)
    add_risk_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_table_option(
        parser, "--csv", "a row for each picture: path, label, probability, reason; for a table's "
        "rows ImageId and Label, the likeliest"
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with the table of a run that was stopped or killed: its rows stay",
    )  # fmt: skip
    add_dask_options(parser)
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
    if args.engine == "dask":
        from digitnet.cli.dask_run import predict_on_dask

        return predict_on_dask(args)
    refuse_dask_options(args)
    if args.resume and (args.csv in (None, "-") or args.explain is not None):
        raise SettingsError(
            "--resume goes on with a table: name its file, --csv FILE, and leave --explain out."
        )
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
        if args.explain is not None or args.resume:
            what = "explain" if args.explain is not None else "resume"
            raise SettingsError(f"--{what} takes pictures, not a table; leave it out.")
        return predict_table(
            model, called, args.pictures[0], csv=args.csv, as_json=args.json, **options
        )
    tally = Tally()
    pictures = each_picture(args.pictures, tally)
    first = list(islice(pictures, LISTED))
    many = len(first) > BATCH
    pictures = chain(first, pictures)
    if args.resume or (many and args.csv not in (None, "-") and args.explain is None):
        return _grow_table(args, model, pictures, tally, many=many)
    count_of = _Count()
    answers = count_of.counted(_answered(model, pictures, first, many=many))
    if args.explain is not None:
        answers = _explained(model, answers, Path(args.explain))
    if args.json:
        _show_json(called, answers)
    elif args.csv is not None:
        write_table(args.csv, HEADER, (_row(model, *answered) for answered in answers))
    else:
        width = min(60, max(len(shown(picture.name)) for picture in first))
        _show_table(model, answers, width, alone=len(first) == 1)
    return count_of.told(quiet=args.json)


class _Count:
    """How many pictures there were, and how many could not be read."""

    def __init__(self, n: int = 0, failed: int = 0) -> None:
        self.n, self.failed = n, failed

    def counted(self, answers: Iterable[Answered]) -> Iterator[Answered]:
        """The same answers, counted on the way."""
        for picture, answer in answers:
            self.n += 1
            self.failed += isinstance(answer, PictureError)
            yield picture, answer

    def told(self, *, quiet: bool) -> int:
        """The exit code, once the pictures without an answer are said."""
        if self.failed and self.n > 1 and not quiet:
            say(f"{self.failed:,} of {self.n:,} pictures could not be read.")
        return 0 if not self.failed else 2 if self.failed == self.n else 1


def _answered(
    model: Model, pictures: Iterable[Named], first: list[Named], *, many: bool
) -> Iterator[Answered]:
    """Each picture with its answer or its error, in order, however many there are."""
    from digitnet.imaging.parallel import frame_files

    ahead, pictures = tee(pictures)  # holds no more than what is being read
    framed = frame_files((picture.source for picture in ahead), model.framing)
    if len(first) == 1:  # at once, without what only many pictures need
        (one,) = framed
        yield first[0], one if isinstance(one, PictureError) else model.answer(one)
        return
    yield from zip(pictures, answers_of(model, framed, many=many), strict=True)


def _grow_table(
    args: argparse.Namespace, model: Model, pictures: Iterator[Named], tally: Tally, *, many: bool
) -> int:
    """A row for each picture, kept as it comes; a run that is stopped can go on."""
    from digitnet.cli.bulk_progress import BulkProgress
    from digitnet.cli.growing_table import GrowingTable

    table = GrowingTable(args.csv, HEADER, mark_of(model))
    count_of = _Count()
    if args.resume and table.is_whole:
        for row in table.kept():
            count_of.n += 1
            count_of.failed += is_unread(row)
        say(f"{args.csv} is whole, with {count_of.n:,} rows; remove it to begin anew.")
        return count_of.told(quiet=False)
    table.begin(resume=args.resume)
    try:
        _pass_over(table, pictures, count_of)
        if count_of.n:
            say(f"{count_of.n:,} rows are there; going on behind them.")
        answers = count_of.counted(_answered(model, pictures, [], many=many))
        with BulkProgress("pictures", count_of.n) as progress:
            for answered in answers:
                table.add(_row(model, *answered))
                if count_of.n % FLUSHED == 0:
                    table.keep()
                    progress.show(count_of.n, tally.n_files)
    except BaseException:
        say(table.stop())
        raise
    table.finish()
    return count_of.told(quiet=False)


def _pass_over(table: GrowingTable, pictures: Iterator[Named], count_of: _Count) -> None:
    """Leave out the pictures that have a row, which must be the same in the same order."""
    for row in table.kept():
        picture = next(pictures, None)
        if picture is None or shown(picture.name) != row[0]:
            now = "nothing" if picture is None else shown(picture.name)
            raise OutputError(
                f"The pictures are not those of the run that was stopped: row {count_of.n + 1:,} "
                f"is for {row[0]}, and {now} comes there now.",
                "ask for the same pictures, or remove the rows to begin anew.",
            )
        count_of.n += 1
        count_of.failed += is_unread(row)


def _explained(model: Model, answers: Iterable[Answered], folder: Path) -> Iterator[Answered]:
    """The same answers, each with an explanation written into the folder on the way."""
    from digitnet.files import make_folder
    from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
    from digitnet.imaging.framing import framing_stages
    from digitnet.imaging.reduce import reduce
    from digitnet.plots.explanation import save_explanation

    make_folder(folder)
    used: set[str] = set()
    for picture, answer in answers:
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
        yield picture, answer


def _names(stem: str) -> Iterator[str]:
    """digit.png, then digit-2.png, digit-3.png, ... for pictures of one name in two folders."""
    yield f"{stem}.png"
    yield from (f"{stem}-{number}.png" for number in count(2))


def _show_json(called: str, answers: Iterable[Answered]) -> None:
    for picture, answer in answers:
        if isinstance(answer, PictureError):
            reason = answer.worded(as_option)
            line = {"label": None, "probabilities": None, "reason": reason}
        else:
            line = answer.as_dict()
        show_json({"path": picture.name, **line, "model": called})


def _row(model: Model, picture: Named, answer: Answer) -> tuple[str, str, str, str]:
    """The row for a picture; one without an answer has no label, but the reason."""
    if isinstance(answer, PictureError):
        tell_error(answer)
    return row_of(model.class_names, picture.name, answer)


def _show_table(model: Model, answers: Iterable[Answered], width: int, *, alone: bool) -> None:
    for picture, answer in answers:
        if isinstance(answer, PictureError):
            tell_error(answer)
            continue
        if alone and sys.stdout.isatty():
            drawn = draw_frame(answer.frame.image)
            if can_show(drawn):
                show(*drawn.splitlines())
        show(f"{shown(picture.name):<{width}}  {in_words(model, answer)}")
        if alone:
            show(answer.frame.sentence)


def in_words(model: Model, answer: Prediction) -> str:
    """The answer in one line: the label with its probability, and the runner-up."""
    order = answer.probabilities.argsort()[::-1]
    best, second = (f"{model.class_names[i]}  {answer.probabilities[i]:6.1%}" for i in order[:2])
    if answer.label is None:
        return f"-  {answer.reason}"
    return f"{best}   (then {second.replace('  ', ' ')})" if len(order) > 1 else best
