"""Guard: the middleware that lets a request in: host, token, origin, size of its body."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitnet.web.errors import Problem, as_answer
from digitnet.web.limits import Limits

COOKIE = "digitnet_token"
HEALTH = "/healthz"
OF_PICTURES = ("/api/predict", "/api/read", "/api/corrections")
"""Addresses that take pictures, whose JSON may be as large as pictures are."""
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
DRAINED, DRAIN_SECONDS = 4, 5.0
"""Of a body that is too large, so many times the limit is still read and dropped, for so long:
a browser that is cut off while it sends never reads the answer."""


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
        limits: for the size of a body.
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
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then pass it on with a body that cannot grow past its limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        cookie: str | None = None
        answered = False

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(SECURITY)
                answer.setdefault("cache-control", "no-store")
                if cookie is not None:
                    answer.append("set-cookie", cookie)
            await send(message)
            answered = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            self._check_host(headers)
            self._check_origin(scope, headers)
            if self._token is not None and scope["path"] != HEALTH:
                self._check_token(headers, given)
                if self._matches(given):
                    cookie = f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
            receive = await self._with_limit(
                headers, receive, of_pictures=scope["path"] in OF_PICTURES
            )
        except Problem as problem:
            await as_answer(problem)(scope, receive, send_with_headers)
            return
        if cookie is not None and scope["path"] == "/":
            await HTMLResponse(_forwarding_page())(scope, receive, send_with_headers)
            return
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            if not answered:
                raise
            # A bug that was answered with 500: the connection may live on, but the log must know.
            logging.getLogger("uvicorn.error").exception("A request met a bug.")

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
            foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
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

    async def _with_limit(
        self, headers: Headers, receive: Receive, *, of_pictures: bool
    ) -> Receive:
        """Body messages as they come, until there are too many bytes of them."""
        json = headers.get("content-type", "").startswith("application/json")
        most = self._limits.json_body if json and not of_pictures else self._limits.body
        sentence = f"The request has more than the {most:,} bytes that are taken at once."
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            await _drain(receive, DRAINED * self._limits.body)
            raise Problem(413, sentence)
        n_read = 0

        async def counted() -> Message:
            nonlocal n_read
            message = await receive()
            n_read += len(message.get("body", b""))
            if n_read > most:
                if message.get("more_body", False):
                    await _drain(receive, DRAINED * self._limits.body)
                raise Problem(413, sentence)
            return message

        return counted


async def _drain(receive: Receive, most: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            more = True
            while more and most > 0:
                message = await receive()
                more = message.get("more_body", False)
                most -= len(message.get("body", b""))


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
