"""Read: `digitnet read SHEET ...`: the lines of digits on a page, and a picture that shows them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digitnet.cli.dask_options import add_dask_options, refuse_dask_options
from digitnet.cli.main import as_option, tell_error
from digitnet.cli.models import add_model_option, open_model
from digitnet.cli.named_pictures import Named, named_pictures
from digitnet.cli.output import add_table_option, say, show, show_json, write_table
from digitnet.cli.risk_option import RISK_OF_FORMS, add_risk_option, at_risk, lines_at_risk
from digitnet.errors import PictureError, SettingsError
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.models.lines import LineModel, line_model_beside, load_line_model
from digitnet.models.model import Model
from digitnet.reading.fields import CHECKSUMS, Field
from digitnet.reading.page import read_page
from digitnet.reading.reading import Reading
from digitnet.reading.signs import UNREAD
from digitnet.reading.tables import PAGE_HEADER, as_cell, page_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Answer = Reading | PictureError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pages, the model, and how to answer."""
    parser.add_argument(
        "sheets",
        nargs="+",
        metavar="SHEET",
        help="a picture with several digits, a PDF (each of its pages), a folder, "
        "a pattern such as 'scans/*.png', or - for standard input",
    )
    add_model_option(parser)
    add_risk_option(parser)
    parser.add_argument(
        "--line-model",
        metavar="DIR",
        help="reads each row whole, beside the model of single digits: one that was trained "
        "with `digitnet train lines`, or none (default: the one in the box)",
    )
    _add_field_options(parser)
    parser.add_argument(
        "--template", metavar="TOML", help="the sheets are forms with these named fields: a row "
        "for each form (`digitnet template BLANK` drafts one); --out may name the table, too"
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object per sheet")
    add_table_option(
        parser, "--csv", "a row for each line: path, line, text, confidence (that all of it is "
        "right), reason (why it is unsure)"
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="PICTURE", help="draw the sheet with boxes and readings (one sheet only)"
    )
    add_dask_options(parser, out=False)


def _add_field_options(parser: argparse.ArgumentParser) -> None:
    """What is known of each line before it is read; it is searched for nothing else."""
    group = parser.add_argument_group("what each line must say")
    group.add_argument("--field", type=int, metavar="N", help="so many characters")
    group.add_argument(
        "--pattern", help='"d" for a digit, any other for itself, as in dd.dd.dddd for a date'
    )
    group.add_argument("--allow", metavar="CHARACTERS", help='these alone, as in "0123456789.-"')
    group.add_argument("--min", type=float, metavar="X", help="a number of at least so much")
    group.add_argument("--max", type=float, metavar="X", help="a number of at most so much")
    group.add_argument(
        "--checksum", metavar="NAME", help=f"a right check digit: {', '.join(CHECKSUMS)}"
    )


def _field(args: argparse.Namespace) -> Field | None:
    """The field of the options; None where none is given."""
    given = {
        "length": args.field, "pattern": args.pattern, "allow": args.allow, "least": args.min,
        "most": args.max, "checksum": args.checksum,
    }  # fmt: skip
    told = {name: value for name, value in given.items() if value is not None}
    return Field(**told) if told else None


def run(args: argparse.Namespace) -> int:
    """Read each page; exit code 1 if some could not be read, 2 if none could."""
    if args.engine == "dask":
        from digitnet.cli.dask_run import read_on_dask

        return read_on_dask(args, _field(args))
    refuse_dask_options(args, out=False)
    if args.template is not None:
        from digitnet.cli import read_forms

        if args.risk is not None:
            raise SettingsError(RISK_OF_FORMS)
        model, called = open_model(args.model, quiet=args.json)
        return read_forms.run(args, _line_model(args.line_model, model), model, called)
    if args.json and args.csv is not None:
        raise SettingsError("--json and --csv are two ways to answer; leave one out.")
    sheets = named_pictures(args.sheets)
    if args.out is not None and len(sheets) > 1:
        raise SettingsError("--out draws one sheet: give one, or read them one by one.")
    if args.out is not None and _same_file(args.out, sheets[0]):
        raise SettingsError("--out would overwrite the sheet itself: choose another name.")
    field = _field(args)
    model, called = open_model(args.model, quiet=args.json)
    line_model = _line_model(args.line_model, model)
    if line_model is None:
        model = at_risk(model, args.risk)
    else:
        line_model = lines_at_risk(line_model, args.risk)
    failed: list[str] = []
    answers = _answers(model, line_model, field, sheets, failed, args.out, args.json)
    if args.json:
        for sheet, answer in answers:
            show_json({"path": sheet.name, **_as_dict(answer), "model": called})
    elif args.csv is not None:
        write_table(args.csv, PAGE_HEADER, (row for answer in answers for row in _rows(*answer)))
    else:
        for sheet, answer in answers:
            _show(sheet, answer, alone=len(sheets) == 1)
    if failed and len(sheets) > 1 and not args.json:
        say(f"{len(failed):,} of {len(sheets):,} sheets could not be read.")
    return 0 if not failed else 2 if len(failed) == len(sheets) else 1


def _line_model(named: str | None, model: Model) -> LineModel | None:
    """The model of --line-model, or the one in the box."""
    if named is None:
        return line_model_beside(model.class_names)
    if named == "none":
        return None
    if line_model_beside(model.class_names) is None:
        raise SettingsError(
            "A model that reads lines reads digits, and this model's classes are others: "
            "leave out --line-model."
        )
    return load_line_model(named)


def _answers(
    model: Model,
    line_model: LineModel | None,
    field: Field | None,
    sheets: list[Named],
    failed: list[str],
    out: str | None,
    quiet: bool,
) -> Iterator[tuple[Named, Answer]]:
    """Each sheet with its reading, or with the error that says why there is none."""
    decoders = Decoders(PHOTOGRAPH)
    for sheet in sheets:
        try:
            if isinstance(sheet.source, PictureError):
                raise sheet.source
            picture = decoders.open(sheet.source)
            reading = read_page(model, picture, line_model, field)
        except PictureError as error:
            failed.append(sheet.name)
            yield sheet, error
            continue
        if not quiet:
            _tell_apart(sheet, reading)
        yield sheet, reading
        if out is not None:
            _draw(model, picture, reading, out)
    decoders.close()


def _draw(model: Model, picture: NDArray[np.uint8], reading: Reading, out: str) -> None:
    """The picture of --out."""
    from digitnet.plots.overlay import Caption, save_overlay

    captions = [Caption(d.box, model.class_names[d.label], d.sure) for d in reading.digits]
    captions += [Caption(mark.box, mark.label, mark.sure) for mark in reading.marks]
    captions += [Caption(row.box, UNREAD, False) for row in reading.rejected]
    save_overlay(picture, captions, out, reading.sheets)


def _tell_apart(sheet: Named, reading: Reading) -> None:
    """What was turned, and what was found and not read, counted, on standard error."""
    if reading.sheets:
        found = _counted(len(reading.sheets), "sheet")
        say(f"{sheet.name}: {found} found, set upright and read; nothing else was.")
    elif reading.turned:
        say(f"{sheet.name}: turned by {reading.turned} degrees to stand upright.")
    unread = sum(mark.label == UNREAD for mark in reading.marks)
    if unread:
        say(f"{sheet.name}: {_counted(unread, 'mark')} not read, each a {UNREAD} in its line.")
    if reading.lines and reading.rejected:
        rows = _counted(len(reading.rejected), "row")
        say(f"{sheet.name}: {rows} left out as no digits.")


def _as_dict(answer: Answer) -> dict[str, object]:
    if isinstance(answer, PictureError):
        return {"lines": [], "digits": [], "reason": answer.worded(as_option)}
    return answer.as_dict()


def _rows(sheet: Named, answer: Answer) -> Iterator[tuple[object, ...]]:
    """A row for each line; one that says why for a sheet without any."""
    if isinstance(answer, PictureError):
        tell_error(answer)
    for row in page_rows(sheet.name, answer):
        yield tuple(as_cell(cell) for cell in row)


def _show(sheet: Named, answer: Answer, *, alone: bool) -> None:
    if isinstance(answer, PictureError):
        tell_error(answer)
        return
    if not alone:
        show(f"{sheet.name}:")
    told = [
        text if doubt is None else f"{text}  {doubt}"
        for text, doubt in zip(answer.lines, answer.line_doubts, strict=True)
    ]
    show(*told or [f"-  {answer.reason}"])


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _same_file(a: str, sheet: Named) -> bool:
    try:
        return isinstance(sheet.source, str) and Path(a).samefile(sheet.source)
    except OSError:  # one of them does not exist
        return False
