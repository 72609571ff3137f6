"""Connections: how many there are, from whom, and how long each may be waited for."""

from __future__ import annotations

import ipaddress
import json
import time
from collections import Counter
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from digitnet.web.guard import SECURITY
from digitnet.web.limits import Limits
from digitnet.web.metrics import Metrics

SENTENCES = {
    400: "The request is not HTTP as it should be.",
    408: "The head of the request did not come in time.",
    503: "The server has as many connections as it takes; try again in a moment.",
}


class Connections:
    """The open connections of a server.

    When all places are taken, the address that has most of them gives one up: the one that has
    been waited for longest. So whoever opens many takes from itself, and silent connections keep
    nobody out, not even from the same address.

    Attributes:
        most: connections at once.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits, self.metrics = limits, metrics
        self.most = limits.connections
        self._open: dict[Connection, str] = {}

    def add(self, connection: Connection, address: str) -> bool:
        """Take a new one, closing another for it if need be; False where there is no place."""
        self._open[connection] = address
        self.metrics.connections(len(self._open))
        if len(self._open) <= self.most:
            return True
        counts = Counter(self._open.values())
        largest = max(counts.values())
        waited_for = [
            one
            for one, of in self._open.items()
            if one is not connection and one.is_waited_for and counts[of] == largest
        ]
        if not waited_for:
            del self._open[connection]
            return False
        oldest = min(waited_for, key=lambda one: one.since)
        oldest.transport.abort()
        self.remove(oldest)  # its end is told later, and its place is wanted at once
        return True

    def remove(self, connection: Connection) -> None:
        """Forget one that has ended."""
        self._open.pop(connection, None)
        self.metrics.connections(len(self._open))

    def close_late(self) -> None:
        """End the connections whose next request has not begun in time."""
        now = time.monotonic()
        for connection in list(self._open):
            if connection.is_idle and now - connection.since > self._limits.head_seconds:
                connection.give_up()


class Connection(H11Protocol):
    """One connection, as uvicorn keeps it, with a time limit for heads and a place among others.

    Attributes:
        since: when it was opened, or its last answer ended; seconds of `time.monotonic`.
    """

    def __init__(self, connections: Connections, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._connections = connections
        self.since = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_waited_for(self) -> bool:
        """Whether the client has to send something before anything can be done."""
        return self.is_idle or self.conn.their_state is h11.SEND_BODY

    def connection_made(self, transport: Any) -> None:
        """Begin, if there is a place."""
        super().connection_made(transport)
        if not self._connections.add(self, _owner(self.client)):
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place free."""
        self._connections.remove(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.since = time.monotonic()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(400)

    def give_up(self) -> None:
        """End it; a client that had begun to send a head is told why."""
        if self.conn.trailing_data[0]:
            self._refuse(408)
        else:
            self.transport.abort()

    def _refuse(self, status: int) -> None:
        """Answer with one sentence, and close."""
        self._connections.metrics.refused(status)
        if not self.is_idle:  # its body is broken; the app's own answer would come too late
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # an answer has begun
            self.transport.abort()
            return
        content = json.dumps({"error": SENTENCES[status]}).encode()
        reason = HTTPStatus(status).phrase.encode()
        headers = {
            **SECURITY,
            "cache-control": "no-store",
            "content-type": "application/json",
            "content-length": str(len(content)),
            "connection": "close",
        }
        for event in (
            h11.Response(status_code=status, headers=list(headers.items()), reason=reason),
            h11.Data(data=content),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _owner(client: tuple[str, int] | None) -> str:
    """Whom an address belongs to: of IPv6, one client has a whole /64."""
    if client is None:
        return ""
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return client[0]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
