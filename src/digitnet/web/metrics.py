"""Metrics: what the server counts of itself, as Prometheus reads it.

prometheus-client keeps the figures (extra `metrics`); without it nothing is counted. Where several
workers serve one port, each writes its figures into files of a common folder, which whichever
worker is asked adds up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from digitnet.errors import MissingExtraError, require

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where several workers keep their figures; read when prometheus-client is imported."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the histogram of latencies."""
KINDS = ("answered", "unsure", "no digit", "unreadable")
"""What becomes of a picture."""
_KNOWN = (
    "/api/predict", "/api/read", "/api/read-form", "/api/corrections", "/api/models", "/api/model",
    "/api/train", "/api/train/events", "/api/train/form", "/api/sources", "/docs",
    "/openapi.json", "/healthz", "/live", "/ready", "/metrics", "/",
)  # fmt: skip
_BEGINNINGS = ("/static/", "/api/models/", "/api/corrections/")
_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")


def as_label(path: str) -> str:
    """An address as a label: one of a few, whatever clients ask for."""
    if path in _KNOWN:
        return path
    return next((f"{known}*" for known in _BEGINNINGS if path.startswith(known)), "other")


def kind_of(answer: Mapping[str, Any]) -> str:
    """Which of KINDS an answer to a picture is."""
    if answer.get("label") is not None:
        return "answered"
    reason = str(answer.get("reason"))
    return next((kind for kind in ("unsure", "no digit") if reason.startswith(kind)), "unreadable")


class Metrics:
    """The figures of one server process.

    Attributes:
        missing: why there are none; None where they are kept.
    """

    def __init__(self) -> None:
        self.missing: MissingExtraError | None = None
        try:
            require("metrics")
        except MissingExtraError as error:
            self.missing = error
            return
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        kept: dict[str, Any] = {"registry": self._registry}
        live: dict[str, Any] = {**kept, "multiprocess_mode": "livesum"}
        self._seconds = Histogram(
            "digitnet_request_seconds", "From a request's head to the end of its answer",
            ("path",), buckets=SECONDS, **kept,
        )  # fmt: skip
        self._requests = Counter(
            "digitnet_requests", "Requests that were answered", ("path", "method", "status"), **kept
        )
        self._answers = Counter(
            "digitnet_answers", "Pictures by what was answered", ("path", "kind"), **kept
        )
        self._refusals = Counter(
            "digitnet_refusals", "Requests and connections that were refused", ("status",), **kept
        )
        self._queue = Gauge(
            "digitnet_queue", "Requests that wait for their turn, or are worked on",
            ("queue", "state"), **live,
        )  # fmt: skip
        self._connections = Gauge("digitnet_connections", "Open connections", **live)
        for kind in KINDS:
            self._answers.labels("/api/predict", kind)

    def request(self, path: str, method: str, status: int, seconds: float) -> None:
        """One request is done."""
        if self.missing is not None:
            return
        label = as_label(path)
        method = method if method in _METHODS else "other"
        self._requests.labels(label, method, str(status)).inc()
        if label != "/api/train/events":  # a stream lasts as long as somebody listens
            self._seconds.labels(label).observe(seconds)
        if status in (401, 403, 408, 413, 421, 429, 503, 504):
            self.refused(status)

    def answers(self, path: str, kinds: Mapping[str, int]) -> None:
        """So many pictures of each kind."""
        if self.missing is None:
            for kind, n in kinds.items():
                self._answers.labels(as_label(path), kind).inc(n)

    def refused(self, status: int) -> None:
        """A request, or a connection before there was one, was refused."""
        if self.missing is None:
            self._refusals.labels(str(status)).inc()

    def queue(self, name: str, waiting: int, working: int) -> None:
        """How long a queue is now."""
        if self.missing is None:
            self._queue.labels(name, "waiting").set(waiting)
            self._queue.labels(name, "working").set(working)

    def connections(self, n: int) -> None:
        """How many connections are open now."""
        if self.missing is None:
            self._connections.set(n)

    def page(self) -> bytes:
        """All figures, of all workers, in Prometheus' text format.

        Raises:
            MissingExtraError: prometheus-client is not installed.
        """
        if self.missing is not None:
            raise self.missing
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        registry = self._registry
        if os.environ.get(FOLDER):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        content: bytes = generate_latest(registry)
        return content


def forget(process: int) -> None:
    """A worker has died: what it had open counts no more; what it had counted does."""
    try:
        require("metrics")
    except MissingExtraError:
        return
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(process)
