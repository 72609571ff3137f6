"""Limits: how much a server takes on at once, and from one client."""

from __future__ import annotations

from dataclasses import dataclass, field

from digitnet.data.sources import N_SYNTHETIC
from digitnet.imaging.pictures import MAX_PIXELS
from digitnet.threads import n_cores


@dataclass(frozen=True)
class Limits:
    """What one process takes on; past each, an answer says so in one sentence.

    Attributes:
        body: bytes of a request with pictures.
        json_body: bytes of a request with JSON.
        pixels: of one picture, before a single one is decoded.
        pictures: in one request.
        upload_seconds: from the first to the last byte of a body.
        wait_seconds: until a request has its turn.
        work_seconds: for the work on it.
        at_once: requests whose bodies are in memory; the others wait unread.
        waiting: requests that wait for their turn.
        workers: threads that decode and classify.
        streams: clients that follow the training at once.
        stream_seconds: after which a stream ends; browsers come back by themselves.
        stalled_seconds: for which a client may read nothing of its answer.
        heartbeat_seconds: of silence in a stream, before a line that only keeps it open.
        corrections: pictures in the folder of corrections.
        own_models: models of one's own that are listed.
        n_synthetic: digits drawn for a training.
    """

    body: int = 32 * 2**20
    json_body: int = 64 * 2**10
    pixels: int = MAX_PIXELS
    pictures: int = 64
    upload_seconds: float = 30.0
    wait_seconds: float = 60.0
    work_seconds: float = 30.0
    at_once: int = 16
    waiting: int = 256
    workers: int = field(default_factory=lambda: max(2, n_cores()))
    streams: int = 32
    stream_seconds: float = 3600.0
    stalled_seconds: float = 120.0
    heartbeat_seconds: float = 15.0
    corrections: int = 10_000
    own_models: int = 200
    n_synthetic: int = N_SYNTHETIC
