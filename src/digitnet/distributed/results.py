"""Results: the folder of a job, a file for each part, whole or not there.

    results/
      _job.json                                what was asked for; at the end the counts
      part-000012-1f3a9c2e04d7-1024-3-0.csv    number, mark of the names, rows, unread, left alone

Readers of tables pass over names that begin with `_`. The driver writes all of it, so that the
workers need to reach the pictures, but not this place.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from digitnet.distributed.filesystems import Store, is_elsewhere
from digitnet.distributed.parts import Part
from digitnet.distributed.tasks import COUNT, NUMBER, TEXT, Done, Row
from digitnet.errors import OutputError, require
from digitnet.files import MOST_TEXT, make_folder, read_regular, remove_leftovers, replacing
from digitnet.imaging.addresses import local_path
from digitnet.reading.tables import as_cell

JOB = "_job.json"
VERSION = 1
_PART = re.compile(r"part-(\d{6,})-([0-9a-f]{12})-(\d+)-(\d+)-(\d+)\.(csv|parquet)")


class Kept(NamedTuple):
    """What a part's name says: its mark, rows, unread pictures, files left alone."""

    mark: str
    n_rows: int
    n_unread: int
    n_left_alone: int


class Here:
    """A folder of this machine that files are written into, each whole or not at all."""

    def __init__(self, word: str) -> None:
        self.word, self._folder = word, Path(local_path(word))
        make_folder(self._folder)
        remove_leftovers(self._folder)

    def names(self) -> list[str]:
        """What stands there."""
        try:
            return [path.name for path in self._folder.iterdir()]
        except OSError as error:
            raise OutputError(f"{self.word} cannot be listed: {error.strerror or error}.") from None

    def read(self, name: str, most: int) -> bytes:
        """A file's bytes."""
        try:
            return read_regular(self._folder / name, most)
        except OSError as error:
            why = error.strerror or error
            raise OutputError(f"{self.word}/{name} cannot be read: {why}.") from None

    def write(self, name: str, content: bytes) -> None:
        """A file that is there whole, or not at all."""
        with replacing(self._folder / name) as temporary:
            temporary.write_bytes(content)


class Results:
    """A job's folder.

    Args:
        out: here, or an address of fsspec.
        asked: what tells this job from others: model, words, size of a part, format.
        columns: of the table, see `Task`.
        resume: whether to go on with what stands there.

    Attributes:
        kept: the parts that are there already, by their numbers.
        finished: the counts of a job that is done; None while it is not.

    Raises:
        OutputError: there is another job, or something else; or nothing can be written.
    """

    def __init__(
        self, out: str, asked: dict[str, Any], columns: Mapping[str, str], *, resume: bool
    ) -> None:
        self.out, self._asked, self._columns = out, asked, columns
        self._store: Here | Store = Store(out) if is_elsewhere(out) else Here(out)
        self._encode = ENCODERS[asked["format"]]
        names = [name for name in self._store.names() if not name.startswith(".")]
        self.kept: dict[int, Kept] = {}
        self.finished: dict[str, int] | None = None
        if JOB in names:
            self._go_on(names, resume=resume)
        elif names:
            raise OutputError(
                f"{out} holds other files, {sorted(names)[0]} for one.",
                "choose a new or empty folder, {out}.",
            )
        else:
            self._store.write(JOB, _as_json({**self._told(), "finished": None}))

    def _told(self) -> dict[str, Any]:
        return {"format": "digitnet job", "version": VERSION, "asked": self._asked}

    def _go_on(self, names: list[str], *, resume: bool) -> None:
        try:
            job = json.loads(self._store.read(JOB, MOST_TEXT))
            version, asked, finished = job["version"], job["asked"], job["finished"]
            if finished is not None:
                finished = {str(name): int(n) for name, n in finished.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise OutputError(
                f"{self.out}/{JOB} is damaged or no job's.", "choose another folder, {out}."
            ) from None
        if version != VERSION or asked != self._asked:
            raise OutputError(
                f"{self.out} holds another job: {_difference(asked, self._asked)}.",
                "ask as that one did, or choose another folder, {out}.",
            )
        if not resume:
            raise OutputError(
                f"{self.out} holds this job already, with {len(names) - 1:,} parts.",
                "{resume} goes on with it; or choose another folder, {out}.",
            )
        self.finished = finished
        for name in names:
            found = _PART.fullmatch(name)
            if found is not None:
                self.kept[int(found[1])] = Kept(found[2], *map(int, found.group(3, 4, 5)))

    def has(self, part: Part) -> bool:
        """Whether a part is there.

        Raises:
            OutputError: it was made of other files.
        """
        kept = self.kept.get(part.number)
        if kept is not None and kept.mark != part.mark:
            raise OutputError(
                f"The pictures are not those of the job in {self.out}: in part {part.number}, from "
                f"{part.files[0].name} on, others stand now.",
                "ask for the same pictures, or choose another folder, {out}.",
            )
        return kept is not None

    def write(self, part: Part, done: Done) -> None:
        """Keep what became of a part."""
        counts = Kept(part.mark, len(done.rows), done.n_unread, len(done.left_alone))
        stem = "-".join(map(str, counts))
        name = f"part-{part.number:06}-{stem}.{self._asked['format']}"
        self._store.write(name, self._encode(self._columns, done.rows))
        self.kept[part.number] = counts

    def finish(self, n_parts: int) -> dict[str, int]:
        """Say in the folder that the job is done; returns the counts.

        Raises:
            OutputError: there are parts of pictures that are gone.
        """
        if set(self.kept) != set(range(n_parts)):
            raise OutputError(
                f"The pictures are not those of the job in {self.out}: {len(self.kept):,} parts "
                f"are there, and now there are pictures for {n_parts:,}.",
                "ask for the same pictures, or choose another folder, {out}.",
            )
        counts = {
            "parts": n_parts,
            "rows": sum(kept.n_rows for kept in self.kept.values()),
            "unread": sum(kept.n_unread for kept in self.kept.values()),
            "left_alone": sum(kept.n_left_alone for kept in self.kept.values()),
        }
        self._store.write(JOB, _as_json({**self._told(), "finished": counts}))
        return counts


def as_csv(columns: Mapping[str, str], rows: Sequence[Row]) -> bytes:
    """A table as `digitnet predict --csv` and `digitnet read --csv` write it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([as_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8")


def as_parquet(columns: Mapping[str, str], rows: Sequence[Row]) -> bytes:
    """The same with the probabilities as they are, float32, and null where there is nothing."""
    import pyarrow
    from pyarrow import parquet

    kinds = {TEXT: pyarrow.string(), NUMBER: pyarrow.float32(), COUNT: pyarrow.int32()}
    arrays = [
        pyarrow.array([row[number] for row in rows], kinds[kind])
        for number, kind in enumerate(columns.values())
    ]
    content = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays, names=list(columns)), content)
    return content.getvalue()


Encoder = Callable[[Mapping[str, str], Sequence[Row]], bytes]
ENCODERS: dict[str, Encoder] = {"csv": as_csv, "parquet": as_parquet}


def usual_format() -> str:
    """Parquet where PyArrow is there."""
    try:
        require("parquet")
    except Exception:
        return "csv"
    return "parquet"


def _difference(there: Any, here: dict[str, Any]) -> str:
    """The first thing in which two jobs differ, in words."""
    if isinstance(there, dict):
        for name, value in here.items():
            if there.get(name) != value:
                return f"its {name.replace('_', ' ')} is {str(there.get(name))[:80]}, not {value}"
    return "it was begun by another digitnet"


def _as_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1).encode() + b"\n"
