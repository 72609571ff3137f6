"""Guard: the middleware that lets a request in: host, token, origin, size of its body."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qs, unquote_plus, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitnet.web.bodies import Bodies, Body
from digitnet.web.errors import BUG, Problem, as_answer
from digitnet.web.limits import Limits

COOKIE = "digitnet_token"
HEALTH = "/healthz"
LIVE, READY, METRICS = "/live", "/ready", "/metrics"
OPEN = (HEALTH, LIVE, READY)
"""What is told to everybody: nothing but whether the server is there."""
OF_PICTURES = ("/api/predict", "/api/read", "/api/read-form", "/api/corrections", "/api/models")
"""Addresses that take pictures or models, whose bodies may be large."""
UNHEARD = (b"range", b"if-range")
"""Headers that are dropped: nothing here is so large that a part of it would do."""
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it browsers call the origin of some of the page's own writes "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """The outermost middleware of the app; what it lets in has been checked.

    Args:
        app: what answers the requests that are let in.
        limits: for bodies.
        token: what a client must know, or None.
        hosts: names, beside localhost, that the server is called by.
        addresses: whether any IP address will do as its name: no name of a page elsewhere can
            be made to look like one, so DNS rebinding gains nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        token: str | None = None,
        hosts: Iterable[str] = (),
        addresses: bool = False,
    ) -> None:
        self.app, self._limits, self._token = app, limits, token
        self._bodies = Bodies(limits)
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then pass it on with its body, which has come and is not too large."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        query = scope["query_string"]
        given = parse_qs(query.decode("latin-1")).get("token", [""])[0]
        kept = [(name, value) for name, value in scope["headers"] if name not in UNHEARD]
        scope = {**scope, "query_string": _without_token(query), "headers": kept}
        cookie: str | None = None
        body: Body | None = None
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if body is not None:
                    body.release()
                answer = MutableHeaders(scope=message)
                answer.update(SECURITY)
                answer.setdefault("cache-control", "no-store")
                if cookie is not None:
                    answer.append("set-cookie", cookie)
            await send(message)

        try:
            self._check_host(headers)
            self._check_origin(scope, headers)
            if self._token is not None and scope["path"] not in OPEN:
                self._check_token(headers, given)
                if self._matches(given):
                    cookie = f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
            length = headers.get("content-length")
            if length is not None or "transfer-encoding" in headers:
                pictures = scope["path"] in OF_PICTURES
                most = self._limits.body if pictures else self._limits.json_body
                body = await self._bodies.read(receive, length, most)
                receive = body.receive
            if cookie is not None and scope["path"] == "/":
                await HTMLResponse(_forwarding_page())(scope, receive, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        except Problem as problem:
            await as_answer(problem)(scope, receive, send_with_headers)
        except Exception:
            # A bug: the connection may live on, but the log must know.
            logging.getLogger("uvicorn.error").exception("A request met a bug.")
            if not begun:
                await as_answer(Problem(500, BUG))(scope, receive, send_with_headers)
        finally:
            if body is not None:
                body.release()

    def _check_host(self, headers: Headers) -> None:
        host = headers.get("host", "")
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name.lower() in self._hosts or is_loopback(name):
            return
        with suppress(ValueError):
            if self._addresses and ipaddress.ip_address(name):
                return
        raise Problem(
            421,
            f"This server does not go by the name {name[:100]!r}; use the address it printed, or "
            "start it with that name too.",
        )

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        """Writes come from the page itself or from programs, never from a page elsewhere."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None:
            foreign = site not in ("same-origin", "none")
        else:
            foreign = origin is not None and _site(origin) != headers.get("host")
        if foreign:
            raise Problem(403, "Pages of other sites may not change anything here.")

    def _check_token(self, headers: Headers, given: str) -> None:
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._matches(value.strip()):
            return
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE and self._matches(value):
                return
        if not self._matches(given):
            raise _no_token()

    def _matches(self, given: str) -> bool:
        token = self._token or ""
        return bool(given) and hmac.compare_digest(given.encode(), token.encode())


def _site(origin: str) -> str | None:
    """The host and port of an origin; None where it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _without_token(query: bytes) -> bytes:
    """A query for the app, whose answers and errors may repeat it."""
    parts = query.decode("latin-1").split("&")
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) != "token"]
    return "&".join(kept).encode("latin-1")


def _no_token() -> Problem:
    problem = Problem(
        401, "This server asks for its token: open the address that it printed when it started."
    )
    problem.headers = {"WWW-Authenticate": "Bearer"}
    return problem


def _forwarding_page() -> str:
    """A page that goes on to the real one: the token is then in the cookie, not in the address.

    A redirect would not do: where the link was clicked on another site, browsers leave a strict
    cookie out all along the way. From this page on, the way is the server's own.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>digitnet</title>'
        '<meta http-equiv="refresh" content="0; url=/"></head>'
        '<body><p><a href="/">Go on to digitnet</a></p></body></html>'
    )


def own_names(host: str) -> set[str]:
    """The names under which others on the network may know this machine."""
    name = socket.gethostname().lower()
    return {host.lower(), name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}
