"""Worker: what a process of the cluster has from when it joins: the model, and what is asked of it.

It gets the model once, as the files of its folder, which are read and checked there as on any disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digitnet.distributed.parts import Part
from digitnet.distributed.tasks import Done, Task
from digitnet.errors import ModelError
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.imaging.pictures import quiet_pillow
from digitnet.models.bulk import mark_of
from digitnet.models.folder import load_model
from distributed import WorkerPlugin, get_worker


class Reader(WorkerPlugin):  # type: ignore[misc]
    """The model on a worker, from when it joins until it goes.

    Args:
        contents: the files of the model's folder, name to content.
        risk: that it is asked at, None for its own.
        mark: of the model; a worker with another framing has another one, and is refused.
        task: what is made of each picture.
    """

    idempotent = True

    def __init__(
        self, contents: Mapping[str, bytes], risk: str | None, mark: str, task: Task
    ) -> None:
        self.name = reader_name(mark, task)
        self._contents, self._risk, self._mark, self._task = contents, risk, mark, task
        self._version = version("digitnet")

    def setup(self, worker: Any) -> None:
        """Read the model.

        Raises:
            ModelError: this worker would answer otherwise.
        """
        import cv2

        cv2.setNumThreads(1)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in self._contents.items():
                (Path(folder) / name).write_bytes(content)
            model = load_model(folder)
        model = model if self._risk is None else model.at_risk(self._risk)
        if mark_of(model) != self._mark or version("digitnet") != self._version:
            raise ModelError("A worker has another digitnet, which would answer otherwise.")
        self._model, self._decoders = model, Decoders(PHOTOGRAPH)

    def teardown(self, worker: Any) -> None:
        """End the processes that decode."""
        self._decoders.close()

    def answered(self, part: Part) -> Done:
        """What the model says to a part's files."""
        with quiet_pillow():
            return self._task.done(part, self._model, self._decoders)

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a worker: not what another one has made of it."""
        made = ("_model", "_decoders")
        return {name: value for name, value in self.__dict__.items() if name not in made}


def reader_name(mark: str, task: Task) -> str:
    """What a worker has it as."""
    return f"digitnet-{mark}-{task.mark}"


def read_part(part: Part, name: str) -> Done:
    """Answer for the files of a part; called on a worker, in one of its threads.

    Args:
        part: which files.
        name: of the `Reader` that the worker has been given.
    """
    reader: Reader = get_worker().plugins[name]
    return reader.answered(part)
