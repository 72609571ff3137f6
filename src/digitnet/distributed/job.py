"""Job: very many pictures shared out among workers, as rows in order or as a folder of parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.data.listing import Tally
from digitnet.distributed.crowd import Crowd, Dashboard
from digitnet.distributed.parts import PART_SIZE
from digitnet.distributed.results import ENCODERS, Results, usual_format
from digitnet.distributed.tasks import Digits, Done, Forms, Pages, Row, Task
from digitnet.errors import SettingsError, require
from digitnet.models.model import Model
from digitnet.reading.fields import Field
from digitnet.reading.template import Template

Words = str | Path | Iterable[str | Path]
Told = Callable[[int, int], None]
"""Called with how many files are done, and how many are known of so far."""


class Report(NamedTuple):
    """What became of a job.

    Attributes:
        rows: pictures, each a row in one part.
        unread: of them, those that could not be read.
        left_alone: files in folders that are text and no pictures.
        parts: files of the table.
        parts_before: of them, those that an earlier run has left.
        seconds: that this run took.
    """

    rows: int
    unread: int
    left_alone: int
    parts: int
    parts_before: int
    seconds: float


def predict(
    paths: Words,
    model: Model | str | Path | None = None,
    *,
    risk: float | str | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    part_size: int = PART_SIZE,
) -> Iterator[Row]:
    """Say which digit each picture shows, in order, as a cluster answers.

    Args:
        paths: files, folders, patterns, `@list.txt`, addresses of fsspec such as s3://bucket/x.
        model: as for `digitnet.predict`.
        risk: as for `digitnet.predict`.
        scheduler: address of a Dask scheduler; None begins a cluster on this machine.
        workers: processes of a cluster on this machine; None takes one a core.
        part_size: files handed to a worker at once.

    Yields:
        (path, label, probability, reason); label and probability are None where there is a reason.

    Raises:
        DigitnetError: no scheduler, no such model, a list or an address that cannot be read.
    """
    crowd = Crowd(model, risk, scheduler, workers, part_size, Digits())
    held: dict[int, Done] = {}
    number = 0
    for part, done in crowd.done(_words(paths), Tally()):
        held[part.number] = done
        while number in held:
            yield from held.pop(number).rows
            number += 1


def predict_into(
    out: str | Path,
    paths: Words,
    model: Model | str | Path | None = None,
    *,
    risk: float | str | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    part_size: int = PART_SIZE,
    format: str | None = None,  # noqa: A002 (as in the words of the command)
    resume: bool = False,
    told: Told | None = None,
    dashboard: Dashboard | None = None,
) -> Report:
    """The same, written into a folder: a file for each part, whole or not there.

    Args:
        out: a folder here, or an address of fsspec.
        paths: see `predict`; the others, too.
        model: see `predict`.
        risk: see `predict`.
        scheduler: see `predict`.
        workers: see `predict`.
        part_size: see `predict`; for very many pictures take more, such as 65,536.
        format: "parquet" or "csv"; None takes Parquet where PyArrow is there.
        resume: go on with the job in that folder; parts that are there stay as they are.
        told: called now and then with how far things are.
        dashboard: called once with the dashboard's address.

    Raises:
        DigitnetError: as for `predict`; another job in the folder, or nothing can be written.
    """
    return run_into(
        out, paths, Digits(), model, risk=risk, scheduler=scheduler, workers=workers,
        part_size=part_size, format=format, resume=resume, told=told, dashboard=dashboard,
    )  # fmt: skip


def read_into(
    out: str | Path,
    paths: Words,
    model: Model | str | Path | None = None,
    *,
    field: Field | None = None,
    template: Template | str | Path | None = None,
    risk: float | str | None = None,
    **options: Any,
) -> Report:
    """Read pages, a row for each line, or forms, a row for each, into a folder of parts.

    Args:
        out: see `predict_into`.
        paths: see `predict`.
        model: see `predict`; it must know the ten digits.
        field: what each line of a page must say.
        template: of the forms, or its path; None reads pages.
        risk: of pages, see `read_page`.
        options: the others of `predict_into`.

    Raises:
        DigitnetError: as for `predict_into`, the template cannot be read, or a risk is asked of
            forms.
    """
    if template is None:
        return run_into(out, paths, Pages(field, risk), model, **options)
    if risk is not None:
        raise SettingsError("A form's fields have a confidence and a status each, and no risk.")
    form = template if isinstance(template, Template) else Template.load(template)
    return run_into(out, paths, Forms(form), model, **options)


def run_into(
    out: str | Path,
    paths: Words,
    task: Task,
    model: Model | str | Path | None = None,
    *,
    risk: float | str | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    part_size: int = PART_SIZE,
    format: str | None = None,  # noqa: A002
    resume: bool = False,
    told: Told | None = None,
    dashboard: Dashboard | None = None,
) -> Report:
    """Whatever the task makes of pictures, into a folder; see `predict_into`."""
    begun = time.monotonic()
    kind = format or usual_format()
    if kind not in ENCODERS:
        raise SettingsError(f"There is no format {kind!r}: choose {' or '.join(ENCODERS)}.")
    if kind == "parquet":
        require("parquet")
    words = _words(paths)
    crowd = Crowd(model, risk, scheduler, workers, part_size, task)
    asked = {
        "model": crowd.mark, "task": task.mark, "pictures": words, "part_size": part_size,
        "format": kind,
    }  # fmt: skip
    results = Results(str(out), asked, task.columns, resume=resume)
    before = len(results.kept)
    if results.finished is None:
        tally = Tally()
        n_files = 0
        for part, done in crowd.done(words, tally, results, dashboard):
            if done is not None:
                results.write(part, done)
            n_files += len(part.files)
            if told is not None:
                told(n_files, tally.n_files)
        results.finished = results.finish(crowd.n_parts)
    counts = results.finished
    return Report(
        counts["rows"], counts["unread"], counts["left_alone"], counts["parts"], before,
        time.monotonic() - begun,
    )  # fmt: skip


def _words(paths: Words) -> list[str]:
    return [str(paths)] if isinstance(paths, str | Path) else [str(path) for path in paths]
