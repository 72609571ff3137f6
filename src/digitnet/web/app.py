"""App: every address of the server, behind its guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digitnet.errors import MissingExtraError, ModelError
from digitnet.threads import one_blas_thread
from digitnet.web import schemas
from digitnet.web.documentation import as_page
from digitnet.web.errors import Problem, add_error_handlers, as_field
from digitnet.web.guard import HEALTH, LIVE, METRICS, READY, Guard
from digitnet.web.observation import Observed
from digitnet.web.routes.models import model_routes
from digitnet.web.routes.reading import reading_routes
from digitnet.web.routes.training import training_routes
from digitnet.web.services import Services

STATIC = Path(__file__).parent / "static"
# Python's own table is filled by the system, and some systems call a script plain text.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Files(StaticFiles):
    """Files with the right types, asked for again each time, sent again only if they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 304 where the browser has it."""
        if "\0" in path:  # not every Starlette knows that no file is called so
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        kind = TYPES.get(Path(path).suffix.lower())
        if kind is not None and response.status_code == 200:
            response.headers["content-type"] = kind
        response.headers["cache-control"] = "no-cache"
        return response


def add_page(app: FastAPI, why_not: dict[int, str]) -> None:
    """Add what is not the API to an app; `why_not` are the answers that any address may give."""
    files = Files(directory=STATIC)
    app.mount("/static", files)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(as_page(app.openapi(), why_not))

    @app.get(HEALTH, responses={200: {"model": schemas.Health}})
    async def healthz() -> Response:
        """Whether the server is there; asks for no token."""
        return JSONResponse({"status": "ok"})


_FIGURES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}
}


def add_probes(app: FastAPI, services: Services) -> None:
    """Add what those ask who run the server: does it live, is it ready, what has it counted."""

    @app.get(LIVE, responses={200: {"model": schemas.Health}})
    async def live() -> Response:
        """Whether the process answers at all; where not, it is to be begun anew. No token."""
        return JSONResponse({"status": "ok"})

    @app.get(READY, responses={200: {"model": schemas.Health}})
    async def ready() -> Response:
        """Whether it is to be sent requests: its model is read, and its queue is not full."""
        if services.ending:
            raise Problem(503, "The server is shutting down.")
        try:
            await services.workers.do(services.store.get)
        except ModelError as error:
            raise Problem(503, services.store.places.told(error.worded(as_field))) from None
        return JSONResponse({"status": "ok"})

    @app.get(METRICS, response_class=Response, responses=_FIGURES)
    async def metrics() -> Response:
        """What was counted, for Prometheus; needs the token where there is one."""
        try:
            content = await run_in_threadpool(services.metrics.page)
        except MissingExtraError as error:
            raise Problem(404, error.worded(as_field)) from None
        return Response(content, media_type="text/plain; version=0.0.4")


WHY_NOT = {
    400: "the request is malformed",
    401: "the token is missing",
    403: "a write from another site",
    404: "there is no such thing",
    408: "the body came too slowly",
    413: "too large",
    421: "not a name of this server",
    422: "it cannot be read, or makes no sense",
    503: "busy, or shutting down",
    504: "it took too long",
}


def make_app(
    services: Services,
    *,
    token: str | None = None,
    hosts: Iterable[str] = (),
    addresses: bool = False,
) -> Observed:
    """The whole server as one ASGI app.

    Args:
        services: what it works on and with.
        token: what a client must know, or None.
        hosts: by which names it is called, beside localhost.
        addresses: whether by any IP address too, see `Guard`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with one_blas_thread():  # two requests at once would wait for each other's threads
            yield
        await run_in_threadpool(services.close)

    app = FastAPI(
        title="digitnet",
        version=version("digitnet"),
        description="Reads handwritten digits, and learns to. Where a request is not done, "
        'the answer is {"error": one sentence} with the status that goes with it.',
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={n: {"model": schemas.Error, "description": w} for n, w in WHY_NOT.items()},
    )
    add_error_handlers(app, services.store.places.told)
    for routes in (reading_routes(services), model_routes(services), training_routes(services)):
        app.include_router(routes)
    add_page(app, WHY_NOT)
    add_probes(app, services)
    guard = Guard(app, services.limits, token, hosts, addresses)
    return Observed(guard, services.metrics)
