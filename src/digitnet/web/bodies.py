"""Bodies: what clients send, read whole before its request takes a turn, within one budget."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress

from starlette.types import Message, Receive

from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

DRAINED, DRAIN_SECONDS = 4, 5.0
"""Of a body that is too large, so many times the limit is still read and dropped, for so long:
a browser that is cut off while it sends never reads the answer."""


class Body:
    """The body of one request: its pieces, until the app has taken them."""

    def __init__(self, bodies: Bodies, receive: Receive) -> None:
        self._bodies, self._receive = bodies, receive
        self._pieces: deque[Message] = deque()
        self.size = 0

    def add(self, piece: Message) -> None:
        """Keep a piece that has come."""
        self._pieces.append(piece)
        self.size += len(piece["body"])

    async def receive(self) -> Message:
        """The next piece, for the app; behind the last one, what else the client does."""
        if not self._pieces:
            return await self._receive()
        piece = self._pieces.popleft()
        if self._pieces:
            await asyncio.sleep(0)  # others have their turn between two pieces of a long one
        return piece

    def release(self) -> None:
        """Give its bytes back to the budget; the app needs them no more."""
        self._bodies.release(self)


class Bodies:
    """All bodies that are in memory, and the time that each has to come.

    Past the budget bodies wait unread, but for the one that began first: so one always ends. A
    client pays only for the time that it lets the server wait, not for the other way round.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: dict[Body, int] = {}  # in the order in which they began
        self._n_bytes = 0
        self._coming: dict[Body, None] = {}
        self._freed = asyncio.Event()

    async def read(self, receive: Receive, length: str | None, most: int) -> Body:
        """A whole body.

        Args:
            receive: gives its pieces.
            length: what the client says of its bytes, a number, or None where it says nothing.
            most: bytes.

        Raises:
            Problem: 400 the client has gone, 408 too slow, 413 too large, 503 no room in time.
        """
        sentence = f"The request has more than the {most:,} bytes that are taken at once."
        body = Body(self, receive)
        if length is not None and (len(length) > len(str(most)) + 9 or int(length) > most):
            await _drain(receive, DRAINED * self._limits.body)
            raise Problem(413, sentence)
        self._coming[body] = None
        try:
            more, waited = True, 0.0
            while more:
                await self._room_for(body)
                started = time.monotonic()
                piece = await self._next(receive, self._seconds_for(body) - waited)
                waited += time.monotonic() - started
                body.add(piece)
                self._n_bytes += len(piece["body"])
                self._held[body] = body.size
                more = piece.get("more_body", False)
                if body.size > most:
                    if more:
                        await _drain(receive, DRAINED * self._limits.body)
                    raise Problem(413, sentence)
        except BaseException:
            self.release(body)
            raise
        finally:
            del self._coming[body]
            self._freed.set()  # another one is the first now
        return body

    def release(self, body: Body) -> None:
        """Its bytes are free for others; a second call does nothing."""
        self._n_bytes -= self._held.pop(body, 0)
        self._freed.set()

    def _seconds_for(self, body: Body) -> float:
        """How long the client may let us wait in all, for what has come and the next piece."""
        limits = self._limits
        return min(limits.upload_seconds, limits.grace_seconds + body.size / limits.least_rate)

    async def _next(self, receive: Receive, seconds: float) -> Message:
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError:
            raise Problem(
                408,
                f"The body did not come within {self._limits.upload_seconds:g} seconds, or came "
                f"slower than {self._limits.least_rate:,} bytes a second; send it again.",
            ) from None
        if message["type"] == "http.disconnect":
            raise Problem(400, "The client went away in the middle of its request.")
        return {**message, "body": message.get("body", b"")}

    async def _room_for(self, body: Body) -> None:
        """Wait while the budget is spent, unless this body is the first of those that come."""
        if self._n_bytes < self._limits.bodies:
            return
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                while self._n_bytes >= self._limits.bodies and next(iter(self._coming)) is not body:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise Problem(
                503, "The server has more to read than it can hold; try again in a moment."
            ) from None


async def _drain(receive: Receive, most: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            more = True
            while more and most > 0:
                message = await receive()
                more = message.get("more_body", False)
                most -= len(message.get("body", b""))
