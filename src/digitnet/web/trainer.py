"""Trainer: one training at a time, in a thread of its own, written to an event log."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from digitnet.errors import DigitnetError, NothingLearntError, TrainingDivergedError
from digitnet.models.plausibility import open_source
from digitnet.training.events import EpochDone, Finished, StepDone
from digitnet.training.run import Run, checkpoint_path
from digitnet.web.errors import BUG, Problem, as_field
from digitnet.web.event_log import EventLog
from digitnet.web.jobs import N_OTHERS, BegunRun, Job, StoppedRuns
from digitnet.web.limits import Limits
from digitnet.web.model_store import ModelStore
from digitnet.web.payloads import best_of, epoch_of, epochs_before, snapshot, start_of

LONGEST_STOP = 60.0
"""Seconds that whoever stops a run waits for its end."""
STEP_SECONDS = 0.2
PICTURE_SECONDS = 0.5
"""Between two events of a kind, at least."""
NO_MEMORY = (
    "There is not enough memory for this training; choose fewer hidden neurons or a smaller "
    "batch size."
)
FAILED = {"state": "failed", "best_epoch": None, "validation_accuracy": None, "model": None}
INTERRUPTED = (
    "The server was ended before the first epoch of {} was done, and nothing of it is kept; "
    "begin this training again."
)
WORDS = {"synthetic": "Drawing digits", "mnist": "Fetching MNIST"}


class _StopAskedError(Exception):
    """Somebody asked to stop while the digits were still being read."""


class Trainer:
    """Starts a run, stops it, and knows how far it is.

    Args:
        store: where models are kept, checkpoints beside them.
        limits: how many digits are drawn.
    """

    def __init__(self, store: ModelStore, limits: Limits) -> None:
        self.event_log = EventLog()
        self._store, self._limits = store, limits
        self.stopped = StoppedRuns(store.own)
        self._begun = BegunRun(store)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._shutting_down = False
        self._thread: threading.Thread | None = None
        self._state, self._run_id = "idle", ""
        self._job: Job | None = None
        self._told = store.places.told
        self._end: dict[str, Any] = {}
        self._interrupted = self._begun.interrupted()
        if self._interrupted is not None:
            self._run_id, self._state = secrets.token_hex(4), "failed"
            self._end = {**FAILED, "reason": INTERRUPTED.format(self._interrupted)}
            self.event_log.begin(self._run_id)
            self.event_log.add("end", self._end)

    def start(self, job: Callable[[], Job]) -> dict[str, str]:
        """Begin a run; `job` is called when it is certain that no other is going on.

        Raises:
            Problem: 409 one is going on, 503 the server is shutting down.
        """
        with self._lock:
            if self._shutting_down:
                raise Problem(503, "The server is shutting down.")
            if self._state == "running":
                name = "" if self._job is None else f" ({self._job.name})"
                raise Problem(409, f"A training is going on{name}; stop it first, or wait.")
            self._job = job()
            self._begun.write(self._job.name)
            self._run_id, self._state = secrets.token_hex(4), "running"
            self._stop.clear()
            self.event_log.begin(self._run_id)
            self._thread = threading.Thread(
                target=self._work, args=(self._job,), name="digitnet-training", daemon=True
            )
            self._thread.start()
            return {"run": self._run_id, "name": self._job.name}

    def stop(self) -> dict[str, Any]:
        """Stop the run after its present step, and wait until its model is kept.

        Returns:
            the data of its `end` event.

        Raises:
            Problem: 404, none is going on; 503, it does not end in time.
        """
        with self._lock:
            thread = self._thread if self._state == "running" else None
        if thread is None:
            raise Problem(404, "No training is going on.")
        self._stop.set()
        thread.join(LONGEST_STOP)
        if thread.is_alive():
            raise Problem(503, "The training was asked to stop and is not done; look again later.")
        return self._end

    @property
    def going_on(self) -> str | None:
        """The name of the model that is being trained; None where none is."""
        with self._lock:
            return self._job.name if self._job is not None and self._state == "running" else None

    def begin_shutdown(self) -> None:
        """Ask the run to leave a checkpoint and end, and end all event streams. Returns at once."""
        self._shutting_down = True
        self._stop.set()
        self.event_log.close()

    def wait(self, seconds: float) -> None:
        """Wait for a run that was asked to end."""
        if self._thread is not None:
            self._thread.join(seconds)

    def as_dict(self) -> dict[str, Any]:
        """How far the run is, and which stopped one could go on."""
        with self._lock:
            state, job, run_id, end = self._state, self._job, self._run_id, self._end
        going_on = checkpoint_path(job.out) if job is not None and state == "running" else None
        return {
            "state": state,
            "run": run_id or None,
            "name": self._interrupted if job is None else job.name,
            **self.event_log.so_far(),
            "end": None if state in ("idle", "running") else end,
            "resumable": self.stopped.newest(but=going_on),
        }

    def _work(self, job: Job) -> None:
        """The thread: whatever happens, the run ends with an `end`."""
        end: dict[str, Any] = {**FAILED, "reason": BUG}
        try:
            end |= self._train(job)
        except _StopAskedError:
            end |= {"state": "stopped", "reason": "stopped before the first step"}
        except DigitnetError as error:
            end |= {"reason": error.worded(as_field)}
        except MemoryError:
            end |= {"reason": NO_MEMORY}
        except Exception:
            logging.getLogger("uvicorn.error").exception("A training failed.")
        if not self._shutting_down or checkpoint_path(job.out).exists():
            self._begun.remove()
        end = self._told(end)
        with self._lock:
            self._state, self._end = end["state"], end
        self.event_log.add("end", end)

    def _train(self, job: Job) -> dict[str, Any]:
        """One run from its digits to its model; returns what its `end` says."""
        config = job.config
        options: dict[str, Any] = {
            "framing": config.framing,
            "n_synthetic": self._limits.n_synthetic,
        }
        dataset = open_source(config.source, progress=self._preparing(config.source), **options)
        rest = None
        if config.mix is not None:
            options["n_synthetic"] = min(N_OTHERS, self._limits.n_synthetic)
            rest = open_source(config.mix, progress=self._preparing(config.mix), **options)
        run = Run(config, dataset, job.out, job.checkpoint, rest)
        self.event_log.add("start", self._told(start_of(run, job, self._run_id)))
        for epoch in epochs_before(run):
            self.event_log.add("epoch", epoch)
        try:
            with closing(run.events()) as events:  # type: ignore[type-var]  # it is a generator
                finished = self._follow(run, events)
        except TrainingDivergedError as error:
            kept = bool(run.history.epochs)
            if kept:
                run.keep()
            checkpoint_path(job.out).unlink(missing_ok=True)
            return {
                **best_of(run),
                "model": job.name if kept else None,
                "reason": error.worded(as_field),
            }
        if finished is not None:
            try:
                run.check_learnt()
            except NothingLearntError as error:
                checkpoint_path(job.out).unlink(missing_ok=True)
                return {**best_of(run), "reason": error.worded(as_field)}
            run.keep()
            done = {"state": "finished", "model": job.name, "reason": finished.reason}
            return {**best_of(run), **done}
        if self._shutting_down:
            run.checkpoint()
            reason = "the server went down; the run can go on when it is back"
            return {**best_of(run), "state": "stopped", "reason": reason}
        model = run.keep_so_far()
        name = None if model is None else job.name
        return {**best_of(run), "state": "stopped", "model": name, "reason": "stopped"}

    def _follow(self, run: Run, events: Any) -> Finished | None:
        """Log a run's events, no oftener than a page can draw; None where it was stopped."""
        logged = pictured = 0.0
        shown = 0
        for event in events:
            now = time.monotonic()
            if isinstance(event, StepDone) and now - logged >= STEP_SECONDS:
                logged = now
                self.event_log.add("step", event._asdict())
            elif isinstance(event, EpochDone):
                self.event_log.add("epoch", epoch_of(event, run))
                if now - pictured >= PICTURE_SECONDS:
                    self._log_picture(run, event.epoch)
                    pictured, shown = time.monotonic(), event.epoch
            elif isinstance(event, Finished):
                if shown != run.state.epoch:
                    self._log_picture(run, run.state.epoch)
                return event
            if self._stop.is_set():
                return None
        return None

    def _log_picture(self, run: Run, epoch: int) -> None:
        self.event_log.add(
            "picture", snapshot(run.network, run.state.average, run.validation, epoch)
        )

    def _preparing(self, source: str) -> Callable[[int, int], None]:
        """A progress of the reading that can be stopped."""
        what, logged = WORDS.get(source, "Reading pictures"), 0.0

        def progress(done: int, total: int) -> None:
            nonlocal logged
            if self._stop.is_set():
                raise _StopAskedError
            if time.monotonic() - logged >= STEP_SECONDS:
                logged = time.monotonic()
                self.event_log.add("preparing", {"what": what, "done": done, "total": total})

        return progress
