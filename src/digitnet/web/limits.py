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
        connections: at once, see `Connections`.
        head_seconds: until the head of a request is there, from the answer before it on.
        bodies: bytes of all bodies in memory; the others wait unread.
        upload_seconds: that a client may let the server wait for a body.
        grace_seconds: of them, before the least rate counts.
        least_rate: bytes a second of a body, on average.
        wait_seconds: until a request has its turn.
        work_seconds: for the work on it.
        at_once: requests with pictures that are worked on.
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
    connections: int = 512
    head_seconds: float = 10.0
    bodies: int = 256 * 2**20
    upload_seconds: float = 30.0
    grace_seconds: float = 5.0
    least_rate: int = 10_000
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
