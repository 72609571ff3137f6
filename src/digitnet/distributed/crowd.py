"""Crowd: a cluster's workers with a model, and the parts that are on their way to them and back."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from distributed.client import FutureCancelledError, FuturesCancelledError
from distributed.comm import CommClosedError

from digitnet.data.listing import Tally
from digitnet.distributed.cluster import connected, n_threads, workers_of
from digitnet.distributed.parts import File, Part, files_of, parts_of
from digitnet.distributed.results import Results
from digitnet.distributed.tasks import Done, Task
from digitnet.distributed.worker import Reader, read_part, reader_name
from digitnet.errors import DataError, DigitnetError, SettingsError
from digitnet.files import read_regular
from digitnet.models.bulk import mark_of
from digitnet.models.find import find_model
from digitnet.models.folder import load_model, model_files, save_model
from digitnet.models.model import Model
from digitnet.models.npy import MOST_ARRAY
from digitnet.text import shown
from distributed import Client, Future, KilledWorker, wait

AHEAD = 2
"""Parts for each thread of a worker that are on their way at once."""
LOOK = 5.0
"""Seconds between two looks at whether the workers are still there."""
DESERTED = 120.0
"""Seconds without any worker after which a job is given up."""
LARGEST_PART = 1_000_000

Dashboard = Callable[[str], None]
"""Called once with the dashboard's address."""


class Crowd:
    """Workers with a model, and the parts that are on their way to them and back."""

    def __init__(
        self,
        model: Model | str | Path | None,
        risk: float | str | None,
        scheduler: str | None,
        workers: int | None,
        part_size: int,
        task: Task,
    ) -> None:
        if not 1 <= part_size <= LARGEST_PART:
            raise SettingsError(
                f"A part has 1 to {LARGEST_PART:,} files, not {part_size}.", "change {part_size}."
            )
        self._risk = None if risk is None else str(risk)
        self._contents, loaded = contents_of(model)
        self.mark = mark_of(loaded if self._risk is None else loaded.at_risk(self._risk))
        self._scheduler, self._workers, self._size = scheduler, workers, part_size
        self._task, self.n_parts = task, 0

    def done(
        self,
        words: list[str],
        tally: Tally,
        results: Results | None = None,
        dashboard: Dashboard | None = None,
    ) -> Iterator[tuple[Part, Any]]:
        """Each part with what became of it; None where `results` has it already."""
        parts = parts_of(files_of(words, tally), self._size)
        first = next(parts, None)
        if first is None:
            raise DataError("There are no pictures: the list is empty.")
        with connected(self._scheduler, self._workers) as client:
            if dashboard is not None and client.dashboard_link:
                dashboard(client.dashboard_link)
            self._send_model(client)
            yield from self._shared_out(client, first, parts, results)

    def _send_model(self, client: Client) -> None:
        """Once to each worker that is there, and to each that joins."""
        try:
            client.register_plugin(Reader(self._contents, self._risk, self.mark, self._task))
        except DigitnetError:
            raise
        except Exception as error:
            why = " ".join(str(error).split())[:160]
            raise DataError(
                f"The workers cannot take the model ({why}): each needs the same digitnet, "
                "`pip install digitnet`."
            ) from None

    def _shared_out(
        self, client: Client, first: Part, parts: Iterator[Part], results: Results | None
    ) -> Iterator[tuple[Part, Any]]:
        run = secrets.token_hex(4)
        going: dict[Future, Share] = {}
        coming: Part | None = first
        seen = time.monotonic()
        room = AHEAD * max(1, n_threads(client))
        while coming is not None or going:
            oldest = min((share.whole.part.number for share in going.values()), default=None)
            while coming is not None and len(going) < room:
                if oldest is not None and coming.number - oldest > 4 * room:
                    break  # what is done must not pile up behind one that takes long
                self.n_parts += 1
                if results is not None and results.has(coming):
                    yield coming, None
                else:
                    share = Share(Whole(coming), 0, coming.files)
                    going[self._submit(client, share, run)] = share
                coming = next(parts, None)
            if not going:
                continue
            try:
                finished = wait(list(going), timeout=LOOK, return_when="FIRST_COMPLETED").done
                seen = time.monotonic()
            except (TimeoutError, FuturesCancelledError):
                finished = {future for future in going if future.done()}
                if workers_of(client):
                    seen = time.monotonic()
                    room = AHEAD * max(1, n_threads(client))
                elif time.monotonic() - seen > DESERTED:
                    raise DataError(
                        f"There has been no worker for {DESERTED:g} seconds.",
                        "start some with `dask worker`, and go on with {resume}.",
                    ) from None
            for future in finished:
                share = going.pop(future)
                try:
                    share.whole.take(share, future.result())
                except KilledWorker:
                    for half in share.halves():
                        going[self._submit(client, half, run)] = half
                    if len(share.files) == 1:
                        share.whole.take(share, self._killed(share.files[0]))
                except (FutureCancelledError, CommClosedError):  # as it goes, or has gone
                    raise DataError(
                        "The scheduler has gone.", "start it again, and go on with {resume}."
                    ) from None
                if share.whole.is_done:
                    yield share.whole.part, share.whole.joined()

    def _killed(self, file: File) -> Done:
        """A file that workers die of, one after the other: a row with the reason at its end."""
        reason = f"{file.name} has killed the workers that read it: look at it by itself."
        between = [None] * (len(self._task.columns) - 2)
        return Done([(shown(file.name), *between, shown(reason))], 1, [])

    def _submit(self, client: Client, share: Share, run: str) -> Future:
        part = share.whole.part._replace(files=share.files)
        key = f"digitnet-{run}-{part.number}-{share.begins}-{len(share.files)}"
        return client.submit(
            read_part, part, reader_name(self.mark, self._task), key=key, pure=False
        )


class Share:
    """Some of a part's files, on their way to one worker."""

    def __init__(self, whole: Whole, begins: int, files: Sequence[File]) -> None:
        self.whole, self.begins, self.files = whole, begins, files

    def halves(self) -> list[Share]:
        """Two shares, to find the file that workers die of; none of a single one."""
        n = len(self.files) // 2
        if not n:
            return []
        return [
            Share(self.whole, self.begins, self.files[:n]),
            Share(self.whole, self.begins + n, self.files[n:]),
        ]


class Whole:
    """A part, and what has come of it so far."""

    def __init__(self, part: Part) -> None:
        self.part, self._n_left = part, len(part.files)
        self._done: dict[int, Done] = {}

    def take(self, share: Share, done: Done) -> None:
        """What became of a share."""
        self._done[share.begins] = done
        self._n_left -= len(share.files)

    @property
    def is_done(self) -> bool:
        """Whether all its files have come back."""
        return not self._n_left

    def joined(self) -> Done:
        """What became of all, in order."""
        all_done = [self._done[begins] for begins in sorted(self._done)]
        return Done(
            [row for done in all_done for row in done.rows],
            sum(done.n_unread for done in all_done),
            [name for done in all_done for name in done.left_alone],
        )


def contents_of(model: Model | str | Path | None) -> tuple[dict[str, bytes], Model]:
    """The files of a model's folder, name to content, and the model.

    Raises:
        ModelError: there is none of that name, or it is damaged.
    """
    if isinstance(model, Model):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "model"
            save_model(model, place)
            return {path.name: read_regular(path, MOST_ARRAY) for path in model_files(place)}, model
    loaded = load_model(model)
    files = model_files(find_model(model))
    return {path.name: read_regular(path, MOST_ARRAY) for path in files}, loaded
