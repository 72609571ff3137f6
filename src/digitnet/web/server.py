"""Server: the app in a process of its own, from listening to an orderly shutdown."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from digitnet.errors import OutputError, SettingsError
from digitnet.text import say, show
from digitnet.web.app import make_app
from digitnet.web.connections import Connection, Connections
from digitnet.web.guard import own_names
from digitnet.web.memory import give_back
from digitnet.web.observation import log_to
from digitnet.web.services import Services
from digitnet.web.supervisor import Supervisor

STALLED_AT_SHUTDOWN = 2.0
"""Seconds that a client may read nothing while the server shuts down."""
GRACE = 60
"""Seconds that running requests have to be answered while the server shuts down."""
SPARE = 160
"""File descriptors beside those of connections: files, libraries, connections to be refused."""
ACCEPTED, WAITING = 16, 512
"""Connections that are accepted in one go, so that those to be refused are closed before the
next; and that wait with the system meanwhile."""
SILENCE = 60.0
"""Seconds between two lines of the log that say the same."""


def serve(
    folder: str | Path,
    host: str,
    port: int,
    token: str | None,
    names: Sequence[str] = (),
    *,
    log: str | None = None,
) -> None:
    """Serve until a signal comes; then answer what is running, and keep a training's state.

    Args:
        folder: where models, corrections and one's own digits lie.
        host: a name or address of this machine.
        port: to listen on; 0 for one that is free.
        token: what clients must know, or None.
        names: further ones that the server is called by, as behind a proxy.
        log: see `log_to`; None keeps no log of requests.

    Raises:
        SettingsError: the address cannot be listened on.
        OutputError: nobody can be told the address, or the log cannot be written.
    """
    give_back()
    services = Services(folder)
    listening = listen(host, port)
    server = Server(_app(services, host, token, names), services, _address(host, listening, token))
    with listening:
        if log is not None:
            log_to(log)
        server.run(sockets=[listening])
    if server.untold is not None:
        told = getattr(server.untold, "sentence", "Nobody reads standard output.")
        hint = "send the address of the server somewhere else."
        raise OutputError(told, hint) from server.untold


def serve_by_several(
    n: int,
    folder: str | Path,
    host: str,
    port: int,
    token: str | None,
    names: Sequence[str],
    stopping: Callable[[], bool],
    *,
    log: str | None = None,
) -> None:
    """The same with so many processes, until `stopping`; they train nothing.

    Raises:
        SettingsError: as of `serve`; or the workers die one after the other.
        OutputError: as of `serve`.
    """
    give_back()
    listening = listen(host, port)
    if log is not None:
        log_to(log)

    def work(ready: Callable[[], None], alive: int) -> None:
        services = Services(folder, trains=False)
        worker = Worker(_app(services, host, token, names), services, ready, alive)
        if log is not None:
            log_to(log)  # uvicorn has set up its own
        worker.run(sockets=[listening])

    def tell() -> None:
        say(f"Model: {Services(folder, trains=False).store.answering}.")
        say(f"{n} workers; they train nothing.")
        show(f"digitnet is at {_address(host, listening, token)} (Ctrl-C ends it)", flush=True)

    with listening:
        Supervisor(n, work).run(stopping, tell)


def _app(services: Services, host: str, token: str | None, names: Sequence[str]) -> ASGIApp:
    open_to_others = token is not None
    own = own_names(host) if open_to_others else ()
    return make_app(services, token=token, hosts=[*own, *names], addresses=open_to_others)


class Stalled(NamedTuple):
    """Bytes that wait to be read by a client, and since when it has read none."""

    size: int
    since: float


class Server(uvicorn.Server):
    """Prints its address once it listens, and stops the training before it shuts down."""

    def __init__(self, app: ASGIApp, services: Services, address: str) -> None:
        self._connections = Connections(services.limits, services.metrics)
        config = uvicorn.Config(
            app,
            log_level="error",  # any client can make it warn, as often as it likes
            access_log=False,  # addresses may hold the token
            server_header=False,
            http=partial(Connection, self._connections),  # type: ignore[arg-type]
            backlog=ACCEPTED,
            ws="none",
            loop="asyncio",
            lifespan="on",
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self._services, self._address = services, address
        self._stalled: dict[object, Stalled] = {}
        self._said = -SILENCE
        self.untold: OutputError | BrokenPipeError | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and print the address."""
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # as uvicorn, see above
        granted = grant_descriptors(self._connections.most + SPARE)
        asyncio.get_running_loop().set_exception_handler(self._loop_failed)
        await super().startup(sockets)
        for listening in sockets or []:
            listening.listen(WAITING)  # asyncio has made it as few as it accepts at once
        self._tell(granted)

    def _tell(self, granted: int) -> None:
        """Say which model answers, and print the address."""
        say(f"Model: {self._services.store.answering}.")
        if granted < self._connections.most + SPARE:
            self._connections.most = max(1, granted - SPARE)
            say(
                f"This process may open {granted} files: {self._connections.most} connections at "
                "once are served; raise the system's limit (ulimit -n) for more."
            )
        try:
            show(f"digitnet is at {self._address} (Ctrl-C ends it)", flush=True)
        except (OutputError, BrokenPipeError) as error:  # nobody would know where it is
            self.untold, self.should_exit = error, True

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """One line a minute where no connection can be accepted: asyncio has many a second."""
        error = context.get("exception")
        if "accept" not in context.get("message", "") or not isinstance(error, OSError):
            loop.default_exception_handler(context)
        elif time.monotonic() - self._said >= SILENCE:
            self._said = time.monotonic()
            logging.getLogger("uvicorn.error").error("No connection can be accepted: %s.", error)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is running; a training leaves its checkpoint meanwhile."""
        self._services.begin_shutdown()
        dropping = asyncio.create_task(self._keep_dropping_stalled())
        try:
            await super().shutdown(sockets)
        finally:
            dropping.cancel()

    async def on_tick(self, counter: int) -> bool:
        """What is done ten times a second."""
        if counter % 10 == 0:
            self._drop_stalled(self._services.limits.stalled_seconds)
            self._connections.close_late()
        return await super().on_tick(counter)

    async def _keep_dropping_stalled(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self._drop_stalled(STALLED_AT_SHUTDOWN)

    def _drop_stalled(self, seconds: float) -> None:
        """Cut off clients that have read nothing for so long of what waits for them.

        Nothing else ends such a connection: a close would wait until they have read it all.
        """
        now = time.monotonic()
        waiting: dict[object, Stalled] = {}
        for connection in list(self.server_state.connections):
            transport: Any = connection.transport
            size = transport.get_write_buffer_size()
            if not size:
                continue
            known = self._stalled.get(connection)
            since = now if known is None or size < known.size else known.since
            if now - since > seconds:
                transport.abort()
            else:
                waiting[connection] = Stalled(size, since)
        self._stalled = waiting


class Worker(Server):
    """One of several servers behind a port: it prints nothing, and ends with its supervisor.

    Args:
        app: what answers.
        services: what it works with.
        ready: called once it listens.
        alive: a pipe that comes to its end when the supervisor is no more.
    """

    def __init__(
        self, app: ASGIApp, services: Services, ready: Callable[[], None], alive: int
    ) -> None:
        super().__init__(app, services, "")
        self._ready, self._alive = ready, alive

    def _tell(self, granted: int) -> None:
        """Tell the supervisor alone."""
        asyncio.get_running_loop().add_reader(self._alive, self._deserted)
        if granted < self._connections.most + SPARE:
            self._connections.most = max(1, granted - SPARE)
        self._ready()

    def _deserted(self) -> None:
        asyncio.get_running_loop().remove_reader(self._alive)
        self.should_exit = True


def grant_descriptors(wanted: int) -> int:
    """Ask the system for so many open files at once; returns how many it grants."""
    try:
        import resource
    except ImportError:  # Windows counts none
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there already, so that no client comes too early.

    Raises:
        SettingsError: there is no such address here, or it is taken.
    """
    where = f"{host}, port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # localhost may be two addresses; the older one is the one that everybody reaches.
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        # With the protocol said, asyncio lets small answers go at once; else each waits 40 ms.
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(WAITING)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"The server cannot listen on {where}: {why}.", "choose another {host} or {port}."
        ) from None
    return listening


def _address(host: str, listening: socket.socket, token: str | None) -> str:
    port = listening.getsockname()[1]
    if host in ("0.0.0.0", "::", ""):  # everywhere; its name is what others can open
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}" + ("" if token is None else f"/?token={token}")
