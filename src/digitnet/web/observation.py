"""Observation: each request's number, its line in the log, and what is counted of it."""

from __future__ import annotations

import contextvars
import json
import logging
import logging.handlers
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitnet.errors import OutputError
from digitnet.web.metrics import Metrics

HEADER = "x-request-id"
_IDENTITY = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a client, or a proxy before the server, may call a request."""
LOG = logging.getLogger("digitnet.requests")
KINDS = "digitnet.kinds"
"""Where a request's scope has the count of its answers by kind."""
LONGEST = 200

_now = contextvars.ContextVar[str | None]("request", default=None)
"""The request that is being answered, for what else is written to the log meanwhile."""


class Observed:
    """The outermost layer of the app; it changes nothing but a header of the answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and note what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        given = Headers(scope=scope).get(HEADER, "")
        identity = given if _IDENTITY.fullmatch(given) else secrets.token_hex(8)
        kinds: Counter[str] = Counter()
        status, sent = 0, 0

        async def send_noted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (HEADER.encode(), identity.encode())
                message = {**message, "headers": [*message.get("headers", ()), named]}
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        token = _now.set(identity)
        try:
            await self.app({**scope, KINDS: kinds}, receive, send_noted)
        finally:
            seconds = time.monotonic() - began
            path, method = scope["path"], scope["method"]
            self._metrics.request(path, method, status, seconds)
            self._metrics.answers(path, kinds)
            if LOG.isEnabledFor(logging.INFO):
                said = {
                    "request": identity, "method": method[:20], "path": path[:LONGEST],
                    "status": status, "seconds": round(seconds, 4), "bytes": sent,
                    "client": (scope.get("client") or ("",))[0], "answers": dict(kinds),
                }  # fmt: skip
                LOG.info("request", extra={"said": said})
            _now.reset(token)


def count_kinds(scope: Mapping[str, Any], kinds: Sequence[str]) -> None:
    """Note what became of a request's pictures."""
    scope.get(KINDS, Counter()).update(kinds)


class AsJson(logging.Formatter):
    """A line of the log as one JSON object, in plain ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """The object: time, level, event, and what else is known."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "worker": record.process,
        }
        if _now.get() is not None:
            line["request"] = _now.get()
        line |= getattr(record, "said", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_to(target: str) -> None:
    """Write a line for each request, and all else that the server logs, as JSON.

    Args:
        target: a file, which may be moved away meanwhile; "-" for standard error.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        handler: logging.Handler = (
            logging.StreamHandler(sys.stderr)
            if target == "-"
            else logging.handlers.WatchedFileHandler(target, encoding="utf-8")
        )
    except OSError as error:
        raise OutputError(
            f"The log {target} cannot be written: {error.strerror or error}.",
            "choose another place, {log}.",
        ) from error
    handler.setFormatter(AsJson())
    LOG.setLevel(logging.INFO)
    for logger in (LOG, logging.getLogger("uvicorn")):
        logger.handlers = [handler]
        logger.propagate = False
    logging.getLogger("uvicorn.error").handlers = []
