"""Services: what all addresses of a server share: models, decoders, corrections, training."""

from __future__ import annotations

from pathlib import Path

from digitnet.imaging.decoders import Decoders
from digitnet.web.corrections import Corrections
from digitnet.web.datasets import OfferedDatasets
from digitnet.web.limits import Limits
from digitnet.web.metrics import Metrics
from digitnet.web.model_store import ModelStore
from digitnet.web.model_uploads import ModelUploads
from digitnet.web.trainer import Trainer
from digitnet.web.workers import WorkerPool

LONGEST_END = 60.0
"""Seconds that a training has to leave its checkpoint when the server shuts down."""


class Services:
    """One of each, for one folder.

    Args:
        folder: where models, corrections and one's own digits lie.
        limits: what the server takes on.
        trains: whether trainings may be begun here; a run is one process's, so where several
            workers serve one port, none.
    """

    def __init__(
        self, folder: str | Path = ".", limits: Limits | None = None, *, trains: bool = True
    ) -> None:
        self.limits, self.trains, self.ending = limits or Limits(), trains, False
        place = Path(folder).resolve()
        self.store = ModelStore(place, self.limits)
        self.model_uploads = ModelUploads(self.store, self.limits)
        self.decoders = Decoders(one_page=True)
        self.corrections = Corrections(place / "corrections", self.limits, self.decoders)
        self.datasets = OfferedDatasets(place, self.corrections, self.limits)
        self.trainer = Trainer(self.store, self.limits)
        self.metrics = Metrics()
        self.workers = WorkerPool(self.limits, self.metrics.queue)

    def begin_shutdown(self) -> None:
        """Ask a training to leave its checkpoint, and end all event streams. Returns at once."""
        self.ending = True
        self.trainer.begin_shutdown()

    def close(self) -> None:
        """Wait until that is done."""
        self.begin_shutdown()
        self.trainer.wait(LONGEST_END)
        self.workers.close()
        self.decoders.close()
