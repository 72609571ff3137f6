"""Predict table: answers for the rows of a table or array, such as a competition's test digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.cli.output import say, show, show_json, write_table
from digitnet.data.picture_files import SUFFIXES
from digitnet.models.model import Model
from digitnet.nn.layer import FloatArray

HEADER = ("ImageId", "Label")
"""As Kaggle's "Digit Recognizer" takes them."""
AT_ONCE = 4096  # rows


class Row(NamedTuple):
    """A row's number from 1, its probabilities, and why the model does not stand by them."""

    number: int
    probabilities: FloatArray
    reason: str | None


def is_table(word: str) -> bool:
    """Whether a word is a file that holds many digits, by its name; no picture's is.

    It may be one that is refused, with what to do about it: a spreadsheet, a packed folder.
    """
    ending = Path(word).suffix.lower()
    if ending in ("", *SUFFIXES) or not Path(word).is_file():
        return False
    from digitnet.data.sources import NOT_READ, PACKINGS, PICKLES, find_source
    from digitnet.errors import DataError

    try:
        return find_source(word)[0].kind == "file"
    except DataError:
        return ending in (*NOT_READ, *PACKINGS, *PICKLES)


def predict_table(
    model: Model, called: str, source: str, *, csv: str | None, as_json: bool, **options: Any
) -> int:
    """Answer for each row; exit code 1 where some show nothing that could be read.

    With `csv`, every row has a label, the likeliest, since a competition wants one of each.
    `options` are as of `open_source`.

    Raises:
        DataError: the table cannot be understood.
        SettingsError: an option does not go with it.
    """
    from digitnet.models.plausibility import open_unlabelled

    images, numbers, report = open_unlabelled(
        source, model.class_names, part="test", framing=model.framing, **options
    )
    said = [] if as_json else [report.sentence, *report.notes]
    for line in said + report.skipped_lines():
        say(line)

    def rows() -> Iterator[Row]:
        for start in range(0, len(images), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            probabilities = model.probabilities(images[part])
            reasons = model.calibration.refusals(images[part], probabilities, model.class_names)
            yield from map(Row, numbers[part].tolist(), probabilities, reasons)

    n_refused = 0

    def likeliest() -> Iterator[tuple[int, str]]:
        nonlocal n_refused
        for row in rows():
            n_refused += row.reason is not None
            yield row.number, model.class_names[int(row.probabilities.argmax())]

    if csv is not None:
        write_table(csv, HEADER, likeliest())
        if n_refused:
            say(f"{n_refused:,} of these are unsure or no digit; the likeliest stands there.")
    else:
        for row in rows():
            if as_json:
                show_json(_as_dict(source, called, row))
            else:
                show(_as_line(model, row))
    return 1 if report.skipped else 0


def _as_dict(source: str, called: str, row: Row) -> dict[str, Any]:
    label = int(row.probabilities.argmax()) if row.reason is None else None
    return {
        "path": source,
        "label": label,
        "probabilities": [float(p) for p in row.probabilities],
        "reason": row.reason,
        "row": row.number,
        "model": called,
    }


def _as_line(model: Model, row: Row) -> str:
    best = int(row.probabilities.argmax())
    answer = f"{model.class_names[best]}  {row.probabilities[best]:6.1%}"
    return f"row {row.number:<6} {answer if row.reason is None else f'-  {row.reason}'}"
